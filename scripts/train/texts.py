"""Bengali and English lines made comparable: what two texts must share to count as the same one."""

import re
import unicodedata

BENGALI = re.compile("[\u0980-\u09ff]")
LATIN = re.compile("[A-Za-z\u00c0-\u024f]")
#: Letters of Assamese that Bengali does not have.
ASSAMESE = re.compile("[\u09f0\u09f1]")
#: Joiners, and the dot below of ড় ঢ় য়, which is often forgotten.
IGNORED = re.compile("[\u200b-\u200d\ufeff\u09bc]")
DIGITS = {ord("০") + value: str(value) for value in range(10)}
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def clean(text):
    """One line in NFC without control characters, single spaces."""
    text = unicodedata.normalize("NFC", text)
    text = "".join(" " if unicodedata.category(char) in ("Cc", "Zl", "Zp") else char for char in text)
    return " ".join(text.split())


def words(text):
    """Words in lower case without punctuation, joiners or dots below, numbers in ASCII digits."""
    text = unicodedata.normalize("NFC", text).translate(DIGITS).casefold()
    return re.findall(r"(?:[^\W_]|[\u0980-\u09ff])+", IGNORED.sub("", text))


def key(text):
    """Equal for texts that differ in case, spacing, punctuation or the encoding of a letter only."""
    return "".join(words(text))


def ngrams(text, n):
    """Every run of `n` words, or the whole of a shorter text."""
    found = words(text)
    return {tuple(found[start : start + n]) for start in range(max(1, len(found) - n + 1))}


def numbers(text):
    """Numbers written in digits, sorted, in ASCII and without separators of thousands."""
    return sorted(found.replace(",", "") for found in NUMBER.findall(text.translate(DIGITS)))
