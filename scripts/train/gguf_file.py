"""Weights from and to GGUF, llama.cpp's file of quantised weights, as the program and llama.cpp read it."""

import hashlib
import pathlib

import gguf
import numpy
import torch

from gemma import Config, Gemma

PREFIX = "gemma3"


def _field(reader, name):
    return reader.get_field(name).contents()


def sha256(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


def read_config(reader):
    number = lambda name: _field(reader, f"{PREFIX}.{name}")
    return Config(
        vocabulary=len(_field(reader, "tokenizer.ggml.tokens")),
        width=number("embedding_length"),
        layers=number("block_count"),
        feed_forward=number("feed_forward_length"),
        heads=number("attention.head_count"),
        head_width=number("attention.key_length"),
        epsilon=number("attention.layer_norm_rms_epsilon"),
        window=number("attention.sliding_window"),
        global_base=number("rope.freq_base"),
    )


def load(path):
    """The model of a GGUF file, weights in f32."""
    reader = gguf.GGUFReader(path)
    model = Gemma(read_config(reader))
    weights = {
        tensor.name: torch.from_numpy(gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(numpy.float32))
        for tensor in reader.tensors
    }
    model.load_state_dict(weights)
    return model


def save(path, model, base, name, kind=gguf.GGMLQuantizationType.Q5_0, vocabulary={}):
    """Writes `model` with the metadata of the GGUF file `base`, matrices quantised to `kind`. `vocabulary` may give other
    `tokens`, `scores` and `token_type` than the base's, one for each row of the embeddings."""
    reader = gguf.GGUFReader(base)
    writer = gguf.GGUFWriter(path, PREFIX)
    writer.add_name(name)
    for field in reader.fields.values():
        if not field.name.startswith("GGUF.") and field.name not in ("general.architecture", "general.name"):
            inner = field.types[-1] if field.types[0] == gguf.GGUFValueType.ARRAY else None
            value = vocabulary.get(field.name.removeprefix("tokenizer.ggml."), field.contents())
            writer.add_key_value(field.name, value, field.types[0], sub_type=inner)
    weights = model.state_dict()
    for tensor in reader.tensors:
        values = weights[tensor.name].detach().float().numpy()
        if values.ndim == 1:
            writer.add_tensor(tensor.name, values)
        else:
            writer.add_tensor(tensor.name, gguf.quants.quantize(values, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
