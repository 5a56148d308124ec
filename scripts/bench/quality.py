#!/usr/bin/env python3
"""What 8-bit arithmetic costs: translations with int8 beside those with f32.

    cargo build --release
    python scripts/bench/quality.py --model FOLDER|embedded [--src FILE --ref FILE] [--computes f32,int8] [--beam N]

Prints what `anubad eval` says of the translations with each arithmetic: scores, and the paired bootstrap against the
first. Then how alike they are: scores with the first as the reference, and how many sentences are the same. Without
--src and --ref, the sentences are `scripts/data/news.fr.txt` with our own translation, of which 155 are made of few
parts: enough to see damage, too few for a tenth of a BLEU.
"""

import argparse
import statistics
import tempfile
from pathlib import Path

import engines
import models
import process

DATA = engines.ROOT / "scripts/data"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--src", type=Path, default=DATA / "news.fr.txt")
    parser.add_argument("--ref", type=Path, default=DATA / "news.en.txt")
    parser.add_argument("--computes", default="f32,int8", help="the first is what the others are compared with")
    parser.add_argument("--beam", type=int, default=4)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--binary", type=Path, default=engines.ROOT / "target/release/anubad")
    args = parser.parse_args()

    is_embedded = args.model == "embedded"
    model = models.Model("embedded", Path("embedded")) if is_embedded else models.named(args.model)
    sources = args.src.read_text(encoding="utf-8").splitlines()
    setting = engines.Setting(beam=args.beam, threads=args.threads)
    evaluate = [args.binary, "eval", "-m", "bleu", "-m", "chrf++"]
    with tempfile.TemporaryDirectory() as folder:
        texts, files = {}, {}
        for compute in args.computes.split(","):
            engine = engines.Anubad(compute, args.binary, None)
            texts[compute] = engine.translated(model, setting, sources).facts["translations"]
            files[compute] = Path(folder) / f"{compute}.en"
            files[compute].write_text("\n".join(texts[compute]) + "\n", encoding="utf-8")
        print(process.run([*evaluate, "--ref", args.ref, "--hyp", *files.values(), "--test", "bootstrap"]).stdout)
        first, *others = texts
        for compute in others:
            alike = statistics.fmean(a == b for a, b in zip(texts[first], texts[compute], strict=True))
            print(f"{compute} beside {first}: {alike:.1%} of {len(sources)} sentences are the same")
            print(process.run([*evaluate, "--ref", files[first], "--hyp", files[compute], "--test", "none"]).stdout)


if __name__ == "__main__":
    main()
