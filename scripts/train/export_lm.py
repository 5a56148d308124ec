#!/usr/bin/env python3
"""Makes of a trained language model what the program loads: a folder for `--model`.

    scripts/train/export_lm.py RUN OUT --name anubad-mine

OUT gets `model.gguf` (Q5_0), `tokenizer.json`, `model.toml` with their checksums, `MODEL_CARD.md`, and the base's terms
and notice, which have to travel with the weights.
"""

import argparse
import json
import pathlib
import shutil
import string
import sys

import gguf_file
import lora
import optimiser

HERE = pathlib.Path(__file__).parent
MANIFEST = string.Template('''name = "$name"
architecture = "gemma3"
licence = "Gemma Terms of Use (GEMMA_TERMS.md)"
prompt = "translate.j2"

[weights]
file = "model.gguf"
$weights

[tokenizer]
file = "tokenizer.json"
$tokenizer
''')


def load(checkpoint):
    """The trained model in f32, adapters merged, and its recipe."""
    saved = optimiser.load(checkpoint)
    recipe = saved["recipe"]
    if saved["base"] != gguf_file.sha256(recipe["base"]):
        sys.exit(f"{recipe['base']} is not the file that {checkpoint} was trained from: put that one back")
    model = gguf_file.load(recipe["base"])
    if recipe["lora_rank"]:
        lora.add(model, recipe["lora_rank"])
    optimiser.load_weights(model, saved["optimiser"])
    lora.merge(model)
    return model.float(), recipe, saved["step"]


def sums(path):
    return f'bytes = {path.stat().st_size}\nsha256 = "{gguf_file.sha256(path)}"'


def card(name, recipe, step, report):
    """The model card: what it was trained on, with licences, and how."""
    licences = dict(line.split("\t") for line in (HERE / "licences.tsv").read_text(encoding="utf-8").splitlines())
    rows = [
        f"| `{source}` | {report[source]['kept']:,} | {weight:g} | {licences[source.split('/')[0]]} |"
        for source, weight in recipe["mixture"].items()
        if source in report
    ]
    settings = {key: value for key, value in recipe.items() if key not in ("base", "tokenizer", "mixture")}
    template = string.Template((HERE / "card.md").read_text(encoding="utf-8"))
    return template.substitute(name=name, sources="\n".join(rows), steps=step, settings=json.dumps(settings))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=pathlib.Path, help="folder that `train_lm.py` wrote")
    parser.add_argument("data", type=pathlib.Path, help="folder that `prepare.py` wrote")
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--name", required=True)
    options = parser.parse_args()

    model, recipe, step = load(options.run / "checkpoint.pt")
    options.out.mkdir(parents=True, exist_ok=True)
    weights, tokenizer = options.out / "model.gguf", options.out / "tokenizer.json"
    gguf_file.save(weights, model, recipe["base"], options.name)
    shutil.copyfile(recipe["tokenizer"], tokenizer)
    for file in ("GEMMA_TERMS.md", "NOTICE"):
        shutil.copyfile(pathlib.Path(recipe["base"]).parent / file, options.out / file)
    manifest = MANIFEST.substitute(name=options.name, weights=sums(weights), tokenizer=sums(tokenizer))
    (options.out / "model.toml").write_text(manifest)
    report = json.loads((options.data / "report.json").read_text())
    (options.out / "MODEL_CARD.md").write_text(card(options.name, recipe, step, report), encoding="utf-8")
    print(f"{weights}: {weights.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
