"""The data types of parsing: words, lines, blocks and tables of a page, each with its bounding box.

The annotated types say which values are possible. They are checked where a result arrives from a worker process, since
a hostile file may have taken that over.

All boxes are in PDF points of the upright page, origin top left: its own /Rotate is applied, and scans are rotated
deskewed and straightened, so that lines of text are level. `PageText.displayed` maps a box to the page as a viewer
shows it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from annotated_types import Ge, Interval, MinLen, MultipleOf
from pydantic import AfterValidator

from cogdoc.documents.geometry import Box, Coordinate, bounding_box
from cogdoc.parsing.bend import Bend, bend_offset
from cogdoc.parsing.text_spans import Span, joined_spans
from cogdoc.text import text_width

Share = Annotated[float, Interval(ge=0.0, le=1.0)]


class TextOrigin(StrEnum):
    """The source of a page's words."""

    TEXT_LAYER = "text-layer"
    OCR = "ocr"
    MIXED = "mixed"
    BLANK = "blank"


class BlockKind(StrEnum):
    """The role of a block on its page."""

    TITLE = "title"
    HEADING = "heading"
    TEXT = "text"
    LIST_ITEM = "list-item"
    TABLE = "table"
    PICTURE = "picture"
    TEXT_PICTURE = "text-picture"
    """A picture with much text, such as a screenshot; it has no lines, and the block after it has its text."""
    DECORATION = "decoration"
    """A picture that says nothing: a line, an icon, or a logo that many pages have."""
    FORMULA = "formula"
    CAPTION = "caption"
    FOOTNOTE = "footnote"
    HEADER = "header"
    FOOTER = "footer"
    WATERMARK = "watermark"


@dataclass(frozen=True, slots=True)
class Word:
    """A run of characters without white space; a run of Chinese characters is one word, a checkbox is part of the first
    word of its label."""

    text: str
    box: Box
    confidence: Share
    """0 to 1; 1 for words from a text layer."""
    direction: Annotated[int, Interval(ge=0, le=270), MultipleOf(90)] = 0
    """Degrees clockwise by which it is turned: 90 for text that runs down the page, as in vertical Chinese, 270 for
    text that runs up."""
    spans: tuple[Span, ...] = ()
    """The parts of its text that look different or are links, in order; none of them overlap."""

    @property
    def level_box(self) -> Box:
        """Its box in coordinates in which it is level: lines come from top to bottom, words from left to right."""
        x0, y0, x1, y1 = self.box
        match self.direction:
            case 90:
                return Box(y0, -x1, y1, -x0)
            case 180:
                return Box(-x1, -y1, -x0, -y0)
            case 270:
                return Box(-y1, x0, -y0, x1)
            case _:
                return self.box

    def page_point(self, x: float, y: float) -> tuple[float, float]:
        """The point of the page that has these coordinates in those of `level_box`."""
        match self.direction:
            case 90:
                return -y, x
            case 180:
                return -x, -y
            case 270:
                return y, -x
            case _:
                return x, y


@dataclass(frozen=True, slots=True)
class Line:
    """Words side by side that belong together, in the order in which people read them; all have one direction."""

    words: Annotated[tuple[Word, ...], MinLen(1)]
    is_watermark: bool = False
    """Whether it is a watermark or stamp, which is laid over other lines or printed behind them."""

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)

    @property
    def spans(self) -> tuple[Span, ...]:
        """Those of its words, in its text."""
        if not any(word.spans for word in self.words):
            return ()
        return joined_spans((word.text, word.spans) for word in self.words)

    @property
    def box(self) -> Box:
        return bounding_box(word.box for word in self.words)

    @property
    def level_box(self) -> Box:
        """As that of a word."""
        return bounding_box(word.level_box for word in self.words)

    @property
    def direction(self) -> int:
        """As that of a word."""
        return self.words[0].direction


@dataclass(frozen=True, slots=True)
class Comment:
    """What a reader of the file has commented on a page, which the page does not show."""

    text: str
    box: Box
    author: str = ""


@dataclass(frozen=True, slots=True)
class PageText:
    """The text of one page, in the order of the text layer or the OCR engine."""

    number: Annotated[int, Ge(1)]
    """1-based."""
    label: str
    """The page label of the file ("iv", "A-3"), or the page number if it has none."""
    width: Coordinate
    height: Coordinate
    """Size of the upright page in points."""
    turned: Annotated[int, Interval(ge=0, le=270), MultipleOf(90)]
    """Degrees clockwise by which the page was rotated to make its text upright: 0, 90, 180 or 270."""
    origin: TextOrigin
    lines: tuple[Line, ...]
    skew: Annotated[float, Interval(ge=-360.0, le=360.0)] = 0.0
    """Degrees clockwise by which the lines of a scan sloped after that rotation; corrected about the page's center."""
    bend: Bend | None = None
    """How the lines of a photographed page bent, on the upright page before deskewing; None for straight lines."""
    resolution: Coordinate | None = None
    """Pixels per inch of the picture that OCR read; None without OCR."""
    ocr_engine: str | None = None
    """What ran OCR on the page: "rapidocr", or "tesseract" with its languages; None without OCR."""
    legibility: Share | None = None
    """How legible a scan is: the mean confidence of its lines, weighted by their areas; None for other pages."""
    unread_scripts: tuple[str, ...] = ()
    """Scripts of the page that OCR cannot read, such as "cyrillic"."""
    flags: tuple[str, ...] = ()
    comments: tuple[Comment, ...] = ()
    unread_pictures: bool = False
    """Whether OCR left out its pictures and drawn letters, which may contain text."""

    @property
    def words(self) -> tuple[Word, ...]:
        return tuple(word for line in self.lines for word in line.words)

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self.lines)

    @property
    def displayed_size(self) -> tuple[float, float]:
        """Width and height in points of the page as a viewer shows it."""
        return (self.height, self.width) if self.turned in (90, 270) else (self.width, self.height)

    def displayed(self, box: Box) -> Box:
        """`box` on the page as a viewer shows it: the bounding box of its rotated corners."""
        if not self.turned and not self.skew and not self.bend:
            return box
        corners = [(x, y) for x in (box.x0, box.x1) for y in (box.y0, box.y1)]
        return bounding_box(Box(x, y, x, y) for x, y in map(self.displayed_point, corners))

    def displayed_point(self, point: tuple[float, float]) -> tuple[float, float]:
        """`point` on the page as a viewer shows it."""
        cos, sin = math.cos(math.radians(self.skew)), math.sin(math.radians(self.skew))
        x, y = point[0] - self.width / 2, point[1] - self.height / 2
        x, y = x * cos - y * sin + self.width / 2, x * sin + y * cos + self.height / 2
        if self.bend:
            y += self.height * bend_offset(self.bend, 2 * x / self.width - 1, 2 * y / self.height - 1)
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
    """One table cell; `box` is None if the cell is covered by one that spans several rows or columns."""

    text: str
    box: Box | None


def _check_grid(rows: tuple[tuple[Cell, ...], ...]) -> tuple[tuple[Cell, ...], ...]:
    if any(len(row) != len(rows[0]) for row in rows):
        raise ValueError("the rows differ in length")
    return rows


@dataclass(frozen=True, slots=True)
class Table:
    """A grid of cells; all rows have the same number of cells."""

    box: Box
    rows: Annotated[tuple[tuple[Cell, ...], ...], AfterValidator(_check_grid)]
    header_rows: Annotated[int, Ge(0)] = 1
    """Rows at the top that title the columns."""
    header_columns: Annotated[int, Interval(ge=0, le=1)] = 0
    """1 if the first column names the rows."""


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, heading, table or the like."""

    kind: BlockKind
    box: Box
    lines: tuple[Line, ...]
    level: Annotated[int, Interval(ge=0, le=1000)] = 0
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


def mean_line_width(lines: Sequence[Line]) -> float:
    """The mean width of one or more lines in Latin letters; Chinese characters count double (see `text_width`)."""
    return sum(text_width(line.text) for line in lines) / len(lines)
