#!/usr/bin/env python3
"""Speed and memory of `anubad eval` beside sacreBLEU, in one run, on one thread.

    cargo build --release
    pip install sacrebleu==2.6.0
    python scripts/bench_eval.py REFERENCE SYSTEM [SYSTEM ...] [--runs N] [--lines N] [--ter-lines N]

The files hold a sentence a line. Both programs read them and print their scores, as whole processes. Times are CPU
seconds (user and system), which other work on the machine changes little; of each run sacreBLEU's own start (`sacrebleu
--version`) is taken off, ours is left in. Each pair of figures is the median of N interleaved runs, and the scores of
both must be the same to the digits that sacreBLEU prints.

`--lines N` adds a corpus of N lines made from the files by repetition with noise (words dropped, doubled and exchanged,
seed fixed): BLEU and chrF++ of one system on it, once; TER on its first `--ter-lines`, because sacreBLEU needs hours for
the whole. Peak memory is that of the process (maximum resident set).
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ONE_THREAD = {"RAYON_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def run(command):
    """CPU seconds, peak memory in MiB and standard output of a process."""
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL, env={**os.environ, **ONE_THREAD})
        _, status, usage = os.wait4(process.pid, 0)
        if os.waitstatus_to_exitcode(status) != 0:
            raise SystemExit(f"{' '.join(map(str, command))} failed")
        out.seek(0)
        return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, out.read().decode()


def ours(binary, reference, systems, metrics, *options):
    flags = [flag for metric in metrics for flag in ("-m", metric)]
    return [binary, "eval", "--ref", reference, "--hyp", *systems, *flags, "--threads", "1", "--no-checks", "--json", *options]


PEER_METRICS = {"bleu": ["bleu"], "chrf++": ["chrf"], "ter": ["ter"]}


def theirs(reference, systems, metrics, *options):
    names = [name for metric in metrics for name in PEER_METRICS[metric]]
    order = ["--chrf-word-order", "2"] if "chrf++" in metrics else []
    return [sys.executable, "-m", "sacrebleu", reference, "-i", *systems, "-m", *names, *order, "-f", "json", "-w", "6", *options]


def scores(text):
    """Scores of both programs' JSON in order of systems and metrics."""
    data = json.loads(text)
    if isinstance(data, dict) and "systems" in data:
        return [score["value"] for system in data["systems"] for score in system["scores"]]
    if isinstance(data, dict):  # one system and one metric
        return [data["score"]]
    if "system" not in data[0]:  # one system, a metric each
        return [metric["score"] for metric in data]
    cells = [cell for row in data for key, cell in row.items() if key != "system"]
    return [cell["score"] if isinstance(cell, dict) else float(cell) for cell in cells]


def same(mine, other):
    return len(mine) == len(other) and all(abs(a - b) < 2e-6 for a, b in zip(mine, other))


def pair(label, mine, peer, start, runs):
    """Runs both in turn and prints a line."""
    times = {"mine": [], "peer": []}
    for _ in range(runs):
        seconds, memory, text = run(mine)
        times["mine"].append(seconds)
        seconds, peer_memory, peer_text = run(peer)
        times["peer"].append(seconds - start)
    agree = "same scores" if same(scores(text), scores(peer_text)) else "SCORES DIFFER"
    a, b = statistics.median(times["mine"]), statistics.median(times["peer"])
    print(f"| {label} | {a:.3f} | {b:.2f} | {b / a:.0f} | {memory:.0f} | {peer_memory:.0f} | {agree} |", flush=True)
    return a, b


def noisy(sentence, rng):
    words = sentence.split()
    for _ in range(max(1, len(words) // 8)):
        if len(words) < 2:
            break
        place = rng.randrange(len(words) - 1)
        action = rng.randrange(3)
        if action == 0:
            del words[place]
        elif action == 1:
            words.insert(place, words[place])
        else:
            words[place], words[place + 1] = words[place + 1], words[place]
    return " ".join(words)


def make_corpus(folder, reference, system, lines):
    rng = random.Random(1)
    originals = [Path(path).read_text(encoding="utf-8").splitlines() for path in (reference, system)]
    paths = [folder / "reference.txt", folder / "system.txt"]
    with open(paths[0], "w", encoding="utf-8") as left, open(paths[1], "w", encoding="utf-8") as right:
        for n in range(lines):
            a, b = (original[n % len(original)] for original in originals)
            left.write(noisy(a, rng) + "\n")
            right.write(noisy(b, rng) + "\n")
    return paths


def head(path, lines):
    short = path.with_suffix(f".{lines}")
    with open(path, encoding="utf-8") as source, open(short, "w", encoding="utf-8") as target:
        target.writelines(line for _, line in zip(range(lines), source))
    return short


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("reference")
    parser.add_argument("systems", nargs="+")
    parser.add_argument("--binary", default=ROOT / "target/release/anubad")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--lines", type=int, default=0)
    parser.add_argument("--ter-lines", type=int, default=20_000)
    args = parser.parse_args()

    start = statistics.median(run([sys.executable, "-m", "sacrebleu", "--version"])[0] for _ in range(5))
    print(f"sacreBLEU's start, taken off its times: {start:.2f} s\n")
    print("| | anubad, CPU s | sacreBLEU, CPU s | times faster | MiB | MiB | |")
    print("|---|---:|---:|---:|---:|---:|---|")

    def both(label, reference, systems, metrics, runs, mine=("--test", "none"), peer=()):
        return pair(
            label,
            ours(args.binary, reference, systems, metrics, *mine),
            theirs(reference, systems, metrics, *peer),
            start,
            runs,
        )

    few, reference = args.systems, args.reference
    label = f"{len(few)} systems"
    plain = both(f"BLEU and chrF++, {label}", reference, few, ["bleu", "chrf++"], args.runs)
    both(f"TER, {label}", reference, few, ["ter"], args.runs)
    if len(few) > 1:
        tested = both(
            f"the first with 1,000 resamples, {label}", reference, few, ["bleu", "chrf++"], args.runs,
            mine=("--test", "bootstrap", "--samples", "1000"), peer=("--paired-bs", "--paired-bs-n", "1000"),
        )
        mine, peer = (with_test - without for with_test, without in zip(tested, plain))
        print(f"| the resampling alone | {mine:.3f} | {peer:.2f} | {peer / mine:.0f} | | | |")
    if args.lines:
        with tempfile.TemporaryDirectory() as folder:
            left, right = make_corpus(Path(folder), reference, few[0], args.lines)
            both(f"BLEU and chrF++, {args.lines:,} lines", left, [right], ["bleu", "chrf++"], 1)
            short = [head(path, args.ter_lines) for path in (left, right)]
            both(f"TER, {args.ter_lines:,} of them", short[0], short[1:], ["ter"], 1)
            seconds, memory, _ = run(ours(args.binary, left, [right], ["ter"], "--test", "none"))
            print(f"| TER, all of them | {seconds:.1f} | | | {memory:.0f} | | |")


if __name__ == "__main__":
    main()
