#!/usr/bin/env python3
"""Makes the miniature encoder-decoders of tests/data/model/ with the reference implementation.

    pip install torch transformers safetensors
    scripts/make_seq2seq_fixtures.py [FOLDER]

Each `<name>-mini` has the real shape in small and random weights, in one of the forms in which the Hub has weights.
Its `reference.json` holds what `transformers` makes of it: encoder output, logits after every token, cross-attention,
greedy and beam search. The tests want the same from our models.
"""
import json
import math
import os
import pathlib
import sys

import torch
from safetensors.torch import save_file
from torch import nn
from transformers import (
    BartConfig, BartForConditionalGeneration, GenerationConfig, GenerationMixin, M2M100Config,
    M2M100ForConditionalGeneration, MarianConfig, MarianMTModel, MBartConfig, MBartForConditionalGeneration, MT5Config,
    MT5ForConditionalGeneration, PegasusConfig, PegasusForConditionalGeneration, PreTrainedConfig, PreTrainedModel,
    T5Config, T5ForConditionalGeneration,
)
from transformers.modeling_outputs import BaseModelOutput, Seq2SeqLMOutput

OUT = pathlib.Path(__file__).resolve().parent.parent / "tests" / "data" / "model"
#: Settings that the configurations with fairseq's names share. Heads, layers and widths differ where they may.
COMMON = dict(
    d_model=24, encoder_layers=2, decoder_layers=2, encoder_attention_heads=4, decoder_attention_heads=3,
    encoder_ffn_dim=40, decoder_ffn_dim=32, max_position_embeddings=24, vocab_size=72,
)
T5_COMMON = dict(vocab_size=72, d_model=24, d_kv=10, d_ff=40, num_layers=2, num_decoder_layers=2, num_heads=3,
                 relative_attention_num_buckets=8, relative_attention_max_distance=20)


def randomise(model, seed):
    """Weights large enough that no distribution is flat, and norms and biases that are not their defaults."""
    torch.manual_seed(seed)
    with torch.no_grad():
        for name, p in sorted(model.named_parameters()):
            if "embed_positions" in name and not isinstance(model, (BartForConditionalGeneration,
                                                                    MBartForConditionalGeneration)):
                continue  # sinusoids
            if "norm" in name and name.endswith("weight"):
                p.copy_(1 + 0.3 * torch.randn_like(p))
            elif p.dim() == 1:
                p.copy_(0.2 * torch.randn_like(p))
            elif "relative_attention_bias" in name:
                p.copy_(1.5 * torch.randn_like(p))
            elif "embed" in name or "shared" in name:
                p.copy_(0.5 * torch.randn_like(p))
                p[model.config.eos_token_id] *= 2  # so that some hypotheses end
            else:
                p.copy_(1.6 * torch.randn_like(p) / math.sqrt(p.shape[-1]))
                if name.endswith("Attention.q.weight"):
                    p *= 0.3  # T5 does not scale scores: sharper ones would be decided by rounding
        if hasattr(model, "final_logits_bias"):
            model.final_logits_bias.copy_(0.7 * torch.randn_like(model.final_logits_bias))
            model.final_logits_bias[0, model.config.eos_token_id] += 2.5  # so that some hypotheses end


def dtype_of(model, dtype):
    return {name: p.detach().to(dtype) for name, p in model.state_dict().items()}


def untied(model):
    """One name a storage and no sinusoids, as the Hub's safetensors files have it."""
    seen, kept = set(), {}
    for name, tensor in model.state_dict().items():
        if isinstance(model, MarianMTModel) and "embed_positions" in name:
            continue
        if tensor.data_ptr() not in seen:
            seen.add(tensor.data_ptr())
            kept[name] = tensor.contiguous()
    return kept


def save_safetensors(folder, model, dtype, shards=1):
    tensors = untied(model)
    tensors = {name: t.to(dtype).contiguous() for name, t in tensors.items()}
    if shards == 1:
        save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
        return
    index = {}
    for i in range(shards):
        part = {name: t for n, (name, t) in enumerate(tensors.items()) if n % shards == i}
        file = f"model-{i + 1:05}-of-{shards:05}.safetensors"
        save_file(part, folder / file, metadata={"format": "pt"})
        index |= dict.fromkeys(part, file)
    text = json.dumps({"metadata": {}, "weight_map": index}, indent=1)
    (folder / "model.safetensors.index.json").write_text(text + "\n")


def save_torch(folder, tensors, shards=1, legacy=False):
    options = {"_use_new_zipfile_serialization": not legacy}
    if shards == 1:
        torch.save(tensors, folder / "pytorch_model.bin", **options)
        return
    index = {}
    for i in range(shards):
        part = {name: t for n, (name, t) in enumerate(tensors.items()) if n % shards == i}
        file = f"pytorch_model-{i + 1:05}-of-{shards:05}.bin"
        torch.save(part, folder / file, **options)
        index |= dict.fromkeys(part, file)
    text = json.dumps({"metadata": {}, "weight_map": index}, indent=1)
    (folder / "pytorch_model.bin.index.json").write_text(text + "\n")


def rounded(tensor, digits=5):
    def walk(x):
        return [walk(y) for y in x] if isinstance(x, list) else round(x, digits)
    return walk(tensor.tolist())


def case(model, source, target):
    """Logits after every token of `target`, and what else there is to compare."""
    with torch.no_grad():
        out = model(
            input_ids=torch.tensor([source]), decoder_input_ids=torch.tensor([target]), output_attentions=True,
            use_cache=False,
        )
    return {
        "source": source, "target": target, "logits": rounded(out.logits[0]),
        "encoded": rounded(out.encoder_last_hidden_state[0]) if len(source) < 12 else [],
        "attention": rounded(out.cross_attentions[-1][0].mean(0)),
    }


def search(model, sources, options):
    """`generate` on a padded batch: tokens without padding, and scores where there are beams."""
    pad = model.config.pad_token_id
    longest = max(map(len, sources))
    ids = torch.tensor([s + [pad] * (longest - len(s)) for s in sources])
    mask = torch.tensor([[1] * len(s) + [0] * (longest - len(s)) for s in sources])
    config = GenerationConfig(pad_token_id=pad, use_cache=getattr(model.config, "use_cache", True), **options)
    with torch.no_grad():
        out = model.generate(ids, attention_mask=mask, generation_config=config, return_dict_in_generate=True,
                             output_scores=True)
    end = options["eos_token_id"]
    tokens = []
    for row in out.sequences.tolist():
        stop = row.index(end, 1) + 1 if end in row[1:] else len(row)
        tokens.append(row[:stop])
    result = {"options": options, "tokens": tokens}
    if options["num_beams"] > 1:
        result["scores"] = rounded(out.sequences_scores)
    return result


def reference(model, vocabulary, target_vocabulary, longest, seed, **special):
    """`special`: what generation starts and ends with, and what it must not write."""
    torch.manual_seed(seed)
    start, end = special["decoder_start_token_id"], special["eos_token_id"]

    def ids(n, size):
        return torch.randint(4, size, (n,)).tolist()

    sources = [[end], ids(8, vocabulary) + [end], ids(longest - 1, vocabulary) + [end]]
    targets = [[start] + ids(4, target_vocabulary), [start] + ids(9, target_vocabulary),
               [start] + ids(longest - 1, target_vocabulary)]
    ragged = sources + [ids(3, vocabulary) + [end]]
    options = dict(special, max_length=min(longest, 20), num_beams=1)
    beams = [dict(options, num_beams=4, num_return_sequences=4, early_stopping=stop, length_penalty=penalty)
             for stop, penalty in [(False, 1.0), (True, 1.0), (False, 2.0), (True, 0.6)]]
    return {
        "cases": [case(model, s, t) for s, t in zip(sources, targets)],
        "sources": ragged,
        "greedy": search(model, ragged, options),
        "beam": [search(model, ragged, o) for o in beams],
    }


def write(folder, model, expected, generation):
    config = model.config.to_dict()
    if folder.name == "flan-t5-mini":  # as such checkpoints have it; `transformers` 5 writes the other setting
        config["tie_word_embeddings"] = config.pop("scale_decoder_outputs")
    for name in ["transformers_version", "id2label", "label2id", "_name_or_path", "dtype"]:
        config.pop(name, None)
    (folder / "config.json").write_text(json.dumps(config, indent=1, sort_keys=True) + "\n")
    (folder / "generation_config.json").write_text(json.dumps(generation, indent=1) + "\n")
    (folder / "reference.json").write_text(json.dumps(expected, separators=(",", ":")) + "\n")
    ended = [sum(t[-1] == generation["eos_token_id"] for t in b["tokens"]) for b in expected["beam"]]
    for file in folder.iterdir():
        file.chmod(0o644)
    size = sum(f.stat().st_size for f in folder.iterdir()) // 1000
    print(f"{folder.name}: {size} kB, of 16 beams {ended} end")


def miniature(out, name, cls, config, save, seed, special):
    folder = out / f"{name}-mini"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    model = cls(config).eval().float()
    randomise(model, seed)
    config.save_pretrained(folder)
    save(folder, model)
    if cls is not IndicTrans:  # what is saved, not what was: numbers may have been rounded
        model = cls.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    target = getattr(config, "decoder_vocab_size", None) or config.vocab_size
    longest = getattr(config, "max_position_embeddings", 40)
    write(folder, model, reference(model, config.vocab_size, target, longest, seed, **special), special)


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.q_proj, self.k_proj, self.v_proj, self.out_proj = (nn.Linear(width, width) for _ in range(4))

    def forward(self, x, source, mask):
        def heads(y):
            return y.unflatten(-1, (self.heads, -1)).transpose(1, 2)
        q, k, v = heads(self.q_proj(x)), heads(self.k_proj(source)), heads(self.v_proj(source))
        weights = (q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1]) + mask).softmax(-1)
        return self.out_proj((weights @ v).transpose(1, 2).flatten(2)), weights


class Layer(nn.Module):
    def __init__(self, width, heads, inner, norm_first, cross):
        super().__init__()
        self.norm_first = norm_first
        self.self_attn, self.self_attn_layer_norm = Attention(width, heads), nn.LayerNorm(width)
        if cross:
            self.encoder_attn, self.encoder_attn_layer_norm = Attention(width, heads), nn.LayerNorm(width)
        self.fc1, self.fc2 = nn.Linear(width, inner), nn.Linear(inner, width)
        self.final_layer_norm = nn.LayerNorm(width)

    def around(self, norm, x, sub_layer):
        return x + sub_layer(norm(x)) if self.norm_first else norm(x + sub_layer(x))

    def forward(self, x, mask, source=None, source_mask=None):
        weights = []

        def cross(y):
            y, w = self.encoder_attn(y, source, source_mask)
            weights.append(w)
            return y
        x = self.around(self.self_attn_layer_norm, x, lambda y: self.self_attn(y, y, mask)[0])
        if source is not None:
            x = self.around(self.encoder_attn_layer_norm, x, cross)
        x = self.around(self.final_layer_norm, x, lambda y: self.fc2(torch.relu(self.fc1(y))))
        return x, weights


class Side(nn.Module):
    def __init__(self, vocabulary, width, heads, inner, layers, norm_first, embedding_norm, cross):
        super().__init__()
        self.embed_tokens = nn.Embedding(vocabulary, width)
        self.layers = nn.ModuleList([Layer(width, heads, inner, norm_first, cross) for _ in range(layers)])
        self.layer_norm = nn.LayerNorm(width) if norm_first else nn.Identity()
        self.layernorm_embedding = nn.LayerNorm(width) if embedding_norm else nn.Identity()

    def forward(self, ids, mask, source=None, source_mask=None):
        width = self.embed_tokens.embedding_dim
        x = self.embed_tokens(ids) * math.sqrt(width) + sinusoids(ids.shape[1], width)
        x, weights = self.layernorm_embedding(x), []
        for layer in self.layers:
            x, weights = layer(x, mask, source, source_mask)
        return self.layer_norm(x), weights


def sinusoids(length, width, padding=1):
    """fairseq's: the first position is the one after the padding token's number."""
    steps = torch.exp(torch.arange(width // 2).float() * -(math.log(10000) / (width // 2 - 1)))
    angles = torch.arange(padding + 1, padding + 1 + length).float()[:, None] * steps
    return torch.cat([angles.sin(), angles.cos()], dim=1)


class IndicTransConfig(PreTrainedConfig):
    model_type = "IndicTrans"


class Encode:
    """The encoder as `generate` calls it."""

    def __init__(self, model):
        self.model = model

    def forward(self, input_ids=None, attention_mask=None, **_):
        x, _ = self.model.model.encoder(input_ids, self.model.mask(attention_mask))
        return BaseModelOutput(last_hidden_state=x)

    __call__ = forward


class IndicTrans(PreTrainedModel, GenerationMixin):
    """IndicTrans2. Its code comes with its checkpoints and not with `transformers`, so this is our own restatement of
    it: fairseq's Transformer with a vocabulary for each side, norms before sub-layers and at the end, tensors named as
    in the checkpoints."""

    config_class = IndicTransConfig
    main_input_name = "input_ids"
    _supports_cache_class = True

    def __init__(self, config):
        super().__init__(config)
        c = config
        self.model = nn.Module()
        self.model.encoder = Side(c.encoder_vocab_size, c.encoder_embed_dim, c.encoder_attention_heads,
                                  c.encoder_ffn_dim, c.encoder_layers, c.encoder_normalize_before,
                                  c.layernorm_embedding, cross=False)
        self.model.decoder = Side(c.decoder_vocab_size, c.decoder_embed_dim, c.decoder_attention_heads,
                                  c.decoder_ffn_dim, c.decoder_layers, c.decoder_normalize_before,
                                  c.layernorm_embedding, cross=True)
        self.lm_head = nn.Linear(c.decoder_embed_dim, c.decoder_vocab_size, bias=False)
        self.post_init()

    def get_encoder(self, *_, **__):
        return Encode(self)

    @staticmethod
    def mask(attention_mask):
        return (1.0 - attention_mask[:, None, None, :].float()) * -1e9

    def prepare_inputs_for_generation(self, decoder_input_ids, encoder_outputs=None, attention_mask=None, **_):
        return dict(decoder_input_ids=decoder_input_ids, encoder_outputs=encoder_outputs,
                    attention_mask=attention_mask)

    def forward(self, input_ids=None, attention_mask=None, decoder_input_ids=None, encoder_outputs=None, **_):
        if attention_mask is None:
            attention_mask = torch.ones_like(input_ids)
        if encoder_outputs is None:
            encoder_outputs = self.get_encoder()(input_ids, attention_mask)
        length = decoder_input_ids.shape[1]
        causal = torch.full((length, length), -1e9).triu(1)
        encoded = encoder_outputs.last_hidden_state
        x, weights = self.model.decoder(decoder_input_ids, causal, encoded, self.mask(attention_mask))
        return Seq2SeqLMOutput(logits=self.lm_head(x), encoder_last_hidden_state=encoded, cross_attentions=weights)


def make(out):
    f32, f16, bf16 = torch.float32, torch.float16, torch.bfloat16
    opus = dict(decoder_start_token_id=71, eos_token_id=0, forced_eos_token_id=0, bad_words_ids=[[71]])
    miniature(
        out, "marian", MarianMTModel,
        MarianConfig(**COMMON | dict(encoder_layers=3, decoder_layers=1), scale_embedding=True,
                     activation_function="swish", pad_token_id=71, decoder_start_token_id=71, eos_token_id=0,
                     forced_eos_token_id=0),
        lambda folder, model: save_torch(folder, model.state_dict(), legacy=True), 11, opus,
    )
    miniature(
        out, "marian-separate", MarianMTModel,
        MarianConfig(**COMMON, decoder_vocab_size=60, share_encoder_decoder_embeddings=False,
                     tie_word_embeddings=False, activation_function="relu", pad_token_id=59,
                     decoder_start_token_id=59, eos_token_id=0, forced_eos_token_id=None),
        lambda folder, model: save_safetensors(folder, model, f32), 12,
        dict(decoder_start_token_id=59, eos_token_id=0, bad_words_ids=[[59]]),
    )
    miniature(
        out, "m2m100", M2M100ForConditionalGeneration, M2M100Config(**COMMON),
        lambda folder, model: save_safetensors(folder, model, f32, shards=2), 13,
        dict(decoder_start_token_id=2, eos_token_id=2, forced_bos_token_id=70),
    )
    miniature(
        out, "mbart", MBartForConditionalGeneration,
        MBartConfig(**COMMON, scale_embedding=True, decoder_start_token_id=2, forced_eos_token_id=2),
        lambda folder, model: save_safetensors(folder, model, f16), 14,
        dict(decoder_start_token_id=2, eos_token_id=2, forced_bos_token_id=70, forced_eos_token_id=2),
    )

    def without_prefix(folder, model):
        tensors = {n.removeprefix("model."): t for n, t in model.state_dict().items()}
        save_torch(folder, tensors)
    miniature(
        out, "bart", BartForConditionalGeneration, BartConfig(**COMMON), without_prefix, 15,
        dict(decoder_start_token_id=2, eos_token_id=2, forced_bos_token_id=0, forced_eos_token_id=2, min_length=5,
             no_repeat_ngram_size=3),
    )
    miniature(
        out, "pegasus", PegasusForConditionalGeneration, PegasusConfig(**COMMON, scale_embedding=True,
                                                                       activation_function="relu"),
        lambda folder, model: save_torch(folder, dtype_of(model, f16)), 16,
        dict(decoder_start_token_id=0, eos_token_id=1, forced_eos_token_id=1),
    )
    t5 = dict(decoder_start_token_id=0, eos_token_id=1)
    miniature(
        out, "t5", T5ForConditionalGeneration, T5Config(**T5_COMMON, feed_forward_proj="relu"),
        lambda folder, model: save_safetensors(folder, model, f32), 17, t5,
    )
    miniature(
        out, "flan-t5", T5ForConditionalGeneration,
        T5Config(**T5_COMMON, feed_forward_proj="gated-gelu", tie_word_embeddings=False),
        lambda folder, model: save_safetensors(folder, untie_head(model, 8.0), bf16), 18,
        t5 | dict(repetition_penalty=1.3),
    )
    miniature(
        out, "mt5", MT5ForConditionalGeneration, MT5Config(**T5_COMMON, feed_forward_proj="gated-gelu"),
        lambda folder, model: save_torch(folder, untie_head(model, 8.0).state_dict(), shards=3), 19, t5,
    )
    miniature(
        out, "indictrans2", IndicTrans,
        IndicTransConfig(
            encoder_vocab_size=72, decoder_vocab_size=60, vocab_size=72, encoder_embed_dim=24, decoder_embed_dim=24,
            encoder_layers=2, decoder_layers=2, encoder_attention_heads=4, decoder_attention_heads=3,
            encoder_ffn_dim=40, decoder_ffn_dim=32, encoder_normalize_before=True, decoder_normalize_before=True,
            layernorm_embedding=True, share_decoder_input_output_embed=False, max_source_positions=24,
            max_target_positions=24, max_position_embeddings=24, activation_function="relu", scale_embedding=True,
            is_encoder_decoder=True, pad_token_id=1, bos_token_id=0, eos_token_id=2, decoder_start_token_id=2,
            tie_word_embeddings=False, use_cache=False, architectures=["IndicTransForConditionalGeneration"],
        ),
        lambda folder, model: save_torch(folder, lift_end(model, 6.0).state_dict(), shards=2), 20,
        dict(decoder_start_token_id=2, eos_token_id=2),
    )


def untie_head(model, logit):
    """A head of its own, as the checkpoints with `tie_word_embeddings=false` have it."""
    model.lm_head.weight = nn.Parameter(torch.randn_like(model.lm_head.weight) * 0.4)
    return lift_end(model, logit)


def lift_end(model, logit):
    """Makes the token that ends likely after what the decoder mostly comes to, so that some hypotheses end."""
    seen = []
    hook = model.lm_head.register_forward_hook(lambda _, inputs, __: seen.append(inputs[0]))
    with torch.no_grad():
        model(input_ids=torch.arange(4, 20)[None], decoder_input_ids=torch.arange(4, 24)[None], use_cache=False)
        mean, square = seen[0][0].mean(0), seen[0][0].square().sum(1).mean()
        model.lm_head.weight[model.config.eos_token_id] = logit * mean / torch.maximum(mean @ mean, 0.4 * square)
    hook.remove()
    return model


class Hostile:
    """What runs a command when a careless program unpickles it."""

    def __reduce__(self):
        return os.system, ("true",)


def weights(out):
    """The same few tensors in every container; numbers that all types hold exactly."""
    a = (torch.arange(12).view(3, 4) - 4) / 4
    tensors = {"a": a, "tied": a, "transposed": a.t(), "row": a[1], "scalar": torch.tensor(2.5),
               "parameter": nn.Parameter(a[:2]), "ints": torch.arange(-2, 2), "mask": torch.tensor([True, False])}

    def of(dtype):
        changed = {name: t.to(dtype) if t.is_floating_point() else t for name, t in tensors.items()}
        return changed | {"tied": changed["a"]}

    def folder(name):
        path = out / "weights" / name
        path.mkdir(parents=True, exist_ok=True)
        for old in path.iterdir():
            old.unlink()
        return path

    save_torch(folder("legacy"), tensors, legacy=True)
    save_torch(folder("legacy-bf16"), of(torch.bfloat16), legacy=True)
    save_torch(folder("zip"), tensors)
    save_torch(folder("zip-f16"), of(torch.float16))
    save_torch(folder("zip-f64-sharded"), of(torch.float64), shards=2)
    for name, dtype in [("f32", torch.float32), ("f16", torch.float16), ("bf16", torch.bfloat16)]:
        contiguous = {n: t.detach().contiguous().clone() for n, t in of(dtype).items()}
        save_file(contiguous, folder(f"safetensors-{name}") / "model.safetensors")
    save_torch(folder("hostile-zip"), {"a": a, "x": Hostile()})
    save_torch(folder("hostile-legacy"), {"a": a, "x": Hostile()}, legacy=True)
    for file in (out / "weights").rglob("*.*"):
        file.chmod(0o644)


if __name__ == "__main__":
    to = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else OUT
    weights(to)
    make(to)
