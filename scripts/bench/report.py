#!/usr/bin/env python3
"""What was measured, as Markdown tables.

    python scripts/bench/report.py RESULTS.json [--against ENGINE]

Rates and memory are medians of the rounds. A ratio is the median of the ratios of the rounds, with the least and the
greatest in brackets: the engines take turns, so what else the machine does meets both sides of a ratio alike.
"""

import argparse
import json
import statistics
from collections import defaultdict

# What a measurement is of, beside engine and round.
SETTING = ["task", "model", "threads", "workers", "batch", "beam", "sentences", "source_tokens", "target_tokens"]


def rate(record, of="seconds"):
    """Tokens a second, or sentences where tokens were not counted."""
    return record.get("tokens", record["sentences_done"]) / record[of]


def grouped(records):
    """Records by setting, then by engine, in the order in which they were made."""
    groups = defaultdict(lambda: defaultdict(list))
    for record in records:
        groups[tuple(record.get(name) for name in SETTING)][record["engine"]].append(record)
    return groups


def ratio(ours, theirs, value):
    """Median, least and greatest of `ours` / `theirs` over the rounds that both have."""
    theirs = {record["round"]: record for record in theirs}
    ratios = [value(record) / value(theirs[record["round"]]) for record in ours if record["round"] in theirs]
    return (statistics.median(ratios), min(ratios), max(ratios)) if ratios else None


def title(setting):
    facts = [f"{name.replace('_', ' ')} {value}" for name, value in zip(SETTING[2:], setting[2:]) if value is not None]
    return f"**{setting[0]}, {setting[1]}**: {', '.join(facts)}"


def tables(records, against):
    """Lines of Markdown."""
    for setting, engines in grouped(records).items():
        unit = "tok" if "tokens" in next(iter(engines.values()))[0] else "sentences"
        yield f"\n{title(setting)}\n"
        # Of a whole process all of its time counts, of decoding the time after loading.
        other = "load_seconds" if unit == "tok" else "seconds"
        heading = "load, s" if unit == "tok" else "seconds"
        yield f"| engine | {unit}/s | {unit}/CPU-s | MiB | {heading} | speed against {against} | memory against it |"
        yield "|---|---:|---:|---:|---:|---:|---:|"
        for name, runs in engines.items():
            numbers = [
                statistics.median(map(rate, runs)),
                statistics.median(rate(run, "cpu_seconds") for run in runs),
                statistics.median(run["peak_mib"] for run in runs),
            ]
            cells = [f"{number:,.{0 if number >= 100 else 1}f}" for number in numbers]
            cells.append(f"{statistics.median(run[other] for run in runs):.2f}")
            for value in (rate, lambda run: run["peak_mib"]):
                found = ratio(runs, engines.get(against, []), value)
                cells.append("{:.2f} ({:.2f} to {:.2f})".format(*found) if found else "")
            yield f"| {name} | {' | '.join(cells)} |"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", nargs="+")
    parser.add_argument("--against", default="ctranslate2 int8")
    args = parser.parse_args()
    records = []
    for path in args.results:
        with open(path, encoding="utf-8") as file:
            records += json.load(file)["records"]
    print("\n".join(tables(records, args.against)))


if __name__ == "__main__":
    main()
