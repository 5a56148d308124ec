"""A shortlist of random tokens, in Marian's binary format, to decode random sources with: each source token brings as many,
so that a sentence has about as many to choose from as is asked for, and every sentence others."""

import random
import struct
from array import array

MAGIC = 0xF11A48D5013417F5
MASK = (1 << 64) - 1
SEED = 6


def write(path, vocabulary, source_tokens, words):
    """Writes one with about so many words for a source of so many tokens."""
    source = random.Random(SEED)
    best = max(1, words // source_tokens)
    # Neighbours from places that are drawn: rising, and quicker to draw than one by one.
    starts = (source.randrange(vocabulary - best) for _ in range(vocabulary))
    tokens = array("I", (start + i for start in starts for i in range(best)))
    offsets = array("Q", range(0, len(tokens) + 1, best))
    body = struct.pack("<4Q", 0, best, len(offsets), len(tokens)) + offsets.tobytes() + tokens.tobytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(struct.pack("<2Q", MAGIC, checksum(body)) + body)


def checksum(body):
    """Marian's: 64-bit words combined as Boost's `hash_combine` does."""
    value = 0
    for (word,) in struct.iter_unpack("<Q", body[: len(body) // 8 * 8]):
        value ^= (word + 0x9E3779B9 + (value << 6) + (value >> 2)) & MASK
    return value
