#!/usr/bin/env python3
"""Makes the miniature checkpoints of tests/data/model/ with the reference implementation.

    pip install torch transformers gguf numpy
    scripts/make_fixtures.py

Each has the real shape in small and random weights; beside it, in JSON, what `transformers` makes of a prompt:
the logits after every token. The tests want the same from our models.
"""
import json
import pathlib

import gguf
import numpy as np
import torch
from transformers import Gemma3ForCausalLM, Gemma3TextConfig

OUT = pathlib.Path(__file__).resolve().parent.parent / "tests" / "data" / "model"


def gemma3():
    torch.manual_seed(3)
    # Seven layers, so that one sees everything; a window shorter than the prompt; two key heads for four.
    config = Gemma3TextConfig(
        vocab_size=96, hidden_size=32, intermediate_size=48, num_hidden_layers=7, num_attention_heads=4,
        num_key_value_heads=2, head_dim=16, sliding_window=8, query_pre_attn_scalar=16, max_position_embeddings=128,
        tie_word_embeddings=True, attn_implementation="eager",
    )
    model = Gemma3ForCausalLM(config).eval().float()
    with torch.no_grad():
        for name, p in model.named_parameters():
            p.copy_(torch.randn_like(p) * (0.3 if "norm" in name else 0.12))
    prompt = torch.randint(3, config.vocab_size, (1, 30))
    with torch.no_grad():
        logits = model(prompt).logits[0]

    writer = gguf.GGUFWriter(OUT / "gemma3-mini.gguf", "gemma3")
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_key_length(config.head_dim)
    writer.add_value_length(config.head_dim)
    writer.add_sliding_window(config.sliding_window)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(1_000_000.0)
    names = {
        "input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
        "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output", "self_attn.q_norm": "attn_q_norm",
        "self_attn.k_norm": "attn_k_norm", "post_attention_layernorm": "post_attention_norm",
        "pre_feedforward_layernorm": "ffn_norm", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
        "mlp.down_proj": "ffn_down", "post_feedforward_layernorm": "post_ffw_norm",
    }
    for name, p in model.state_dict().items():
        name = name.removeprefix("model.").removesuffix(".weight")
        if name == "lm_head":
            continue
        value = p.numpy().astype(np.float32)
        if name.endswith("norm"):
            value = value + 1  # GGUF stores the factor, transformers what it differs from one by
        if name.startswith("layers."):
            _, layer, rest = name.split(".", 2)
            name = f"blk.{layer}.{names[rest]}"
        else:
            name = {"embed_tokens": "token_embd", "norm": "output_norm"}[name]
        writer.add_tensor(name + ".weight", value)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    rows = [[round(x, 5) for x in row] for row in logits.tolist()]
    expected = {"prompt": prompt[0].tolist(), "logits": rows}
    (OUT / "gemma3-mini.json").write_text(json.dumps(expected, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    gemma3()
