"""Breaks PDFs and pictures at random: the mutations, and the intact files that they start from."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pymupdf
from PIL import Image

SAMPLES = Path(__file__).parents[2] / "samples"
PICTURE_SIDE = 320
"""Pixels. Mutations break the file of a picture, so its content can be small, which keeps reading it fast."""

FORMATS = {"PNG": "png", "JPEG": "jpg", "WEBP": "webp", "TIFF": "tiff", "BMP": "bmp", "GIF": "gif", "PPM": "ppm"}
EXTREME_NUMBERS = (0, 1, 255, 65535, 2**31 - 1, 2**32 - 1, 2**63, 10**30)
HEADERS = (
    b"%PDF-1.7\n",
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff\xe0",
    b"GIF89a",
    b"II*\x00",
    b"BM",
    b"P6\n",
    b"PK\x03\x04",
)


@dataclass(frozen=True, slots=True)
class InputFile:
    """The name and the bytes of a file, intact or broken."""

    name: str
    content: bytes

    @property
    def is_pdf(self) -> bool:
        return self.name.endswith(".pdf")


def mutate(rng: random.Random, originals: Sequence[InputFile], number: int) -> InputFile:
    """One of `originals` after one to three mutations, which its name lists."""
    original = rng.choice(originals)
    content = bytearray(original.content)
    mutations = [mutation for mutation in MUTATIONS if original.is_pdf or mutation not in PDF_MUTATIONS]
    chosen = rng.choices(mutations, k=rng.randint(1, 3))
    for mutation in chosen:
        mutation(rng, content)
    names = "-".join(mutation.__name__ for mutation in chosen)
    return InputFile(f"{number:05d}-{names}-{original.name}", bytes(content))


def flip(rng: random.Random, content: bytearray) -> None:
    """Overwrite random bytes."""
    for _ in range(rng.choice((1, 4, 32, 256))):
        if content:
            content[rng.randrange(len(content))] = rng.randrange(256)


def cut(rng: random.Random, content: bytearray) -> None:
    """Truncate the file."""
    del content[rng.randrange(len(content) + 1) :]


def repeat(rng: random.Random, content: bytearray) -> None:
    """Repeat a span once or many times."""
    start, end = _span(rng, content)
    content[end:end] = bytes(content[start:end]) * rng.choice((1, 1, 50))


def drop(rng: random.Random, content: bytearray) -> None:
    """Delete a span."""
    start, end = _span(rng, content)
    del content[start:end]


def swap(rng: random.Random, content: bytearray) -> None:
    """Swap the contents of two objects of a PDF, so that references lead to the wrong one."""
    objects = [match.span(1) for match in re.finditer(rb"\d+ 0 obj\b(.*?)endobj", content, re.DOTALL)]
    if len(objects) >= 2:
        (start, end), (other_start, other_end) = sorted(rng.sample(objects, 2))
        moved = bytes(content[start:end])
        content[start:other_end] = content[other_start:other_end] + content[end:other_start] + moved


def inflate(rng: random.Random, content: bytearray) -> None:
    """Replace numbers in a PDF's uncompressed text by extreme ones."""
    numbers = list(re.finditer(rb"(?<=[\s\[/])-?\d+(\.\d+)?(?=[\s\]>/])", content))
    for match in sorted(rng.sample(numbers, min(len(numbers), rng.choice((1, 3, 10)))), key=lambda m: -m.start()):
        content[match.start() : match.end()] = str(rng.choice((-1, 1)) * rng.choice(EXTREME_NUMBERS)).encode()


def overstate(rng: random.Random, content: bytearray) -> None:
    """Write a large number into the first bytes, where a picture's header has its size."""
    offset = rng.randrange(max(1, min(len(content), 64)))
    width = rng.choice((2, 4))
    content[offset : offset + width] = rng.choice((0xFFFF, 0x7FFF, 60000)).to_bytes(
        width, rng.choice(("big", "little"))
    )


def disguise(rng: random.Random, content: bytearray) -> None:
    """Prepend or overwrite with the header of a random format."""
    header = rng.choice(HEADERS)
    content[: rng.choice((0, len(header)))] = header


MUTATIONS: tuple[Callable[[random.Random, bytearray], None], ...] = (
    flip,
    cut,
    repeat,
    drop,
    swap,
    inflate,
    overstate,
    disguise,
)
PDF_MUTATIONS = (swap, inflate)


def pdf_originals() -> Iterator[InputFile]:
    """Single pages of the samples, compressed and with uncompressed streams, so that mutations reach the content."""
    for sample in ("report.pdf", "encrypted.pdf"):
        with pymupdf.open(SAMPLES / sample) as pdf:
            if pdf.needs_pass:
                yield InputFile(sample, (SAMPLES / sample).read_bytes())
                continue
            for number in range(pdf.page_count):
                with pymupdf.open() as single:
                    single.insert_pdf(pdf, from_page=number, to_page=number)
                    yield InputFile(f"page-{number + 1}.pdf", single.tobytes(garbage=3, deflate=True, no_new_id=True))
                    yield InputFile(
                        f"page-{number + 1}-plain.pdf", single.tobytes(garbage=3, expand=255, no_new_id=True)
                    )


def picture_originals() -> Iterator[InputFile]:
    """Crops of the samples in every format, and pictures with several frames."""
    for sample in ("receipt.jpg", "form.png", "charts/bar.png"):
        with Image.open(SAMPLES / sample) as whole:
            picture = whole.convert("RGB").crop((0, 0, PICTURE_SIDE, PICTURE_SIDE))
        for kind, suffix in FORMATS.items():
            for mode in ("RGB", "L"):
                yield InputFile(f"{Path(sample).stem}-{mode}.{suffix}", _saved(picture.convert(mode), kind))
        for kind, suffix in (("TIFF", "tiff"), ("GIF", "gif")):
            small = picture.resize((64, 64))
            yield InputFile(f"{Path(sample).stem}-frames.{suffix}", _saved(small, kind, small, small))


def _saved(picture: Image.Image, kind: str, *more: Image.Image) -> bytes:
    buffer = BytesIO()
    if more:
        picture.save(buffer, kind, save_all=True, append_images=more)
    else:
        picture.save(buffer, kind)
    return buffer.getvalue()


def _span(rng: random.Random, content: bytearray) -> tuple[int, int]:
    start = rng.randrange(len(content) + 1)
    return start, min(len(content), start + rng.choice((1, 16, 256, 4096)))
