"""What a page literally says: words, lines, blocks and tables with their places.

All boxes are in PDF points of the upright page (its own /Rotate applied, and a scan that lay on its side
turned), origin top left.
"""

from __future__ import annotations

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
class PageWords:
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
    resolution: float | None = None
    """Pixels per inch at which OCR saw the page; None where no OCR was done."""
    flags: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[Word, ...]:
        return tuple(word for line in self.lines for word in line.words)

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self.lines)


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
    """A page's words, and the blocks that they form in reading order."""

    words: PageWords
    blocks: tuple[Block, ...]
