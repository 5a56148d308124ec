#!/usr/bin/env python3
"""Makes the miniature checkpoints of tests/data/model/ with the reference implementation.

    pip install torch transformers tokenizers sentencepiece gguf numpy
    scripts/make_fixtures.py

Each has the real shape in small and random weights; beside it, in JSON, what `transformers` makes of a prompt:
the logits after every token. The tests want the same from our models. Two of them carry a tokenizer, trained on the
repository's own sentences, with the ids that the reference gives for lines that are easy to get wrong.
"""
import json
import pathlib
import tempfile

import gguf
import numpy as np
import sentencepiece
import tokenizers
import torch
import transformers
from transformers import Gemma3ForCausalLM, Gemma3TextConfig, LlamaConfig, LlamaForCausalLM
from transformers import Qwen2Config, Qwen2ForCausalLM, Qwen3Config, Qwen3ForCausalLM

ROOT = pathlib.Path(__file__).resolve().parent.parent
OUT = ROOT / "tests" / "data" / "model"

NAMES = {
    "input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output", "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down", "post_attention_layernorm": "ffn_norm",
}
GEMMA_NAMES = NAMES | {
    "post_attention_layernorm": "post_attention_norm", "pre_feedforward_layernorm": "ffn_norm",
    "post_feedforward_layernorm": "post_ffw_norm",
}

# What tokenizers stumble over.
LINES = [
    "ঢাকায় আজ ভারী বৃষ্টি হয়েছে।", "Five villages were flooded.", " a leading space", "a trailing space ", "two  spaces",
    "", " ", "   ", "tab\tand\nline\n\nends", "\n", "১২৩৪ ও 1234567", "don't, we'll, I'M, it's", "বাড়ি গাড়ি সময়",
    "বাড়ি (decomposed)", "র‍্যাব, ক্\u200dষ, শ\u200c্রেণি", "🙂 emoji 👩‍👩‍👧", "3.14% $5 <=> ^~|`", "<|im_end|> <eos> </s> <0x41>",
    "ALL CAPS and CamelCase", "a" * 40, "!!!???...", "ভাষা language মিশ্র mixed", "ﬁ ligature Å Å", "café cafe\u0301",
    "http://example.org/a?b=c&d=e", "x\r\ny", "\u00a0no-break\u2003em", "日本語 и русский",
]


def randomise(model, norm_spread=0.3, spread=0.12):
    with torch.no_grad():
        for name, p in model.named_parameters():
            p.copy_(torch.randn_like(p) * (norm_spread if "norm" in name else spread))


def add_sizes(writer, config):
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_key_length(config.head_dim)
    writer.add_value_length(config.head_dim)


def gguf_tensors(model, names, norm_offset=0.0):
    """Names and values as GGUF has them."""
    tensors = {}
    for name, p in model.state_dict().items():
        name, kind = name.removeprefix("model.").rsplit(".", 1)
        if name == "lm_head" and model.config.tie_word_embeddings:
            continue
        value = p.numpy().astype(np.float32)
        if name.endswith("norm"):
            value = value + np.float32(norm_offset)
        if name.startswith("layers."):
            _, layer, rest = name.split(".", 2)
            name = f"blk.{layer}.{names[rest]}"
        else:
            name = {"embed_tokens": "token_embd", "norm": "output_norm", "lm_head": "output"}[name]
        tensors[f"{name}.{kind}"] = value
    return tensors


def finish(writer, name, tensors, model, prompt, **more):
    for tensor, value in tensors.items():
        if isinstance(value, tuple):
            writer.add_tensor(tensor, value[0], raw_dtype=value[1])
        else:
            writer.add_tensor(tensor, value)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    with torch.no_grad():
        logits = model(prompt).logits[0]
    rows = [[round(x, 5) for x in row] for row in logits.tolist()]
    expected = {"prompt": prompt[0].tolist(), "logits": rows} | more
    (OUT / f"{name}.json").write_text(json.dumps(expected, separators=(",", ":")) + "\n")


def gemma3():
    torch.manual_seed(3)
    # Seven layers, so that one sees everything; a window shorter than the prompt; two key heads for four.
    config = Gemma3TextConfig(
        vocab_size=96, hidden_size=32, intermediate_size=48, num_hidden_layers=7, num_attention_heads=4,
        num_key_value_heads=2, head_dim=16, sliding_window=8, query_pre_attn_scalar=16, max_position_embeddings=128,
        tie_word_embeddings=True, attn_implementation="eager",
    )
    model = Gemma3ForCausalLM(config).eval().float()
    randomise(model)
    prompt = torch.randint(3, config.vocab_size, (1, 30))
    writer = gguf.GGUFWriter(OUT / "gemma3-mini.gguf", "gemma3")
    add_sizes(writer, config)
    writer.add_sliding_window(config.sliding_window)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(1_000_000.0)
    # GGUF stores the factor of a norm, transformers what it differs from one by.
    finish(writer, "gemma3-mini", gguf_tensors(model, GEMMA_NAMES, 1.0), model, prompt)


def gemma3_quantized():
    """A larger size's positions, weights of several quantised types, and a SentencePiece tokenizer."""
    torch.manual_seed(4)
    tokenizer = SentencePiece()
    config = Gemma3TextConfig(
        vocab_size=tokenizer.size, hidden_size=64, intermediate_size=96, num_hidden_layers=7, num_attention_heads=4,
        num_key_value_heads=2, head_dim=16, sliding_window=8, query_pre_attn_scalar=16, max_position_embeddings=256,
        tie_word_embeddings=True, attn_implementation="eager",
        rope_scaling={"rope_type": "linear", "factor": 8.0},
    )
    model = Gemma3ForCausalLM(config).eval().float()
    randomise(model)
    types = {
        "token_embd": "Q8_0", "attn_q": "Q5_0", "attn_k": "Q5_0", "attn_v": "Q8_0", "attn_output": "Q4_1",
        "ffn_gate": "Q5_0", "ffn_up": "Q5_0", "ffn_down": "F16",
    }
    inverse = {v: k for k, v in GEMMA_NAMES.items()}
    tensors = gguf_tensors(model, GEMMA_NAMES, 1.0)
    state = model.state_dict()
    for name, value in tensors.items():
        kind = types.get(name.split(".")[-2])
        if kind:
            kind = getattr(gguf.GGMLQuantizationType, kind)
            data = gguf.quants.quantize(value, kind)
            tensors[name] = (data, kind)
            # The reference computes with what the file holds.
            part = name.split(".")
            own = f"model.layers.{part[1]}.{inverse[part[2]]}.weight" if part[0] == "blk" else "model.embed_tokens.weight"
            with torch.no_grad():
                state[own].copy_(torch.from_numpy(gguf.quants.dequantize(data, kind).astype(np.float32)))
    prompt = torch.randint(3, config.vocab_size, (1, 30))
    name = "gemma3-quantized-mini"
    writer = gguf.GGUFWriter(OUT / f"{name}.gguf", "gemma3")
    add_sizes(writer, config)
    writer.add_sliding_window(config.sliding_window)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(1_000_000.0)
    writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
    writer.add_rope_scaling_factor(8.0)
    tokenizer.write(writer)
    finish(writer, name, tensors, model, prompt[:, :16], lines=tokenizer.expected())


def llama():
    """Untied output, and the slowed angles of Llama 3.1; a byte-level tokenizer and a chat template."""
    torch.manual_seed(5)
    tokenizer = ByteLevel()
    config = LlamaConfig(
        vocab_size=tokenizer.size, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, head_dim=8, max_position_embeddings=256, tie_word_embeddings=False,
        attn_implementation="eager", rope_parameters={
            "rope_type": "llama3", "rope_theta": 500_000.0, "factor": 8.0, "low_freq_factor": 1.0,
            "high_freq_factor": 4.0, "original_max_position_embeddings": 64,
        },
    )
    model = LlamaForCausalLM(config).eval().float()
    randomise(model, norm_spread=1.0, spread=0.25)
    prompt = torch.randint(3, config.vocab_size, (1, 16))
    writer = gguf.GGUFWriter(OUT / "llama-mini.gguf", "llama")
    add_sizes(writer, config)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(500_000.0)
    writer.add_rope_dimension_count(config.head_dim)
    tokenizer.write(writer)
    tensors = gguf_tensors(model, NAMES)
    for name, value in tensors.items():
        # What turns together stands side by side in GGUF, and half a head apart in transformers.
        heads = {"attn_q": config.num_attention_heads, "attn_k": config.num_key_value_heads}.get(name.split(".")[-2])
        if heads:
            tensors[name] = value.reshape(heads, 2, -1, value.shape[1]).swapaxes(1, 2).reshape(value.shape).copy()
    plain = 1.0 / 500_000.0 ** (torch.arange(0, config.head_dim, 2).float() / config.head_dim)
    tensors["rope_freqs.weight"] = (plain / model.model.rotary_emb.inv_freq).numpy().astype(np.float32)
    finish(writer, "llama-mini", tensors, model, prompt, lines=tokenizer.expected())


def qwen2():
    torch.manual_seed(6)
    config = Qwen2Config(
        vocab_size=96, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=128, tie_word_embeddings=True, rope_parameters={
            "rope_type": "default", "rope_theta": 1_000_000.0}, attn_implementation="eager",
    )
    config.head_dim = 8
    model = Qwen2ForCausalLM(config).eval().float()
    randomise(model, norm_spread=1.0, spread=0.25)
    prompt = torch.randint(3, config.vocab_size, (1, 30))
    writer = gguf.GGUFWriter(OUT / "qwen2-mini.gguf", "qwen2")
    add_sizes(writer, config)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(1_000_000.0)
    finish(writer, "qwen2-mini", gguf_tensors(model, NAMES), model, prompt)


def qwen3():
    torch.manual_seed(7)
    # Heads that together are wider than the model.
    config = Qwen3Config(
        vocab_size=96, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, head_dim=16, max_position_embeddings=128, tie_word_embeddings=False, rope_parameters={
            "rope_type": "default", "rope_theta": 1_000_000.0}, attn_implementation="eager",
    )
    model = Qwen3ForCausalLM(config).eval().float()
    randomise(model, norm_spread=1.0, spread=0.25)
    prompt = torch.randint(3, config.vocab_size, (1, 30))
    writer = gguf.GGUFWriter(OUT / "qwen3-mini.gguf", "qwen3")
    add_sizes(writer, config)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(1_000_000.0)
    finish(writer, "qwen3-mini", gguf_tensors(model, NAMES), model, prompt)


def sentences():
    """Lines to train tokenizers on: the repository's own test sentences."""
    lines = (ROOT / "tests" / "data" / "sentences.txt").read_text().splitlines()
    english = (ROOT / "README.md").read_text().splitlines()
    return [line for line in lines + english if line and not line.startswith(("#", ">"))]


class ByteLevel:
    """Byte-level BPE with the pre-tokenizer of Llama 3."""

    SPECIAL = ["<|begin_of_text|>", "<|im_start|>", "<|im_end|>"]
    TEMPLATE = (
        "{{ bos_token }}{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + "
        "message['content'] | trim + '<|im_end|>\n' }}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
    )

    def __init__(self):
        from tokenizers import decoders, models, pre_tokenizers, trainers

        pattern = (
            r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
            r"|\s*[\r\n]+|\s+(?!\S)|\s+"
        )
        self.inner = tokenizers.Tokenizer(models.BPE())
        self.inner.pre_tokenizer = pre_tokenizers.Sequence([
            pre_tokenizers.Split(tokenizers.Regex(pattern), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ])
        self.inner.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=509, initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), show_progress=False)
        self.inner.train_from_iterator(sentences(), trainer)
        # The real one takes a word that is in the vocabulary whole, whatever the merges say.
        parts = json.loads(self.inner.to_str())["model"]
        self.vocab, self.merges = parts["vocab"], [tuple(m) for m in parts["merges"]]
        self.inner.model = models.BPE(vocab=self.vocab, merges=self.merges, ignore_merges=True)
        self.size = len(self.vocab) + len(self.SPECIAL)

    def write(self, writer):
        tokens = sorted(self.vocab, key=self.vocab.get) + self.SPECIAL
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre("llama-bpe")
        writer.add_token_list(tokens)
        writer.add_token_types([1] * len(self.vocab) + [3] * len(self.SPECIAL))
        writer.add_token_merges([" ".join(m) for m in self.merges])
        writer.add_bos_token_id(len(self.vocab))
        writer.add_eos_token_id(len(self.vocab) + 2)
        writer.add_add_bos_token(True)
        writer.add_chat_template(self.TEMPLATE)

    def expected(self):
        bos = [len(self.vocab)]
        return [[line, bos + self.inner.encode(line).ids] for line in LINES]


class SentencePiece:
    """SentencePiece BPE with byte fallback and a space before the text, as Llama 2 has it."""

    def __init__(self):
        with tempfile.TemporaryDirectory() as folder:
            text = pathlib.Path(folder, "text")
            text.write_text("\n".join(sentences()))
            sentencepiece.SentencePieceTrainer.train(
                input=str(text), model_prefix=f"{folder}/m", model_type="bpe", vocab_size=512, byte_fallback=True,
                normalization_rule_name="identity", remove_extra_whitespaces=False, character_coverage=0.98,
                minloglevel=2, num_threads=1)
            self.inner = sentencepiece.SentencePieceProcessor(model_file=f"{folder}/m.model")
        self.size = self.inner.get_piece_size()

    def write(self, writer):
        ids = range(self.size)
        kinds = [3 if self.inner.is_control(i) else 2 if self.inner.is_unknown(i) else 6 if self.inner.is_byte(i) else 1
                 for i in ids]
        writer.add_tokenizer_model("llama")
        writer.add_token_list([self.inner.id_to_piece(i) for i in ids])
        writer.add_token_scores([self.inner.get_score(i) for i in ids])
        writer.add_token_types(kinds)
        writer.add_bos_token_id(1)
        writer.add_eos_token_id(2)
        writer.add_unk_token_id(0)
        writer.add_add_bos_token(True)
        writer.add_add_space_prefix(True)

    def expected(self):
        return [[line, [1] + self.inner.encode(line)] for line in LINES]


if __name__ == "__main__":
    print("transformers", transformers.__version__, "torch", torch.__version__)
    for make in (gemma3, gemma3_quantized, llama, qwen2, qwen3):
        make()
