#!/usr/bin/env python3
"""How far our encoder-decoders are from `transformers`, architecture by architecture.

    scripts/parity.py
    scripts/parity.py --model FOLDER --text FILE

The first makes the miniature checkpoints anew with the reference, in a folder that is thrown away, and compares. The
second takes a real model, as the Hub has it, and a file of source sentences, one a line: the reference translates
them greedily, and logits after every token of its translations are compared. Printed are the largest difference, and
how often the likeliest token is the same; seconds to load, and milliseconds a token for one sentence alone.
"""
import argparse
import json
import os
import pathlib
import subprocess
import tempfile

import torch

ROOT = pathlib.Path(__file__).resolve().parent.parent
#: Logits of so many words are compared for a real vocabulary, besides the likeliest.
SAMPLE = 1000


def real(model_folder, lines, out):
    """A folder like those of the miniatures: links to the model, and what the reference makes of some sentences."""
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer
    folder = out / f"{model_folder.name}-mini"
    folder.mkdir()
    for file in model_folder.iterdir():
        (folder / file.name).symlink_to(file.resolve())
    tokenizer = AutoTokenizer.from_pretrained(model_folder)
    model = AutoModelForSeq2SeqLM.from_pretrained(model_folder, dtype=torch.float32).eval()
    torch.manual_seed(1)
    cases = []
    for line in lines:
        source = tokenizer(line, return_tensors="pt").input_ids
        with torch.no_grad():
            target = model.generate(source, num_beams=1, do_sample=False, max_length=200)[:, :-1]
            logits = model(input_ids=source, decoder_input_ids=target).logits[0]
        ids = torch.cat([torch.randperm(logits.shape[1])[:SAMPLE], logits.argmax(1)]).unique()
        print(line, "->", tokenizer.decode(target[0], skip_special_tokens=True))
        cases.append({"source": source[0].tolist(), "target": target[0].tolist(), "ids": ids.tolist(),
                      "logits": logits[:, ids].tolist(), "attention": [], "encoded": []})
    (folder / "reference.json").write_text(json.dumps({"cases": cases}))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=pathlib.Path, help="folder of a real model")
    parser.add_argument("--text", type=pathlib.Path, help="source sentences, one a line")
    arguments = parser.parse_args()
    if bool(arguments.model) != bool(arguments.text):
        parser.error("--model and --text go together")
    with tempfile.TemporaryDirectory() as out:
        if arguments.model:
            real(arguments.model, arguments.text.read_text().splitlines(), pathlib.Path(out))
        else:
            from make_seq2seq_fixtures import make
            make(pathlib.Path(out))
        test = ["cargo", "test", "--quiet", "--test", "seq2seq", "--", "--exact", "--nocapture", "parity_table"]
        return subprocess.run(test, cwd=ROOT, env=os.environ | {"ANUBAD_PARITY_DIR": out}).returncode


if __name__ == "__main__":
    raise SystemExit(main())
