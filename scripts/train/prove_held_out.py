#!/usr/bin/env python3
"""Proves that no text for evaluation is in a training set: exit code 1 where one is.

    scripts/train/prove_held_out.py RUN/train.jsonl TEXT...

Each TEXT is a line a sentence, in either language, or JSON lines of articles. It knows nothing of how the set was made:
for every sentence it looks for the whole of it in training texts, for the longest run of words that it shares with one,
and for shares of its rare five-word runs. Short headlines and set phrases recur in any news: what counts as a find is the
whole sentence of at least five words, or a run of at least eight.
"""

import argparse
import collections
import json
import pathlib
import sys

import texts

RUN = 8
LEAST_WORDS = 5


def sentences(path):
    for line in path.read_text(encoding="utf-8").splitlines():
        if path.suffix != ".jsonl":
            yield line
            continue
        article = json.loads(line)
        yield from (article["title_bn"], article["title_en"])
        for paragraph in article["paragraphs"]:
            yield from (*paragraph["bn"], *paragraph["en"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("train", type=pathlib.Path)
    parser.add_argument("texts", type=pathlib.Path, nargs="+")
    options = parser.parse_args()

    wholes, grams = set(), collections.defaultdict(set)
    lengths = range(LEAST_WORDS, RUN + 1)
    with open(options.train, encoding="utf-8") as lines:
        for line in map(json.loads, lines):
            for side in ("src", "ref"):
                words = texts.words(line[side])
                wholes.add(tuple(words))
                for n in lengths:
                    grams[n].update(hash(tuple(words[i : i + n])) for i in range(len(words) - n + 1))

    found = 0
    for path in options.texts:
        longest = collections.Counter()
        for sentence in sentences(path):
            words = texts.words(sentence)
            runs = lambda n: (hash(tuple(words[i : i + n])) for i in range(len(words) - n + 1))
            longest[max((n for n in lengths if any(run in grams[n] for run in runs(n))), default=0)] += 1
            if len(words) >= LEAST_WORDS and tuple(words) in wholes or any(run in grams[RUN] for run in runs(RUN)):
                found += 1
                print(f"{path.name}: {sentence}", file=sys.stderr)
        total = longest.total()
        shares = ", ".join(f"{n} words {longest[n]}" for n in lengths if n < RUN)
        print(f"{path.name}: {total} sentences; longest run shared with training: {shares}; {RUN} or more {longest[RUN]}")
    print(f"{found} sentences found in training" if found else "no sentence found in training")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
