"""Mutations of bytes, which know nothing of the file's format."""

from __future__ import annotations

import random

from .input_file import Mutation, extreme_integer

HEADERS = (
    b"%PDF-1.7\n",
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff\xe0",
    b"GIF89a",
    b"II*\x00",
    b"MM\x00*",
    b"BM",
    b"P6\n",
    b"P7\n",
    b"RIFF\xff\xff\xff\x7fWEBP",
    b"PK\x03\x04",
)


def flip(rng: random.Random, content: bytes) -> bytes:
    """Overwrite random bytes."""
    changed = bytearray(content)
    for _ in range(rng.choice((1, 4, 32, 256))):
        if changed:
            changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def cut(rng: random.Random, content: bytes) -> bytes:
    """Truncate the file."""
    return content[: rng.randrange(len(content) + 1)]


def repeat(rng: random.Random, content: bytes) -> bytes:
    """Repeat a span once or many times."""
    start, end = _span(rng, content)
    return content[:end] + content[start:end] * rng.choice((1, 1, 50)) + content[end:]


def drop(rng: random.Random, content: bytes) -> bytes:
    """Delete a span."""
    start, end = _span(rng, content)
    return content[:start] + content[end:]


def overstate(rng: random.Random, content: bytes) -> bytes:
    """Write an extreme number into the first bytes, where a picture's header has its size."""
    offset = rng.randrange(max(1, min(len(content), 64)))
    width = rng.choice((2, 4))
    number = extreme_integer(rng, width).to_bytes(width, rng.choice(("big", "little")))
    return content[:offset] + number + content[offset + width :]


def disguise(rng: random.Random, content: bytes) -> bytes:
    """Prepend or overwrite with the header of a random format."""
    header = rng.choice(HEADERS)
    return header + content[rng.choice((0, len(header))) :]


BYTE_MUTATIONS: tuple[Mutation, ...] = (flip, cut, repeat, drop, overstate, disguise)


def _span(rng: random.Random, content: bytes) -> tuple[int, int]:
    start = rng.randrange(len(content) + 1)
    return start, min(len(content), start + rng.choice((1, 16, 256, 4096)))
