"""Sentences with odd references and odd outputs, for comparisons with reference implementations."""
import random

WORDS = "the a river rose by metres in Sylhet and nobody was hurt said officials schools stay closed until Sunday".split()
ODD = """1,250.50 5.5 10-point U.S. don't (so-called) "quoted" $3.50 50% &quot; &amp;lt; &apos; <skipped> e.g., ... ?! - -- .
    , _ x_y বন্যায় ১,২৫০ পানিবন্দি। “যাব না”— ক্\u200dষ র‍্যাব ড়\u09df \u09a1\u09bc 他在2010年 「はい」。 한국어. نعم؟ «нет» 👍🏽 👨‍👩‍👧
    café cafe\u0301 Straße İL K \u212a ﬁ x²+½ Ⅳ ５ running ties generalization""".split()
MARKS = ".,;:!?-—…।\"'()[]{}/\\&<>~ "
BLANKS = ["", " ", "\t", "\r\n", "\n\n", "\x1c"]
SPACES = [" "] * 12 + ["", "  ", "\t", "\n", "\r\n", "-\n", "\xa0", "\x1c", "\x1f", "\x85", "\u2028", "\u3000", "\u200b"]
SPACES += ["\x00", "\ufeff"]


def odd_text(source):
    """A text that a tokenizer may stumble over."""
    kind = source.random()
    if kind < 0.05:
        return source.choice(BLANKS)
    if kind < 0.12:
        return source.choice(WORDS + ODD)
    if kind < 0.16:
        return " ".join([source.choice(WORDS + ODD)] * source.randint(2, 30))
    if kind < 0.2:
        return "".join(source.choice(MARKS) for _ in range(source.randint(1, 12)))
    length = source.randint(100, 200) if kind > 0.993 else source.randint(2, 25)
    vocabulary = WORDS if kind < 0.5 else WORDS + ODD
    return "".join(source.choice(vocabulary) + source.choice(SPACES) for _ in range(length))


def altered(source, text):
    """A text as a system might have rendered it: words lost, doubled, in another case, exchanged and moved."""
    words = text.split(" ")
    for _ in range(source.randint(0, 5)):
        i, j = source.randrange(len(words)), source.randrange(len(words))
        changes = [[], [words[i]] * 2, [words[i].swapcase()], [source.choice(WORDS + ODD)]]
        change = source.randrange(len(changes) + 1)
        if change < len(changes):
            words[i : i + 1] = changes[change]
        else:
            words[i : i + 3], words[j : j + 3] = words[j : j + 3], words[i : i + 3]
        words = words or [""]
    return " ".join(words)


def odd_cases(sentences, columns, has_gaps, seed=2018):
    """References, so many a sentence (some of them None where there are gaps), and the outputs of two systems."""
    source = random.Random(f"{seed} {columns}")
    references, systems = [], {"first": [], "second": []}
    for _ in range(sentences):
        row = [odd_text(source)]
        row += [odd_text(source) if source.random() < 0.3 else altered(source, row[0]) for _ in range(columns - 1)]
        for outputs in systems.values():
            outputs.append(odd_text(source) if source.random() < 0.2 else altered(source, source.choice(row)))
        kept = source.randrange(columns)
        is_kept = [i == kept or not has_gaps or source.random() < 0.6 for i in range(columns)]
        references.append([text if keep else None for text, keep in zip(row, is_kept)])
    return references, systems
