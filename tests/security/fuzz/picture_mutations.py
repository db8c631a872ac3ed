"""Mutations of the parts of picture files: chunks, segments, blocks and directory entries, in files otherwise whole."""

from __future__ import annotations

import random
import re
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence

from .byte_mutations import cut, drop, flip, overstate, repeat
from .input_file import EXTREME_NUMBERS, Mutation, extreme_integer

Part = tuple[bytes, bytes]
"""A part's tag and its content."""

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
PNG_EXTRAS: tuple[Part, ...] = (
    (b"acTL", struct.pack(">II", 2**31 - 1, 0)),
    (b"acTL", struct.pack(">II", 10_000, 0)),
    (b"fcTL", struct.pack(">IIIIIHHBB", 0, 64, 64, 0, 0, 1, 100, 0, 0)),
    (b"iCCP", b"x\0\0" + zlib.compress(bytes(20_000_000))),
    (b"zTXt", b"x\0\0" + zlib.compress(bytes(20_000_000))),
    (b"iTXt", b"x\0\1\0\0\0" + zlib.compress(bytes(20_000_000))),
    (b"eXIf", b"MM\0*\0\0\0\x08\xff\xff"),
    (b"pHYs", struct.pack(">IIB", 0, 2**32 - 1, 1)),
    (b"tRNS", b"\0"),
    (b"PLTE", b""),
)
JPEG_EXTRAS: tuple[Part, ...] = (
    (b"\xff\xe1", b"Exif\0\0MM\0*\0\0\0\x08\0\1\x01\x12\0\3\xff\xff\xff\xff\0\x06\0\0\0\0\0\x08"),
    (b"\xff\xe2", b"MPF\0MM\0*\0\0\0\x08\0\2\xb0\1\0\4\0\0\0\1\xff\xff\xff\xff\xb0\2\0\7\0\0\0\x20\0\0\0\0"),
    (b"\xff\xdd", b"\0\1"),
    (b"\xff\xdb", b"\0" + b"\0" * 64),
    (b"\xff\xee", b"Adobe\0d\0\0\0\0\2"),
)


def _mutate_parts(rng: random.Random, parts: list[Part], extras: Sequence[Part]) -> None:
    """Break the list of parts: one is changed, repeated, removed, moved or added."""
    index = rng.randrange(len(parts))
    tag, body = parts[index]
    match rng.choice(("change", "change", "change", "repeat", "remove", "move", "retag", "add")):
        case "change":
            parts[index] = (tag, rng.choice((flip, cut, drop, repeat, overstate))(rng, body))
        case "repeat":
            parts[index:index] = [parts[index]] * rng.choice((1, 2, 300))
        case "remove":
            del parts[index]
        case "move":
            parts.insert(rng.randrange(len(parts)), parts.pop(index))
        case "retag":
            parts[index] = (rng.choice(parts)[0], body)
        case _:
            parts.insert(index, rng.choice(list(extras) or parts))


def _with_parts(
    split: Callable[[bytes], list[Part]], join: Callable[[list[Part]], bytes], extras: Sequence[Part] = ()
) -> Mutation:
    def break_parts(rng: random.Random, content: bytes) -> bytes:
        parts = split(content)
        for _ in range(rng.randint(1, 3)):
            if parts:
                _mutate_parts(rng, parts, extras)
        return join(parts)

    return break_parts


def split_png(content: bytes) -> list[Part]:
    parts, offset = [], len(PNG_SIGNATURE)
    while offset + 12 <= len(content):
        size = int.from_bytes(content[offset : offset + 4], "big")
        parts.append((content[offset + 4 : offset + 8], content[offset + 8 : offset + 8 + size]))
        offset += 12 + size
    return parts


def join_png(parts: list[Part]) -> bytes:
    """Write chunks with their lengths and checksums."""
    chunks = (
        struct.pack(">I", len(body)) + tag + body + struct.pack(">I", zlib.crc32(tag + body)) for tag, body in parts
    )
    return PNG_SIGNATURE + b"".join(chunks)


def split_webp(content: bytes) -> list[Part]:
    parts, offset = [], 12
    while offset + 8 <= len(content):
        size = int.from_bytes(content[offset + 4 : offset + 8], "little")
        parts.append((content[offset : offset + 4], content[offset + 8 : offset + 8 + size]))
        offset += 8 + size + size % 2
    return parts


def join_webp(parts: list[Part]) -> bytes:
    chunks = b"".join(tag + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2) for tag, body in parts)
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WEBP" + chunks


def split_jpeg(content: bytes) -> list[Part]:
    """The segments; the last one holds the compressed picture and everything behind it."""
    parts, offset = [], 2
    while content[offset + 1] != 0xDA:
        size = int.from_bytes(content[offset + 2 : offset + 4], "big")
        parts.append((content[offset : offset + 2], content[offset + 4 : offset + 2 + size]))
        offset += 2 + size
    return [*parts, (b"", content[offset:])]


def join_jpeg(parts: list[Part]) -> bytes:
    segments = (tag + struct.pack(">H", (len(body) + 2) % 65536) + body if tag else body for tag, body in parts)
    return b"\xff\xd8" + b"".join(segments)


def split_gif(content: bytes) -> list[Part]:
    """The header with the palette, then one part for each extension and frame."""
    end = 13 + (3 << (content[10] & 7) + 1 if content[10] & 0x80 else 0)
    parts = [(b"", content[:end])]
    while content[end] != 0x3B:
        start = end
        if content[end] == 0x21:
            end += 2
        else:
            end += 10 + (3 << (content[end + 9] & 7) + 1 if content[end + 9] & 0x80 else 0) + 1
        while content[end]:
            end += 1 + content[end]
        end += 1
        parts.append((b"", content[start:end]))
    return parts


def join_gif(parts: list[Part]) -> bytes:
    return b"".join(body for _, body in parts) + b";"


def break_tiff_entry(rng: random.Random, content: bytes) -> bytes:
    """Change the tag, type, count or value of entries of a directory, or the offset of the next directory."""
    order = "<" if content[:2] == b"II" else ">"
    changed = bytearray(content)
    directories = list(_tiff_directories(content, order))
    for _ in range(rng.choice((1, 1, 3))):
        start, count = rng.choice(directories)
        entry = start + 2 + 12 * rng.randrange(count + 1)
        if entry == start + 2 + 12 * count:  # behind the entries: the offset of the next directory
            struct.pack_into(order + "I", changed, entry, rng.choice((start, 8, len(content) - 4, 2**32 - 1)))
            continue
        field, kind = rng.choice(((0, "H"), (2, "H"), (4, "I"), (8, "I"), (8, "H")))
        struct.pack_into(order + kind, changed, entry + field, extreme_integer(rng, struct.calcsize(kind)))
    return bytes(changed)


def chain_tiff_directories(rng: random.Random, content: bytes) -> bytes:
    """Append copies of the first directory, each linked to the next: thousands of frames in a short file."""
    order = "<" if content[:2] == b"II" else ">"
    start, count = next(_tiff_directories(content, order))
    directory = content[start : start + 2 + 12 * count]
    chained = bytearray(content)
    struct.pack_into(order + "I", chained, start + 2 + 12 * count, len(content))
    copies = rng.choice((3, 100, 5000))
    for copy in range(copies):
        following = 0 if copy + 1 == copies else len(chained) + len(directory) + 4
        chained += directory + struct.pack(order + "I", following)
    return bytes(chained)


def _tiff_directories(content: bytes, order: str) -> Iterator[tuple[int, int]]:
    """The offset and the number of entries of each directory."""
    (start,) = struct.unpack_from(order + "I", content, 4)
    while start:
        (count,) = struct.unpack_from(order + "H", content, start)
        yield start, count
        (start,) = struct.unpack_from(order + "I", content, start + 2 + 12 * count)


def inflate_pnm_header(rng: random.Random, content: bytes) -> bytes:
    """Replace a number in the header of a PNM picture."""
    match = rng.choice(list(re.finditer(rb"\d+", content[2:40])))
    number = b"%d" % rng.choice(EXTREME_NUMBERS)
    return content[: 2 + match.start()] + number + content[2 + match.end() :]


def rename_pnm(rng: random.Random, content: bytes) -> bytes:
    """Claim another kind of PNM: plain or raw, bits, grey or colour."""
    return b"P%d" % rng.randint(0, 9) + content[2:]


PICTURE_MUTATIONS: Mapping[str, Sequence[Mutation]] = {
    "png": (_with_parts(split_png, join_png, PNG_EXTRAS),),
    "webp": (_with_parts(split_webp, join_webp),),
    "jpg": (_with_parts(split_jpeg, join_jpeg, JPEG_EXTRAS),),
    "gif": (_with_parts(split_gif, join_gif),),
    "tiff": (break_tiff_entry, break_tiff_entry, chain_tiff_directories),
    "pnm": (inflate_pnm_header, rename_pnm),
    "bmp": (overstate,),
}
