#!/usr/bin/env python3
"""The models that engines are measured with, in the forms that the engines read.

    python scripts/bench/models.py NAME|FOLDER [FORM ...]

makes what is missing below `target/bench/models/`, and prints nothing. NAME is one of `SHAPES`, whose weights are random:
speed at forced lengths does not depend on them, and nothing has to be fetched. FOLDER is a Marian model as the Hub has
it, such as OPUS-MT fr-en, which can also translate. FORM is one of `FORMS`. Needs torch, transformers and ctranslate2;
`run.py` starts this as a process of its own, so as to stay small itself.
"""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

MADE = Path(__file__).resolve().parents[2] / "target/bench/models"
SEED = 6

TRANSFORMER = {"dropout": 0.0, "use_cache": True, "is_encoder_decoder": True, "scale_embedding": True}
MARIAN = TRANSFORMER | {
    "activation_function": "swish",
    "eos_token_id": 0,
    "forced_eos_token_id": 0,
    "share_encoder_decoder_embeddings": True,
    "max_position_embeddings": 512,
}


def both_sides(layers, heads, feed_forward):
    """Settings of an encoder and a decoder that are alike."""
    sizes = {"layers": layers, "attention_heads": heads, "ffn_dim": feed_forward}
    return {f"{side}_{name}": size for side in ("encoder", "decoder") for name, size in sizes.items()}


# Class of `transformers` without its ending, and what its configuration has that is not the default.
SHAPES = {
    # As OPUS-MT and Marian's "transformer-base".
    "marian-base": ("Marian", MARIAN | both_sides(6, 8, 2048) | {"d_model": 512, "vocab_size": 61_441}),
    # NLLB-200's distilled model of 600 M parameters.
    "nllb-600m": (
        "M2M100",
        TRANSFORMER | both_sides(12, 16, 4096) | {"d_model": 1024, "vocab_size": 256_206, "max_position_embeddings": 1024},
    ),
}


# CTranslate2's names of its arithmetics.
QUANTIZATIONS = {"ctranslate2-int8": "int8", "ctranslate2-f32": "float32"}
# candle reads no weights in the format of old PyTorch.
FORMS = ["safetensors", *QUANTIZATIONS]


@dataclass(frozen=True)
class Model:
    """A model in all its forms."""

    name: str
    # As the Hub has it, or as Bergamot does; also what Anubad reads.
    folder: Path

    @property
    def config(self):
        return json.loads((self.folder / "config.json").read_text(encoding="utf-8"))

    def form(self, form):
        """The folder of one of the `FORMS`, whether it is there or not."""
        if form == "safetensors" and (self.name in SHAPES or (self.folder / "model.safetensors").is_file()):
            return self.folder
        return MADE / f"{self.name}-{form}"

    def lacks(self, forms):
        """Whether any of them, or the model itself, is still to be made."""
        folders = [self.folder, *map(self.form, forms)]
        return any(not any(folder.glob("config*")) for folder in folders)


def named(name):
    """The model of a shape or in a folder, whether its forms are there or not."""
    if name in SHAPES:
        return Model(name, MADE / name)
    folder = Path(name).resolve()
    if not any(folder.glob("config*")):
        raise SystemExit(f"{name} is no folder of a model, nor one of {', '.join(SHAPES)}")
    return Model(folder.name, folder)


def random_weights(name, folder):
    """Writes a model of one of the shapes."""
    import torch
    import transformers

    kind, settings = SHAPES[name]
    if kind == "Marian":  # the last token pads, and decoding begins with it
        padding = settings["vocab_size"] - 1
        settings = settings | {"pad_token_id": padding, "decoder_start_token_id": padding}
    torch.manual_seed(SEED)
    config = getattr(transformers, f"{kind}Config")(**settings)
    classes = {"Marian": "MarianMTModel", "M2M100": "M2M100ForConditionalGeneration"}
    getattr(transformers, classes[kind])(config).save_pretrained(folder)


class Names:
    """What stands in for a tokenizer where a model has none: a name for every token."""

    bos_token, eos_token, unk_token, pad_token = "<s>", "</s>", "<unk>", "<pad>"
    special_tokens_map = {}

    def __init__(self, config):
        self.names = [f"token{i}" for i in range(config.vocab_size)]
        self.names[config.eos_token_id] = self.eos_token
        self.names[config.pad_token_id] = self.pad_token
        self.unk_token_id = next(i for i in (1, 3) if self.names[i].startswith("token"))
        self.names[self.unk_token_id] = self.unk_token

    def get_vocab(self):
        return {name: i for i, name in enumerate(self.names)}

    def convert_ids_to_tokens(self, i):
        return self.names[i]


def converter(model):
    """What brings a model into CTranslate2's form."""
    import torch
    import transformers
    from ctranslate2.converters import TransformersConverter, transformers as loaders
    from ctranslate2.converters.converter import Converter

    class Nameless(Converter):
        """For a model without tokenizer."""

        def _load(self):
            loaded = transformers.AutoModelForSeq2SeqLM.from_pretrained(model.folder)
            kind = SHAPES[model.name][0]
            loader = {"Marian": loaders.MarianMTLoader, "M2M100": loaders.M2M100Loader}[kind]
            with torch.no_grad():
                return loader()(loaded, Names(loaded.config))

    return Nameless() if model.name in SHAPES else TransformersConverter(str(model.folder))


def make(model, forms):
    """Makes what is missing of the forms."""
    if model.lacks([]):
        random_weights(model.name, model.folder)
    for form in forms:
        if not model.lacks([form]):
            continue
        if form == "safetensors":
            import transformers

            transformers.AutoModelForSeq2SeqLM.from_pretrained(model.folder).save_pretrained(model.form(form))
        else:
            converter(model).convert(str(model.form(form)), quantization=QUANTIZATIONS[form], force=True)


if __name__ == "__main__":
    make(named(sys.argv[1]), sys.argv[2:])
