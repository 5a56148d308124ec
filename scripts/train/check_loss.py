#!/usr/bin/env python3
"""Checks that a loss fell to a fraction of what it was: `scripts/train/check_loss.py RUN/log.jsonl NAME FRACTION`."""

import sys

import examples


def main():
    log, name, fraction = sys.argv[1:]
    values = [line[name] for line in examples.read(log) if name in line]
    print(f"{name}: {values[0]:.3f} at first, {values[-1]:.3f} at last")
    sys.exit(0 if values[-1] <= float(fraction) * values[0] else 1)


if __name__ == "__main__":
    main()
