#!/usr/bin/env python3
"""Trains a Marian-shaped student, with a deep encoder and a shallow decoder (arXiv:2006.10369), on pairs of a teacher.

    scripts/train/train_student.py recipes/student.toml PAIRS.tsv DEV.tsv RUN --teacher 'NLLB-200 600M, CC BY-NC 4.0' [--resume]

PAIRS come from `distil.py`; DEV are pairs of which only the loss is logged. RUN gets `checkpoint.pt`, `log.jsonl`, and at
the end `model/`, which `anubad translate --model RUN/model` loads.
"""

import argparse
import dataclasses
import itertools
import json
import pathlib
import random
import string
import sys
import time
import tomllib
import unicodedata

import sentencepiece
import torch
from safetensors.torch import save_file
from torch.nn import functional as F
from transformers import MarianConfig, MarianMTModel

import examples
import optimiser

EOS, UNKNOWN = 0, 1
CARD = string.Template((pathlib.Path(__file__).parent / "student-card.md").read_text(encoding="utf-8"))


@dataclasses.dataclass(frozen=True)
class Recipe:
    #: Pieces of the vocabulary that both languages share.
    vocabulary: int
    width: int
    feed_forward: int
    heads: int
    encoder_layers: int
    decoder_layers: int
    steps: int
    rate: float
    warmup: int
    decay: int
    dropout: float = 0.1
    #: Not needed on a teacher's outputs, which are smooth already.
    label_smoothing: float = 0.0
    #: Places of a batch, source and target together.
    tokens: int = 16384
    longest: int = 256
    seed: int = 1
    measure_every: int = 500


class Vocabulary:
    """A SentencePiece model for both languages, and the ids that Marian gives its pieces."""

    def __init__(self, file):
        self.pieces = sentencepiece.SentencePieceProcessor(model_file=str(file))
        count = self.pieces.get_piece_size()
        named = ["</s>", "<unk>", *(self.pieces.id_to_piece(i) for i in range(count) if not self.pieces.is_control(i) and not self.pieces.is_unknown(i)), "<pad>"]
        self.ids = {piece: i for i, piece in enumerate(named)}
        self.pad = self.ids["<pad>"]

    @classmethod
    def train(cls, file, texts, size, seed):
        """Digits stand alone, so that a number is copied digit by digit."""
        sentencepiece.set_random_generator_seed(seed)
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(texts), model_prefix=str(file.with_suffix("")), model_type="unigram", vocab_size=size,
            character_coverage=0.9999, normalization_rule_name="identity", split_digits=True, hard_vocab_limit=False,
            num_threads=1, minloglevel=2,
        )
        file.with_suffix(".vocab").unlink()
        file.with_suffix(".model").rename(file)
        return cls(file)

    def encode(self, text):
        pieces = self.pieces.encode(unicodedata.normalize("NFC", text), out_type=str)
        return [self.ids.get(piece, UNKNOWN) for piece in pieces] + [EOS]


def build(recipe, vocabulary):
    size = len(vocabulary.ids)
    return MarianMTModel(MarianConfig(
        vocab_size=size, decoder_vocab_size=size, d_model=recipe.width, encoder_layers=recipe.encoder_layers,
        decoder_layers=recipe.decoder_layers, encoder_attention_heads=recipe.heads, decoder_attention_heads=recipe.heads,
        encoder_ffn_dim=recipe.feed_forward, decoder_ffn_dim=recipe.feed_forward, max_position_embeddings=512,
        dropout=recipe.dropout, init_std=recipe.width**-0.5, scale_embedding=True, activation_function="swish",
        pad_token_id=vocabulary.pad, decoder_start_token_id=vocabulary.pad, eos_token_id=EOS, forced_eos_token_id=EOS,
    ))  # fmt: skip


def read_pairs(path):
    return [line.split("\t")[:2] for line in path.read_text(encoding="utf-8").splitlines()]


def encode(vocabulary, pairs, longest):
    """Source and target ids in one row, and where the target begins."""
    rows = []
    for bengali, english in pairs:
        source, target = vocabulary.encode(bengali), vocabulary.encode(english)
        if max(len(source), len(target)) <= longest:
            rows.append((source + target, len(source)))
    return rows


def padded(rows, padding):
    longest = max(map(len, rows))
    return torch.tensor([row + [padding] * (longest - len(row)) for row in rows])


def loss_of(model, batch, device, label_smoothing=0.0):
    """Sum of the negative log-likelihoods of target tokens, and their number."""
    pad = model.config.pad_token_id
    source = padded([ids[:start] for ids, start in batch], pad).to(device)
    target = padded([ids[start:] for ids, start in batch], pad).to(device)
    begun = F.pad(target[:, :-1], (1, 0), value=pad)
    with torch.autocast(device, torch.bfloat16):
        logits = model(input_ids=source, attention_mask=(source != pad).long(), decoder_input_ids=begun).logits
    loss = F.cross_entropy(logits.float().flatten(0, 1), target.flatten(), ignore_index=pad, reduction="sum", label_smoothing=label_smoothing)
    return loss, (target != pad).sum().item()


@torch.no_grad()
def measure(model, batches, device):
    model.eval()
    losses = [loss_of(model, batch, device) for batch in batches]
    model.train()
    return sum(loss.item() for loss, _ in losses) / sum(count for _, count in losses)


def export(model, vocabulary, pieces, folder):
    """The files of a Marian model on the Hub."""
    folder.mkdir(exist_ok=True)
    write = lambda name, value: (folder / name).write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    for side in ("source", "target"):
        (folder / f"{side}.spm").write_bytes(pieces.read_bytes())
    write("vocab.json", vocabulary.ids)
    write("tokenizer_config.json", {"tokenizer_class": "MarianTokenizer", "source_lang": "bn", "target_lang": "en"})
    write("config.json", model.config.to_dict())
    pad = vocabulary.pad
    write("generation_config.json", {"decoder_start_token_id": pad, "pad_token_id": pad, "eos_token_id": EOS, "forced_eos_token_id": EOS, "bad_words_ids": [[pad]], "max_length": 512, "num_beams": 1})
    # Embeddings are shared and positions computed: each tensor once.
    seen, tensors = set(), {}
    for name, tensor in model.state_dict().items():
        if "embed_positions" not in name and tensor.data_ptr() not in seen:
            seen.add(tensor.data_ptr())
            tensors[name] = tensor.cpu().float().contiguous()
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", type=pathlib.Path)
    parser.add_argument("pairs", type=pathlib.Path)
    parser.add_argument("dev", type=pathlib.Path)
    parser.add_argument("run", type=pathlib.Path)
    parser.add_argument("--teacher", required=True, help="whose outputs PAIRS are, and its licence: for the model card")
    parser.add_argument("--resume", action="store_true", help="go on from RUN/checkpoint.pt")
    parser.add_argument("--until", type=int, help="save and stop at this step, for a run in parts")
    options = parser.parse_args()

    recipe = Recipe(**tomllib.loads(options.recipe.read_text()))
    torch.manual_seed(recipe.seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    options.run.mkdir(parents=True, exist_ok=True)
    checkpoint, pieces = options.run / "checkpoint.pt", options.run / "joint.spm"

    pairs = read_pairs(options.pairs)
    if options.resume:
        vocabulary = Vocabulary(pieces)
    else:
        vocabulary = Vocabulary.train(pieces, itertools.chain.from_iterable(pairs), recipe.vocabulary, recipe.seed)
    model = build(recipe, vocabulary).to(device).train()
    print(f"{sum(weight.numel() for weight in model.parameters()) / 1e6:.1f} M parameters", file=sys.stderr)
    optimise = optimiser.Optimiser(model)
    first = 0
    if options.resume:
        saved = optimiser.load(checkpoint)
        optimise.restore(saved["optimiser"])
        torch.set_rng_state(saved["random"])
        first = saved["step"]

    rows = encode(vocabulary, pairs, recipe.longest)
    passes = (examples.batches(rows, recipe.tokens, random.Random(f"{recipe.seed} {number}")) for number in itertools.count())
    stream = itertools.islice(itertools.chain.from_iterable(passes), first, None)
    dev = examples.batches(encode(vocabulary, read_pairs(options.dev), recipe.longest), recipe.tokens)
    last = min(recipe.steps, options.until or recipe.steps)
    began, loss_sum, targets = time.monotonic(), 0.0, 0
    with open(options.run / "log.jsonl", "a", encoding="utf-8") as log:
        for step in range(first, last + 1):
            if step % recipe.measure_every == 0 or step == last:
                line = {"step": step, "seconds": time.monotonic() - began, "dev": measure(model, dev, device)}
                line |= {"train": loss_sum / targets} if targets else {}
                print(json.dumps(line), file=log, flush=True)
                print(line, file=sys.stderr)
                loss_sum, targets = 0.0, 0
                if step > first:
                    optimiser.save(checkpoint, step=step, optimiser=optimise.state(), random=torch.get_rng_state())
            if step == last:
                break
            loss, count = loss_of(model, next(stream), device, recipe.label_smoothing)
            (loss / count).backward()
            optimise.step(optimiser.rate_at(step, recipe.steps, recipe.rate, recipe.warmup, recipe.decay))
            loss_sum += loss.item()
            targets += count
    if last == recipe.steps:
        export(model.eval(), vocabulary, pieces, options.run / "model")
        card = CARD.substitute(teacher=options.teacher, pairs=f"{len(pairs):,}", settings=json.dumps(dataclasses.asdict(recipe)))
        (options.run / "model" / "MODEL_CARD.md").write_text(card, encoding="utf-8")


if __name__ == "__main__":
    main()
