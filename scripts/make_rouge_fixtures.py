#!/usr/bin/env python3
"""Makes tests/data/eval/{rouge,brief}.jsonl and stems.tsv: what rouge_score and nltk make of odd texts, for the tests.

    pip install rouge-score==0.1.2
    scripts/make_rouge_fixtures.py

One function a metric; each yields the lines of its file. The sentences are written for this purpose.
"""
import json
import pathlib
import re

from nltk.stem.porter import PorterStemmer
from rouge_score.rouge_scorer import RougeScorer

ROOT = pathlib.Path(__file__).resolve().parent.parent

# References and outputs for ROUGE.
ROUGE_CASES = [
    (["The river rose overnight and flooded five villages."], "Five villages were flooded when the river rose."),
    (["The river rose."], ""),
    ([""], "The river rose."),
    (["..."], "?!"),
    (["word"], "word"),
    (["rice rice rice rice"], "rice rice"),
    (["rice rice dal"], "dal rice rice rice rice"),
    (["Farmers were harvesting paddy.", "The farmers harvest the paddy early.", "Nobody came."],
     "The farmer harvested paddy earlier."),
    (["", "Schools stay closed."], "Schools stay closed until Sunday."),
    (["Nothing in common."], "Quite other words"),
    (["Prices fell.\nFarmers were relieved.\n\nExports rose by 5.5 percent."],
     "Exports rose 5.5 percent.\nFarmers said prices fell."),
    (["a b c d e\nf g h"], "a c e\nb d\nh g f a"),
    (["one two\r\nthree four\tfive"], "three four\r\nfive two one"),
    (["\n\n"], "\n"),
    (["a b\n"], "a\n\nb\n..."),
    (["Café prices in İzmir are 20 \u212am²."], "cafe prices in izmir are 20 km2"),
    (["ঢাকায় BTRC-র 4G সেবা ২০ দিন বন্ধ।"], "The BTRC's 4g service is closed"),
    (["He didn't say it's over; she's sure."], "he DIDN'T SAY ITS OVER"),
    (["👍 ok\x1c\x85\xa0ok\u2028ok"], "ok ok\tok ok"),
    (["Relational databases generalise; the rational agencies digitised operators' callousness."],
     "Relations and generalizations of agency, digitization, operating callously"),
    (["the cat sat on the mat while the dog sat on the log near the house of the old man in the town " * 4],
     "the old dog and the old cat sat in the house near the town of the man while the log sat on the mat " * 4),
    ([" ".join(str(i % 7 * i % 11) for i in range(150))], " ".join(str(i % 5 * i % 13) for i in range(170))),
    (["\n".join(" ".join(str(i * j % 9) for i in range(j)) for j in range(1, 14))],
     "\n".join(" ".join(str(i * j % 7) for i in range(j)) for j in range(12, 1, -1))),
]
# Sources and briefs, in words without marks inside.
BRIEFS = [
    ("The river rose overnight. Five villages were flooded. Nobody was hurt, officials said.",
     "The river rose overnight. Nobody was hurt."),
    ("The river rose overnight. Five villages were flooded.", "Rain is expected on Friday."),
    ("Rice rice rice prices fell.", "rice rice prices fell in RICE markets"),
    ("Prices fell.", "Prices fell."),
    ("Prices fell.", ""),
    ("", "Prices fell."),
    ("a b c a b d a b c d e f a b c", "a b c d a b c x e f a b"),
    ("one two three four five six seven eight nine ten", "ten nine eight seven six two three four"),
]
STEM_BEGINNINGS = [
    "", "a", "y", "ab", "sk", "fl", "tr", "hop", "fall", "fizz", "control", "gen", "rel", "oper", "sens", "enjoy",
    "happ", "syzyg", "geo", "arche", "2nd", "xy", "abad", "valenc", "digit", "rad", "vil", "adopt",
]
STEM_ENDINGS = [
    "s", "ies", "sses", "ied", "eed", "ed", "ing", "y", "ational", "alli", "alliti", "logi", "logy", "bility", "fully",
    "iveness", "icate", "ical", "ement", "ion", "tion", "izes", "e", "ll", "le", "yed",
]
IRREGULAR = "sky skies dying lying tying news innings inning outings canning howe proceed exceed succeed die dies".split()


def rouge():
    """Precision, recall and F of each case."""
    types = ["rouge1", "rouge2", "rouge4", "rougeL", "rougeLsum"]
    for references, hypothesis in ROUGE_CASES:
        scores = {}
        for stem in (False, True):
            found = RougeScorer(types, use_stemmer=stem).score_multi(references, hypothesis)
            scores |= {f"{name}:stem={'yes' if stem else 'no'}": list(score) for name, score in found.items()}
        yield {"references": references, "hypothesis": hypothesis, "scores": scores}


def brief():
    """Coverage, density, compression and novel n-grams, after figure 3 of Grusky et al. (2018)."""
    for source, summary in BRIEFS:
        a, s = (re.findall(r"\w+", text.lower()) for text in (source, summary))
        lengths = fragments(a, s)
        scores = {
            "coverage": 100 * sum(lengths) / max(len(s), 1),
            "density": sum(length**2 for length in lengths) / max(len(s), 1),
            "compression": len(a) / len(s) if s else 0,
        }
        for n in (1, 2, 3):
            known, grams = ({tuple(w[i : i + n]) for i in range(len(w) - n + 1)} for w in (a, s))
            scores[f"novel-{n}"] = 100 * len(grams - known) / max(len(grams), 1)
        yield {"source": source, "hypothesis": summary, "scores": scores}


def fragments(a, s):
    """Lengths of the extractive fragments of the summary `s` of the article `a`."""
    lengths, i = [], 0
    while i < len(s):
        longest, j = 0, 0
        while j < len(a):
            length = 0
            while i + length < len(s) and j + length < len(a) and s[i + length] == a[j + length]:
                length += 1
            longest = max(longest, length)
            j += max(length, 1)
        if longest:
            lengths.append(longest)
        i += max(longest, 1)
    return lengths


def stems():
    """Words and their stems, joined by a tab."""
    words = IRREGULAR + [beginning + ending for beginning in STEM_BEGINNINGS for ending in STEM_ENDINGS]
    stemmer = PorterStemmer()
    return "".join(f"{word}\t{stemmer.stem(word)}\n" for word in words)


def main():
    folder = ROOT / "tests/data/eval"
    folder.mkdir(exist_ok=True)
    for metric in (rouge, brief):
        with open(folder / f"{metric.__name__}.jsonl", "w") as file:
            for line in metric():
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
    (folder / "stems.tsv").write_text(stems())


if __name__ == "__main__":
    main()
