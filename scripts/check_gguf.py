#!/usr/bin/env python3
"""Compares a real GGUF language model as Anubad runs it with `transformers` and llama.cpp.

    pip install torch transformers accelerate gguf xllamacpp numpy
    scripts/check_gguf.py model.gguf --text lines.txt [--text more.txt …]

Three tables: ids of the lines of text files beside llama.cpp's and beside the tokenizer that `transformers` makes of
the file; greedy continuations beside `transformers` on the file's dequantised weights in f32; tokens per second.
The Rust side is the ignored test `answers_a_check` of tests/language_models.rs, built in release mode.
"""
import argparse
import json
import os
import pathlib
import subprocess
import tempfile
import unicodedata

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent

PROMPTS = [
    "The capital of Bangladesh is",
    "Floods in the north of the country have",
    "Article: The river rose by two metres on Monday. Five villages were flooded.\nBrief:",
    "def add(a, b):\n",
    "Once upon a time, in a small village by the river,",
]

# About 1,500 tokens: what a brief is made from at once.
LONG = "The river rose by two metres on Monday and five villages were flooded, the district office said. " * 70

BOS = None


def anubad(**check):
    with tempfile.TemporaryDirectory() as folder:
        question, answer = pathlib.Path(folder, "check.json"), pathlib.Path(folder, "answer.json")
        question.write_text(json.dumps(check))
        environment = os.environ | {"ANUBAD_CHECK": str(question), "ANUBAD_ANSWER": str(answer)}
        command = ["cargo", "test", "--release", "-q", "--test", "language_models", "--", "--ignored", "answers_a_check"]
        subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
        return json.loads(answer.read_text())


def llama_ids(path, lines):
    """Ids of llama.cpp, special tokens not looked for in the text."""
    import urllib.request
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.n_ctx = 512
    params.warmup = False
    server = xllamacpp.Server(params)

    def ids(line):
        body = json.dumps({"content": line, "add_special": True, "parse_special": False}).encode()
        request = urllib.request.Request(server.listening_address + "/tokenize", body, {"Content-Type": "application/json"})
        return json.loads(urllib.request.urlopen(request).read())["tokens"]

    return [ids(line) for line in lines]


def transformers_ids(path, lines):
    """Ids of the tokenizer that transformers makes of the file; text is text, as in Anubad."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
    inner = tokenizer.backend_tokenizer
    inner.encode_special_tokens = True
    return [inner.encode(line, add_special_tokens=False).ids for line in lines]


def report_ids(name, lines, ours, theirs, decoded):
    start = lambda ids: ids[1:] if ids and ids[0] == BOS else ids
    different = [i for i in range(len(lines)) if start(ours[i]) != start(theirs[i])]
    print(f"{name}: {len(lines) - len(different)} of {len(lines)} lines have the same ids")
    for i in different[:5]:
        print("   ", repr(lines[i][:80]), ours[i][:24], theirs[i][:24])
    back = sum(a != b for a, b in zip(decoded, lines))
    print(f"    {back} lines do not come back as they were")


def model_in_f32(path):
    """The reference with the file's own weights, widened: transformers reads GGUF so."""
    import torch
    from transformers import AutoModelForCausalLM

    torch.set_num_threads(2)
    return AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32).eval()


def main():
    global BOS
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--text", type=pathlib.Path, action="append", default=[])
    parser.add_argument("--lines", type=int, default=2000, help="lines at most")
    parser.add_argument("--tokens", type=int, default=50, help="tokens of a continuation")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--no-model", action="store_true", help="tokenizers only")
    args = parser.parse_args()

    import gguf

    fields = gguf.GGUFReader(args.model).fields
    if "tokenizer.ggml.bos_token_id" in fields:
        BOS = fields["tokenizer.ggml.bos_token_id"].contents()
    pre = fields["tokenizer.ggml.pre"].contents() if "tokenizer.ggml.pre" in fields else "default"
    lines = [line for path in args.text for line in path.read_text().splitlines()]
    lines = lines[:: max(1, len(lines) // args.lines)][: args.lines]
    check = dict(gguf=str(args.model.resolve()), lines=lines, prompts=PROMPTS if not args.no_model else [], chat=False,
                 max_new_tokens=args.tokens, threads=args.threads)
    ours = anubad(compute="f32", **check)
    if lines:
        size = sum(len(line.encode()) for line in lines)
        print(f"{size / 1e6 / ours['encode_seconds']:.1f} MB/s on one thread; loaded in {ours['load_seconds']:.1f} s (f32)")
        # Qwen's own tokenizer composes text first; llama.cpp, and what transformers makes of a GGUF file, do not.
        composed = [unicodedata.normalize("NFC", line) for line in lines] if "qwen" in pre else lines
        report_ids("llama.cpp", lines, ours["ids"], llama_ids(args.model, composed), ours["decoded"])
        report_ids("transformers", lines, ours["ids"], transformers_ids(args.model, composed), ours["decoded"])
    if args.no_model:
        return

    import torch

    reference = model_in_f32(args.model)
    prompt_ids = anubad(compute="auto", **(check | dict(lines=PROMPTS, prompts=[])))["ids"]
    same = 0
    for prompt, ids, got in zip(PROMPTS, prompt_ids, ours["continuations"]):
        got = got["tokens"]
        # One pass over prompt and answer gives the reference's greedy choice at every step.
        with torch.no_grad():
            logits = reference(torch.tensor([ids + got])).logits[0]
        tokens = logits[len(ids) - 1 : len(ids) - 1 + len(got)].argmax(-1).tolist()
        same += tokens == got
        if tokens != got:
            at = next(i for i, (a, b) in enumerate(zip(tokens, got)) if a != b)
            print(f"    differs at token {at} of {len(got)}: {prompt!r}")
    print(f"transformers in f32: {same} of {len(PROMPTS)} greedy continuations are the same")
    fast = anubad(compute="auto", **(check | dict(lines=[])))
    equal = [np.array_equal(a["tokens"], b["tokens"]) for a, b in zip(fast["continuations"], ours["continuations"])]
    print(f"    {sum(equal)} of {len(equal)} in the fast arithmetic are those in f32; loaded in {fast['load_seconds']:.1f} s")
    for compute in ("auto", "f32", "int8"):
        run = anubad(compute=compute, **(check | dict(lines=[], prompts=[LONG])))
        first, new = run["first_token_seconds"], len(run["continuations"][0]["tokens"])
        print(
            f"    {compute}: {run['prompt_tokens'] / first:.0f} tokens/s of a prompt of {run['prompt_tokens']}, then "
            f"{(new - 1) / (run['generate_seconds'] - first):.1f} new tokens/s, {args.threads} threads"
        )


if __name__ == "__main__":
    main()
