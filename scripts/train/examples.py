"""Training examples of the language model: prompts with noise in their glosses, tokenised, in batches of like length.

Everything is a function of the seed and the number of the pass, so that a run that is resumed sees what it would have.
"""

import dataclasses
import json
import random

import torch

import gloss

BOS, EOS = 2, 1


@dataclasses.dataclass(frozen=True)
class Noise:
    """Probabilities of what is done to a gloss, so that the model trusts neither side blindly."""

    #: The whole gloss is left out.
    no_gloss: float = 0.0
    #: A word is spelt in Latin letters, as an unlisted one is.
    spelt: float = 0.0
    #: The same for a word whose gloss begins with a capital: names are what the list lacks most.
    spelt_name: float = 0.0
    #: Of several senses only the likeliest is left.
    first_sense: float = 0.0

    def __call__(self, line, rng):
        text = line["gloss"]
        if rng.random() < self.no_gloss:
            return ""
        for start, end, spelling in reversed(line["words"]):
            word = text[start:end]
            is_name = word.removeprefix("of ").removeprefix("in ")[:1].isupper()
            if rng.random() < (self.spelt_name if is_name else self.spelt):
                word = spelling
            elif rng.random() < self.first_sense:
                word = word.split(" / ")[0]
            text = text[:start] + word + text[end:]
        return text


def read(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def encode(tokenizer, prompt, answer):
    """Ids of prompt and answer, and where the answer begins."""
    prompt = [BOS, *tokenizer.encode(prompt, add_special_tokens=False).ids]
    return prompt + tokenizer.encode(" " + answer, add_special_tokens=False).ids + [EOS], len(prompt)


def translation(tokenizer, line, noise=Noise(), rng=random):
    return encode(tokenizer, gloss.prompt(line["src"], noise(line, rng)), line["ref"])


def brief(tokenizer, article):
    return encode(tokenizer, gloss.brief_prompt(article["title"], article["paragraphs"]), article["brief"])


def mixture(lines, weights, rng):
    """One pass: of every source `weights[source]` times its lines, the fraction drawn by chance; sources without a weight
    are left out."""
    by_source = {}
    for line in lines:
        by_source.setdefault(line["topic"], []).append(line)
    chosen = []
    for source, weight in weights.items():
        own = by_source.get(source, [])
        chosen += own * int(weight) + rng.sample(own, round(len(own) * (weight % 1)))
    rng.shuffle(chosen)
    return chosen


def batches(encoded, tokens, rng=None):
    """Groups of like length that take at most `tokens` places with their padding, in random order if `rng` is given."""
    groups, group, longest = [], [], 0
    for row in sorted(encoded, key=lambda row: len(row[0])):
        longest = max(longest, len(row[0]))
        if group and longest * (len(group) + 1) > tokens:
            groups.append(group)
            group, longest = [], len(row[0])
        group.append(row)
    groups += [group] if group else []
    if rng:
        rng.shuffle(groups)
    return groups


def tensors(batch, multiple=16):
    """Ids padded on the right, [rows, time], and which of them are answers."""
    time = -(-max(len(ids) for ids, _ in batch) // multiple) * multiple
    ids = torch.zeros(len(batch), time, dtype=torch.long)
    is_target = torch.zeros(len(batch), time, dtype=torch.bool)
    for row, (row_ids, start) in enumerate(batch):
        ids[row, : len(row_ids)] = torch.tensor(row_ids)
        is_target[row, start : len(row_ids)] = True
    return ids, is_target
