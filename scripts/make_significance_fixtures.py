#!/usr/bin/env python3
"""Makes tests/data/eval/significance.jsonl: what sacreBLEU finds significant, literal values for the tests.

    pip install sacrebleu==2.6.0 "numpy>=2"
    scripts/make_significance_fixtures.py

A metric a line. The sentences are written for this purpose.
"""
import json
import pathlib
import random

import numpy
from sacrebleu.metrics import BLEU, CHRF, TER
from sacrebleu.significance import PairedTest

ROOT = pathlib.Path(__file__).resolve().parent.parent

NEWS = """
The river rose by three metres overnight and flooded two hundred houses in Sunamganj .
Nobody was hurt when the ferry ran aground near Chandpur on Monday morning .
The minister said that the price of rice would not fall before the harvest .
Schools in four districts of the north stay closed until Sunday .
Farmers ask for loans without interest , because the second flood took their seed .
The court sent both of the accused to jail for seven years .
A bridge that was begun in 2011 is still without its last two spans .
Doctors at the medical college treated sixty patients with dengue fever last week .
The opposition called the budget a dream , and the chambers of commerce a relief .
Exports of garments grew by 5.5 per cent in the first quarter .
Fishermen may not cast their nets for twenty-two days , so that the hilsa can spawn .
The national side lost by nine runs in the last over .
Police found no weapon in the house and let the two brothers go .
The train from Khulna was four hours late on account of fog .
A court in Dhaka refused bail to the former chairman of the bank .
Traders say that onions are dearer than they were at Eid .
The new line carries eighty thousand passengers a day , half of what was planned .
Volunteers planted ten thousand palms along the road against lightning .
The committee will report within thirty days .
No one has claimed the body that was washed ashore at Patenga .
""".strip().splitlines()


def garble(sentence, faults, rng):
    """Words of a sentence, of which some are lost, doubled or exchanged with the next."""
    words = sentence.split()
    for _ in range(faults):
        at = rng.randrange(len(words) - 1)
        words[at:at + 2] = rng.choice([words[at:at + 1], [words[at]] * 2, words[at:at + 2][::-1]])
        if len(words) < 2:
            break
    return " ".join(words)


def significance():
    """Statistics of three systems by sentence, and what sacreBLEU makes of them: a metric a line."""
    rng = random.Random(7)
    references = [NEWS, [garble(s, 1, rng) for s in NEWS], [garble(s, 2, rng) for s in NEWS]]
    # The second is little better than the first, the third worse.
    systems = [(name, [garble(s, rng.randint(*faults), rng) for s in NEWS])
               for name, faults in [("first", (2, 5)), ("second", (1, 5)), ("third", (3, 7))]]
    # Mean lengths of three references are thirds.
    for metric in [BLEU(references=references), CHRF(word_order=2, references=references), TER(references=references)]:
        def test(**options):
            signatures, results = PairedTest(systems, {"metric": metric}, None, **options)()
            del results["System"]
            (name, rows), = results.items()
            number = lambda value: None if value is None else float(value)
            outcomes = [{key: number(getattr(row, key)) for key in ["score", "mean", "ci", "p_value"]} for row in rows]
            return {"signature": signatures[name].format(), "outcomes": outcomes}

        # A metric that has scored with confidence keeps that in its signature, so this comes last.
        line = {
            "statistics": [metric._extract_corpus_statistics(outputs, None) for _, outputs in systems],
            "bootstrap": test(test_type="bs", n_samples=1_000),
            "randomization": test(test_type="ar", n_samples=2_000),
            "randomization_with_intervals": test(test_type="ar", n_samples=500, n_ar_confidence=130),
        }
        last = metric.corpus_score(systems[-1][1], None, n_bootstrap=300)
        signature = metric.get_signature().format()
        confidence = {"signature": signature, "mean": float(last._mean), "ci": float(last._ci)}
        yield {"metric": last.name, **line, "confidence": confidence}


def main():
    assert numpy.__version__ >= "2", "numpy 1 computes scores of resamples in another precision"
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in significance())
    (ROOT / "tests/data/eval/significance.jsonl").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
