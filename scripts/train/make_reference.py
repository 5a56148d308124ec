#!/usr/bin/env python3
"""Makes anew what the tests hold the embedded model to: `tests/data/model/reference.jsonl`.

    scripts/train/make_reference.py

The sentences stay; their glosses come from the program, prompts and ids from the tokenizer, and the greedy outputs from
PyTorch, in f32 on the GGUF's own weights. What the program writes is taken as a draft, of which PyTorch keeps what it
would have written itself: one pass instead of one a token, the same result.
"""

import json
import pathlib

import torch
from tokenizers import Tokenizer

import distil
import examples
import gguf_file
import gloss

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
REFERENCE = ROOT / "tests" / "data" / "model" / "reference.jsonl"
PROGRAM = ROOT / "target" / "release" / "anubad"


@torch.no_grad()
def greedy(model, prompt, draft):
    """The greedy continuation, which the draft only makes faster."""
    ids = [*draft, examples.EOS]
    best = model.logits(model.states(torch.tensor([prompt + draft]))[0, len(prompt) - 1 :]).argmax(-1).tolist()
    right = next((i for i, (one, other) in enumerate(zip(ids, best)) if one != other), None)
    if right is None:
        return draft
    kept = [*draft[:right], best[right]]
    if kept[-1] == examples.EOS:
        return kept[:-1]
    return kept + model.greedy([prompt + kept], examples.EOS)[0]


def main():
    model = gguf_file.load(ROOT / "models" / "embedded" / "model.gguf").eval()
    tokenizer = Tokenizer.from_file(str(ROOT / "models" / "embedded" / "tokenizer.json"))
    lines = examples.read(REFERENCE)
    glossed = gloss.glosses(PROGRAM, [line["bengali"] for line in lines])
    for line, its_gloss in zip(lines, glossed, strict=True):
        line["gloss"] = its_gloss["gloss"]
        line["prompt"] = gloss.prompt(line["bengali"], line["gloss"])
        line["prompt_ids"] = [examples.BOS, *tokenizer.encode(line["prompt"], add_special_tokens=False).ids]
    drafts = distil.translate(PROGRAM, "embedded", [line["bengali"] for line in lines], ["--no-redecode", "--compute", "f32"])
    for line, draft in zip(lines, drafts, strict=True):
        draft = tokenizer.encode(f" {draft}", add_special_tokens=False).ids if draft else []
        ids = greedy(model, line["prompt_ids"], draft)
        line["output_ids"] = ids
        line["output"] = tokenizer.decode(ids).strip()
    REFERENCE.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")


if __name__ == "__main__":
    main()
