"""The blocks of a page as they are shown: lines joined to paragraphs, doubtful ones apart."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from cogdoc.results.html.table_view import TableView, view_table
from cogdoc.results.hyphenation import words_of
from cogdoc.results.markdown.code import code_lines
from cogdoc.results.markdown.marked_text import MarkedText, join_marked, join_side_by_side
from cogdoc.results.paragraphs import fills_width
from cogdoc.results.plain_text import rows_of
from cogdoc.results.records import PageRecord, TextBlock, TextLine
from cogdoc.text import language_of

DOUBTFUL = 0.6
"""A line that OCR is less sure of is marked."""

KIND_NAMES = {
    "comment": "Comment",
    "picture": "Picture",
    "watermark": "Watermark",
    "header": "Header",
    "footer": "Footer",
}
"""What blocks are called that are not part of the running text."""

STYLES = {"bold": "b", "italic": "i", "monospace": "code", "strikethrough": "s"}
"""The elements of the looks that words may have."""

_FLOWING = ("title", "heading")
"""Kinds of blocks whose lines are one text, wherever they end."""

_LINK = re.compile(r"(https?://|mailto:)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Run:
    """Characters of one look."""

    text: str
    styles: tuple[str, ...] = ()
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """A line within its paragraph."""

    runs: tuple[Run, ...]
    doubt: str | None = None
    """Why it is marked."""


@dataclass(frozen=True, slots=True)
class BlockView:
    """A block, and how it is shown."""

    block: TextBlock
    index: int
    """Among the blocks of the page."""
    tag: str
    """The element of its text."""
    pieces: tuple[Piece, ...] = ()
    table: TableView | None = None
    code: str | None = None

    @property
    def language(self) -> str | None:
        return language_of(self.block.text)

    @property
    def name(self) -> str | None:
        return KIND_NAMES.get(self.block.kind)


def view_blocks(record: PageRecord) -> list[BlockView]:
    """The blocks of a page that have something to show."""
    known = words_of(line.text for block in record.blocks for line in block.lines)
    return [
        _view(block, index, known)
        for index, block in enumerate(record.blocks)
        if block.text.strip() or block.kind == "picture"
    ]


def _view(block: TextBlock, index: int, known: Collection[str]) -> BlockView:
    if block.table is not None:
        return BlockView(block, index, "div", table=view_table(block.table))
    code = code_lines(block)
    if code is not None:
        return BlockView(block, index, "pre", code="\n".join(code))
    pieces = tuple(_pieces(block, known)) if block.lines else (Piece((Run(block.text),)),)
    return BlockView(block, index, _tag(block), pieces)


def _tag(block: TextBlock) -> str:
    if block.kind == "title":
        return "h3"
    if block.kind == "heading":
        return f"h{min(6, max(3, 2 + block.level))}"
    return "p"


def _pieces(block: TextBlock, known: Collection[str]) -> Iterator[Piece]:
    """The lines of a block, joined where the page wraps them."""
    last, doubt, wrapped = MarkedText(""), None, False
    for row in rows_of(block.lines):
        text = join_side_by_side([MarkedText.of_line(line) for line in row], "\t")
        if last.text:
            if wrapped:
                joined = join_marked((last, text), known)
                kept = len(last.text) if joined.text.startswith(last.text) else len(last.text) - 1
                last, text = joined.up_to(kept), joined.from_index(kept)
            else:
                text = MarkedText("\n") + text
            yield Piece(tuple(_runs(last)), doubt)
        last, doubt = text, _doubt(row)
        wrapped = block.kind in _FLOWING or (len(row) == 1 and fills_width(row[0], block))
    yield Piece(tuple(_runs(last)), doubt)


def _runs(marked: MarkedText) -> Iterator[Run]:
    """The characters of a text by their look. Addresses that a browser would do more with than open are no links."""
    at = 0
    for span in marked.spans:
        start, end = max(at, span.start), min(span.end, len(marked.text))
        if start >= end:
            continue
        if start > at:
            yield Run(marked.text[at:start])
        link = span.link if span.link is not None and _LINK.match(span.link) else None
        yield Run(marked.text[start:end], tuple(style for style in span.styles if style in STYLES), link)
        at = end
    if at < len(marked.text):
        yield Run(marked.text[at:])


def _doubt(row: list[TextLine]) -> str | None:
    least = min(line.confidence for line in row)
    return f"Doubtful, {round(100 * least)}%" if least < DOUBTFUL else None
