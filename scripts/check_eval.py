#!/usr/bin/env python3
"""Identity of `anubad eval` with sacreBLEU 2.6.0 and rouge_score 0.1.2: every option of every metric.

    cargo build --release
    pip install sacrebleu==2.6.0 rouge-score==0.1.2 "numpy>=2"
    scripts/check_eval.py [--data DIR] [--cases N] [--metrics bleu,ter] [--test bootstrap] [--test randomization]

Compared are the scores of corpora, of their parts by topic and of single sentences, names, signatures in both forms and
what stands behind a score, on generated odd cases with one, two, and between one and three references a sentence, and
on the outputs in --data (files SET.en for the references and SET.SYSTEM.en, a line a sentence). With --test also
p-values, means and intervals. A table is printed; the exit code is 1 if anything differs by more than 1e-9.

The SentencePiece tokenizers, whose models have to be fetched, and metrics of briefs, which have no peer, are left out.
"""
import argparse
import collections
import itertools
import json
import math
import multiprocessing
import os
import pathlib
import subprocess
import sys
import tempfile

from rouge_score.rouge_scorer import RougeScorer
from sacrebleu.metrics import BLEU, CHRF, TER
from sacrebleu.significance import PairedTest

from odd_cases import odd_cases

ROOT = pathlib.Path(__file__).resolve().parent.parent
TOLERANCE = 1e-9
# Differences that are told one by one.
SHOWN = 20
YES_NO = ("no", "yes")
OPTIONS = {
    "bleu": {
        "tok": ("13a", "intl", "char", "none", "zh"),
        "smooth": ("exp", "none", "floor", "floor[0.01]", "add-k", "add-k[2.5]"),
        "eff": YES_NO, "case": ("mixed", "lc"), "order": ("4", "2"),
    },
    "chrf": {
        "nc": ("6", "3"), "nw": ("0", "2", "1"), "beta": ("2", "1"), "case": ("mixed", "lc"), "space": YES_NO,
        "eps": YES_NO,
    },
    "ter": {"case": ("lc", "mixed"), "norm": YES_NO, "punct": YES_NO, "asian": YES_NO},
    "rouge-1": {"stem": YES_NO}, "rouge-2": {"stem": YES_NO}, "rouge-3": {"stem": YES_NO}, "rouge-l": {"stem": YES_NO},
    "rouge-lsum": {"stem": YES_NO},
}
# The metrics that significance is tested with.
TESTED = ("bleu", "chrf++", "ter")
TestSet = collections.namedtuple("TestSet", "name references systems topics")
SETS = []  # inherited by the processes that score


def specifications(names):
    """Every combination of options, as `-m` takes them."""
    for name, options in OPTIONS.items():
        if name.split("-")[0] in names:
            for values in itertools.product(*options.values()):
                yield name + ":" + ",".join(map("=".join, zip(options, values)))


def parse(specification):
    """Name and options of a specification."""
    name, _, options = specification.partition(":")
    return name, dict(option.split("=", 1) for option in options.split(",") if option)


class SacreBleu:
    """A metric of sacreBLEU; sentences are scored as its `sentence_score` does, with the effective order for BLEU."""

    def __init__(self, name, options):
        flag = lambda key, default="no": options.get(key, default) == "yes"
        if name == "bleu":
            smooth, _, value = options.get("smooth", "exp").partition("[")
            arguments = {
                "lowercase": options.get("case") == "lc", "tokenize": options.get("tok", "13a"), "force": True,
                "smooth_method": smooth, "smooth_value": float(value.rstrip("]")) if value else None,
                "max_ngram_order": int(options.get("order", 4)),
            }
            self.metric = BLEU(effective_order=flag("eff"), **arguments)
            self.of_sentence = BLEU(effective_order=True, **arguments)
        elif name in ("chrf", "chrf++"):
            self.metric = self.of_sentence = CHRF(
                char_order=int(options.get("nc", 6)), word_order=int(options.get("nw", 2 * name.endswith("++"))),
                beta=int(options.get("beta", 2)), lowercase=options.get("case") == "lc", whitespace=flag("space"),
                eps_smoothing=flag("eps"))
        else:
            self.metric = self.of_sentence = TER(
                normalized=flag("norm"), no_punct=not flag("punct", "yes"), asian_support=flag("asian"),
                case_sensitive=options.get("case") == "mixed")

    def rows(self, hypotheses, references):
        return self.metric._extract_corpus_statistics(hypotheses, [list(column) for column in zip(*references)])

    def corpus(self, rows):
        return self.metric._aggregate_and_compute(rows).score

    def sentence(self, row):
        return self.of_sentence._aggregate_and_compute([row]).score

    def texts(self, rows):
        """Name, signatures and what stands behind the score."""
        score, signature = self.metric._aggregate_and_compute(rows), self.metric.get_signature()
        return [score.name, signature.format(), signature.format(short=True), score._verbose or ""]


class Rouge:
    """A metric of rouge_score, in percent; the corpus has the mean, and there is no signature to compare."""

    def __init__(self, name, options):
        self.type = "rouge" + name.removeprefix("rouge-").replace("l", "L", 1)
        self.scorer = RougeScorer([self.type], use_stemmer=options.get("stem") == "yes")

    def rows(self, hypotheses, references):
        present = ([text for text in row if text is not None] for row in references)
        return [100 * self.scorer.score_multi(r, h)[self.type].fmeasure for h, r in zip(hypotheses, present)]

    def corpus(self, rows):
        return sum(rows) / len(rows)

    def sentence(self, row):
        return row

    def texts(self, rows):
        return []


def expected(job):
    """What the peer scores with a specification: of each system the corpus, its parts, its sentences, and texts."""
    number, specification = job
    test_set, (name, options) = SETS[number], parse(specification)
    peer = Rouge(name, options) if name.startswith("rouge") else SacreBleu(name, options)
    systems = {}
    for system, hypotheses in test_set.systems.items():
        rows = peer.rows(hypotheses, test_set.references)
        parts = collections.defaultdict(list)
        for topic, row in zip(test_set.topics, rows):
            parts[topic].append(row)
        scores = {"corpus": peer.corpus(rows)}
        scores |= {f"topic {topic}": peer.corpus(part) for topic, part in parts.items()}
        scores |= {f"sentence {i + 1}": peer.sentence(row) for i, row in enumerate(rows)}
        systems[system] = scores, peer.texts(rows)
    return systems


def found(report, metric):
    """The same of our report, for its metric of a number."""
    about = report["metrics"][metric]
    groups = [part for group in report["groups"] if group["by"] == "topic" for part in group["parts"]]
    systems = {}
    for number, system in enumerate(report["systems"]):
        scores = {"corpus": system["scores"][metric]["value"]}
        scores |= {f"topic {part['label']}": part["scores"][number][metric] for part in groups}
        scores |= {f"sentence {s['number']}": s["outputs"][number]["scores"][metric] for s in report["segments"]}
        texts = [about["name"], about["signature"], about["signature_short"], system["scores"][metric]["details"]]
        systems[system["name"]] = scores, texts
    return systems


def evaluate(binary, test_set, specifications, *flags):
    """Our report."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "set.jsonl")
        with open(path, "w", encoding="utf-8") as file:
            for i, (references, topic) in enumerate(zip(test_set.references, test_set.topics)):
                outputs = {name: hypotheses[i] for name, hypotheses in test_set.systems.items()}
                file.write(json.dumps({"refs": references, "hyps": outputs, "topic": topic}) + "\n")
        metrics = [flag for specification in specifications for flag in ("-m", specification)]
        command = [binary, "eval", "--input", path, *metrics, "--by", "topic", "--format", "json", *flags]
        return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


class Table:
    """Counts what was compared and what differs, by set, metric and option."""

    def __init__(self):
        self.rows = {}
        self.compared = self.differences = 0

    def compare(self, keys, what, ours, theirs):
        """Compares numbers or texts, and adds the result to the rows of all keys."""
        if isinstance(ours, (int, float)) and isinstance(theirs, (int, float)):
            difference = abs(ours - theirs)
            differs = not difference <= TOLERANCE
        else:
            difference, differs = 0.0, ours != theirs
        for key in keys:
            row = self.rows.setdefault(key, [0, 0, 0.0])
            row[0] += 1
            row[1] += differs
            row[2] = max(row[2], difference)
        self.compared += 1
        self.differences += differs
        if differs and self.differences <= SHOWN:
            print(f"{what}: {ours!r}, and the peer {theirs!r}", file=sys.stderr)

    def print(self):
        print(f"{'set':<22} {'metric':<11} {'option':<18} {'compared':>10} {'different':>10} {'greatest':>10}")
        for (test_set, metric, option), (compared, different, greatest) in sorted(self.rows.items()):
            print(f"{test_set:<22} {metric:<11} {option:<18} {compared:>10} {different:>10} {greatest:>10.1e}")
        print(f"{self.compared} comparisons, {self.differences} differences")


def check_options(binary, names, table):
    """Every option of the metrics on every set."""
    chosen = list(specifications(names))
    with multiprocessing.get_context("fork").Pool() as pool:
        for number, test_set in enumerate(SETS):
            report = evaluate(binary, test_set, chosen, "--sentences", "--test", "none", "--no-checks")
            peers = pool.imap(expected, [(number, specification) for specification in chosen])
            for metric, (specification, peer) in enumerate(zip(chosen, peers)):
                name, options = parse(specification)
                keys = [(test_set.name, name, "=".join(option)) for option in options.items()]
                ours = found(report, metric)
                for system, (scores, texts) in peer.items():
                    where = f"{test_set.name}, {specification}, {system}"
                    for what in scores.keys() | ours[system][0].keys():
                        pair = ours[system][0].get(what), scores.get(what)
                        table.compare(keys, f"{where}, {what}", *pair)
                    for pair in zip(ours[system][1], texts):
                        table.compare(keys, where, *pair)


def check_significance(binary, test, samples, seed, table):
    """p-values, means and intervals; the first system is the baseline."""
    os.environ["SACREBLEU_SEED"] = str(seed)
    flags = ["--test", test, "--seed", str(seed), "--no-checks"] + (["--samples", str(samples)] if samples else [])
    for test_set in SETS:
        report = evaluate(binary, test_set, TESTED, *flags)
        metrics = {name: SacreBleu(name, {}).metric for name in TESTED}
        columns = [list(column) for column in zip(*test_set.references)]
        kind = {"bootstrap": "bs", "randomization": "ar"}[test]
        signatures, scores = PairedTest(list(test_set.systems.items()), metrics, columns, kind, samples)()
        for number, name in enumerate(TESTED):
            about = report["metrics"][number]
            keys = [(test_set.name, name, test)]
            signature = signatures[about["name"]]
            table.compare(keys, name, about["signature"], signature.format())
            table.compare(keys, name, about["signature_short"], signature.format(short=True))
            for system, peer in zip(report["systems"], scores[about["name"]]):
                ours = system["scores"][number]
                pairs = [("value", peer.score), ("p_value", peer.p_value), ("mean", peer.mean), ("interval", peer.ci)]
                for key, theirs in pairs:
                    theirs = None if theirs is None else float(theirs)
                    table.compare(keys, f"{test_set.name}, {name}, {system['name']}, {key}", ours[key], theirs)


def generated(cases):
    """Three sets of odd cases with two outputs a sentence; the topics are of uneven size."""
    kinds = [("one reference", 1, False), ("two references", 2, False), ("one to three", 3, True)]
    for name, columns, has_gaps in kinds:
        references, systems = odd_cases(math.ceil(cases / 6), columns, has_gaps)
        yield TestSet(name, references, systems, ["odd" if i % 3 else "other" for i in range(len(references))])


def stored(folder):
    """The test sets of a folder with all their systems."""
    lines = lambda path: path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    for path in sorted(folder.glob("*.en")):
        outputs = sorted(folder.glob(f"{path.stem}.*.en"))
        if outputs:
            references = [[line] for line in lines(path)]
            systems = {other.name.removesuffix(".en").removeprefix(path.stem + "."): lines(other) for other in outputs}
            yield TestSet(path.stem, references, systems, ["odd" if i % 2 else "even" for i in range(len(references))])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=ROOT / "target/release/anubad")
    parser.add_argument("--data", type=pathlib.Path, help="folder of SET.en and SET.SYSTEM.en")
    parser.add_argument("--cases", type=int, default=2000, help="generated outputs (default: 2000)")
    parser.add_argument("--metrics", default="bleu,chrf,ter,rouge", help="by commas (default: all)")
    parser.add_argument("--test", action="append", default=[], choices=["bootstrap", "randomization"])
    parser.add_argument("--samples", type=int, default=0, help="resamples or trials (default: 1000 or 10000)")
    parser.add_argument("--seed", type=int, default=12345)
    arguments = parser.parse_args()
    SETS.extend(generated(arguments.cases))
    if arguments.data:
        SETS.extend(stored(arguments.data))
    table = Table()
    check_options(arguments.binary, arguments.metrics.split(","), table)
    for test in arguments.test:
        check_significance(arguments.binary, test, arguments.samples, arguments.seed, table)
    table.print()
    sys.exit(table.differences > 0)


if __name__ == "__main__":
    main()
