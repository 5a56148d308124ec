#!/usr/bin/env python3
"""Draws the losses of a run: `scripts/train/plot.py RUN/log.jsonl OUT.svg`."""

import sys

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot

import examples


def main():
    log, out = sys.argv[1:]
    lines = examples.read(log)
    figure, axes = pyplot.subplots(figsize=(7, 4))
    for name in dict.fromkeys(name for line in lines for name in line if name not in ("step", "seconds")):
        points = [(line["step"], line[name]) for line in lines if name in line]
        axes.plot(*zip(*points), label=name, marker=".")
    axes.set(xlabel="step", ylabel="negative log-likelihood of a token, nats")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(out, bbox_inches="tight")


if __name__ == "__main__":
    main()
