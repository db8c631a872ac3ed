"""Broken PDFs and pictures through the command line, folder by folder: python -m benchmarks.fuzz --count 1000 --seed 0

Files are made from the samples by flipping bytes, cutting, repeating and dropping spans, swapping PDF objects, blowing
up numbers and changing headers; the same seed makes the same files. Whatever they hold, the command must end, with a
documented exit code, valid JSON Lines, a record or an error for every file, and clean lines on standard error. Ends
with 1 where it does not, and keeps the files of such folders.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import pymupdf
from PIL import Image

from benchmarks.endings import COGDOC, Ending, faults, run_to_end
from benchmarks.report import markdown_table

SAMPLES = Path(__file__).parents[1] / "samples"
BATCH = 50
PAGE_SECONDS = 30
PICTURE_SIDE = 320
"""Pixels: what is broken is a picture's file, which needs no page of text to be read each time."""

FORMATS = {"PNG": "png", "JPEG": "jpg", "WEBP": "webp", "TIFF": "tiff", "BMP": "bmp", "GIF": "gif", "PPM": "ppm"}
HUGE = (0, 1, 255, 65535, 2**31 - 1, 2**32 - 1, 2**63, 10**30)
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
class Seed:
    """A sound file to break."""

    name: str
    content: bytes

    @property
    def is_pdf(self) -> bool:
        return self.name.endswith(".pdf")


@dataclass(frozen=True, slots=True)
class Batch:
    """A folder of broken files, how the command that read it ended, and what was wrong with that."""

    number: int
    ending: Ending
    fates: Counter[str]
    faults: tuple[str, ...]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print how the batches went; 1 where any went wrong."""
    options = _parse(arguments)
    seeds = [*pdf_seeds(), *picture_seeds()]
    batches: list[Batch] = []
    for start in range(0, options.count, BATCH):
        with TemporaryDirectory(prefix="cogdoc-fuzz-") as name:
            folder = Path(name)
            for number in range(start, min(start + BATCH, options.count)):
                file = broken(random.Random(f"{options.seed} {number}"), seeds, number)
                (folder / file.name).write_bytes(file.content)
            batches.append(read_folder(folder, len(batches)))
            if batches[-1].faults:
                kept = shutil.copytree(folder, options.keep / f"batch-{batches[-1].number}", dirs_exist_ok=True)
                print(f"batch {batches[-1].number}: {'; '.join(batches[-1].faults)}: kept as {kept}", file=sys.stderr)
        print(f"{min(start + BATCH, options.count)} of {options.count} files", file=sys.stderr, flush=True)
    print(markdown_table(["batch", "exit", "s", "MB", "read", "errors", "verdict"], [_cells(one) for one in batches]))
    fates = sum((batch.fates for batch in batches), Counter[str]())
    failed = sum(bool(batch.faults) for batch in batches)
    print(f"\n{options.count} files, {failed} of {len(batches)} batches failed")
    print(", ".join(f"{fate} {count}" for fate, count in fates.most_common()))
    return 1 if failed else 0


def read_folder(folder: Path, number: int) -> Batch:
    """Read all files of a folder by one command, and hold its output against the files."""
    names = {path.name for path in folder.iterdir()}
    command = [COGDOC, "ocr", str(folder), "--out", "jsonl", "--timeout", str(PAGE_SECONDS), "--jobs", "2"]
    ending = run_to_end(command, kill_after=len(names) * PAGE_SECONDS)
    found = list(faults(ending))
    fates: dict[str, str] = {}
    for line in ending.output.decode("utf-8", "replace").splitlines():
        try:
            record = json.loads(line)
        except ValueError:
            found.append(f"not a JSON line: {line[:60]!r}")
            continue
        fate = record["error"]["kind"] if record["error"] else "read"
        fates[Path(record["source"]["path"]).name] = fate
    if missing := names - fates.keys():
        found.append(f"no record of {len(missing)} files: {sorted(missing)[0]}")
    silent = {name for name, fate in fates.items() if fate != "read" and not any(name in line for line in ending.said)}
    if silent:
        found.append(f"nothing said of {len(silent)} failures: {sorted(silent)[0]}")
    return Batch(number, ending, Counter(fates.values()), tuple(found))


def broken(rng: random.Random, seeds: Sequence[Seed], number: int) -> Seed:
    """A sound file with one to three things done to it."""
    seed = rng.choice(seeds)
    content = bytearray(seed.content)
    steps = [step for step in STEPS if seed.is_pdf or step not in PDF_STEPS]
    chosen = rng.choices(steps, k=rng.randint(1, 3))
    for step in chosen:
        step(rng, content)
    did = "-".join(step.__name__ for step in chosen)
    return Seed(f"{number:05d}-{did}-{seed.name}", bytes(content))


def flip(rng: random.Random, content: bytearray) -> None:
    """Change bytes anywhere."""
    for _ in range(rng.choice((1, 4, 32, 256))):
        if content:
            content[rng.randrange(len(content))] = rng.randrange(256)


def cut(rng: random.Random, content: bytearray) -> None:
    """Lose the end."""
    del content[rng.randrange(len(content) + 1) :]


def repeat(rng: random.Random, content: bytearray) -> None:
    """Say a span twice or many times."""
    start, end = _span(rng, content)
    content[end:end] = bytes(content[start:end]) * rng.choice((1, 1, 50))


def drop(rng: random.Random, content: bytearray) -> None:
    """Lose a span."""
    start, end = _span(rng, content)
    del content[start:end]


def swap(rng: random.Random, content: bytearray) -> None:
    """Have two objects of a PDF change places, so that references lead to others."""
    objects = [match.span(1) for match in re.finditer(rb"\d+ 0 obj\b(.*?)endobj", content, re.DOTALL)]
    if len(objects) >= 2:
        (start, end), (other_start, other_end) = sorted(rng.sample(objects, 2))
        moved = bytes(content[start:end])
        content[start:other_end] = content[other_start:other_end] + content[end:other_start] + moved


def inflate(rng: random.Random, content: bytearray) -> None:
    """Replace numbers of a PDF that are written out by absurd ones."""
    numbers = list(re.finditer(rb"(?<=[\s\[/])-?\d+(\.\d+)?(?=[\s\]>/])", content))
    for match in sorted(rng.sample(numbers, min(len(numbers), rng.choice((1, 3, 10)))), key=lambda m: -m.start()):
        content[match.start() : match.end()] = str(rng.choice((-1, 1)) * rng.choice(HUGE)).encode()


def overstate(rng: random.Random, content: bytearray) -> None:
    """Write a large number where a picture's header has its size."""
    place = rng.randrange(max(1, min(len(content), 64)))
    width = rng.choice((2, 4))
    content[place : place + width] = rng.choice((0xFFFF, 0x7FFF, 60000)).to_bytes(width, rng.choice(("big", "little")))


def disguise(rng: random.Random, content: bytearray) -> None:
    """Begin as another format, or with a damaged header."""
    header = rng.choice(HEADERS)
    content[: rng.choice((0, len(header)))] = header


STEPS: tuple[Callable[[random.Random, bytearray], None], ...] = (
    flip,
    cut,
    repeat,
    drop,
    swap,
    inflate,
    overstate,
    disguise,
)
PDF_STEPS = (swap, inflate)


def pdf_seeds() -> Iterator[Seed]:
    """Single pages of the samples, as they are and with all streams written out, so that content breaks as well."""
    for sample in ("report.pdf", "encrypted.pdf"):
        with pymupdf.open(SAMPLES / sample) as pdf:
            if pdf.needs_pass:
                yield Seed(sample, (SAMPLES / sample).read_bytes())
                continue
            for number in range(pdf.page_count):
                with pymupdf.open() as single:
                    single.insert_pdf(pdf, from_page=number, to_page=number)
                    yield Seed(f"page-{number + 1}.pdf", single.tobytes(garbage=3, deflate=True, no_new_id=True))
                    yield Seed(f"page-{number + 1}-plain.pdf", single.tobytes(garbage=3, expand=255, no_new_id=True))


def picture_seeds() -> Iterator[Seed]:
    """Pieces of the samples in every format, and pictures of several frames."""
    for sample in ("receipt.jpg", "form.png", "charts/bar.png"):
        with Image.open(SAMPLES / sample) as whole:
            picture = whole.convert("RGB").crop((0, 0, PICTURE_SIDE, PICTURE_SIDE))
        for kind, suffix in FORMATS.items():
            for mode in ("RGB", "L"):
                yield Seed(f"{Path(sample).stem}-{mode}.{suffix}", _saved(picture.convert(mode), kind))
        for kind, suffix in (("TIFF", "tiff"), ("GIF", "gif")):
            small = picture.resize((64, 64))
            yield Seed(f"{Path(sample).stem}-frames.{suffix}", _saved(small, kind, small, small))


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


def _cells(batch: Batch) -> list[str]:
    ending = batch.ending
    read = batch.fates["read"]
    return [
        str(batch.number),
        str(ending.code),
        f"{ending.seconds:.0f}",
        f"{ending.memory / 1e6:.0f}",
        str(read),
        str(batch.fates.total() - read),
        "; ".join(batch.faults) or "ok",
    ]


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=1000, help="how many files")
    parser.add_argument("--seed", type=int, default=0, help="another seed makes other files")
    parser.add_argument("--keep", type=Path, default=Path("fuzz-failures"), help="folder for files of failing batches")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
