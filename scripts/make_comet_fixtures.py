#!/usr/bin/env python3
"""Makes the miniature COMET models of tests/data/comet/ with the reference implementation.

    pip install unbabel-comet==2.2.7 'setuptools<80' protobuf sentencepiece==0.2.3
    scripts/make_comet_fixtures.py

Each folder has the layout of a repository of Unbabel's: `hparams.yaml`, and `checkpoints/model.ckpt` as Lightning writes
it. `encoder/` stands for the repository of the encoder that they name: its sizes and its tokenizer; `encoder-xl/` for
that of XLM-RoBERTa-XL. Weights are random.
`reference.json` holds what COMET makes of the same translations, also with some hyper-parameters changed.
"""
import json
import math
import os
import shutil
import sys
import tempfile
import warnings
from argparse import Namespace
from pathlib import Path

import numpy
import pytorch_lightning as ptl
import torch
import transformers
import yaml
from comet.models import load_from_checkpoint, str2model
from pytorch_lightning.callbacks import EarlyStopping, ModelCheckpoint
from pytorch_lightning.utilities.parsing import AttributeDict

from check_tokenizers import Trainer, write

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "tests" / "data" / "comet"
WIDTH = 16
#: Tokens of a text at most are two fewer than tokens of a sequence, and these two fewer than positions.
POSITIONS = 130

#: Class, hyper-parameters, and changes of them with which the same weights are scored again.
MODELS = {
    # As of Unbabel/wmt22-comet-da.
    "regression": (
        "regression_metric",
        dict(layer="mix", layer_transformation="sparsemax", layer_norm=False, pool="avg", hidden_sizes=[24, 12]),
        [
            dict(layer_transformation="softmax", layer_norm=True),
            dict(layer=2, pool="max"),
            dict(layer="mix", pool="cls", final_activation="Sigmoid"),
            dict(layer=0, pool="avg"),
            dict(pool="default"),
        ],
    ),
    # As of Unbabel/wmt20-comet-qe-da.
    "referenceless": (
        "referenceless_regression_metric",
        dict(layer="mix", layer_transformation="softmax", layer_norm=True, pool="avg", hidden_sizes=[20]),
        [],
    ),
    # As of Unbabel/wmt22-cometkiwi-da.
    "unified": (
        "unified_metric",
        dict(
            sent_layer="mix", layer_transformation="sparsemax_patch", layer_norm=False, word_layer=2,
            word_level_training=True, input_segments=["mt", "src"], hidden_sizes=[24, 12],
        ),
        [
            dict(input_segments=["mt", "src", "ref"]),
            dict(input_segments=["mt", "ref"], sent_layer=3),
        ],
    ),
    # As of Unbabel/wmt23-cometkiwi-da-xl.
    "unified-xl": (
        "unified_metric",
        dict(
            encoder_model="XLM-RoBERTa-XL", sent_layer="mix", layer_transformation="softmax", layer_norm=False,
            input_segments=["mt", "src"], hidden_sizes=[24, 12],
        ),
        [dict(sent_layer=3)],
    ),
}


def triples():
    """Translations, some of them odd."""
    lines = (ROOT / "tests/data/model/reference.jsonl").read_text("utf-8").splitlines()[:9]
    pairs = [json.loads(line) for line in lines]
    texts = [(pair["bengali"], pair["output"]) for pair in pairs]
    made = [
        {"src": source, "mt": output, "ref": texts[(i * 2) % 9][1] if i % 3 == 2 else output.replace("the", "a")}
        for i, (source, output) in enumerate(texts)
    ]
    long = " ".join(source for source, _ in texts)
    made += [
        {"src": "", "mt": "", "ref": ""},
        {"src": texts[0][0], "mt": "", "ref": texts[0][1]},
        {"src": "১২ লাখ মানুষ পানিবন্দি 🌊😢", "mt": "1.2 million people marooned 🌊😢",
         "ref": "1.2 million are stranded"},
        {"src": "মেট্রোর  Blue Line  শনিবার\tবন্ধ।", "mt": " The Blue Line is closed\non Saturday. ",
         "ref": "的"},
        # Each side too long alone, and only together.
        {"src": long, "mt": " ".join(output for _, output in texts), "ref": "Short."},
        {"src": texts[1][0], "mt": f"{texts[2][1]} {texts[4][1]}"[:190], "ref": f"{texts[3][1]} {texts[5][1]}"[:190]},
    ]
    return made


def make_encoders(folder, scratch):
    folder.mkdir(parents=True)
    reference = (ROOT / "tests/data/model/reference.jsonl").read_text("utf-8")
    pairs = [json.loads(line) for line in reference.splitlines()[:60]]
    sentences = [text for pair in pairs for text in (pair["bengali"], pair["output"])]
    model = Trainer(scratch, sentences, miniature=True).train(scratch / "sentencepiece.bpe")
    tokenizer = transformers.XLMRobertaTokenizerFast(vocab_file=str(model))
    tokenizer.backend_tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    write(folder / "tokenizer_config.json", {"tokenizer_class": "XLMRobertaTokenizer"})
    config = {
        "model_type": "xlm-roberta", "architectures": ["XLMRobertaForMaskedLM"], "vocab_size": len(tokenizer),
        "hidden_size": WIDTH, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 36,
        "hidden_act": "gelu", "layer_norm_eps": 1e-05, "max_position_embeddings": POSITIONS, "type_vocab_size": 1,
        "pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2,
    }
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    xl = folder.with_name("encoder-xl")
    shutil.copytree(folder, xl)
    config["model_type"] = "xlm-roberta-xl"
    config["architectures"] = ["XLMRobertaXLForMaskedLM"]
    (xl / "config.json").write_text(json.dumps(config, indent=1) + "\n")


def randomise(model, seed):
    """Weights large enough that scores differ, and norms, biases and the mixture that are not their defaults."""
    torch.manual_seed(seed)
    with torch.no_grad():
        for name, p in sorted(model.named_parameters()):
            if "scalar_parameters" in name:
                p.copy_(0.4 * torch.randn_like(p))
            elif name.endswith("gamma"):
                p.fill_(0.8)
            elif "norm" in name.lower() and name.endswith("weight"):
                p.copy_(1 + 0.2 * torch.randn_like(p))
            elif p.dim() == 1:
                p.copy_(0.2 * torch.randn_like(p))
            elif "embeddings" in name:
                p.copy_(0.5 * torch.randn_like(p))
            else:
                p.copy_(1.2 * torch.randn_like(p) / math.sqrt(p.shape[-1]))


def save(model, path, name):
    """What Lightning writes of a run with callbacks: of one model with classes in the pickle, as its first releases did,
    of another in the form that PyTorch had before 1.6."""
    path.parent.mkdir()
    callbacks = [ModelCheckpoint(dirpath=path.parent, monitor="val"), EarlyStopping(monitor="val")]
    trainer = ptl.Trainer(logger=False, callbacks=callbacks, accelerator="cpu", enable_progress_bar=False)
    trainer.strategy.connect(model)
    trainer.save_checkpoint(path)
    state = torch.load(path, weights_only=False)
    state["callbacks"][next(iter(state["callbacks"]))]["dirpath"] = "/data/checkpoints"
    if name == "unified":
        state["callbacks"] = {
            EarlyStopping: {"best_score": torch.tensor(0.5), "wait_count": 0},
            ModelCheckpoint: {"best_model_score": numpy.float64(0.5), "args": Namespace(steps=3)},
        }
        state["optimizer_states"] = [{"state": {0: {"step": 7, "exp_avg": torch.ones(2, 2)}}, "param_groups": []}]
        state["hyper_parameters"] = AttributeDict(state["hyper_parameters"])
    state["hyper_parameters"]["pretrained_model"] = "xlm-roberta-large"
    torch.save(state, path, _use_new_zipfile_serialization=name != "referenceless")


def scores(folder, hparams, encoder, samples):
    """What COMET makes of samples with the weights of a folder."""
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        (scratch / "checkpoints").mkdir()
        (scratch / "checkpoints/model.ckpt").symlink_to((folder / "checkpoints/model.ckpt").resolve())
        # The tokenizer and the sizes, without the Hub.
        local = {**hparams, "pretrained_model": str(encoder)}
        (scratch / "hparams.yaml").write_text(yaml.dump(local))
        model = load_from_checkpoint(scratch / "checkpoints/model.ckpt", reload_hparams=True)
        predicted = model.predict(samples, batch_size=4, gpus=0, num_workers=0, progress_bar=False)
    return [round(score, 8) for score in predicted["scores"]]


def main():
    warnings.filterwarnings("ignore")
    # The checkpoints are our own, and one holds classes.
    os.environ["TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"] = "1"
    shutil.rmtree(OUT, ignore_errors=True)
    with tempfile.TemporaryDirectory() as scratch:
        make_encoders(OUT / "encoder", Path(scratch))
    samples = triples()
    cases = {}
    for seed, (name, (kind, options, variants)) in enumerate(MODELS.items()):
        encoder = OUT / ("encoder-xl" if "encoder_model" in options else "encoder")
        model = str2model[kind](
            **options, pretrained_model=str(encoder), load_pretrained_weights=False, nr_frozen_epochs=0.3,
            train_data=["data/train.csv"], validation_data=["data/dev: a.csv", "data/dev b.csv"],
        )
        randomise(model, seed)
        folder = OUT / name
        folder.mkdir()
        hparams = {**model.hparams, "pretrained_model": "xlm-roberta-large", "class_identifier": kind}
        for key in ["load_pretrained_weights", "local_files_only"]:
            hparams.pop(key)
        (folder / "hparams.yaml").write_text(yaml.dump(hparams))
        save(model, folder / "checkpoints/model.ckpt", name)
        runs = [{"hparams": change, "scores": scores(folder, {**hparams, **change}, encoder, samples)}
                for change in [{}, *variants]]
        if name == "unified":
            # Without references, one that could use them does without.
            change = variants[0]
            bare = [{key: sample[key] for key in ["src", "mt"]} for sample in samples]
            made = scores(folder, {**hparams, **change}, encoder, bare)
            runs.append({"hparams": change, "references": False, "scores": made})
        cases[name] = runs
        print(name, [run["scores"][:3] for run in runs], file=sys.stderr)
    (OUT / "reference.json").write_text(
        json.dumps({"samples": samples, "models": cases}, ensure_ascii=False, indent=1) + "\n", "utf-8"
    )


if __name__ == "__main__":
    main()
