#!/usr/bin/env python3
"""Makes the miniatures of tests/data/model/ that do real work, for tests of the program from end to end.

    pip install torch transformers safetensors sentencepiece tokenizers
    scripts/make_trained_fixtures.py [FOLDER]

`translator-mini` is a Marian that knows the sentences of its `pairs.tsv` by heart, `summarizer-mini` a BART that copies
the first sentence of an article made of their English. Both have the files that such models have on the Hub. About a
minute of one core; the seeds are fixed.
"""
import json
import pathlib
import random
import sys
import unicodedata

import sentencepiece
import torch
from safetensors.torch import save_file
from tokenizers import ByteLevelBPETokenizer
from transformers import BartConfig, BartForConditionalGeneration, MarianConfig, MarianMTModel

OUT = pathlib.Path(__file__).resolve().parent.parent / "tests" / "data" / "model"
MARIAN_STEPS, BART_STEPS = 600, 1500


def write(path, value):
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n")


def save(folder, model, generation):
    """Half precision and no positions that are computed, as on the Hub."""
    seen, tensors = set(), {}
    for name, tensor in model.state_dict().items():
        is_computed = isinstance(model, MarianMTModel) and "embed_positions" in name
        if not is_computed and tensor.data_ptr() not in seen:
            seen.add(tensor.data_ptr())
            tensors[name] = tensor.half().contiguous()
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    config = model.config.to_dict()
    for name in ["transformers_version", "id2label", "label2id", "_name_or_path", "dtype"]:
        config.pop(name, None)
    write(folder / "config.json", dict(sorted(config.items())))
    write(folder / "generation_config.json", generation)
    for file in folder.iterdir():
        file.chmod(0o644)
    size = sum(file.stat().st_size for file in folder.iterdir())
    print(f"{folder.name}: {size // 1000} kB")


def padded(rows, padding):
    longest = max(map(len, rows))
    return torch.tensor([row + [padding] * (longest - len(row)) for row in rows])


def train(model, batch, steps, rate):
    """`batch(step)` gives sources and targets, both with their ends."""
    pad = model.config.pad_token_id
    optimiser = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps)
    model.train()
    for step in range(steps):
        sources, targets = batch(step)
        ids, labels = padded(sources, pad), padded(targets, pad)
        loss = model(
            input_ids=ids, attention_mask=(ids != pad).long(), labels=labels.masked_fill(labels == pad, -100)
        ).loss
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        if (step + 1) % 100 == 0:
            print(f"  step {step + 1}: loss {loss.item():.4f}", flush=True)
    model.eval()


def outputs(model, sources, generation):
    """What `generate` writes of each source, alone."""
    with torch.no_grad():
        return [model.generate(torch.tensor([source]), **generation)[0].tolist() for source in sources]


def translator(folder, pairs):
    torch.manual_seed(1)
    models = {}
    for side, lines in [("source", [s for _, s, _ in pairs]), ("target", [t for *_, t in pairs])]:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(lines), model_prefix=str(folder / side), model_type="unigram", vocab_size=170,
            character_coverage=1.0, normalization_rule_name="identity", hard_vocab_limit=False, minloglevel=2,
        )
        (folder / f"{side}.vocab").unlink()
        (folder / f"{side}.model").rename(folder / f"{side}.spm")
        models[side] = sentencepiece.SentencePieceProcessor(model_file=str(folder / f"{side}.spm"))
    pieces = ["</s>", "<unk>"]
    pieces += [model.id_to_piece(i) for model in models.values() for i in range(3, len(model))]
    vocabulary = {piece: i for i, piece in enumerate([*dict.fromkeys(pieces), "<pad>"])}
    pad = vocabulary["<pad>"]
    write(folder / "vocab.json", vocabulary)
    write(folder / "tokenizer_config.json",
          {"tokenizer_class": "MarianTokenizer", "source_lang": "bn", "target_lang": "en"})

    def encode(side, text):
        return [vocabulary.get(piece, 1) for piece in models[side].encode(text, out_type=str)] + [0]

    sources = [encode("source", source) for _, source, _ in pairs]
    targets = [encode("target", target) for *_, target in pairs]
    model = MarianMTModel(MarianConfig(
        vocab_size=len(vocabulary), d_model=32, encoder_layers=1, decoder_layers=1, encoder_attention_heads=4,
        decoder_attention_heads=4, encoder_ffn_dim=64, decoder_ffn_dim=64, max_position_embeddings=128, dropout=0.1,
        init_std=0.1, scale_embedding=True, activation_function="swish", pad_token_id=pad, decoder_start_token_id=pad,
        eos_token_id=0, forced_eos_token_id=0,
    ))
    train(model, lambda _: (sources, targets), MARIAN_STEPS, 5e-3)
    generation = {"decoder_start_token_id": pad, "pad_token_id": pad, "eos_token_id": 0, "forced_eos_token_id": 0,
                  "bad_words_ids": [[pad]], "max_length": 128, "num_beams": 4}
    model.half().float()
    for found, target in zip(outputs(model, sources, generation), targets):
        assert found[1:] == target, "not known by heart"
    save(folder, model, generation)


def summarizer(folder, sentences):
    random.seed(2)
    torch.manual_seed(2)
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    tokenizer = ByteLevelBPETokenizer()
    tokenizer.train_from_iterator(sentences, vocab_size=420, min_frequency=1, special_tokens=special,
                                  show_progress=False)
    tokenizer.save_model(str(folder))
    write(folder / "tokenizer_config.json", {"tokenizer_class": "BartTokenizer"})

    def encode(text):
        return [0, *tokenizer.encode(text).ids, 2]

    def article(_=None):
        return random.sample(sentences, random.randint(1, 5))

    def batch(_):
        articles = [article() for _ in range(24)]
        return [encode(" ".join(a)) for a in articles], [encode(a[0]) for a in articles]

    model = BartForConditionalGeneration(BartConfig(
        vocab_size=tokenizer.get_vocab_size(), d_model=32, encoder_layers=1, decoder_layers=1,
        encoder_attention_heads=4, decoder_attention_heads=4, encoder_ffn_dim=64, decoder_ffn_dim=64, dropout=0.0,
        max_position_embeddings=160, init_std=0.1, pad_token_id=1, bos_token_id=0, eos_token_id=2,
        decoder_start_token_id=2, forced_eos_token_id=2,
    ))
    train(model, batch, BART_STEPS, 5e-3)
    generation = {"decoder_start_token_id": 2, "bos_token_id": 0, "pad_token_id": 1, "eos_token_id": 2,
                  "forced_bos_token_id": 0, "forced_eos_token_id": 2, "max_length": 64, "num_beams": 2}
    model.half().float()
    articles = [article() for _ in range(40)]
    found = outputs(model, [encode(" ".join(a)) for a in articles], generation)
    right = sum(f[1:] == encode(a[0]) for f, a in zip(found, articles))
    print(f"  {right} of {len(articles)} articles")
    assert right >= 36, "it copies too few first sentences"
    save(folder, model, generation)


def main():
    torch.set_num_threads(1)
    out = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else OUT
    lines = (OUT / "translator-mini" / "pairs.tsv").read_text(encoding="utf-8").splitlines()
    # Composed as the program composes what a model is shown.
    pairs = [unicodedata.normalize("NFC", line).split("\t") for line in lines]
    for name, make, of in [("translator", translator, pairs),
                           ("summarizer", summarizer, [t for *_, t in pairs if t.endswith(".")])]:
        folder = out / f"{name}-mini"
        folder.mkdir(parents=True, exist_ok=True)
        print(folder.name)
        make(folder, of)


if __name__ == "__main__":
    main()
