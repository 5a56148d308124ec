#!/usr/bin/env python3
"""Has a teacher translate Bengali sentences: the training pairs of sequence-level distillation (arXiv:1606.07947).

    scripts/train/distil.py SENTENCES.txt PAIRS.tsv --teacher nllb-600m

The teacher is any model that `anubad translate --model` takes. Sentences in which the program's checks find an error (a
number, name or negation that is not there, a repetition, a loss) are left out: a student would learn it. Run again after
a break, it goes on where it stopped.
"""

import argparse
import json
import pathlib
import subprocess
import sys

CHUNK = 2000


def translate(program, teacher, sentences, arguments):
    """Translations in order; None where the checks found an error."""
    articles = "".join(json.dumps({"id": str(n), "text": text}, ensure_ascii=False) + "\n" for n, text in enumerate(sentences))
    command = [program, "translate", "--model", teacher, "--format", "jsonl", "--input-format", "jsonl", "--force", *arguments]
    run = subprocess.run(command, input=articles, stdout=subprocess.PIPE, encoding="utf-8", check=True)
    for line in map(json.loads, run.stdout.splitlines()):
        found = [sentence for paragraph in line["paragraphs"] for sentence in paragraph["sentences"]]
        doubted = any(finding["severity"] == "error" for sentence in found for finding in sentence["findings"])
        yield None if doubted or not found else " ".join(sentence["translation"] for sentence in found)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sentences", type=pathlib.Path, help="Bengali, a line a sentence")
    parser.add_argument("pairs", type=pathlib.Path)
    parser.add_argument("--teacher", required=True)
    parser.add_argument("--program", default="target/release/anubad")
    parser.add_argument("arguments", nargs="*", help="further arguments of `anubad translate`, behind `--`")
    options = parser.parse_args()

    done_file = options.pairs.with_suffix(".done")
    done = int(done_file.read_text()) if done_file.exists() else 0
    lines = options.sentences.read_text(encoding="utf-8").splitlines()
    for start in range(done, len(lines), CHUNK):
        sentences = lines[start : start + CHUNK]
        outputs = translate(options.program, options.teacher, sentences, options.arguments)
        kept = [pair for pair in zip(sentences, outputs, strict=True) if pair[1]]
        with open(options.pairs, "a", encoding="utf-8") as file:
            file.writelines(f"{bengali}\t{english}\n" for bengali, english in kept)
        done_file.write_text(str(start + len(sentences)))
        print(f"{start + len(sentences)} of {len(lines)}: {len(kept)} kept of {len(sentences)}", file=sys.stderr)


if __name__ == "__main__":
    main()
