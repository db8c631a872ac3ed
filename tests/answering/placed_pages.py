"""Pages made without a file: words placed as on a printed page."""

from __future__ import annotations

from collections.abc import Sequence

from cogdoc.documents.geometry import Box, bounding_box
from cogdoc.parsing.page_text import (
    Block,
    BlockKind,
    Cell,
    Line,
    PageLayout,
    PageText,
    Table,
    TextOrigin,
    Word,
)

LINE_HEIGHT = 12.0
LEADING = 18.0


def char_width(char: str) -> float:
    return 12.0 if ord(char) > 0x2E80 else 6.0


def line(text: str, x: float, y: float) -> Line:
    """A line of words with its top left corner at (`x`, `y`)."""
    words = []
    for word in text.split():
        width = sum(map(char_width, word))
        words.append(Word(word, Box(x, y, x + width, y + LINE_HEIGHT), 1.0))
        x += width + 4.0
    return Line(tuple(words))


def page_of(lines: Sequence[Line], blocks: Sequence[Block] = (), number: int = 1, turned: int = 0) -> PageLayout:
    words = PageText(
        number=number,
        label=f"p{number}",
        width=600.0,
        height=800.0,
        turned=turned,
        origin=TextOrigin.TEXT_LAYER,
        lines=tuple(lines),
    )
    return PageLayout(words, tuple(blocks))


def rows(*texts: str, top: float = 40.0, columns: Sequence[float] = (40.0, 240.0, 340.0, 440.0)) -> list[Line]:
    """One row of lines for each text, which "|" separates into columns."""
    return [
        line(part, columns[column], top + LEADING * row)
        for row, text in enumerate(texts)
        for column, part in enumerate(text.split("|"))
        if part.strip()
    ]


def page(*texts: str, number: int = 1) -> PageLayout:
    """A page of rows, in which each line is one block."""
    lines = rows(*texts)
    return page_of(lines, [Block(BlockKind.TEXT, each.box, (each,)) for each in lines], number)


def paragraph(text: str, number: int = 1) -> PageLayout:
    """A page with one paragraph, ten words a line."""
    words = text.split()
    lines = [
        line(" ".join(words[start : start + 10]), 40.0, 40.0 + LEADING * start / 10)
        for start in range(0, len(words), 10)
    ]
    block = Block(BlockKind.TEXT, bounding_box(each.box for each in lines), tuple(lines))
    return page_of(lines, [block], number)


def table(*texts: str, number: int = 1) -> PageLayout:
    """A page with one table, whose cells "|" separates."""
    columns = (40.0, 190.0, 290.0, 390.0, 490.0, 590.0)
    lines = rows(*texts, columns=columns)
    cells = tuple(
        tuple(
            Cell(part.strip(), Box(columns[column], 40 + LEADING * row, columns[column + 1] - 10, 52 + LEADING * row))
            for column, part in enumerate(text.split("|"))
        )
        for row, text in enumerate(texts)
    )
    box = bounding_box(each.box for each in lines)
    return page_of(lines, [Block(BlockKind.TABLE, box, tuple(lines), table=Table(box, cells))], number)
