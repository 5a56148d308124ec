#!/usr/bin/env python3
"""Speed and memory of anubad beside llama.cpp: same weights, same prompts, same threads.

    cargo build --release
    pip install xllamacpp
    python scripts/bench/llama_cpp.py [--sentences N] [--threads N] [--runs N] [--parallel N] [--spin]

Prints a Markdown table of medians, and on stderr each run as it ends. Needs Linux.

The sentences are those of `tests/data/model/reference.jsonl`. llama.cpp is given the prompt that
anubad makes of each: `prompts/translate.j2` with the gloss of `anubad lexicon gloss`. Both decode
greedily, anubad with `--no-redecode` so that each sentence is decoded once, llama.cpp without its
prompt cache and warm-up run. Each measurement is a process of its own, and the two programs take
turns, so that other work on the machine meets both alike.

- *One sentence* is the time from start to end of a process that translates one sentence. For a cold
  start the files of program and weights are dropped from the page cache before; Python and the
  system's libraries stay warm, which favours llama.cpp a little.
- *Loaded* and *first token* count inside the process from the beginning of the load; anubad tells
  them with `--verbose`, llama.cpp streams. Python's own start is in neither.
- *Batch 1* decodes a sentence at a time: anubad one on each thread (`--batch-tokens 1`), llama.cpp one
  on all threads. *Batched* is anubad's default and llama.cpp's continuous batching of `--parallel`
  sequences. Rates are sentences per second of the whole process, load included, and per second of
  its CPU time, which other work on the machine disturbs less.
- *Peak memory* is the largest resident set; that of Python with the bindings alone is named below.

llama.cpp's threads wait for each other at every operation. By default they sleep meanwhile
(`OMP_WAIT_POLICY=passive`): while other work holds a core, threads that spin, which is llama.cpp's own
default, were seen to take five times as long. On an idle machine try `--spin` too.

PyPI's llama.cpp for Linux is built for AVX2 and no later instructions: on a processor with AVX-512, build
xllamacpp from source (`pip install --no-binary xllamacpp xllamacpp`) to see llama.cpp at its best.
"""

import argparse
import json
import os
import re
import resource
import statistics
import sys
import time
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from process import drop_from_page_cache, run

ROOT = Path(__file__).resolve().parents[2]
WEIGHTS = ROOT / "models/embedded/model.gguf"
TEMPLATE = ROOT / "prompts/translate.j2"
REFERENCE = ROOT / "tests/data/model/reference.jsonl"
# Longer than any of the translations; one that gets there has fallen into a loop.
MOST_NEW_TOKENS = 200
# Tokens of a sequence: room for the longest prompt of the reference and its translation.
CONTEXT = 512


class Anubad:
    name = "anubad"

    def __init__(self, binary, threads):
        self.binary, self.threads = binary, threads

    def run(self, sentences, batched=True, cached=True):
        articles = [json.dumps({"id": str(n), "text": text}) for n, text in enumerate(sentences)]
        command = [self.binary, "translate", "--verbose", "--no-redecode", "--force", "--format", "jsonl"]
        command += ["--threads", str(self.threads)]
        if not batched:
            command += ["--batch-tokens", "1"]
        if not cached:
            drop_from_page_cache([self.binary])
        done = run(command, "\n".join(articles))
        loaded, first_token = re.search(r"model loaded in (\d+) ms, first token after (\d+) ms", done.stderr).groups()
        records = map(json.loads, done.stdout.splitlines())
        texts = [" ".join(p["translation"] or "" for p in record["paragraphs"]) for record in records]
        done.facts = {"loaded": float(loaded), "first_token": float(first_token), "texts": texts}
        return done

    def glosses(self, sentences):
        done = run([self.binary, "lexicon", "gloss", "--json"], "\n".join(sentences))
        return [json.loads(line)["gloss"] for line in done.stdout.splitlines()]


class LlamaCpp:
    name = "llama.cpp"

    def __init__(self, threads, parallel, spin):
        import xllamacpp

        self.threads, self.parallel = threads, parallel
        self.variables = {"OMP_WAIT_POLICY": "active" if spin else "passive"}
        self.files = [WEIGHTS, *Path(xllamacpp.__file__).parent.glob("*.so")]

    def run(self, prompts, batched=True, cached=True):
        job = {"prompts": prompts, "threads": self.threads, "parallel": min(self.parallel, len(prompts)) if batched else 1}
        if not cached:
            drop_from_page_cache(self.files)
        done = run([sys.executable, __file__, "--llama-cpp"], json.dumps(job), self.variables)
        # llama.cpp may log to standard output too: the result is the last line.
        done.facts = json.loads(done.stdout.splitlines()[-1])
        return done


def llama_cpp_process():
    """The process that `LlamaCpp` runs: a job on standard input, its result on standard output."""
    import xllamacpp

    bindings_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    job = json.load(sys.stdin)
    params = xllamacpp.CommonParams()
    params.model.path = str(WEIGHTS)
    params.n_gpu_layers = 0
    params.n_parallel = job["parallel"]
    params.n_ctx = CONTEXT * job["parallel"]
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = job["threads"]
    params.warmup = False
    params.cache_ram_mib = 0
    params.verbosity = -1

    start = time.perf_counter()
    server = xllamacpp.Server(params)
    loaded = time.perf_counter()
    first_token = []

    def complete(prompt):
        pieces = []

        def receive(chunk):
            first_token or first_token.append(time.perf_counter())
            pieces.append(chunk)
            return False

        request = {"prompt": prompt, "n_predict": MOST_NEW_TOKENS, "temperature": 0, "cache_prompt": False, "stream": True}
        server.handle_completions(request, receive)
        for piece in pieces:
            if "choices" not in piece:
                raise SystemExit(f"llama.cpp: {piece}")
        return "".join(piece["choices"][0]["text"] for piece in pieces).strip()

    with ThreadPoolExecutor(job["parallel"]) as requests:
        texts = list(requests.map(complete, job["prompts"]))
    result = {
        "loaded": (loaded - start) * 1000,
        "first_token": (first_token[0] - start) * 1000,
        "texts": texts,
        "bindings_mib": bindings_mib,
    }
    print("\n" + json.dumps(result))


def prompts_of(sentences, glosses):
    template = TEMPLATE.read_text(encoding="utf-8").removesuffix("\n")
    # Bengali first: a gloss may not hold what looks like a placeholder, a sentence might.
    return [
        template.replace("{{ gloss }}", gloss).replace("{{ text }}", unicodedata.normalize("NFC", text))
        for text, gloss in zip(sentences, glosses, strict=True)
    ]


def measure(ours, theirs, sentences, prompts, runs):
    """Runs of both programs, taking turns: `{measurement: {program: [Run, …]}}`."""
    kinds = {
        "cold": (1, {"cached": False}),
        "warm": (1, {}),
        "batch 1": (len(sentences), {"batched": False}),
        "batched": (len(sentences), {}),
    }
    measured = {kind: {ours.name: [], theirs.name: []} for kind in kinds}
    for turn in range(runs):
        for kind, (count, options) in kinds.items():
            for program, inputs in ((ours, sentences), (theirs, prompts)):
                done = program.run(inputs[:count], **options)
                measured[kind][program.name].append(done)
                print(
                    f"run {turn + 1}, {kind}, {program.name}: {done.seconds:.2f} s, "
                    f"{done.cpu_seconds:.2f} CPU-s, {done.peak_mib:.0f} MiB",
                    file=sys.stderr,
                )
    return measured


def table(measured, count):
    """Rows of medians; the ratio says how many times better anubad is."""
    rows = [
        ("one sentence, cold start, ms", "cold", lambda r: r.seconds * 1000, False),
        ("one sentence, warm start, ms", "warm", lambda r: r.seconds * 1000, False),
        ("loaded, warm, after ms", "warm", lambda r: r.facts["loaded"], False),
        ("first token, warm, after ms", "warm", lambda r: r.facts["first_token"], False),
        ("batch 1, sentences/s", "batch 1", lambda r: count / r.seconds, True),
        ("batch 1, sentences/CPU-s", "batch 1", lambda r: count / r.cpu_seconds, True),
        ("batched, sentences/s", "batched", lambda r: count / r.seconds, True),
        ("batched, sentences/CPU-s", "batched", lambda r: count / r.cpu_seconds, True),
        ("peak memory, one sentence, MiB", "warm", lambda r: r.peak_mib, False),
        ("peak memory, batch 1, MiB", "batch 1", lambda r: r.peak_mib, False),
        ("peak memory, batched, MiB", "batched", lambda r: r.peak_mib, False),
    ]
    yield "| | anubad | llama.cpp | times better |"
    yield "|---|---:|---:|---:|"
    for title, kind, value, more_is_better in rows:
        ours, theirs = (statistics.median(map(value, runs)) for runs in measured[kind].values())
        ratio = ours / theirs if more_is_better else theirs / ours
        digits = 2 if more_is_better else 0
        yield f"| {title} | {ours:.{digits}f} | {theirs:.{digits}f} | {ratio:.2f} |"


def agreement(measured, references):
    """How many texts of the first batched runs are the same, and the same as the reference's."""
    ours, theirs = (runs[0].facts["texts"] for runs in measured["batched"].values())

    def same(a, b):
        return sum(x == y for x, y in zip(a, b, strict=True))

    return (
        f"Same text: anubad and llama.cpp {same(ours, theirs)}, anubad and reference {same(ours, references)}, "
        f"llama.cpp and reference {same(theirs, references)} of {len(references)}."
    )


def main():
    if sys.argv[1:] == ["--llama-cpp"]:
        return llama_cpp_process()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=ROOT / "target/release/anubad")
    parser.add_argument("--sentences", type=int, default=100, help="at most 100")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--parallel", type=int, default=16, help="sequences that llama.cpp decodes together")
    parser.add_argument("--spin", action="store_true", help="llama.cpp's threads do not sleep while they wait")
    parser.add_argument("--runs", type=int, default=5)
    args = parser.parse_args()

    records = [json.loads(line) for line in REFERENCE.read_text(encoding="utf-8").splitlines()][: args.sentences]
    sentences, references = [r["bengali"] for r in records], [r["output"] for r in records]
    ours, theirs = Anubad(args.binary, args.threads), LlamaCpp(args.threads, args.parallel, args.spin)
    prompts = prompts_of(sentences, ours.glosses(sentences))
    measured = measure(ours, theirs, sentences, prompts, args.runs)

    print(f"{len(sentences)} sentences, {args.threads} threads, medians of {args.runs} runs\n")
    print("\n".join(table(measured, len(sentences))))
    bindings = measured["warm"][theirs.name][0].facts["bindings_mib"]
    print(f"\nOf llama.cpp's memory, Python with the bindings takes {bindings:.0f} MiB.")
    print(agreement(measured, references))


if __name__ == "__main__":
    main()
