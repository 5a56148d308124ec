"""Glosses of Bengali sentences, by the program itself: `anubad lexicon gloss --json`."""

import json
import subprocess
import unicodedata


def glosses(program, sentences):
    """For every sentence its gloss and `words`: where in the gloss a listed word stands, in characters, and how it
    would have been spelt were it not listed."""
    run = subprocess.run(
        [program, "lexicon", "gloss", "--json"],
        input="".join(f"{sentence}\n" for sentence in sentences),
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    for line, sentence in zip(run.stdout.splitlines(), sentences, strict=True):
        glossed = json.loads(line)
        assert glossed["text"] == sentence, f"the program read {glossed['text']!r} for {sentence!r}"
        yield {"gloss": glossed["gloss"], "words": _spans(glossed)}


def _spans(glossed):
    spans, end = [], 0
    for word in glossed["words"]:
        start = glossed["gloss"].index(word["gloss"], end)
        end = start + len(word["gloss"])
        if word["reading"] == "listed":
            spans.append((start, end, "~" + word["spelling"]))
    return spans


def prompt(bengali, gloss):
    """What the language model reads: `prompts/translate.j2`."""
    return f"Bengali: {unicodedata.normalize('NFC', bengali)}\nGloss: {gloss}\nEnglish:"


def brief_prompt(title, paragraphs):
    """What it reads for a brief: `prompts/brief.j2`."""
    return "\n".join((f"Article: {title}", *paragraphs, "Brief:"))
