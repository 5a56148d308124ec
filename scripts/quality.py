#!/usr/bin/env python3
"""BLEU and chrF of `anubad translate` on a parallel test set, with what the checks found.

    cargo build --release
    pip install sacrebleu==2.6.0
    python scripts/quality.py SOURCE REFERENCE [--limit N] [--save FILE] [-- ANUBAD OPTIONS]

SOURCE holds Bengali, REFERENCE the English, a sentence a line each. Every line is translated as an
article of its own, and what it is cut into is joined again with spaces. Options after `--` go to
`anubad translate`: `-- --compute f32 --no-redecode` measures the model alone as its card does,
`-- --beam 4` beam search. Times are of the whole process, its start included; CPU time is beside
them because other work on the machine does not change it.

Prints each score with its sacreBLEU signature; the speed; the lines cut into several sentences,
those set apart as boilerplate (they come out empty, and the scores pay for it); the findings.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from sacrebleu.metrics import BLEU, CHRF

ROOT = Path(__file__).resolve().parent.parent


def read_lines(path, limit):
    return Path(path).read_text(encoding="utf-8").removesuffix("\n").split("\n")[:limit]


def translate(binary, sentences, options):
    """One record of `--format jsonl` a sentence, in order."""
    articles = "".join(
        json.dumps({"id": str(n), "text": text}, ensure_ascii=False) + "\n" for n, text in enumerate(sentences)
    )
    # `--force`: a line is translated even where it is mostly digits or Latin letters.
    command = [binary, "translate", "--force", "--quiet", "--format", "jsonl", *options]
    done = subprocess.run(command, input=articles.encode(), stdout=subprocess.PIPE)
    if done.returncode not in (0, 1, 3):
        raise SystemExit(f"{binary} ended with exit code {done.returncode}")
    records = [json.loads(line) for line in done.stdout.decode().splitlines()]
    by_id = {record["id"]: record for record in records}
    empty = {"paragraphs": []}
    return [by_id.get(str(n), empty) for n in range(len(sentences))]


def sentences_of(record):
    return [sentence for paragraph in record["paragraphs"] for sentence in paragraph["sentences"]]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source")
    parser.add_argument("reference")
    parser.add_argument("--binary", default=ROOT / "target/release/anubad")
    parser.add_argument("--limit", type=int, metavar="N", help="the first N lines only")
    parser.add_argument("--save", metavar="FILE", help="write the translations, a line each")
    at = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    args, options = parser.parse_args(sys.argv[1:at]), sys.argv[at + 1 :]

    sources, references = read_lines(args.source, args.limit), read_lines(args.reference, args.limit)
    if len(sources) != len(references):
        parser.error(f"{args.source} has {len(sources)} lines, {args.reference} has {len(references)}")

    start = time.perf_counter()
    records = translate(args.binary, sources, options)
    seconds = time.perf_counter() - start
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_seconds = usage.ru_utime + usage.ru_stime

    hypotheses = [" ".join(p["translation"] for p in r["paragraphs"] if p["translation"]) for r in records]
    if args.save:
        Path(args.save).write_text("".join(text + "\n" for text in hypotheses), encoding="utf-8")

    for metric in (BLEU(), CHRF()):
        score = metric.corpus_score(hypotheses, [references])
        print(f"{score.name:6} {score.score:5.2f}  {metric.get_signature()}")
    count = len(sources)
    print(f"speed  {count / seconds:.2f} lines/s, {count / cpu_seconds:.2f} lines/CPU-s ({count} in {seconds:.1f} s)")
    cut = sum(len(sentences_of(record)) > 1 for record in records)
    print(f"cut    {cut} lines into several sentences ({100 * cut / count:.1f} %)")
    print(f"empty  {sum(not text.strip() for text in hypotheses)} lines without a translation")

    findings = [
        {(finding["severity"], finding["kind"]) for sentence in sentences_of(record) for finding in sentence["findings"]}
        for record in records
    ]
    for severity in ("error", "warning"):
        lines = sum(any(found == severity for found, _ in kinds) for kinds in findings)
        print(f"{severity + 's':8} {lines} lines ({100 * lines / count:.1f} %)")
        kinds = Counter(kind for line in findings for found, kind in line if found == severity)
        for kind, lines in kinds.most_common():
            print(f"  {lines:5} {kind}")


if __name__ == "__main__":
    main()
