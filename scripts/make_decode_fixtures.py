#!/usr/bin/env python3
"""Makes tests/data/decode/cases.json: what `generate` of the reference implementation writes under many options.

    pip install torch transformers gguf numpy
    scripts/make_decode_fixtures.py

Three models: a toy encoder-decoder and a toy language model, whose logits are a hash of the source's sum, the last
token, and a little of the position (tests/decode/toy.rs has the same); and the miniature Gemma 3 of tests/data/model/,
read back from its GGUF file.
Each case is a request, options under the reference's names, and the hypotheses that came back, best first: ids with
the end token, the log-probability of each, and the score (beam search only).
"""
import itertools
import json
import pathlib

import gguf
import numpy as np
import torch
from transformers import Gemma3ForCausalLM, Gemma3TextConfig, GenerationConfig, GenerationMixin, PretrainedConfig
from transformers import PreTrainedModel
from transformers.modeling_outputs import BaseModelOutput, CausalLMOutput, Seq2SeqLMOutput

DATA = pathlib.Path(__file__).resolve().parent.parent / "tests" / "data"
VOCABULARY, PAD = 40, 39
MASK = (1 << 64) - 1
# The search is the same for all models, so each option meets only some of them.
WHICH = [
    ["toy-encoder-decoder", "toy-encoder-decoder", "gemma3-mini"],
    ["toy-encoder-decoder", "toy-language-model"],
    ["toy-encoder-decoder", "toy-encoder-decoder", "toy-language-model"],
]


class ToyConfig(PretrainedConfig):
    model_type = "toy"


def fractions(*values):
    """Numbers from 0 to 1 that hang together with the values only."""
    state = 17
    for value in values:
        state = ((state ^ (value + 1)) * 0x9E37_79B9_7F4A_7C15) & MASK
        state = ((state << 23) | (state >> 41)) & MASK
    parts = [((state * (2 * i + 3)) & MASK) >> 40 for i in range(VOCABULARY)]
    return np.array(parts, dtype=np.float32) / np.float32(1 << 24)


def toy_logits(source_sum, ids):
    # The position changes little, but without it the same steps in another order would have the same score, and which
    # of equals comes first is a matter of the last bit.
    logits = fractions(source_sum, ids[-1]) * np.float32(6) + fractions(len(ids)) * np.float32(0.125)
    logits[0] += np.float32(1)  # the end, likely enough to come
    return logits


class ToyEncoder(torch.nn.Module):
    main_input_name = "input_ids"

    def forward(self, input_ids, attention_mask=None, **_):
        return BaseModelOutput(last_hidden_state=input_ids[..., None].float())


class Toy(PreTrainedModel, GenerationMixin):
    config_class = ToyConfig
    main_input_name = "input_ids"

    def __init__(self, config):
        super().__init__(config)
        self.anchor = torch.nn.Parameter(torch.zeros(1))
        self.encoder = ToyEncoder()
        self.post_init()

    def get_encoder(self, *_, **__):
        return self.encoder

    def prepare_inputs_for_generation(self, input_ids, encoder_outputs=None, **kwargs):
        if self.config.is_encoder_decoder:
            return {"decoder_input_ids": input_ids, "encoder_outputs": encoder_outputs}
        return {"input_ids": input_ids}

    def forward(self, input_ids=None, attention_mask=None, decoder_input_ids=None, encoder_outputs=None, **_):
        ids = input_ids if decoder_input_ids is None else decoder_input_ids
        sums = [0] * len(ids)
        if encoder_outputs is not None:
            sums = encoder_outputs.last_hidden_state.sum(dim=(1, 2)).long().tolist()
        rows = [toy_logits(s, row) for s, row in zip(sums, ids.tolist())]
        logits = torch.from_numpy(np.stack(rows))[:, None]
        return (Seq2SeqLMOutput if self.config.is_encoder_decoder else CausalLMOutput)(logits=logits)


def toy(is_encoder_decoder):
    config = ToyConfig(vocab_size=VOCABULARY, is_encoder_decoder=is_encoder_decoder)
    return Toy(config).eval()


def gemma3():
    reader = gguf.GGUFReader(DATA / "model" / "gemma3-mini.gguf")
    config = Gemma3TextConfig(
        vocab_size=96, hidden_size=32, intermediate_size=48, num_hidden_layers=7, num_attention_heads=4,
        num_key_value_heads=2, head_dim=16, sliding_window=8, query_pre_attn_scalar=16, max_position_embeddings=128,
        tie_word_embeddings=True, attn_implementation="eager", eos_token_id=1, pad_token_id=0, bos_token_id=2,
    )
    model = Gemma3ForCausalLM(config).eval().float()
    names = {
        "attn_norm": "input_layernorm", "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj",
        "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj", "attn_q_norm": "self_attn.q_norm",
        "attn_k_norm": "self_attn.k_norm", "post_attention_norm": "post_attention_layernorm",
        "ffn_norm": "pre_feedforward_layernorm", "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj",
        "ffn_down": "mlp.down_proj", "post_ffw_norm": "post_feedforward_layernorm",
    }
    state = {}
    for tensor in reader.tensors:
        name = tensor.name.removesuffix(".weight")
        value = np.array(tensor.data, dtype=np.float32)
        if name.endswith("norm"):
            value = value - 1  # GGUF stores the factor, transformers what it differs from one by
        if name.startswith("blk."):
            _, layer, rest = name.split(".")
            name = f"layers.{layer}.{names[rest]}"
        else:
            name = {"token_embd": "embed_tokens", "output_norm": "norm"}[name]
        state[f"model.{name}.weight"] = torch.from_numpy(value)
    state["lm_head.weight"] = state["model.embed_tokens.weight"]
    model.load_state_dict(state)
    return model


def run(model, source, prompt, options):
    """The hypotheses of one request."""
    config = GenerationConfig(**{"pad_token_id": PAD, "do_sample": False, "use_cache": False, "return_dict_in_generate": True,
                                 "output_scores": True, **options})
    kwargs = {"input_ids": torch.tensor([source or prompt])}
    if source:
        kwargs["decoder_input_ids"] = torch.tensor([prompt])
        config.decoder_start_token_id = prompt[0]
    with torch.no_grad():
        out = model.generate(
            **kwargs, attention_mask=torch.ones_like(kwargs["input_ids"]), generation_config=config,
        )
    is_beam = options.get("num_beams", 1) > 1
    log_probs = model.compute_transition_scores(
        out.sequences, out.scores, out.beam_indices if is_beam else None, normalize_logits=not is_beam,
    )
    ends = options["eos_token_id"]
    hypotheses = []
    for i, row in enumerate(out.sequences.tolist()):
        ids = row[len(prompt):]
        end = next((j for j, t in enumerate(ids) if t in ends), len(ids) - 1)
        hypothesis = {
            "ids": ids[:end + 1],
            "log_probs": [round(x, 5) for x in log_probs[i, :end + 1].tolist()],
        }
        if is_beam:
            hypothesis["score"] = round(out.sequences_scores[i].item(), 6)
        hypotheses.append(hypothesis)
    return hypotheses


def grid():
    """Options to try: each alone under greedy and beam search, the search's own in all combinations, and mixtures."""
    yield from ({"num_beams": k} for k in range(1, 6))
    for stop, penalty, k in itertools.product([False, True, "never"], [-0.5, 0.0, 0.6, 1.0, 2.0], [3, 5]):
        yield {"num_beams": k, "num_return_sequences": k, "early_stopping": stop, "length_penalty": penalty}
    single = [
        {"max_new_tokens": 1}, {"max_new_tokens": 4}, {"min_new_tokens": 9}, {"min_length": 12},
        {"no_repeat_ngram_size": 1}, {"no_repeat_ngram_size": 2}, {"no_repeat_ngram_size": 3},
        {"repetition_penalty": 1.3}, {"repetition_penalty": 3.0}, {"repetition_penalty": 0.8},
        {"forced_bos_token_id": 21}, {"forced_eos_token_id": 0, "max_new_tokens": 6},
        {"forced_eos_token_id": 5, "max_new_tokens": 6},
        {"bad_words_ids": [[7], [12], [0]]}, {"suppress_tokens": [3, 8, 14, 30]},
        {"begin_suppress_tokens": [0, 3, 8, 14, 30]},
        {"begin_suppress_tokens": [0, 3, 8, 14], "forced_bos_token_id": 21},
        {"eos_token_id": [0, 4]}, {"eos_token_id": [9, 0, 4, 17]}, {"eos_token_id": [38]},
    ]
    for options, k in itertools.product(single, [1, 2, 4]):
        yield {"num_beams": k, "num_return_sequences": max(1, k - 1), **options}
    mixtures = [
        {"repetition_penalty": 1.4, "no_repeat_ngram_size": 2, "min_new_tokens": 5, "eos_token_id": [0, 9]},
        {"forced_bos_token_id": 5, "forced_eos_token_id": 0, "max_new_tokens": 7, "bad_words_ids": [[5], [11]]},
        {"eos_token_id": [0, 9, 13], "early_stopping": True, "length_penalty": 0.3, "suppress_tokens": [9]},
        {"early_stopping": "never", "length_penalty": 1.7, "repetition_penalty": 1.2, "min_length": 6},
        {"early_stopping": True, "no_repeat_ngram_size": 3, "forced_bos_token_id": 2, "length_penalty": 2.0},
    ]
    for options, k in itertools.product(mixtures, [1, 3, 5]):
        yield {"num_beams": k, "num_return_sequences": k if k > 1 else 1, **options}
    # Behind the others, whose requests thus stay as they were.
    late = [
        {"bad_words_ids": [[a, b] for a in range(0, 40, 2) for b in range(0, 40, 3)] + [[4, 9, 0], [38]]},
        {"bad_words_ids": [[3], [0], [7, 0], [12, 5, 1]], "forced_bos_token_id": 7},
        {"renormalize_logits": True, "bad_words_ids": [[39], [7]], "suppress_tokens": [3, 8, 14, 30]},
        {"renormalize_logits": True, "bad_words_ids": [[39]], "forced_eos_token_id": 0, "max_new_tokens": 7},
        {"renormalize_logits": True, "repetition_penalty": 1.4, "no_repeat_ngram_size": 2, "length_penalty": 0.6},
        {"renormalize_logits": True, "min_new_tokens": 7, "early_stopping": "never", "forced_bos_token_id": 5},
    ]
    for options, k in itertools.product(late, [1, 2, 4]):
        yield {"num_beams": k, "num_return_sequences": max(1, k - 1), **options}
    # Several forced tokens are equally likely, and only greedy search says which of equals is taken.
    yield {"forced_eos_token_id": [9, 5, 0], "max_new_tokens": 6}
    yield {"forced_eos_token_id": [5, 9], "max_new_tokens": 5, "eos_token_id": [9, 5], "renormalize_logits": True}


def main():
    rng = np.random.default_rng(11)
    models = {"toy-encoder-decoder": toy(True), "toy-language-model": toy(False), "gemma3-mini": gemma3()}
    cases = []
    for i, options in enumerate(grid()):
        options = {"max_new_tokens": 18, "eos_token_id": [0], **options}
        for name in WHICH[i % len(WHICH)]:
            has_source = name == "toy-encoder-decoder"
            source = rng.integers(1, VOCABULARY, rng.integers(1, 9)).tolist() if has_source else []
            # As in translation, one token; now and then a longer prefix.
            prompt = rng.integers(1, VOCABULARY, 1 if has_source and i % 5 else rng.integers(1, 6)).tolist()
            hypotheses = run(models[name], source, prompt, options)
            cases.append({
                "model": name, "source": source, "prompt": prompt, "options": options, "hypotheses": hypotheses,
            })
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    (DATA / "decode").mkdir(exist_ok=True)
    (DATA / "decode" / "cases.json").write_text(f"[\n{lines}\n]\n")
    print(len(cases), "cases")


if __name__ == "__main__":
    main()
