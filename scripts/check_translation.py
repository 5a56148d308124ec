#!/usr/bin/env python3
"""Whether `anubad translate` writes what `transformers` writes with a real model, sentence by sentence.

    pip install torch transformers sentencepiece
    cargo build --release
    scripts/check_translation.py --model FOLDER [--text FILE] [--lang CODE] [--beam N]

FOLDER is a model folder as the Hub has it, such as OPUS-MT fr-en; the text has a sentence or two a line and is our own
by default. What the program cut into sentences goes one by one to `generate` with the model's own settings, so that
batching, padding and cutting are checked too. Prints how many are equal, those that are not, and the speed of both.
"""
import argparse
import json
import pathlib
import resource
import subprocess
import tempfile
import time

import torch
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

ROOT = pathlib.Path(__file__).resolve().parent.parent


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--model", required=True)
    options.add_argument("--text", type=pathlib.Path, default=ROOT / "scripts/data/news.fr.txt")
    options.add_argument("--lang", default="fr")
    options.add_argument("--beam", type=int, help="default: the model's own")
    options.add_argument("--threads", type=int, default=2)
    options = options.parse_args()

    lines = options.text.read_text().splitlines()
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as articles:
        for i, line in enumerate(lines):
            articles.write(json.dumps({"id": str(i), "text": line}, ensure_ascii=False) + "\n")
        articles.flush()
        command = [ROOT / "target/release/anubad", "translate", articles.name, "--format", "jsonl", "--no-redecode",
                   "--model", options.model, "--source-lang", options.lang, "--threads", str(options.threads),
                   "--compute", "f32"]
        if options.beam:
            command += ["--beam", str(options.beam)]
        start = time.time()
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        ours_seconds = time.time() - start
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    paragraphs = (p for line in output.splitlines() for p in json.loads(line)["paragraphs"])
    ours = [(s["source"], s["translation"]) for p in paragraphs for s in p["sentences"]]

    torch.set_num_threads(options.threads)
    tokenizer = AutoTokenizer.from_pretrained(options.model)
    model = AutoModelForSeq2SeqLM.from_pretrained(options.model).eval()
    equal, start = 0, time.time()
    for source, translation in ours:
        with torch.no_grad():
            settings = {"num_beams": options.beam} if options.beam else {}
            tokens = model.generate(**tokenizer([source], return_tensors="pt"), **settings)[0]
        reference = tokenizer.decode(tokens, skip_special_tokens=True).strip()
        equal += reference == translation
        if reference != translation:
            print(f"source        {source}\ntransformers  {reference}\nanubad        {translation}\n")
    seconds = time.time() - start
    print(f"{equal} of {len(ours)} sentences of {len(lines)} lines are equal")
    print(f"anubad {len(ours) / ours_seconds:.1f} sentences/s with loading, {memory:.0f} MiB; "
          f"transformers, one by one, {len(ours) / seconds:.1f} sentences/s without")


if __name__ == "__main__":
    main()
