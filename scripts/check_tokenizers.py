#!/usr/bin/env python3
"""Compares the ids and texts of our tokenizers with those of the Python references.

    pip install transformers==5.24.0 sentencepiece==0.2.3 tokenizers protobuf
    pip install --no-deps IndicTransToolkit==1.1.1 indic-nlp-library-itt==0.1.1 sacremoses==0.2.0 \
        pandas regex joblib tqdm
    python scripts/check_tokenizers.py TEXT... [--lines 5000] [--model FOLDER=CLASS ...]
    python scripts/check_tokenizers.py --fixtures

TEXT are files of Bengali and English, cells apart by tabs. On them tokenizers of every kind are trained and wrapped in
their Python classes; then they and each real FOLDER of `--model` (`opus-mt-fr-en=MarianTokenizer`) encode and decode
the lines, some of them odd, and `cargo test --test tokenizer -- --ignored` does the same. Prints a table.

`--fixtures` makes the miniatures of `tests/data/tokenizer/` from sentences of this repository instead.

Where transformers 5 has a class of its own code (Marian, M2M100), or reads a `tokenizer.json`, that is the reference;
for SentencePiece files that it now converts (NLLB, mBART, Pegasus, T5), SentencePiece itself is, with the ids of the
class, and a second row says how many lines the converted class encodes the same. IndicTrans2's tokenizer is code in
its repository: it is restated here in `IndicTrans`, over IndicTransToolkit's processor.
"""

import argparse
import importlib.util
import json
import logging
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import sentencepiece
import tokenizers
import transformers

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "tests" / "data" / "tokenizer"
logging.disable(logging.WARNING)

# What tokenizers get wrong: joiners, marks in two code points, spaces, emoji, spelt special tokens, long words.
ODD = json.loads((DATA / "lines.json").read_text("utf-8"))

# A small table for the miniatures: SentencePiece's own takes 240 kB.
RULES = {
    "\t": " ",
    "\n": " ",
    "\r": " ",
    "\u00a0": " ",
    "\u200b": " ",
    "\u200c": "",
    "\u200d": "",
    "\ufeff": "",
    "\u09dc": "\u09a1\u09bc",
    "\u09dd": "\u09a2\u09bc",
    "\u09df": "\u09af\u09bc",
    "\u09c7\u09be": "\u09cb",
    "\u09c7\u09d7": "\u09cc",
    "½": "1⁄2",
    "ﬁ": "fi",
    "™": "TM",
    "Ａ": "A",
    "…": "...",
    "e\u0301": "é",
}

USER_DEFINED = ["<2en>", "<2bn>", "<sep>", "কোটি"]


class Trainer:
    """Trains SentencePiece models on the same text."""

    def __init__(self, folder, sentences, miniature):
        self.folder, self.miniature = folder, miniature
        self.made = {}
        self.text = folder / "text.txt"
        self.text.write_text("\n".join(sentences), encoding="utf-8")
        self.rules = folder / "rules.tsv"
        hexes = lambda text: " ".join(f"{ord(c):X}" for c in text)
        self.rules.write_text(
            "".join(f"{hexes(a)}\t{hexes(b)}\n" for a, b in RULES.items()), encoding="utf-8"
        )

    def train(self, path, kind="unigram", size=8000, text=None, normaliser="nmt_nfkc", **options):
        made = str((kind, size, text, normaliser, sorted(options.items())))
        model = path.with_name(path.name + ".model")
        if made in self.made:
            model.write_bytes(self.made[made])
            return model
        if self.miniature:
            size = {"unigram": 420, "bpe": 480}[kind] + (256 if options.get("byte_fallback") else 0)
            if "nfkc" in normaliser:
                options["normalization_rule_tsv"] = str(self.rules)
                normaliser = None
        if normaliser:
            options["normalization_rule_name"] = normaliser
        sentencepiece.SentencePieceTrainer.train(
            input=str(text or self.text),
            model_prefix=str(path),
            model_type=kind,
            vocab_size=size,
            character_coverage=0.995,
            minloglevel=2,
            num_threads=2,
            hard_vocab_limit=False,
            **options,
        )
        Path(f"{path}.vocab").unlink()
        if not text:
            self.made[made] = model.read_bytes()
        return model


def spm(path):
    return sentencepiece.SentencePieceProcessor(model_file=str(path))


def write(path, value):
    path.write_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")


class Kind:
    """A folder, what encodes and decodes with it, and the languages it is told."""

    def __init__(self, folder, encode, decode, special, source=None, target=None, forced=None, other=None):
        self.folder, self.encode, self.decode, self.special = (folder, encode, decode, sorted(special))
        self.source, self.target, self.forced = source, target, forced
        # How a second implementation encodes.
        self.other = other

    @property
    def name(self):
        return self.folder.name


def python_class(folder, tokenizer, source=None, target=None, forced=None):
    """The Python class as the reference; texts that spell special tokens are text to it too."""

    def encode(line):
        return tokenizer(line, split_special_tokens=True, verbose=False)["input_ids"]

    def decode(ids):
        return tokenizer.decode(ids, skip_special_tokens=True)

    return Kind(folder, encode, decode, set(tokenizer.all_special_ids), source, target, forced)


def pieces_class(folder, model, to_id, from_id, prefix, suffix, special, tokenizer=None, **rest):
    """SentencePiece as the reference, with ids and special tokens put by hand."""

    def encode(line):
        return prefix + [to_id(i) for i in model.encode(line)] + suffix

    def decode(ids):
        return model.decode([model.id_to_piece(from_id(i)) for i in ids if i not in special])

    def other(line):
        ids = tokenizer(line, verbose=False)["input_ids"]
        # Not where it puts the languages, which transformers 5 has after the mask.
        return prefix + ids[len(prefix) : len(ids) - len(suffix)] + suffix

    return Kind(folder, encode, decode, special, other=other, **rest)


def marian(root, trainer, name, separate=False, multi=False):
    folder = root / name
    folder.mkdir()
    for side in ["source", "target"]:
        options = {"kind": "bpe"} if separate and side == "target" else {}
        trainer.train(folder / side, **options).rename(folder / f"{side}.spm")

    def vocabulary(*sides):
        pieces = ["</s>", "<unk>"]
        for side in sides:
            model = spm(folder / f"{side}.spm")
            # Some pieces are not in the vocabulary, as in real ones.
            pieces += [model.id_to_piece(i) for i in range(3, len(model)) if i % 29]
        pieces = list(dict.fromkeys(pieces))
        if multi:
            pieces += [">>eng<<", ">>ben<<", ">>fra<<"]
        return {piece: i for i, piece in enumerate(pieces + ["<pad>"])}

    if separate:
        vocab, target = vocabulary("source"), vocabulary("target")
        # The class takes the ids of special tokens from one side.
        swap = (
            next(piece for piece, i in target.items() if i == vocab["<pad>"])
            if vocab["<pad>"] in target.values()
            else None
        )
        if swap and swap != "<pad>":
            target[swap], target["<pad>"] = target["<pad>"], vocab["<pad>"]
        write(folder / "target_vocab.json", target)
    else:
        vocab = vocabulary("source", "target")
    write(folder / "vocab.json", vocab)
    config = {"tokenizer_class": "MarianTokenizer"}
    if separate:
        config["separate_vocabs"] = True
    write(folder / "tokenizer_config.json", config)
    files = (
        {"target_vocab_file": str(folder / "target_vocab.json"), "separate_vocabs": True} if separate else {}
    )
    tokenizer = transformers.MarianTokenizer(
        str(folder / "source.spm"), str(folder / "target.spm"), str(folder / "vocab.json"), **files
    )
    kind = python_class(folder, tokenizer, target="en" if multi else None)
    kind.encode = as_text(tokenizer, kind.encode, [vocab[">>eng<<"]] if multi else [])
    return kind


def as_text(tokenizer, encode, first=()):
    """The class takes the target from a text that begins with a token for it; ours from the caller."""

    def spelled(line):
        pieces = tokenizer.spm_source.encode(line, out_type=str)
        return tokenizer.convert_tokens_to_ids(pieces) + [tokenizer.eos_token_id]

    return lambda line: [*first, *(spelled(line) if line.startswith(">>") else encode(line))]


def m2m100(root, trainer):
    folder = root / "m2m100"
    folder.mkdir()
    model = spm(trainer.train(folder / "sentencepiece.bpe", kind="bpe"))
    pieces = ["<s>", "<pad>", "</s>", "<unk>"] + [model.id_to_piece(i) for i in range(3, len(model))]
    write(folder / "vocab.json", {piece: i for i, piece in enumerate(pieces)})
    write(folder / "config.json", {"model_type": "m2m_100"})
    files = (str(folder / "vocab.json"), str(folder / "sentencepiece.bpe.model"))
    codes = transformers.models.m2m_100.tokenization_m2m_100.FAIRSEQ_LANGUAGE_CODES["m2m100"]
    tokenizer = transformers.M2M100Tokenizer(
        *files, src_lang="bn", tgt_lang="en", additional_special_tokens=[f"__{code}__" for code in codes]
    )
    kind = python_class(folder, tokenizer, "bn", "en", forced=tokenizer.get_lang_id("en"))
    kind.special = sorted(set(kind.special) | set(tokenizer.lang_token_to_id.values()))
    return kind


def fairseq(root, trainer, name, cls, source, target, after=False, kind="unigram", config=None):
    """NLLB and mBART."""
    folder = root / name
    folder.mkdir()
    model = spm(trainer.train(folder / "sentencepiece.bpe", kind=kind))
    write(folder / "tokenizer_config.json", {"tokenizer_class": cls, **(config or {})})
    module = sys.modules[getattr(transformers, cls).__module__]
    codes = module.FAIRSEQ_LANGUAGE_CODES
    tokenizer = getattr(transformers, cls).from_pretrained(
        folder, src_lang=source, tgt_lang=target, additional_special_tokens=codes, **(config or {})
    )
    # The pieces with their four special tokens, the languages, the mask.
    code, forced = (len(model) + 1 + codes.index(language) for language in [source, target])
    special = {0, 1, 2, 3} | set(range(len(model) + 1, len(model) + 2 + len(codes)))
    return pieces_class(
        folder,
        model,
        lambda i: 3 if i == 0 else i + 1,
        lambda i: i - 1,
        [] if after else [code],
        [2, code] if after else [2],
        special,
        tokenizer,
        source=source,
        target=target,
        forced=forced,
    ), tokenizer


def xlm_roberta(root, trainer):
    folder = root / "xlm-roberta"
    folder.mkdir()
    model = spm(trainer.train(folder / "sentencepiece.bpe"))
    write(folder / "config.json", {"model_type": "xlm-roberta"})
    write(folder / "tokenizer_config.json", {"tokenizer_class": "XLMRobertaTokenizer"})
    tokenizer = transformers.XLMRobertaTokenizerFast.from_pretrained(folder)
    special = {0, 1, 2, 3, len(model) + 1}
    return pieces_class(
        folder, model, lambda i: 3 if i == 0 else i + 1, lambda i: i - 1, [0], [2], special, tokenizer
    ), tokenizer


def pegasus(root, trainer):
    folder = root / "pegasus"
    folder.mkdir()
    model = spm(trainer.train(folder / "spiece", pad_id=0, eos_id=1, unk_id=2, bos_id=-1))
    write(folder / "config.json", {"model_type": "pegasus"})
    write(folder / "tokenizer_config.json", {"tokenizer_class": "PegasusTokenizer"})
    tokenizer = transformers.PegasusTokenizer.from_pretrained(folder)
    special = set(range(106))
    return pieces_class(
        folder, model, lambda i: i + 103, lambda i: i - 103, [], [1], special, tokenizer
    ), tokenizer


def t5(root, trainer, name="t5", prefix=None, **options):
    folder = root / name
    folder.mkdir()
    model = spm(trainer.train(folder / "spiece", pad_id=0, eos_id=1, unk_id=2, bos_id=-1, **options))
    write(folder / "config.json", {"model_type": "t5"})
    write(folder / "tokenizer_config.json", {"tokenizer_class": "T5Tokenizer", "extra_ids": 100})
    tokenizer = transformers.T5Tokenizer.from_pretrained(folder)
    special = {0, 1, 2} | set(range(len(model), len(model) + 100))
    first = model.encode(prefix) if prefix else []
    tags = {model.piece_to_id(tag) for tag in ["<2en>", "<2bn>"]} if prefix else set()
    kind = pieces_class(
        folder,
        model,
        lambda i: 2 if i in tags else i,
        lambda i: i,
        first,
        [1],
        special,
        tokenizer,
        target="en" if prefix else None,
    )
    if prefix:
        kind.other = lambda line: tokenizer(f"{prefix} {line}", verbose=False)["input_ids"]
    return kind, tokenizer


def bart(root, trainer):
    folder = root / "bart"
    folder.mkdir()
    bpe = tokenizers.ByteLevelBPETokenizer()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    bpe.train(
        [str(trainer.text)],
        vocab_size=700 if trainer.miniature else 8000,
        special_tokens=special,
        show_progress=False,
    )
    bpe.save_model(str(folder))
    write(folder / "config.json", {"model_type": "bart"})
    write(folder / "tokenizer_config.json", {"tokenizer_class": "BartTokenizer"})
    tokenizer = transformers.BartTokenizer.from_pretrained(folder)
    return python_class(folder, tokenizer), tokenizer


def saved(root, name, tokenizer, kind, config, prefix=None):
    """A `tokenizer.json` as the reference writes it, and the reference reading it."""
    folder = root / f"{name}-json"
    folder.mkdir()
    tokenizer.backend_tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    write(folder / "config.json", config)
    cls = {"tokenizer_class": type(tokenizer).__name__}
    write(folder / "tokenizer_config.json", cls)
    forced = tokenizer.convert_tokens_to_ids(kind.target) if kind.forced else None
    made = python_class(folder, tokenizer, kind.source, kind.target, forced)
    added = tokenizer.added_tokens_decoder
    made.special = sorted(i for i, token in added.items() if token.special)
    if prefix:
        made.encode = lambda line: tokenizer(f"{prefix} {line}", verbose=False)["input_ids"]
        made.special += [i for i, token in added.items() if token.content.startswith("<2")]
    # A text that spells special tokens has them for these classes, whatever one says.
    names = [added[i].content for i in made.special]
    made.skip = lambda line: any(name in line for name in names)
    return made


class IndicTrans:
    """The tokenizer of ai4bharat/indictrans2-indic-en-dist-200M, restated: tags are looked up whole, then pieces."""

    def __init__(self, folder):
        # The package itself asks for an older transformers.
        package = importlib.util.find_spec("IndicTransToolkit")
        sys.modules["IndicTransToolkit"] = importlib.util.module_from_spec(package)
        from IndicTransToolkit.processor import IndicProcessor
        from indicnlp.normalize import indic_normalize
        from sacremoses import MosesDetokenizer
        import regex

        # The fork writes these with a backslash too many: as in the library it was made from.
        normaliser = indic_normalize.BengaliNormalizer
        normaliser.NUKTA = "\u09bc"
        plain = normaliser.normalize
        pattern = regex.compile("([\u0980-\u09ff]):")

        def normalize(this, text):
            this.visarga_pattern = regex.compile("(?!)")
            return pattern.sub("\\1\u0983", plain(this, text))

        normaliser.normalize = normalize
        self.processor = IndicProcessor(inference=False)
        self.detokenizer = MosesDetokenizer(lang="en")
        self.source = json.loads((folder / "dict.SRC.json").read_text("utf-8"))
        target = json.loads((folder / "dict.TGT.json").read_text("utf-8"))
        self.target = {i: token for token, i in target.items()}
        self.model = spm(folder / "model.SRC")
        self.cleaner = transformers.T5Tokenizer()

    def encode(self, line):
        # The toolkit would write a point between the digits.
        line = re.sub("(?<=\\d)\u00a0(?=\\d)", " ", line)
        text = self.processor.preprocess_batch([line], src_lang="ben_Beng", tgt_lang="eng_Latn")[0]
        source, target, text = (text + "  ").split(" ", 2)
        tokens = [source, target] + self.model.encode(text.strip(), out_type=str) + ["</s>"]
        return [self.source.get(token, self.source["<unk>"]) for token in tokens]

    def decode(self, ids):
        text = "".join(self.target[i] for i in ids if i > 3).replace("▁", " ").strip()
        return self.detokenizer.detokenize(self.cleaner.clean_up_tokenization(text).split(" "))


def indictrans2(root, trainer, english, bengali):
    folder = root / "indictrans2"
    folder.mkdir()
    specials = ["<s>", "<pad>", "</s>", "<unk>"]
    write(folder / "config.json", {"model_type": "IndicTrans"})
    devanagari = lambda text: "".join(chr(ord(c) - 0x80) if 0x980 <= ord(c) < 0x9F0 else c for c in text)
    # Only the dictionary is needed to write.
    for side, sentences in [("SRC", [devanagari(s) for s in bengali]), ("TGT", english)]:
        text = folder / "text.txt"
        text.write_text("\n".join(sentences), encoding="utf-8")
        trainer.train(folder / "m", kind="bpe", text=text, normaliser="nfkc").rename(folder / f"model.{side}")
        text.unlink()
        model = spm(folder / f"model.{side}")
        tags = ["ben_Beng", "eng_Latn", "hin_Deva"] if side == "SRC" else []
        pieces = specials + tags + [model.id_to_piece(i) for i in range(3, len(model)) if i % 31]
        write(folder / f"dict.{side}.json", {piece: i for i, piece in enumerate(pieces)})
    reference = IndicTrans(folder)
    return Kind(folder, reference.encode, reference.decode, {0, 1, 2, 3, 4, 5, 6}, "bn", "en")


def kinds(root, sentences, miniature):
    """Every kind of tokenizer, trained on the sentences."""
    bengali = [s for s in sentences if any("\u0980" <= c <= "\u09ff" for c in s)]
    english = [s for s in sentences if s.isascii()]
    trainer = Trainer(root, sentences, miniature)
    yield marian(root, trainer, "marian")
    yield marian(root, trainer, "marian-separate", separate=True)
    yield marian(root, trainer, "marian-multi", multi=True)
    yield m2m100(root, trainer)
    kind, tokenizer = fairseq(root, trainer, "nllb", "NllbTokenizer", "ben_Beng", "eng_Latn", kind="bpe")
    yield kind
    yield saved(root, "nllb", tokenizer, kind, {"model_type": "m2m_100"})
    yield fairseq(
        root,
        trainer,
        "nllb-legacy",
        "NllbTokenizer",
        "ben_Beng",
        "eng_Latn",
        after=True,
        kind="bpe",
        config={"legacy_behaviour": True},
    )[0]
    kind, tokenizer = fairseq(root, trainer, "mbart50", "MBart50Tokenizer", "bn_IN", "en_XX")
    yield kind
    yield saved(root, "mbart50", tokenizer, kind, {"model_type": "mbart"})
    kind, tokenizer = xlm_roberta(root, trainer)
    yield kind
    yield saved(root, "xlm-roberta", tokenizer, kind, {"model_type": "xlm-roberta"})
    kind, tokenizer = pegasus(root, trainer)
    yield kind
    yield saved(root, "pegasus", tokenizer, kind, {"model_type": "pegasus"})
    kind, tokenizer = t5(root, trainer)
    yield kind
    yield saved(root, "t5", tokenizer, kind, {"model_type": "t5"})
    yield t5(
        root, trainer, "t5-bytes", normaliser="identity", byte_fallback=True, remove_extra_whitespaces=False
    )[0]
    yield t5(
        root,
        trainer,
        "t5-bpe",
        kind="bpe",
        normaliser="identity",
        byte_fallback=True,
        user_defined_symbols=USER_DEFINED[2:],
    )[0]
    yield t5(
        root,
        trainer,
        "t5-symbols",
        user_defined_symbols=USER_DEFINED[2:],
        add_dummy_prefix=False,
        normaliser="nfkc",
    )[0]
    kind, tokenizer = t5(root, trainer, "madlad", prefix="<2en>", user_defined_symbols=USER_DEFINED)
    yield kind
    yield saved(root, "madlad", tokenizer, kind, {"model_type": "t5"}, "<2en>")
    kind, tokenizer = bart(root, trainer)
    yield kind
    yield saved(root, "bart", tokenizer, kind, {"model_type": "bart"})
    yield indictrans2(root, trainer, english, bengali)


def targets(kind, lines):
    """Ids to decode: those of the lines, and any others of a vocabulary."""
    ids = [kind.encode(line) for line in lines]
    known = sorted({i for line in ids for i in line} - set(kind.special))
    chance = random.Random(0)
    if kind.name == "indictrans2":
        # The ids of the other side.
        known = list(range(4, len(json.loads((kind.folder / "dict.TGT.json").read_text("utf-8")))))
        ids = [[chance.choice(known) for _ in line] for line in ids]
    elif kind.name == "marian-separate":
        known = list(json.loads((kind.folder / "target_vocab.json").read_text("utf-8")).values())
        ids = [[chance.choice(known) for _ in line] for line in ids]
    mixed = [
        [chance.choice(known) for _ in range(chance.randrange(12))] for _ in range(max(10, len(lines) // 10))
    ]
    return ids + mixed


def real(argument):
    """A folder of a real model and the class that reads it."""
    folder, cls = argument.rsplit("=", 1)
    tokenizer = getattr(transformers, cls).from_pretrained(folder)
    kind = python_class(Path(folder), tokenizer)
    if cls == "MarianTokenizer":
        kind.encode = as_text(tokenizer, kind.encode)
    return kind


def show(given, theirs, ours):
    """Prints a few of those that differ."""
    different = [i for i, (a, b) in enumerate(zip(theirs, ours)) if a != b]
    for i in different[:3]:
        for name, value in [("given", given[i]), ("theirs", theirs[i]), ("ours", ours[i])]:
            print(f"  {name:6} {str(value)[:120]!r}", file=sys.stderr)


def compare(root, made, lines):
    """Prints the table; whether all is equal."""
    expected = {}
    for kind in made:
        folder = root / kind.name
        if kind.folder != folder:
            folder.mkdir()
            for file in kind.folder.iterdir():
                if file.suffix in {".json", ".spm", ".model"}:
                    (folder / file.name).symlink_to(file.resolve())
        skip = getattr(kind, "skip", lambda line: False)
        wanted = [line for line in lines if not skip(line)]
        decode = targets(kind, wanted)
        check = {"source": kind.source, "target": kind.target, "lines": wanted, "decode": decode}
        write(folder / "check.json", check)
        expected[kind.name] = (
            [kind.encode(line) for line in wanted],
            [kind.decode(ids) for ids in decode],
            wanted,
            decode,
        )
    command = ["cargo", "test", "-q", "--test", "tokenizer", "--", "--ignored", "check_folders"]
    environment = {**os.environ, "ANUBAD_TOKENIZER_DIR": str(root)}
    run = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    if run.returncode:
        sys.exit(run.stdout)
    print(f"| {'tokenizer':16} | lines | ids equal | decodes | equal | MB/s |")
    print(f"|{'-' * 18}|------:|----------:|--------:|------:|-----:|")
    good = True
    for kind in made:
        ours = json.loads((root / kind.name / "ours.json").read_text("utf-8"))
        ids, texts, wanted, decode = expected[kind.name]
        same = [a == b for a, b in zip(ids, ours["ids"], strict=True)]
        texts_same = [a == b for a, b in zip(texts, ours["texts"], strict=True)]
        cells = [f"{kind.name:16}", f"{len(ids):5}", f"{sum(same):9}", f"{len(texts):7}", f"{sum(texts_same):5}"]
        print(f"| {' | '.join(cells)} | {ours['speed'] / 1e6:4.1f} |")
        show(wanted, ids, ours["ids"])
        show(decode, texts, ours["texts"])
        if kind.other:
            other = sum(kind.other(line) == mine for line, mine in zip(wanted, ours["ids"]))
            print(f"|   {'(its class)':14} | {len(ids):5} | {other:9} |         |       |      |")
        good &= all(same) and all(texts_same)
    return good


def fixtures(root, made):
    """Writes the miniatures with what the references make of the odd lines."""
    for kind in made:
        shutil.rmtree(DATA / kind.name, ignore_errors=True)
        shutil.copytree(kind.folder, DATA / kind.name)
        encode = kind.encode
        if hasattr(kind, "skip"):
            # What the class makes of special tokens is not wanted: such lines are left to the other kinds.
            def encode(line):
                return None if kind.skip(line) else kind.encode(line)

        lines = [line for line in ODD if encode(line) is not None]
        decode = targets(kind, lines)
        write(
            DATA / kind.name / "expected.json",
            {
                "source": kind.source,
                "target": kind.target,
                "ids": [encode(line) for line in ODD],
                "decode": decode,
                "texts": [kind.decode(ids) for ids in decode],
                "target_language": kind.forced,
                "special": kind.special,
            },
        )


def main():
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("text", nargs="*", type=Path)
    arguments.add_argument("--lines", type=int, default=5000)
    arguments.add_argument("--model", action="append", default=[], metavar="FOLDER=CLASS")
    arguments.add_argument("--fixtures", action="store_true")
    options = arguments.parse_args()
    random.seed(0)
    with tempfile.TemporaryDirectory() as root:
        root = Path(root)
        (root / "made").mkdir()
        if options.fixtures:
            reference = (ROOT / "tests/data/model/reference.jsonl").read_text("utf-8")
            sentences = []
            for line in reference.splitlines()[:60]:
                pair = json.loads(line)
                sentences += [pair["bengali"], pair["output"]]
            fixtures(root, list(kinds(root / "made", sentences, True)))
            return
        sentences = [
            cell
            for path in options.text
            for line in path.read_text("utf-8").splitlines()
            for cell in line.split("\t")
            if cell
        ]
        random.shuffle(sentences)
        lines = sentences[: options.lines - len(ODD) - 40] + ODD
        # Long ones: paragraphs.
        lines += [" ".join(random.sample(sentences, 60)) for _ in range(40)]
        made = list(kinds(root / "made", sentences, False)) + [real(model) for model in options.model]
        sys.exit(0 if compare(root / "made", made, lines) else 1)


if __name__ == "__main__":
    main()
