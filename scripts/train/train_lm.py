#!/usr/bin/env python3
"""Trains the language model on glossed translation and briefs.

    scripts/train/train_lm.py recipes/embedded.toml DATA RUN [--resume]

DATA is what `prepare.py` wrote. RUN gets `checkpoint.pt`, from which `--resume` goes on exactly where it was saved, and
`log.jsonl`, which `plot.py` draws. A recipe (recipes/*.toml) says everything else.
"""

import argparse
import dataclasses
import itertools
import json
import pathlib
import random
import sys
import time
import tomllib

import torch
from tokenizers import Tokenizer

import examples
import gemma
import gguf_file
import lora
import optimiser


@dataclasses.dataclass(frozen=True)
class Recipe:
    #: GGUF to start from, and its tokenizer; relative to the recipe.
    base: str
    tokenizer: str
    steps: int
    #: Highest learning rate.
    rate: float
    warmup: int
    #: Steps at the end over which the rate falls to zero.
    decay: int
    #: Times that each source is seen in a pass.
    mixture: dict
    #: Places of a batch, padding included; a step takes one batch.
    tokens: int = 8192
    #: Rank of low-rank adapters; 0 trains all weights.
    lora_rank: int = 0
    #: Times that each brief is seen in a pass, and the longest one that is taken, in tokens.
    briefs: float = 0.0
    longest: int = 1024
    noise: dict = dataclasses.field(default_factory=dict)
    seed: int = 1
    measure_every: int = 100
    save_every: int = 100
    #: Rows of each measured set.
    measured: int = 400
    #: Fuse what lies between the products: a minute at the start, a third of the time of a step.
    compile: bool = True


def read_recipe(path):
    recipe = Recipe(**tomllib.loads(path.read_text()))
    beside = lambda file: str((path.parent / file).resolve())
    return dataclasses.replace(recipe, base=beside(recipe.base), tokenizer=beside(recipe.tokenizer))


def passes(recipe, tokenizer, lines, articles):
    """Batches without end: pass after pass over the mixture, each with noise of its own."""
    noise = examples.Noise(**recipe.noise)
    for number in itertools.count():
        rng = random.Random(f"{recipe.seed} {number}")
        encoded = [examples.translation(tokenizer, line, noise, rng) for line in examples.mixture(lines, recipe.mixture, rng)]
        briefs = rng.sample(articles, round(len(articles) * recipe.briefs))
        encoded += [examples.brief(tokenizer, article) for article in briefs]
        encoded = [row for row in encoded if len(row[0]) <= recipe.longest]
        yield from examples.batches(encoded, recipe.tokens, rng)


@torch.no_grad()
def measure(model, batches, device):
    """Mean negative log-likelihood of a target token, in nats."""
    total = count = 0
    for batch in batches:
        ids, is_target = (tensor.to(device) for tensor in examples.tensors(batch))
        total += model(ids, is_target).item()
        count += is_target.sum().item()
    return total / count


def compile_parts():
    """Fuses what lies between the products. Batches differ in shape, so shapes stay symbolic."""
    for owner, name in ((gemma.Layer, "projections"), (gemma.Layer, "rest"), (gemma, "head_loss")):
        setattr(owner, name, torch.compile(getattr(owner, name), dynamic=True))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", type=pathlib.Path)
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("run", type=pathlib.Path)
    parser.add_argument("--resume", action="store_true", help="go on from RUN/checkpoint.pt")
    parser.add_argument("--new-data", action="store_true", help="with --resume: DATA or the mixture is another one, begin its first pass")
    parser.add_argument("--measure", type=pathlib.Path, action="append", default=[], help="a further set as `prepare.py` writes it, of which only the loss is logged")
    parser.add_argument("--until", type=int, help="save and stop at this step, for a run in parts")
    options = parser.parse_args()

    recipe = read_recipe(options.recipe)
    torch.manual_seed(recipe.seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    options.run.mkdir(parents=True, exist_ok=True)
    checkpoint = options.run / "checkpoint.pt"

    tokenizer = Tokenizer.from_file(recipe.tokenizer)
    model = gguf_file.load(recipe.base).to(device, torch.bfloat16)
    if recipe.lora_rank:
        lora.add(model, recipe.lora_rank)
    if recipe.compile:
        compile_parts()
    optimise = optimiser.Optimiser(model)
    base = gguf_file.sha256(recipe.base)
    first = drawn = 0
    if options.resume:
        saved = optimiser.load(checkpoint)
        if saved["base"] != base:
            sys.exit(f"{recipe.base} is not the file that {checkpoint} was trained from: put that one back")
        optimise.restore(saved["optimiser"])
        first, drawn = saved["step"], 0 if options.new_data else saved["drawn"]

    sets = {}
    for path in (options.data / "held-aside.jsonl", *options.measure):
        rows = [examples.translation(tokenizer, line) for line in examples.read(path)[: recipe.measured]]
        sets[path.stem] = examples.batches(rows, recipe.tokens)
    lines = examples.read(options.data / "train.jsonl")
    stream = passes(recipe, tokenizer, lines, examples.read(options.data / "briefs.jsonl"))
    stream = itertools.islice(stream, drawn, None)

    last = min(recipe.steps, options.until or recipe.steps)
    began, loss_sum, targets = time.monotonic(), 0.0, 0
    with open(options.run / "log.jsonl", "a", encoding="utf-8") as log:

        def write(**line):
            print(json.dumps(line), file=log, flush=True)
            print(" ".join(f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}" for name, value in line.items()), file=sys.stderr)

        for step in range(first, last + 1):
            if step % recipe.measure_every == 0 or step == last:
                measured = {name: measure(model, batches, device) for name, batches in sets.items()}
                train = {"train": loss_sum / targets} if targets else {}
                write(step=step, seconds=time.monotonic() - began, **train, **measured)
                loss_sum, targets = 0.0, 0
            if step > first and (step % recipe.save_every == 0 or step == last):
                optimiser.save(checkpoint, step=step, drawn=drawn + step - first, base=base, optimiser=optimise.state(), recipe=dataclasses.asdict(recipe))
            if step == last:
                break
            ids, is_target = (tensor.to(device) for tensor in examples.tensors(next(stream)))
            loss = model(ids, is_target)
            count = is_target.sum().item()
            (loss / count).backward()
            optimise.step(optimiser.rate_at(step, recipe.steps, recipe.rate, recipe.warmup, recipe.decay))
            loss_sum += loss.item()
            targets += count


if __name__ == "__main__":
    main()
