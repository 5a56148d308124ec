"""Which pairs are fit for training. Every filter gives the reason why it drops a pair, or None."""

import collections
import re

import texts

#: Collections written sentence by sentence for this project, where numbers may stand in words on one side.
OWN = ("corpus", "sentences", "pairs")
MOST_CHARACTERS = 700
#: Of one Bengali text, at most so many English ones, and the other way round.
MOST_ALIKE = 2

#: Placeholders, mark-up, key names and paths of software.
MARKUP = re.compile(r"""%[-\d.]*[sdiufcx]|%\d|%\(|\$[\w({]|[{}<>\\|]|&\w+;|https?:|www\.|_\w|\w_|\[\w+\]|~|\*\*|``?|^[-#*+>]""")


def is_own(pair):
    return pair.source.split("/")[0] in OWN


def markup(pair):
    if not is_own(pair) and (MARKUP.search(pair.english) or MARKUP.search(pair.bengali)):
        return "markup"


def language(pair):
    """Bengali on one side and English on the other; Latin inside Bengali is common, Bengali inside English is not."""
    bengali, latin = len(texts.BENGALI.findall(pair.bengali)), len(texts.LATIN.findall(pair.bengali))
    if not bengali or latin > bengali or texts.ASSAMESE.search(pair.bengali):
        return "source not Bengali"
    if texts.BENGALI.search(pair.english) or not texts.LATIN.search(pair.english):
        return "target not English"


def length(pair):
    longest, ratio = max(len(pair.bengali), len(pair.english)), len(pair.bengali) / max(1, len(pair.english))
    if longest > MOST_CHARACTERS:
        return "too long"
    if longest > 25 and not 0.5 <= ratio <= 2.0:
        return "odd ratio of lengths"


def copied(pair):
    if texts.key(pair.bengali) == texts.key(pair.english):
        return "not translated"


def same_numbers(pair):
    if not is_own(pair) and texts.numbers(pair.bengali) != texts.numbers(pair.english):
        return "numbers differ"


FILTERS = (markup, language, length, copied, same_numbers)


class Duplicates:
    """Drops pairs seen before, and more than `MOST_ALIKE` with one side the same."""

    def __init__(self):
        self.seen = set()
        self.sides = collections.Counter()

    def __call__(self, pair):
        bengali, english = ("bn", texts.key(pair.bengali)), ("en", texts.key(pair.english))
        if (bengali, english) in self.seen:
            return "duplicate"
        if max(self.sides[bengali], self.sides[english]) >= MOST_ALIKE:
            return "one side too often"
        self.seen.add((bengali, english))
        self.sides.update((bengali, english))


class HeldOut:
    """Drops pairs that share a run of `N` words, or the whole of a shorter text, with a text for evaluation."""

    N = 8

    def __init__(self, evaluation):
        self.ngrams = set().union(*(texts.ngrams(text, self.N) for text in evaluation))

    def __call__(self, pair):
        if any(not texts.ngrams(text, self.N).isdisjoint(self.ngrams) for text in (pair.bengali, pair.english)):
            return "in an evaluation set"
