"""Where sentence pairs come from: every source as an iterator of `Pair`, in a fixed order."""

import csv
import dataclasses
import io
import json
import pathlib

import zstandard

OWN = pathlib.Path(__file__).parent / "pairs"


@dataclasses.dataclass(frozen=True)
class Pair:
    bengali: str
    english: str
    #: Name of the source, by which a recipe weighs it: a collection, or one of its files as `sentences/wire`.
    source: str


@dataclasses.dataclass(frozen=True)
class Article:
    """An English article and its brief, for the second task of the language model."""

    title: str
    paragraphs: tuple[str, ...]
    brief: str


def _json_lines(paths):
    for path in paths:
        with open(path, encoding="utf-8") as lines:
            yield from map(json.loads, lines)


def _columns(path):
    """Rows of a TSV without quoting, compressed or not."""
    with open(path, "rb") as file:
        stream = zstandard.ZstdDecompressor().stream_reader(file) if path.suffix == ".zst" else file
        yield from csv.reader(io.TextIOWrapper(stream, encoding="utf-8", newline=""), delimiter="\t", quoting=csv.QUOTE_NONE)


def article_pairs(articles, source):
    """Sentences of articles, and their headlines."""
    for article in articles:
        yield Pair(article["title_bn"], article["title_en"], source)
        for paragraph in article["paragraphs"]:
            yield from (Pair(*sides, source) for sides in zip(paragraph["bn"], paragraph["en"], strict=True))


def held_aside():
    """The project's articles that no model is trained on: `pairs/held-aside.jsonl`."""
    return list(_json_lines([OWN / "held-aside.jsonl"]))


def corpus(data):
    """The project's other articles: `corpus/*.jsonl`."""
    return list(_json_lines(sorted((data / "corpus").glob("*.jsonl")))) if data else []


def articles(data):
    for article in corpus(data):
        yield Article(article["title_en"], tuple(" ".join(p["en"]) for p in article["paragraphs"]), article["brief_en"])


def _folder(path):
    """Every TSV of a folder, as a source of its own."""
    for file in sorted(path.glob("*.tsv")):
        yield from (Pair(bengali, english, f"{path.name}/{file.stem}") for bengali, english in _columns(file))


def pairs(data):
    """All training pairs: our articles and sentences, then those from elsewhere if the folder `data` is there."""
    yield from _folder(OWN)
    if data:
        yield from article_pairs(corpus(data), "corpus")
        yield from _folder(data / "sentences")
        for name in ("pairs.tsv.zst", "names.tsv.zst"):
            yield from (Pair(*row) for row in _columns(data / "train" / name))
