"""What engines are given: token ids, and sentences. The same in every run.

    python scripts/bench/inputs.py N

prints N sentences.
"""

import random
import sys
from pathlib import Path

SEED = 6
FRENCH = Path(__file__).resolve().parents[1] / "data/news.fr.txt"
# Characters of the English of 5,954 Bengali news sentences of our own, at every twentieth of them: a French sentence
# says about as much in as many.
LENGTHS = [4, 40, 53, 64, 73, 82, 91, 99, 107, 113, 121, 129, 136, 145, 153, 163, 172, 184, 197, 218, 350]
# Clauses that are shorter would be strewn into every gap.
SHORTEST_CLAUSE = 30
DAYS = ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"]
MONTHS = ["janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre"]


def token_sources(config, count, tokens):
    """So many sources of so many tokens, the end included. The first and the last tokens of a vocabulary are special."""
    source = random.Random(SEED)
    words = range(1000, config["vocab_size"] - 1000)
    return [[*source.choices(words, k=tokens - 1), config["eos_token_id"]] for _ in range(count)]


def news(count):
    """So many French sentences that are as long as news, no two alike: a date, and clauses of `news.fr.txt`, one after
    the other, up to lengths that are drawn."""
    source = random.Random(SEED)
    clauses = set()
    for line in FRENCH.read_text(encoding="utf-8").splitlines():
        clause = line.rstrip(".!? ").replace("« ", "").replace(" »", "")
        if ". " not in clause and len(clause) >= SHORTEST_CLAUSE:
            clauses.add(clause[0].lower() + clause[1:])
    clauses = sorted(clauses)
    sentences = {}
    while len(sentences) < count:
        place = source.random() * (len(LENGTHS) - 1)
        below, above = LENGTHS[int(place) : int(place) + 2]
        length = below + place % 1 * (above - below)
        day = f"Le {source.choice(DAYS)} {source.randint(2, 28)} {source.choice(MONTHS)}"
        text = f"{day}, {source.choice(clauses)}"
        while fitting := [clause for clause in clauses if len(f"{text}, et {clause}.") <= length]:
            text = f"{text}, et {source.choice(fitting)}"
        sentences[f"{text}."] = None
    return list(sentences)


if __name__ == "__main__":
    print("\n".join(news(int(sys.argv[1]))))
