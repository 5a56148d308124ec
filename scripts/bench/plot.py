#!/usr/bin/env python3
"""Draws the rates of forced lengths as an SVG that reads on light and dark pages.

    python scripts/bench/plot.py RESULTS.json OUTPUT.svg [--model NAME] [--threads N]

A group of bars for each batch and beam, a bar for each engine: medians of the rounds, with a line from the least to the
greatest.
"""

import argparse
import json
import statistics
from html import escape

import report

BAR, GAP, GROUP_GAP = 14, 3, 16
LEFT, WIDTH, RIGHT, TOP = 150, 460, 60, 34
STYLE = """text { font: 12px system-ui, sans-serif; fill: #424a53 } .title { font-size: 14px; font-weight: 600 }
.ours { fill: #1f883d } .peer { fill: #8c959f } .range { stroke: #424a53 }
@media (prefers-color-scheme: dark) { text { fill: #c9d1d9 } .ours { fill: #3fb950 } .range { stroke: #c9d1d9 } }"""


def groups_of(records, model, threads):
    """(title, {engine: rates}) for each batch and beam."""
    for setting, engines in report.grouped(records).items():
        facts = dict(zip(report.SETTING, setting))
        if (facts["task"], facts["model"], facts["threads"]) == ("forced lengths", model, threads):
            search = "greedy" if facts["beam"] == 1 else f"beam {facts['beam']}"
            rates = {name: list(map(report.rate, runs)) for name, runs in engines.items()}
            yield f"batch {facts['batch']}, {search}", rates


def draw(title, groups):
    """The text of an SVG."""
    most = max(max(rates) for _, engines in groups for rates in engines.values())
    parts, y = [f'<text class="title" x="0" y="16">{escape(title)}</text>'], TOP
    for group, engines in groups:
        y += 12
        parts.append(f'<text class="title" x="0" y="{y}">{escape(group)}</text>')
        y += 8
        for name, rates in engines.items():
            kind = "ours" if name.startswith("anubad") else "peer"
            low, middle, high = (value / most * WIDTH for value in (min(rates), statistics.median(rates), max(rates)))
            base = y + BAR - 3
            parts += [
                f'<text x="{LEFT - 8}" y="{base}" text-anchor="end">{escape(name)}</text>',
                f'<rect class="{kind}" x="{LEFT}" y="{y}" width="{middle:.1f}" height="{BAR}" rx="2"/>',
                f'<path class="range" d="M{LEFT + low:.1f} {y + BAR / 2}H{LEFT + high:.1f}"/>',
                f'<text x="{LEFT + high + 6:.1f}" y="{base}">{statistics.median(rates):,.0f}</text>',
            ]
            y += BAR + GAP
        y += GROUP_GAP
    size = f"{LEFT + WIDTH + RIGHT} {y}"
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}">\n<style>{STYLE}</style>\n' + "\n".join(parts) + "\n</svg>\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results")
    parser.add_argument("output")
    parser.add_argument("--model", default="marian-base")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    with open(args.results, encoding="utf-8") as file:
        results = json.load(file)
    groups = list(groups_of(results["records"], args.model, args.threads))
    if not groups:
        raise SystemExit(f"{args.results} has no forced lengths of {args.model} on {args.threads} threads")
    title = f"{args.model}, {args.threads} threads, {results['machine']['processor']}: new tokens a second"
    with open(args.output, "w", encoding="utf-8") as file:
        file.write(draw(title, groups))


if __name__ == "__main__":
    main()
