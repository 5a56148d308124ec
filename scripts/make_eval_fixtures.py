#!/usr/bin/env python3
"""Makes tests/data/eval/{tokens,bleu,chrf,ter}.jsonl: what sacreBLEU makes of odd texts, literal values for the tests.

    pip install sacrebleu==2.6.0 sentencepiece regex
    scripts/make_eval_fixtures.py

A function for each file, of which it yields the lines. The sentences are written for this purpose.
"""
import json
import os
import pathlib
import shutil
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Passes for the model of FLORES-101, which sacreBLEU looks for in this folder.
SENTENCEPIECE = "tests/data/tokenizer/t5/spiece.model"
os.environ["SACREBLEU"] = tempfile.mkdtemp()
(pathlib.Path(os.environ["SACREBLEU"]) / "models").mkdir()
shutil.copy(ROOT / SENTENCEPIECE, os.environ["SACREBLEU"] + "/models/sacrebleu_tokenizer_spm.model")

from sacrebleu.metrics import BLEU, CHRF, TER  # noqa: E402  (reads the folder above when it is imported)

# Texts that tokenizers may stumble over.
ODD = [
    "", " ", "\t\r\n", "word", "word word word word word", "...", "?!?", ".", ",", "-", "1", "১",
    "The river rose by 1,250.50 metres in 2010.", "In 2010.", "It ended in 2010. ", ".5 and 5. and 5", "1..2 1...2 1....2",
    "a.b a..b a...b a.1 1.a", "1,000,000.00,1", "3-4 3--4 a-b -5 5- 5-a", "10-point 2010-11-25 03:45:10.5",
    "He said: \"no\", didn't he?", "(so-called) [sic] {x} <y> a/b\\c", "50% of $3.50 & €2,5 is £1.2^2 = ~1_0 `x` |y|",
    "&quot;yes&quot; &amp;lt;b&amp;gt; &lt;i&gt; &apos; &amp;amp;quot;", "<skipped>before <skip<skipped>ped> after",
    "trans-\nlation of one\nline- \nand 5-\n6", "a\r\nb\tc\vd\fe", "a\x1cb\x1dc\x1ed\x1ff", "a\x85b\xa0c\u1680d\u2003e\u2028f\u3000g",
    "zero\u200bwidth\u200cnon\u200djoiner\ufeffmark", "\x00control\x07s\x7f.", "a.\x1f5,\x1f",
    "বন্যায় ১,২৫০ পরিবার পানিবন্দি।", "দাম ৫.৫ লাখ টাকা, ৳৩০০ নয়।", "তিনি বলেন, “যাব না”—কিন্তু গেলেন॥", "ক্\u200dষুদ্র র‍্যাব ড়\u09df ঢ\u09bc য়",
    "উহারা ২০১০-এ আসিয়াছিল; নাই।", "ঢাকা (রাজধানী) BTRC-র ৪G সেবা।",
    "٣٫٥ مليون، نعم؟ لا.", "Да, «нет» — 5€… №3", "他在2010年买了3.5kg米。", "「はい」、そうです。100%", "한국어 문장입니다.", "第1,000.5号…",
    "Ｆｕｌｌ　ｗｉｄｔｈ．１２", "\U00020000\U0002a6d6 rare", "→ “quoted” – dash", "👍🏽 👨‍👩‍👧 ok.", "x²+½=Ⅳ ⑤.⑥", "naïve café cafe\u0301",
    "İSTANBUL ΟΔΟΣ Straße ǅ", "1" * 60 + "." + "2" * 60, ("long " * 40).strip(), "." * 33, "1" + "." * 32 + "1",
]

# A small corpus: references, one file a column, and outputs with their faults.
REFERENCES = [
    ["The river rose by 1,250 metres overnight.", "Overnight the river rose 1,250 metres.", None],
    ["Nine people were not hurt in the fire.", None, "Nobody was hurt in the fire."],
    ["The minister said that prices would fall to 5.5 lakh taka.", "Prices will fall, the minister said.", ""],
    ["Schools in Sylhet stay closed.", "Schools stay closed in Sylhet until Sunday.", "Sylhet's schools are shut."],
    ["\"We will not leave,\" she said.", "She said: &quot;We will not leave.&quot;", None],
    ["", None, "Nothing."],
    ["তিনি ঢাকায় যাননি।", "উনি ঢাকা যান নাই।", None],
    ["Yes.", "Yes!", "Yes"],
]
OUTPUTS = {
    "good": [
        "The river rose 1,250 metres overnight.", "Nine people were not hurt in the fire.",
        "The minister said prices would fall to 5.5 lakh taka.", "Schools in Sylhet remain closed.",
        "\"We will not leave\", she said.", "", "তিনি ঢাকা যাননি।", "Yes.",
    ],
    "poor": [
        "river river river river river rise 1250 metre", "People burnt.", "minister price price 5.5", "SCHOOLS IN SYLHET STAY CLOSED.",
        "She left.", "Something was said here that no reference has.", "তিনি", "yes",
    ],
    "empty": [""] * 8,
    "strange": ["\U0001f600"] * 4 + ["...", "\x1f", "।", "Yes. Yes. Yes. Yes. Yes."],
}


TOKENIZERS = ["13a", "intl", "char", "none", "zh", "flores101"]


def tokens():
    """Tokens of odd texts."""
    instances = {name: BLEU(tokenize=name).tokenizer for name in TOKENIZERS}
    for text in ODD:
        yield {"text": text, "tokens": {name: " ".join(instances[name](text).split()) for name in TOKENIZERS}}


def bleu():
    """Scores of corpora and their sentences, with every option."""
    smoothings = [("exp", None), ("none", None), ("floor", None), ("floor", 0.01), ("add-k", None), ("add-k", 2.5)]
    options = [{"tokenize": name} for name in TOKENIZERS]
    options += [
        {"smooth_method": method, "smooth_value": value, "effective_order": effective}
        for method, value in smoothings for effective in (False, True)
    ]
    options += [{"max_ngram_order": order, "smooth_method": "exp"} for order in (1, 2, 6)]
    options += [{"lowercase": True, "tokenize": "intl"}, {"lowercase": True, "smooth_method": "add-k"}]
    corpora = list(corpus_lines())
    yield from corpora
    for number, option in enumerate(options):
        for corpus in corpora[number % 3 :: 3]:
            yield bleu_case(option, corpus)


def corpus_lines():
    """Outputs of each system beside one, two and three references."""
    for columns in ([0], [0, 1], [2, 0, 1]):
        for system, hypotheses in OUTPUTS.items():
            yield {
                "corpus": f"{system}-{len(columns)}",
                "hypotheses": hypotheses,
                "references": [[row[column] for column in columns] for row in REFERENCES],
            }


def bleu_case(option, corpus):
    """Scores of a corpus and of each of its sentences."""
    hypotheses, references = corpus["hypotheses"], corpus["references"]
    metric = BLEU(**option)
    score = metric.corpus_score(hypotheses, [list(column) for column in zip(*references)])
    signature = metric.get_signature()
    sentence = BLEU(**{**option, "effective_order": True})
    present = [[text for text in row if text is not None] for row in references]
    return {
        "metric": bleu_specification(option),
        "of": corpus["corpus"],
        "score": score.score,
        "details": score._verbose,
        "sentences": [sentence.sentence_score(h, r).score for h, r in zip(hypotheses, present)],
        "signature": [signature.format(), signature.format(short=True)],
    }


def bleu_specification(option):
    """The same options as `anubad eval` takes them."""
    items = []
    for key, value in option.items():
        match key:
            case "tokenize":
                items += [f"tok={value}"] + [f"model={SENTENCEPIECE}"] * (value == "flores101")
            case "smooth_method":
                number = option.get("smooth_value")
                items.append(f"smooth={value}" + (f"[{number}]" if number is not None else ""))
            case "effective_order":
                items.append("eff=" + ("yes" if value else "no"))
            case "max_ngram_order":
                items.append(f"order={value}")
            case "lowercase":
                items.append("case=" + ("lc" if value else "mixed"))
    return "bleu:" + ",".join(items)


def chrf():
    """Scores of corpora and their sentences, with every option."""
    flags = [
        {"lowercase": lowercase, "whitespace": whitespace, "eps_smoothing": eps, "word_order": order}
        for lowercase in (False, True) for whitespace in (False, True) for eps in (False, True) for order in (0, 2)
    ]
    orders = [
        {"char_order": 1}, {"char_order": 3, "beta": 1}, {"char_order": 8, "word_order": 1}, {"char_order": 0, "word_order": 1},
        {"char_order": 0, "word_order": 2, "eps_smoothing": True}, {"beta": 0}, {"beta": 3, "word_order": 4},
        {"beta": 1, "eps_smoothing": True},
    ]
    corpora = [*corpus_lines(), *disturbed_corpora()]
    yield from corpora
    for number, option in enumerate(flags + orders):
        for corpus in corpora[number % 3 :: 3]:
            yield score_case(CHRF(**option), chrf_specification(option), corpus)


def ter():
    """Scores of corpora and their sentences, with every option."""
    names = ["normalized", "no_punct", "asian_support", "case_sensitive"]
    corpora = [*corpus_lines(), *disturbed_corpora(), *shifted_corpora()]
    yield from corpora
    for number in range(16):
        option = {name: bool(number >> bit & 1) for bit, name in enumerate(names)}
        for corpus in corpora[number % 2 :: 2]:
            yield score_case(TER(**option), ter_specification(option), corpus)


def disturbed_corpora():
    """The odd texts, against which three copies are held: one with its words moved, one in capitals, and the others."""
    for name, copies in {
        "moved": [" ".join(words[len(words) // 3 :] + words[: len(words) // 3]) for words in map(str.split, ODD)],
        "capitals": [text.upper() for text in ODD],
        "others": ODD[1:] + ODD[:1],
    }.items():
        yield {"corpus": name, "hypotheses": copies, "references": [[text] for text in ODD]}


def shifted_corpora():
    """Words that stand elsewhere, up to what the search for shifts can reach, and beyond it."""
    few = "the minister did not say on sunday that the bridge over the padma would open".split()
    many = [f"word{number}" for number in range(90)]
    cycle = [f"word{number * number % 7}" for number in range(40)]
    pairs = [
        (few[4:] + few[:4], few),
        (few[8:] + few[3:8] + few[:3], few),
        (few[::-1], few),
        (few + few, few),
        (few, few + few + few),
        (many[9:40] + many[:9], many[:40]),
        (many[12:40] + many[:12], many[:40]),
        (many[45:60] + many[:45], many[:60]),
        (many[60:70] + many[:60], many[:70]),
        (many[20:], many[:70]),
        (many[70:72], many),
        (many, many[70:72]),
        (many[3:4], many),
        (cycle, cycle[17:] + cycle[:17]),
        (cycle[::-1], cycle),
        (cycle[::2], cycle[1::2]),
        ([], few),
        (few, []),
    ]
    yield {
        "corpus": "shifted",
        "hypotheses": [" ".join(hypothesis) for hypothesis, _ in pairs],
        "references": [[" ".join(reference)] for _, reference in pairs],
    }


def score_case(metric, specification, corpus):
    """Scores of a corpus and of each of its sentences."""
    hypotheses, references = corpus["hypotheses"], corpus["references"]
    score = metric.corpus_score(hypotheses, [list(column) for column in zip(*references)])
    signature = metric.get_signature()
    present = [[text for text in row if text is not None] for row in references]
    return {
        "metric": specification,
        "of": corpus["corpus"],
        "score": score.score,
        "details": score._verbose,
        "sentences": [metric.sentence_score(h, r).score for h, r in zip(hypotheses, present)],
        "signature": [signature.format(), signature.format(short=True)],
    }


def chrf_specification(option):
    """The same options as `anubad eval` takes them."""
    names = {
        "char_order": "nc", "word_order": "nw", "beta": "beta", "lowercase": "case", "whitespace": "space", "eps_smoothing": "eps",
    }
    return "chrf:" + ",".join(f"{names[key]}={in_words(names[key], value)}" for key, value in option.items())


def ter_specification(option):
    """The same options as `anubad eval` takes them."""
    items = {
        "norm": option["normalized"], "punct": not option["no_punct"], "asian": option["asian_support"],
        "case": not option["case_sensitive"],
    }
    return "ter:" + ",".join(f"{key}={in_words(key, value)}" for key, value in items.items())


def in_words(key, value):
    """A value as signatures write it; `case` is whether it is ignored."""
    if isinstance(value, bool):
        return ("lc" if value else "mixed") if key == "case" else ("yes" if value else "no")
    return value


def main():
    folder = ROOT / "tests/data/eval"
    folder.mkdir(exist_ok=True)
    for metric in (tokens, bleu, chrf, ter):
        with open(folder / f"{metric.__name__}.jsonl", "w") as file:
            for line in metric():
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
    shutil.rmtree(os.environ["SACREBLEU"])


if __name__ == "__main__":
    main()
