#!/usr/bin/env python3
"""Cuts the vocabulary of a Gemma 3 GGUF file to the pieces that texts of this task use.

    scripts/train/prune.py gemma-3-270m.gguf DATA OUT

Of 262,144 pieces for 140 languages the task needs a quarter, and the embeddings are most of so small a model. Kept are
the pieces that occur at least `--least` times in the prompts and answers of DATA (what `prepare.py` wrote), those that
they are merged from, single characters of both scripts, bytes and marks of control. Rarer pieces fall into smaller ones.
OUT gets `model.gguf` (F16) and `tokenizer.json`; the base's terms and notice belong beside them.
"""

import argparse
import collections
import json
import pathlib
import re

import gguf
import numpy
import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers

import examples
import gguf_file
import gloss

#: Marks of control that stay; Gemma has thousands that are not used.
CONTROL = ("<pad>", "<eos>", "<bos>", "<unk>")
PRINTABLE = re.compile("[\u0020-\u007e\u0980-\u09ff\u0964\u0965\u2010-\u2026▁]")


def merges_of(scores):
    """Pairs of pieces that make a piece, best first: what SentencePiece's BPE merges, as `tokenizers` wants it."""
    merges = []
    for piece, score in scores.items():
        splits = [(piece[:at], piece[at:]) for at in range(1, len(piece))]
        splits = [pair for pair in splits if pair[0] in scores and pair[1] in scores]
        merges += [(-score, scores[pair[0]] * -1, scores[pair[1]] * -1, pair) for pair in splits]
    return [pair for *_, pair in sorted(merges)]


def build_tokenizer(pieces, scores, kinds):
    """Gemma's tokenizer: spaces are marked, nothing is split off, unknown characters become bytes."""
    plain = {piece: score for piece, score, kind in zip(pieces, scores, kinds) if kind == gguf.TokenType.NORMAL}
    vocabulary = {piece: i for i, piece in enumerate(pieces)}
    tokenizer = Tokenizer(models.BPE(vocabulary, merges_of(plain), unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    tokenizer.add_special_tokens([AddedToken(piece, normalized=False) for piece, kind in zip(pieces, kinds) if kind == gguf.TokenType.CONTROL])
    tokenizer.add_tokens([AddedToken(piece, normalized=False) for piece, kind in zip(pieces, kinds) if kind == gguf.TokenType.USER_DEFINED])
    return tokenizer


def texts_of(data):
    for path in sorted(data.glob("*.jsonl")):
        for line in examples.read(path):
            if "src" in line:
                yield gloss.prompt(line["src"], line["gloss"]) + " " + line["ref"]
            else:
                yield gloss.brief_prompt(line["title"], line["paragraphs"]) + " " + line["brief"]


def kept_pieces(tokenizer, texts, least, pieces, kinds):
    """Ids that stay, in their order."""
    counts = collections.Counter(token for text in texts for token in tokenizer.encode(text, add_special_tokens=False).ids)
    used = [token for token, count in counts.items() if count >= least]
    parents = {}
    for left, right in json.loads(tokenizer.to_str())["model"]["merges"]:
        parents.setdefault(left + right, []).append((left, right))
    waiting = [pieces[token] for token in used]
    kept = set(waiting)
    while waiting:
        # All ways to make a piece stay, so that none is made another way than before.
        for pair in parents.get(waiting.pop(), []):
            waiting += [piece for piece in pair if piece not in kept]
            kept.update(pair)
    kept.update(CONTROL)
    stays = lambda piece, kind: piece in kept or kind == gguf.TokenType.BYTE or PRINTABLE.fullmatch(piece)
    return [i for i, (piece, kind) in enumerate(zip(pieces, kinds)) if stays(piece, kind)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base", type=pathlib.Path)
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--least", type=int, default=2, help="uses of a piece for which it stays")
    options = parser.parse_args()

    reader = gguf.GGUFReader(options.base)
    pieces, scores, kinds = (reader.get_field(f"tokenizer.ggml.{name}").contents() for name in ("tokens", "scores", "token_type"))
    full = build_tokenizer(pieces, scores, kinds)
    texts = list(texts_of(options.data))
    kept = kept_pieces(full, texts, options.least, pieces, kinds)
    chosen = [[column[i] for i in kept] for column in (pieces, scores, kinds)]
    small = build_tokenizer(*chosen)
    pieces_of = lambda tokenizer, text: tokenizer.encode(text, add_special_tokens=False).tokens
    changed = sum(pieces_of(full, text) != pieces_of(small, text) for text in texts)

    options.out.mkdir(parents=True, exist_ok=True)
    small.save(str(options.out / "tokenizer.json"), pretty=False)
    model = gguf_file.load(options.base)
    model.token_embd.weight = torch.nn.Parameter(model.token_embd.weight[torch.tensor(kept)])
    vocabulary = dict(zip(("tokens", "scores", "token_type"), chosen))
    gguf_file.save(options.out / "model.gguf", model, options.base, "pruned", gguf.GGMLQuantizationType.F16, vocabulary)
    print(f"{len(kept)} of {len(pieces)} pieces kept; {changed} of {len(texts)} texts fall into other pieces than before")


if __name__ == "__main__":
    main()
