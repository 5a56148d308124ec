#!/usr/bin/env python3
"""Makes tests/data/model/bergamot-mini: a student as Bergamot and Firefox have them, in small, with random weights.

    pip install numpy sentencepiece==0.2.1
    scripts/make_bergamot_fixtures.py [FOLDER]

The model is written in Marian's binary format and run by the plain NumPy below, written from the papers (Vaswani et al.
2017; Kim et al. 2019 for the SSRU) and the format's description, with dequantised weights in double precision.
`reference.json` holds what comes out: logits after every token, cross-attention, greedy outputs. The tests want the same
from our model.
"""
import copy
import io
import json
import pathlib
import struct
import sys

import numpy as np
import sentencepiece

OUT = pathlib.Path(__file__).resolve().parent.parent / "tests" / "data" / "model"
WIDTH, HEADS, INNER, VOCABULARY = 24, 4, 40, 72
ENCODER_LAYERS = 2
#: The third layer of the decoder has the weights of the first.
DECODER_LAYERS = [1, 2, 1]
START = VOCABULARY
#: Tokens of an output at most.
MOST = 24
INT8, FLOAT32, INTGEMM8 = 0x0101, 0x0404, 0x4101

LINES = [
    "নদীর জল বাড়ল", "নদীর সেতু বন্ধ", "দাম বাড়ল না", "দাম কমল", "সেতু খুলল সোমবার", "জল কমল সোমবার",
    "the river rose", "the bridge is shut", "prices did not rise", "prices fell", "the bridge opened on Monday",
]
TEXTS = ["নদীর জল বাড়ল না", "সোমবার সেতু খুলল", "দাম কমল", "the bridge is shut on Monday", "x দাম"]

CONFIG = f"""\
bert-train-type-embeddings: true
dec-cell: ssru
dec-cell-base-depth: 2
dec-cell-high-depth: 1
dec-depth: {len(DECODER_LAYERS)}
dim-emb: {WIDTH}
dim-rnn: 1024
dim-vocabs:
  - {VOCABULARY}
  - {VOCABULARY}
enc-cell: gru
enc-depth: {ENCODER_LAYERS}
enc-type: bidirectional
input-types:
  []
layer-normalization: false
lemma-dim-emb: 0
output-omit-bias: false
right-left: false
skip: false
tied-embeddings: false
tied-embeddings-all: true
tied-embeddings-src: false
transformer-decoder-autoreg: rnn
transformer-dim-ffn: {INNER}
transformer-ffn-activation: relu
transformer-ffn-depth: 2
transformer-heads: {HEADS}
transformer-no-projection: false
transformer-pool: false
transformer-postprocess: dan
transformer-postprocess-emb: d
transformer-postprocess-top: ""
transformer-preprocess: ""
transformer-tied-layers:
  {DECODER_LAYERS}
transformer-train-position-embeddings: false
type: transformer
ulr: false
version: v1.9.56 2021-04-28 00:28:35 +0100
"""


def vocabulary():
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(LINES), model_writer=model, model_type="unigram", vocab_size=VOCABULARY - 4,
        character_coverage=1.0, eos_id=0, unk_id=1, bos_id=-1, pad_id=-1, hard_vocab_limit=False,
        normalization_rule_name="identity", minloglevel=2,
    )
    return model.getvalue()


class Weights:
    """Random weights by Marian's names: vectors in f32, matrices in 8 bits with what they were multiplied by."""

    def __init__(self, seed):
        self.random = np.random.default_rng(seed)
        self.items = {}
        self.matrices = {}
        self.vectors = {}

    def vector(self, name, width, mean=0.0, spread=0.1):
        values = (mean + spread * self.random.standard_normal(width)).astype(np.float32)
        self.vectors[name] = values.astype(np.float64)
        self.items[name] = (FLOAT32, (1, width), values.tobytes())

    def matrix(self, name, rows, columns, spread, is_table=False):
        """(out, in); in the file the shape of a weight is (in, out), its values stay output after output."""
        values = self.random.standard_normal((rows, columns)) * spread
        multiplier = np.float32(127 / np.abs(values).max())
        integers = np.rint(values * multiplier).clip(-127, 127).astype(np.int8)
        self.matrices[name] = integers.astype(np.float64) / np.float64(multiplier)
        shape = (rows, columns) if is_table else (columns, rows)
        self.items[name] = (INTGEMM8, shape, integers.tobytes() + multiplier.tobytes())
        self.items[f"{name}_QuantMultA"] = (FLOAT32, (1, 1), np.float32(20).tobytes())

    def weight(self, name, rows, columns, has_bias=True):
        self.matrix(name, rows, columns, (1 if "_ffn_" in name else 3) / np.sqrt(columns))
        if has_bias:
            head, _, last = name.rpartition("_W")
            self.vector(f"{head}_b{last}", rows)

    def norm(self, name):
        self.vector(f"{name}_ln_scale", WIDTH, 1.0, 0.3)
        self.vector(f"{name}_ln_bias", WIDTH)

    def attention(self, name):
        for part in "qkvo":
            self.weight(f"{name}_W{part}", WIDTH, WIDTH)
        self.norm(f"{name}_Wo")

    def feed_forward(self, name):
        self.weight(f"{name}_ffn_W1", INNER, WIDTH)
        self.weight(f"{name}_ffn_W2", WIDTH, INNER)
        self.norm(f"{name}_ffn_ffn")

    def write(self, path):
        """Marian's binary format, version 1: all items aligned to 256 bytes."""
        config = CONFIG.encode() + b"\0"
        items = {**dict(sorted(self.items.items())), "special:model.yml": (INT8, (len(config),), config)}
        align = lambda n: -n % 256
        data = {name: values + b"\0" * align(len(values)) for name, (_, _, values) in items.items()}
        out = struct.pack("<2Q", 1, len(items))
        for name, (kind, shape, _) in items.items():
            out += struct.pack("<4Q", len(name) + 1, kind, len(shape), len(data[name]))
        out += b"".join(name.encode() + b"\0" for name in items)
        out += b"".join(struct.pack(f"<{len(shape)}i", *shape) for _, shape, _ in items.values())
        gap = align(len(out) + 8)
        path.write_bytes(out + struct.pack("<Q", gap) + b"\0" * gap + b"".join(data.values()))


def weights():
    made = Weights(169)
    made.matrix("Wemb", VOCABULARY, WIDTH, 0.25, is_table=True)
    made.vector("decoder_ff_logit_out_b", VOCABULARY, 0.0, 0.5)
    for layer in range(1, ENCODER_LAYERS + 1):
        made.attention(f"encoder_l{layer}_self")
        made.feed_forward(f"encoder_l{layer}")
    for layer in sorted(set(DECODER_LAYERS)):
        name = f"decoder_l{layer}"
        made.weight(f"{name}_rnn_W", WIDTH, WIDTH, has_bias=False)
        made.weight(f"{name}_rnn_Wf", WIDTH, WIDTH)
        made.norm(f"{name}_rnn_ffn")
        made.attention(f"{name}_context")
        made.feed_forward(name)
    return made


class Model:
    def __init__(self, made):
        self.m, self.v = made.matrices, made.vectors

    def rounded(self):
        """The same in f32, but for what numpy widens."""
        rounded = copy.copy(self)
        rounded.m = {name: values.astype(np.float32) for name, values in self.m.items()}
        rounded.v = {name: values.astype(np.float32) for name, values in self.v.items()}
        rounded.embed = lambda tokens: self.embed(tokens).astype(np.float32)
        return rounded

    def linear(self, x, name):
        head, _, last = name.rpartition("_W")
        return x @ self.m[name].T + self.v.get(f"{head}_b{last}", 0.0)

    def norm(self, x, name):
        centred = x - x.mean(-1, keepdims=True)
        deviation = np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-6)
        return centred / deviation * self.v[f"{name}_ln_scale"] + self.v[f"{name}_ln_bias"]

    def embed(self, tokens, first=0):
        table = np.vstack([self.m["Wemb"], np.zeros(WIDTH)])  # the start is zeros
        half = WIDTH // 2
        positions = np.arange(first, first + len(tokens))
        angles = np.outer(positions, 10_000.0 ** (-np.arange(half) / (half - 1)))
        return table[tokens] * np.sqrt(WIDTH) + np.hstack([np.sin(angles), np.cos(angles)])

    def attention(self, x, source, name):
        """What comes of x, and how much it looked at the source: the mean of the heads."""
        split = lambda t: t.reshape(len(t), HEADS, -1).transpose(1, 0, 2)
        q, k, v = (split(self.linear(t, f"{name}_W{part}")) for t, part in [(x, "q"), (source, "k"), (source, "v")])
        scores = q @ k.transpose(0, 2, 1) / np.sqrt(WIDTH // HEADS)
        looks = np.exp(scores - scores.max(-1, keepdims=True))
        looks /= looks.sum(-1, keepdims=True)
        joined = (looks @ v).transpose(1, 0, 2).reshape(len(x), WIDTH)
        return self.norm(x + self.linear(joined, f"{name}_Wo"), f"{name}_Wo"), looks.mean(0)

    def feed_forward(self, x, name):
        inner = np.maximum(self.linear(x, f"{name}_ffn_W1"), 0)
        return self.norm(x + self.linear(inner, f"{name}_ffn_W2"), f"{name}_ffn_ffn")

    def ssru(self, x, name):
        gate = 1 / (1 + np.exp(-self.linear(x, f"{name}_rnn_Wf")))
        new = self.linear(x, f"{name}_rnn_W")
        cell, cells = np.zeros(WIDTH), []
        for f, w in zip(gate, new):
            cell = f * cell + (1 - f) * w
            cells.append(cell)
        return self.norm(x + np.maximum(np.array(cells), 0), f"{name}_rnn_ffn")

    def run(self, source, target):
        """Logits after each token of the target, and the cross-attention of the last layer."""
        encoded = self.embed(source)
        for layer in range(1, ENCODER_LAYERS + 1):
            encoded, _ = self.attention(encoded, encoded, f"encoder_l{layer}_self")
            encoded = self.feed_forward(encoded, f"encoder_l{layer}")
        x = self.embed(target)
        for layer in DECODER_LAYERS:
            name = f"decoder_l{layer}"
            x, looks = self.attention(self.ssru(x, name), encoded, f"{name}_context")
            x = self.feed_forward(x, name)
        return x @ self.m["Wemb"].T + self.v["decoder_ff_logit_out_b"], looks

    def greedy(self, source, most, never):
        written = [START]
        while len(written) <= most:
            logits = self.run(source, written)[0][-1]
            logits[never] = -np.inf
            first, second = np.sort(logits)[:-3:-1]
            assert first - second > 1e-3, "too close to call"
            written.append(int(logits.argmax()))
            if written[-1] == 0:
                break
        return written[1:]


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    made = weights()
    made.write(folder / "model.bnen.intgemm.alphas.bin")
    (folder / "vocab.bnen.spm").write_bytes(vocabulary())
    (folder / "config.yml").write_text("beam-size: 1\nnormalize: 1.0\nword-penalty: 0\nmax-length-factor: 2.5\n")
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(folder / "vocab.bnen.spm"))
    never = [pieces.unk_id(), *range(len(pieces), VOCABULARY)]
    model = Model(made)
    cases = []
    random = np.random.default_rng(30)
    for source_length, target_length in [(1, 6), (7, 9), (20, 18)]:
        # Now and then a norm of nearly equal values makes rounding errors a thousand times as large: f32 arithmetic must
        # stay far from the bound that the tests hold it to.
        while True:
            source = random.integers(2, VOCABULARY, source_length).tolist()
            target = [START, *random.integers(2, VOCABULARY, target_length).tolist()]
            logits, looks = model.run(source, target)
            if np.abs(model.rounded().run(source, target)[0] - logits).max() < 1e-5:
                break
        cases.append({"source": source, "target": target, "logits": logits.round(5).tolist(),
                      "attention": looks.round(5).tolist()})
    texts = []
    for text in TEXTS:
        source = pieces.encode(text) + [pieces.eos_id()]
        target = model.greedy(source, MOST, never)
        written = pieces.decode([token for token in target if token])
        texts.append({"text": text, "source": source, "target": target, "written": written})
    reference = json.dumps({"cases": cases, "texts": texts}, ensure_ascii=False, separators=(",", ":"))
    (folder / "reference.json").write_text(reference + "\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]) if sys.argv[1:] else OUT / "bergamot-mini")
