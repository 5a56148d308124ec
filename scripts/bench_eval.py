#!/usr/bin/env python3
"""Speed and memory of `anubad eval` beside sacreBLEU 2.6.0, in one run, on one thread.

    cargo build --release
    pip install sacrebleu==2.6.0
    python scripts/bench_eval.py REFERENCE SYSTEM [SYSTEM ...] [--runs N] [--lines N]

The files hold a sentence a line. Both programs read them and print their scores, as whole processes. Times are CPU
seconds (user and system), which other work on the machine changes little; what Python needs to load sacreBLEU and numpy
is taken off the peer's, our start is left in ours, after one run that is not timed. Figures are medians of N runs.
Scores must be the same to the digits that sacreBLEU prints, and so must means, intervals and p-values; the exit code is 1 if any differ.

With --lines a corpus of so many lines is made from the files, by repetition with noise (words dropped, doubled and
exchanged, seed fixed), and scored once. The peer gets only its first lines, `--peer-lines` and `--peer-ter-lines`: it
holds the n-grams of all references in memory, 50 KB for a line of news, and needs hours for TER. Memory is the maximum
resident set.
"""

import argparse
import collections
import json
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ONE_THREAD = {"RAYON_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
# Our names of metrics, and the peer's. What has an option comes last in a list of metrics.
PEER_METRICS = {"bleu": ["bleu"], "chrf++": ["chrf", "--chrf-word-order", "2"], "ter": ["ter"]}
RESAMPLES = 1000
# Digits behind the point that the peer prints, of scores and of p-values.
DIGITS, P_DIGITS = 6, 4
Run = collections.namedtuple("Run", "seconds mebibytes output")


def run(command):
    """Runs a process to its end."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(command, stdout=out, stderr=err, env=os.environ | ONE_THREAD)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0), err.seek(0)
        if process.returncode != 0:
            raise SystemExit(f"{' '.join(map(str, command))} failed:\n{err.read().decode()}")
        return Run(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, out.read().decode())


def ours(binary, reference, systems, metrics, bootstrap=False):
    test = ["--test", "bootstrap", "--samples", str(RESAMPLES)] if bootstrap else ["--test", "none"]
    flags = [flag for metric in metrics for flag in ("-m", metric)]
    return [binary, "eval", "--ref", reference, "--hyp", *systems, *flags, *test, "--threads", "1", "--json"]


def theirs(reference, systems, metrics, bootstrap=False):
    # With numpy 2, sacreBLEU fails to write the outcome of a test as JSON.
    test = ["--paired-bs", "--paired-bs-n", str(RESAMPLES), "-f", "latex"] if bootstrap else ["-f", "json"]
    command = [sys.executable, "-m", "sacrebleu", reference, "-i", *systems, *test, "-w", str(DIGITS)]
    return command + ["-m", *(flag for metric in metrics for flag in PEER_METRICS[metric])]


def our_numbers(text):
    """Of each system and metric the score and, of a test, mean, interval and p-value, as the peer prints them."""
    numbers = []
    for system in json.loads(text)["systems"]:
        for score in system["scores"]:
            numbers += [f"{score[key]:.{DIGITS}f}" for key in ("value", "mean", "interval") if score[key] is not None]
            numbers += [f"{score['p_value']:.{P_DIGITS}f}"] if score["p_value"] is not None else []
    return numbers


def peer_numbers(text):
    """The same in what the peer printed."""
    if text.startswith("\\begin{tabular}"):
        rows = (line.split(" & ")[1:] for line in text.splitlines() if line.endswith("\\\\"))
        return [number for row in rows for cell in row for number in re.findall(r"\d+\.\d+", cell)]
    data = json.loads(text)
    if isinstance(data, dict):  # one system, one metric
        data = [data]
    if "system" in data[0]:
        return [score for row in data for key, score in row.items() if key != "system"]
    return [f"{metric['score']:.{DIGITS}f}" for metric in data]


class Bench:
    """Runs both programs, and prints a row of the table for each of their tasks."""

    def __init__(self, binary):
        self.binary = binary
        self.agree = True
        load = [sys.executable, "-c", "import sacrebleu.sacrebleu, sacrebleu.significance"]
        self.start = statistics.median(run(load).seconds for _ in range(5))
        print(f"Loading sacreBLEU and numpy, taken off its times: {self.start:.2f} s\n")
        print("| | anubad, CPU s | sacreBLEU, CPU s | times faster | anubad, MiB | sacreBLEU, MiB | |")
        print("|---|---:|---:|---:|---:|---:|---|", flush=True)

    def both(self, label, reference, systems, metrics, runs=1, bootstrap=False):
        """Seconds of ours and of the peer."""
        commands = ours(self.binary, reference, systems, metrics, bootstrap), theirs(reference, systems, metrics, bootstrap)
        run(commands[0])  # pages the program in, as loading is taken off the peer's times
        mine = [run(commands[0]) for _ in range(runs)]
        peer = [run(commands[1]) for _ in range(runs)]
        a = statistics.median(one.seconds for one in mine)
        b = statistics.median(one.seconds - self.start for one in peer)
        same = our_numbers(mine[0].output) == peer_numbers(peer[0].output)
        self.agree &= same
        memory = f"{mine[0].mebibytes:.0f} | {peer[0].mebibytes:.0f}"
        print(f"| {label} | {a:.3f} | {b:.2f} | {b / a:.0f} | {memory} | {'same' if same else 'DIFFERENT'} |", flush=True)
        return a, b

    def alone(self, label, reference, systems, metrics):
        mine = run(ours(self.binary, reference, systems, metrics))
        print(f"| {label} | {mine.seconds:.1f} | | | {mine.mebibytes:.0f} | | |", flush=True)


def noisy(sentence, source):
    """A sentence with about an eighth of its words altered."""
    words = sentence.split()
    for _ in range(max(1, len(words) // 8)):
        if len(words) < 2:
            break
        place = source.randrange(len(words) - 1)
        action = source.randrange(3)
        if action == 0:
            del words[place]
        elif action == 1:
            words.insert(place, words[place])
        else:
            words[place], words[place + 1] = words[place + 1], words[place]
    return " ".join(words)


def make_corpus(folder, reference, system, lines):
    """Files of so many lines."""
    source = random.Random(1)
    paths = folder / "reference", folder / "system"
    for original, path in zip((reference, system), paths):
        sentences = Path(original).read_text(encoding="utf-8").removesuffix("\n").split("\n")
        with open(path, "w", encoding="utf-8") as file:
            for i in range(lines):
                file.write(noisy(sentences[i % len(sentences)], source) + "\n")
    return paths


def head(path, lines):
    """The file cut after so many lines."""
    short = path.with_suffix(f".{lines}")
    with open(path, encoding="utf-8") as source, open(short, "w", encoding="utf-8") as target:
        target.writelines(line for _, line in zip(range(lines), source))
    return short


def bench_files(bench, reference, systems, runs):
    """The files as they are."""
    label = f"{len(systems)} systems" if len(systems) > 1 else "1 system"
    plain = bench.both(f"BLEU and chrF++, {label}", reference, systems, ["bleu", "chrf++"], runs)
    bench.both(f"TER, {label}", reference, systems, ["ter"], runs)
    if len(systems) > 1:
        label = f"BLEU and chrF++ with {RESAMPLES:,} resamples, {label}"
        tested = bench.both(label, reference, systems, ["bleu", "chrf++"], runs, bootstrap=True)
        a, b = (with_test - without for with_test, without in zip(tested, plain))
        print(f"| the resampling alone | {a:.3f} | {b:.2f} | {b / a:.0f} | | | |", flush=True)


def bench_corpus(bench, reference, system, arguments):
    """A large corpus made from them."""
    with tempfile.TemporaryDirectory() as folder:
        whole = make_corpus(Path(folder), reference, system, arguments.lines)
        for name, metrics, lines in [
            ("BLEU and chrF++", ["bleu", "chrf++"], min(arguments.peer_lines, arguments.lines)),
            ("TER", ["ter"], min(arguments.peer_ter_lines, arguments.lines)),
        ]:
            left, right = (head(path, lines) for path in whole)
            bench.both(f"{name}, {lines:,} lines", left, [right], metrics)
            bench.alone(f"{name}, {arguments.lines:,} lines", whole[0], whole[1:], metrics)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("reference")
    parser.add_argument("systems", nargs="+")
    parser.add_argument("--binary", default=ROOT / "target/release/anubad")
    parser.add_argument("--runs", type=int, default=3, help="runs with the files as they are (default: 3)")
    parser.add_argument("--lines", type=int, default=0, help="lines of the large corpus (default: none is made)")
    parser.add_argument("--peer-lines", type=int, default=100_000, help="for BLEU and chrF++ (default: 100000)")
    parser.add_argument("--peer-ter-lines", type=int, default=20_000, help="for TER (default: 20000)")
    arguments = parser.parse_args()
    bench = Bench(arguments.binary)
    bench_files(bench, arguments.reference, arguments.systems, arguments.runs)
    if arguments.lines:
        bench_corpus(bench, arguments.reference, arguments.systems[0], arguments)
    sys.exit(not bench.agree)


if __name__ == "__main__":
    main()
