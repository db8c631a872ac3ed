"""Parts of program code, one below the other, are one block; prose between them is not a part of it."""

from __future__ import annotations

import pytest

from cogdoc.documents.geometry import Box, bounding_box
from cogdoc.parsing.layout.code_blocks import join_code
from cogdoc.parsing.page_text import Block, BlockKind, Line, Word

CODE = [
    "def count(boats):",
    "    total = 0",
    "    for boat in boats:",
    "        total += boat.crew[0]",
    "    return total",
    "print(count(fleet))",
]
PROSE = "The harbour master counts all of the boats, and wrote it down (at noon)."


def line(text: str, row: int, char: float = 6.0) -> Line:
    left = 50 + char * (len(text) - len(text.lstrip()))
    words = []
    for part in text.split():
        words.append(Word(part, Box(left, 50 + 12 * row, left + char * len(part), 60 + 12 * row), 1.0))
        left += char * (len(part) + 1)
    return Line(tuple(words))


def block(lines: list[Line], kind: BlockKind = BlockKind.TEXT) -> Block:
    return Block(kind, bounding_box(each.box for each in lines), tuple(lines))


@pytest.mark.parametrize("cuts", [(1, 3), (2, 5), (1, 2, 3, 4, 5)])
def test_parts_of_code_are_joined(cuts: tuple[int, ...]) -> None:
    lines = [line(text, row) for row, text in enumerate(CODE)]
    ends = (*cuts, len(lines))
    kinds = (BlockKind.TEXT, BlockKind.LIST_ITEM, BlockKind.HEADING) * 2
    parts = [
        block(lines[start:end], kind) for start, end, kind in zip((0, *cuts), ends, kinds[: len(ends)], strict=True)
    ]
    (whole,) = join_code(parts)
    assert whole.kind is BlockKind.TEXT
    assert whole.lines == tuple(lines)


def test_paragraphs_are_not_joined() -> None:
    parts = [block([line(PROSE[row:], 3 * row + 1)]) for row in range(6)]
    assert join_code(parts) == parts


def test_picture_parts_code() -> None:
    lines = [line(text, row) for row, text in enumerate(CODE)]
    picture = Block(BlockKind.PICTURE, Box(50, 300, 200, 400), ())
    parts = [block(lines[:3]), picture, block(lines[3:])]
    assert join_code(parts) == parts
