#!/usr/bin/env python3
"""Makes the training set: filtered pairs with their glosses, and briefs.

    scripts/train/prepare.py OUT [--data DATA] [--evaluation flores200-dev.bn flores200-dev.en]

DATA has `corpus/*.jsonl`, `sentences/*.tsv` and `train/{pairs,names}.tsv.zst` (README.md); without it there are the pairs
of this repository alone. OUT gets `train.jsonl`,
`briefs.jsonl`, a file for every set that is kept out, and `report.json`: what each filter dropped, by source. Glosses are those of the
program itself, so that training and use never differ.
"""

import argparse
import collections
import dataclasses
import json
import pathlib

import filters
import gloss
import sources
from texts import clean as clean_text


def clean(pair):
    return dataclasses.replace(pair, bengali=clean_text(pair.bengali), english=clean_text(pair.english))


def select(pairs, held_out):
    """The pairs that pass, and a count of what became of them by source."""
    kept, fates = [], collections.defaultdict(collections.Counter)
    tests = (*filters.FILTERS, filters.HeldOut(held_out), filters.Duplicates())
    for pair in map(clean, pairs):
        fate = next((reason for test in tests if (reason := test(pair))), "kept")
        fates[pair.source][fate] += 1
        if fate == "kept":
            kept.append(pair)
    return kept, fates


def write_pairs(path, pairs, program):
    with open(path, "w", encoding="utf-8") as file:
        for pair, glossed in zip(pairs, gloss.glosses(program, [pair.bengali for pair in pairs]), strict=True):
            line = {"topic": pair.source, "src": pair.bengali, "ref": pair.english, **glossed}
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--data", type=pathlib.Path, help="folder of further sources")
    parser.add_argument("--evaluation", type=pathlib.Path, nargs=2, action="append", default=[], metavar=("BN", "EN"), help="a test set, a line a sentence: kept out of training, and written beside it for the loss")
    parser.add_argument("--program", default="target/release/anubad", help="the program, for glosses")
    options = parser.parse_args()

    kept_out = {"held-aside": [clean(pair) for pair in sources.article_pairs(sources.held_aside(), "held-aside")]}
    for bengali, english in options.evaluation:
        sides = (path.read_text(encoding="utf-8").splitlines() for path in (bengali, english))
        kept_out[bengali.stem] = [clean(sources.Pair(*pair, bengali.stem)) for pair in zip(*sides, strict=True)]
    texts = [text for pairs in kept_out.values() for pair in pairs for text in (pair.bengali, pair.english)]
    kept, fates = select(sources.pairs(options.data), texts)

    options.out.mkdir(parents=True, exist_ok=True)
    write_pairs(options.out / "train.jsonl", kept, options.program)
    for name, pairs in kept_out.items():
        write_pairs(options.out / f"{name}.jsonl", pairs, options.program)
    with open(options.out / "briefs.jsonl", "w", encoding="utf-8") as file:
        for article in sources.articles(options.data):
            file.write(json.dumps(dataclasses.asdict(article), ensure_ascii=False) + "\n")
    (options.out / "report.json").write_text(json.dumps(fates, indent=1) + "\n")
    for source, fate in fates.items():
        print(f"{source:20} {fate['kept']:7} of {fate.total():7}", dict(fate - collections.Counter(kept=fate["kept"])))


if __name__ == "__main__":
    main()
