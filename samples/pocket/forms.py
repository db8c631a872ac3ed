"""Generates small random forms: their fields, the cell of each character, and the picture."""

from __future__ import annotations

import io
import random
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
import numpy.typing as npt
import pymupdf
from PIL import Image, ImageDraw, ImageFont

Kind = Literal["amount", "date", "number"]

LABELS: dict[str, Kind] = {
    "Total": "amount",
    "Tax": "amount",
    "Due": "amount",
    "Tip": "amount",
    "Date": "date",
    "Number": "number",
    "Order": "number",
    "Table": "number",
}
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

CHARACTERS = "".join(sorted({*"0123456789.", *"".join(LABELS), *"".join(MONTHS)}))

COLUMNS, LINES = 14, 7
"""A page of any size and shape is a grid of this many cells; each character fills about one cell."""
JITTER = 0.2
"""Largest offset of a form from the grid, in cells."""
MAX_FIELDS = 3

TYPEWRITER_WIDTH = 0.6
"""Width of a letter as a share of the font size; a font this large fills the cell."""
BASELINE = 0.72
"""Distance of the baseline from the top of a cell, as a share of the cell's height."""

# Fonts that come with PyMuPDF, so that every machine draws the same pictures.
FACES = ("cour", "cobo", "helv", "hebo")


@dataclass(frozen=True, slots=True)
class Field:
    label: str
    value: str

    @property
    def line(self) -> str:
        return f"{self.label} {self.value}"


@dataclass(frozen=True, slots=True)
class PlacedCharacter:
    """A character, the label of its line, and its cell as shares of the page's width and height."""

    character: str
    label: str
    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Form:
    """Fields from top to bottom (none on a blank page), and the cell of each of their characters."""

    fields: tuple[Field, ...]
    characters: tuple[PlacedCharacter, ...]

    @property
    def text(self) -> str:
        return "\n".join(field.line for field in self.fields)

    def value(self, label: str) -> str | None:
        return next((field.value for field in self.fields if field.label == label), None)


@dataclass(frozen=True, slots=True)
class PrintStyle:
    """How a form is drawn: page size in pixels, font, font size in cells, shades of gray, JPEG quality."""

    width: int
    height: int
    face: str
    size: float
    ink: int
    paper: int
    quality: int | None


def random_form(random: random.Random, rows: int | None = None, kinds: Mapping[str, Kind] = LABELS) -> Form:
    """A form of `rows` fields with different labels; by default up to MAX_FIELDS, rarely a blank page.

    Args:
        kinds: the labels, with the kind of their values.
    """
    if rows is None:
        rows = random.choices(range(MAX_FIELDS + 1), weights=(1, 10, 15, 15))[0]
    labels = random.sample(list(kinds), rows)
    fields = tuple(Field(label, random_value(random, kinds[label])) for label in labels)
    return Form(fields, tuple(_place(random, fields)))


def random_value(random: random.Random, kind: Kind) -> str:
    digits = f"{random.randrange(1000, 10_000)}"
    if kind == "amount":
        return f"{digits[:2]}.{digits[2:]}"
    if kind == "date":
        return f"{random.randint(1, 28)} {random.choice(MONTHS)}"
    return digits


def _place(random: random.Random, fields: tuple[Field, ...]) -> list[PlacedCharacter]:
    """Labels in one column and values in another, the whole form shifted at random."""
    if not fields:
        return []
    width, height = 1 / COLUMNS, 1 / LINES
    value_column = max(len(field.label) for field in fields) + 1
    columns = value_column + max(len(field.value) for field in fields)
    left = (random.randint(0, COLUMNS - columns) + random.uniform(-JITTER, JITTER)) * width
    top = random.uniform(-JITTER, JITTER) * height
    characters = []
    for line, field in zip(sorted(random.sample(range(LINES), len(fields))), fields, strict=True):
        for start, word in ((0, field.label), (value_column, field.value)):
            characters += [
                PlacedCharacter(
                    character, field.label, left + (start + column) * width, top + line * height, width, height
                )
                for column, character in enumerate(word)
                if character != " "
            ]
    return characters


def random_style(random: random.Random) -> PrintStyle:
    height = random.randint(300, 480)
    return PrintStyle(
        width=round(height * random.uniform(0.9, 1.4)),
        height=height,
        face=random.choice(FACES),
        size=random.uniform(0.92, 1.05),
        ink=random.randint(0, 80),
        paper=random.randint(215, 255),
        quality=random.randint(50, 95) if random.random() < 0.1 else None,
    )


def draw(form: Form, style: PrintStyle) -> Image.Image:
    """The form as a grayscale picture."""
    page = Image.new("L", (style.width, style.height), style.paper)
    pen = ImageDraw.Draw(page)
    for placed in form.characters:
        width, height = placed.width * style.width, placed.height * style.height
        font = _font(style.face, round(style.size * min(width / TYPEWRITER_WIDTH, height)))
        anchor = ((placed.left + placed.width / 2) * style.width, placed.top * style.height + BASELINE * height)
        pen.text(anchor, placed.character, style.ink, font, anchor="ms")
    if style.quality is None:
        return page
    scanned = io.BytesIO()
    page.save(scanned, "JPEG", quality=style.quality)
    return Image.open(scanned).convert("L")


def patch_maps(form: Form, grid: int) -> npt.NDArray[np.int64]:
    """(2, grid, grid): the class at the center of each patch, 0 where there is no character.

    The first map holds indices into CHARACTERS, the second indices into LABELS (of the patch's line), both from 1.
    """
    maps = np.zeros((2, grid, grid), dtype=np.int64)
    for placed in form.characters:
        rows, columns = _centers(placed.top, placed.height, grid), _centers(placed.left, placed.width, grid)
        maps[0, rows, columns] = CHARACTERS.index(placed.character) + 1
        maps[1, rows, columns] = list(LABELS).index(placed.label) + 1
    return maps


def _centers(start: float, extent: float, grid: int) -> slice:
    """The patches whose center lies in [start, start + extent), both as shares of the page."""
    return slice(int(np.ceil(start * grid - 0.5)), int(np.ceil((start + extent) * grid - 0.5)))


@cache
def _font(face: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(io.BytesIO(pymupdf.Font(face).buffer), size)
