#!/usr/bin/env python3
"""Checks an exported model in the program against PyTorch: the same tokens, with the same probabilities.

    scripts/train/check_export.py FOLDER SENTENCES.txt [--limit 20]

FOLDER is what `export_lm.py` or `train_student.py` wrote. Both run the folder's own weights in f32, greedy. Exit code 1
where an output differs.
"""

import argparse
import json
import pathlib
import subprocess
import sys

import torch
from tokenizers import Tokenizer
from transformers import MarianMTModel

import examples
import gguf_file
import gloss
from train_student import Vocabulary


def of_program(program, folder, sentence):
    """Gloss, token texts and log-probabilities."""
    command = [program, "translate", "--model", folder, "--json", "--explain", "--compute", "f32", "--beam", "1", "--no-redecode", "--force"]
    run = subprocess.run(command, input=sentence, capture_output=True, encoding="utf-8", check=True)
    (found,) = json.loads(run.stdout)["articles"][0]["paragraphs"][0]["sentences"]
    tokens = found["tokens"]
    return found.get("gloss"), [token["text"] for token in tokens], [token["log_prob"] for token in tokens]


def chosen(logits, ids):
    return logits.log_softmax(-1).gather(1, torch.tensor(ids)[:, None])[:, 0].tolist()


def texts_of(pieces):
    """Pieces as the program shows them: a space belongs to what follows it, none begins the text, the end has no text."""
    shown, texts, text = "", [], ""
    for piece in pieces:
        text += piece.replace("▁", " ")
        ready = text.strip(" ")
        texts.append(ready[len(shown) :])
        shown = ready
    return [*texts, ""]


class LanguageModel:
    def __init__(self, folder):
        self.model = gguf_file.load(folder / "model.gguf").eval()
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))

    def __call__(self, sentence, glossed):
        prompt = [examples.BOS, *self.tokenizer.encode(gloss.prompt(sentence, glossed), add_special_tokens=False).ids]
        (answer,) = self.model.greedy([prompt], examples.EOS)
        ids = [*answer, examples.EOS]
        logits = self.model.logits(self.model.states(torch.tensor([prompt + answer]))[0, len(prompt) - 1 :])
        return texts_of(map(self.tokenizer.id_to_token, answer)), chosen(logits, ids)


class Student:
    def __init__(self, folder):
        self.model = MarianMTModel.from_pretrained(folder).eval()
        self.vocabulary = Vocabulary(folder / "source.spm")
        self.pieces = {i: piece for piece, i in self.vocabulary.ids.items()}

    def __call__(self, sentence, _):
        source = torch.tensor([self.vocabulary.encode(sentence)])
        (output,) = self.model.generate(source, num_beams=1).tolist()
        logits = self.model(input_ids=source, decoder_input_ids=torch.tensor([output[:-1]])).logits[0]
        # A start is never written.
        logits[:, self.vocabulary.pad] = -torch.inf
        return texts_of(self.pieces[token] for token in output[1:-1]), chosen(logits, output[1:])


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("sentences", type=pathlib.Path)
    parser.add_argument("--limit", type=int, default=20)
    parser.add_argument("--program", default="target/release/anubad")
    options = parser.parse_args()

    sentences = options.sentences.read_text(encoding="utf-8").splitlines()[: options.limit]
    reference = (LanguageModel if (options.folder / "model.gguf").exists() else Student)(options.folder)
    equal, furthest = 0, 0.0
    for sentence in sentences:
        glossed, found, log_probs = of_program(options.program, options.folder, sentence)
        expected, expected_log_probs = reference(sentence, glossed)
        if found == expected:
            equal += 1
            furthest = max(furthest, *(abs(a - b) for a, b in zip(log_probs, expected_log_probs)))
        else:
            print(f"program: {found}\nPyTorch: {expected}", file=sys.stderr)
    print(f"{equal} of {len(sentences)} outputs equal token for token; log-probabilities at most {furthest:.1e} apart")
    sys.exit(0 if equal == len(sentences) else 1)


if __name__ == "__main__":
    main()
