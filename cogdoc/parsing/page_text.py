"""What a page literally says: words, lines, blocks and tables with their places.

All boxes are in PDF points of the upright page, origin top left: its own /Rotate applied, and a scan that lay
on its side or crookedly turned straight, so that a row of words is level. `PageText.displayed` leads back to
the page as a viewer shows it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from cogdoc.documents.geometry import Box, bounding_box


class TextOrigin(StrEnum):
    """Where a page's words were taken from."""

    TEXT_LAYER = "text-layer"
    OCR = "ocr"
    MIXED = "mixed"
    BLANK = "blank"


class BlockKind(StrEnum):
    """What part a block plays on its page."""

    TITLE = "title"
    HEADING = "heading"
    TEXT = "text"
    LIST_ITEM = "list-item"
    TABLE = "table"
    PICTURE = "picture"
    FORMULA = "formula"
    CAPTION = "caption"
    FOOTNOTE = "footnote"
    HEADER = "header"
    FOOTER = "footer"


@dataclass(frozen=True, slots=True)
class Word:
    """A run of characters without white space; a whole run of Chinese characters is one word."""

    text: str
    box: Box
    confidence: float
    """0 to 1; 1 for a text layer."""


@dataclass(frozen=True, slots=True)
class Line:
    """Words that stand side by side and belong together, left to right."""

    words: tuple[Word, ...]

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)

    @property
    def box(self) -> Box:
        return bounding_box(word.box for word in self.words)


@dataclass(frozen=True, slots=True)
class PageText:
    """All that one page says, in the order in which the file or the OCR engine gives it."""

    number: int
    """1-based."""
    label: str
    """The page number as printed ("iv", "A-3"), or the 1-based index where the file names none."""
    width: float
    height: float
    """Size of the upright page in points."""
    turned: int
    """Degrees clockwise by which a scan was turned to make it upright: 0, 90, 180 or 270."""
    origin: TextOrigin
    lines: tuple[Line, ...]
    skew: float = 0.0
    """Degrees clockwise by which a scan's lines sloped after that turn, about its center."""
    resolution: float | None = None
    """Pixels per inch at which OCR saw the page; None where no OCR was done."""
    flags: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[Word, ...]:
        return tuple(word for line in self.lines for word in line.words)

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self.lines)

    @property
    def displayed_size(self) -> tuple[float, float]:
        """Width and height of the page as a viewer shows it."""
        return (self.height, self.width) if self.turned in (90, 270) else (self.width, self.height)

    def displayed(self, box: Box) -> Box:
        """Where `box` stands on the page as a viewer shows it: the smallest box around its turned corners."""
        if not self.turned and not self.skew:
            return box
        corners = [(x, y) for x in (box.x0, box.x1) for y in (box.y0, box.y1)]
        return bounding_box(Box(x, y, x, y) for x, y in map(self._displayed_point, corners))

    def _displayed_point(self, point: tuple[float, float]) -> tuple[float, float]:
        cos, sin = math.cos(math.radians(self.skew)), math.sin(math.radians(self.skew))
        x, y = point[0] - self.width / 2, point[1] - self.height / 2
        x, y = x * cos - y * sin + self.width / 2, x * sin + y * cos + self.height / 2
        match self.turned:
            case 90:
                return y, self.width - x
            case 180:
                return self.width - x, self.height - y
            case 270:
                return self.height - y, x
            case _:
                return x, y


@dataclass(frozen=True, slots=True)
class Cell:
    """One table cell; `box` is None where it is covered by a neighbour that spans it."""

    text: str
    box: Box | None


@dataclass(frozen=True, slots=True)
class Table:
    """A grid of cells: every row has the same number of them."""

    box: Box
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, heading, table or the like."""

    kind: BlockKind
    box: Box
    lines: tuple[Line, ...]
    level: int = 0
    """1 to 6 for titles and headings, nesting depth for list items."""
    table: Table | None = None


@dataclass(frozen=True, slots=True)
class PageLayout:
    """A page's text, and the blocks that it forms in reading order."""

    page_text: PageText
    blocks: tuple[Block, ...]


def mean_confidence(words: Iterable[Word]) -> float:
    """The mean confidence of the words' characters, 0 to 1; 1 if there are no characters."""
    weighted = [(word.confidence, len(word.text)) for word in words]
    char_count = sum(count for _, count in weighted)
    return sum(confidence * count for confidence, count in weighted) / char_count if char_count else 1.0
