#!/usr/bin/env python3
"""ROUGE of briefs against hand-written ones, with the lead baseline beside it.

    pip install rouge-score==0.1.2
    python scripts/bench_brief.py CORPUS.jsonl ... --briefs BRIEFS.jsonl [--words N | --sentences N]

CORPUS: JSON lines with `id`, `paragraphs` (each with its English sentences under `en`) and the
reference under `brief_en`. BRIEFS: JSON lines with `id` and `brief`, a string or an object whose
`sentences` each have a `text`, as `anubad brief --format jsonl` writes them. Several `--briefs`
are compared side by side.

The baseline takes the article's first sentences to the same length: N sentences, or whole
sentences while they fit in N words and one at least. Scores are F1 times 100 with Porter stemming,
the mean over the articles. With two systems or more, the last column is the share of 1,000 paired
bootstrap samples in which the system's mean of the three scores is above the baseline's.
"""

import argparse
import json
import random
import statistics

from rouge_score.rouge_scorer import RougeScorer

METRICS = ["rouge1", "rouge2", "rougeL"]


def read_lines(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def brief_text(brief):
    if isinstance(brief, str):
        return brief
    return " ".join(sentence["text"] for sentence in brief["sentences"])


def lead(article, sentences, words):
    taken, length = [], 0
    for sentence in (s for paragraph in article["paragraphs"] for s in paragraph["en"]):
        length += len(sentence.split())
        if len(taken) == sentences or (words and taken and length > words):
            break
        taken.append(sentence)
    return " ".join(taken)


def wins(scores, baseline, samples=1000):
    """Share of paired bootstrap samples in which `scores` have the higher mean."""
    differences = [statistics.mean(a) - statistics.mean(b) for a, b in zip(scores, baseline)]
    chance = random.Random(1)
    return sum(sum(chance.choices(differences, k=len(differences))) > 0 for _ in range(samples)) / samples


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", nargs="+")
    parser.add_argument("--briefs", action="append", default=[], metavar="FILE")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--sentences", type=int, default=3)
    length.add_argument("--words", type=int)
    args = parser.parse_args()
    sentences = None if args.words else args.sentences

    articles = [article for path in args.corpus for article in read_lines(path)]
    name = f"lead, {args.words} words" if args.words else f"lead-{sentences}"
    systems = {name: {article["id"]: lead(article, sentences, args.words) for article in articles}}
    for path in args.briefs:
        systems[path] = {record["id"]: brief_text(record["brief"]) for record in read_lines(path)}
        missing = [article["id"] for article in articles if article["id"] not in systems[path]]
        if missing:
            parser.error(f"{path} has no brief of {len(missing)} articles, the first of them {missing[0]}")

    scorer = RougeScorer(METRICS, use_stemmer=True)
    print(f"{len(articles)} articles")
    print(f"{'':30} {'words':>6} {'R-1':>6} {'R-2':>6} {'R-L':>6} {'wins':>6}")
    baseline = None
    for system, briefs in systems.items():
        results = [scorer.score(a["brief_en"], briefs[a["id"]]) for a in articles]
        scores = [[result[metric].fmeasure * 100 for metric in METRICS] for result in results]
        baseline = baseline or scores
        words = statistics.mean(len(briefs[a["id"]].split()) for a in articles)
        means = " ".join(f"{statistics.mean(column):6.2f}" for column in zip(*scores))
        won = "" if scores is baseline else f"{wins(scores, baseline):6.3f}"
        print(f"{system[-30:]:30} {words:6.1f} {means} {won}")


if __name__ == "__main__":
    main()
