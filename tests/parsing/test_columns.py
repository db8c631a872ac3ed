"""Short columns of running text are read one after the other; labels and values along the row."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from cogdoc.documents.geometry import Box, bounding_box
from cogdoc.parsing.layout.columns import split_columns
from cogdoc.parsing.layout.field_rows import join_field_rows
from cogdoc.parsing.page_text import Block, BlockKind, Line, Word
from cogdoc.text import text_width

LEFT = ("The harbour council examined the", "ledger and")
RIGHT = ("accepted the estimate for the", "following winter season.")
GERMAN = ("Der Hafenrat prüfte die Bücher", "des Winters und nahm")
CHINESE = ("港务委员会在去年冬天审查了港口账目和", "所有船只的记录")


def line(text: str, left: float, top: float, height: float) -> Line:
    words, x = [], left
    for part in text.split():
        width = 0.5 * height * text_width(part)
        words.append(Word(part, Box(x, top, x + width, top + height), 1.0))
        x += width + 0.25 * height
    return Line(tuple(words))


def block(columns: Sequence[Sequence[str]], gap: float = 3.0, height: float = 10.0, title: str = "") -> Block:
    """Columns of lines `gap` line heights apart, perhaps below a title over all of them."""
    lines = [line(title, 50, 20, height)] if title else []
    left = 50.0
    for column in columns:
        added = [line(text, left, 50 + 1.4 * height * row, height) for row, text in enumerate(column)]
        lines += added
        left = max(each.box.x1 for each in added) + gap * height
    return Block(BlockKind.TEXT, bounding_box(each.box for each in lines), tuple(lines))


def texts(blocks: Sequence[Block]) -> list[tuple[str, ...]]:
    return [tuple(line.text for line in block.lines) for block in blocks]


@pytest.mark.parametrize("gap", [1.5, 3, 8])
@pytest.mark.parametrize("height", [6, 10, 24])
@pytest.mark.parametrize(
    "columns",
    [
        (LEFT, RIGHT),
        (LEFT, (*RIGHT[:1], "following winter season and", "the year after that.")),
        (GERMAN, RIGHT),
        (CHINESE, CHINESE),
        (LEFT, RIGHT, LEFT),
    ],
)
def test_short_columns_are_read_one_after_the_other(
    columns: Sequence[tuple[str, ...]], height: float, gap: float
) -> None:
    assert texts(split_columns(block(columns, gap, height))) == list(columns)


def test_title_over_short_columns_is_read_first() -> None:
    title = "Minutes of the harbour council for the month of March of last year"
    assert texts(split_columns(block((LEFT, RIGHT), title=title))) == [(title,), LEFT, RIGHT]


@pytest.mark.parametrize(
    "columns",
    [
        (("Name", "Address", "Born"), ("Ada Winter", "4 Mill Lane", "1815")),
        (("name", "address", "born"), ("ada winter", "4 mill lane", "1815")),
        (("Invoice number:", "Date:"), ("2024-118", "4 May 2024")),
        (("Rye loaf", "Butter", "Cheese"), ("3.10", "2.40", "8.90")),
        (("姓名", "地址", "电话"), ("王小明", "青岚市水务路", "12345678")),
        (("Balance at the beginning of the", "financial year"), ("4,120", "3,200")),
    ],
)
def test_labels_and_values_are_not_separated(columns: Sequence[tuple[str, ...]]) -> None:
    whole = block(columns)
    assert split_columns(whole) == [whole]


def test_columns_of_running_text_are_not_joined_to_rows() -> None:
    parts = split_columns(block((LEFT, RIGHT)))
    assert join_field_rows(parts) == parts


def test_label_in_a_gap_of_a_row_is_read_in_its_row() -> None:
    row = ["Large filer", "☒", "Filer under the simpler rules", "☐", "Small filer", "☐"]
    placed = [line(text, 40.0 + 160 * index, 300, 10) for index, text in enumerate(row)]
    label = placed.pop(2)
    rest = Block(BlockKind.TEXT, bounding_box(each.box for each in placed), tuple(placed))
    (whole,) = join_field_rows([rest, Block(BlockKind.TEXT, label.box, (label,))])
    assert [each.text for each in whole.lines] == row


def test_block_between_the_columns_of_another_is_not_joined_to_it() -> None:
    outer = [line(text, left, top, 10) for left in (40, 700) for text, top in zip(LEFT, (300, 318), strict=True)]
    inner = [line(text, 350, top, 10) for text, top in zip(RIGHT, (331, 349), strict=True)]
    blocks = [Block(BlockKind.TEXT, bounding_box(each.box for each in part), tuple(part)) for part in (outer, inner)]
    assert join_field_rows(blocks) == blocks


def placed(*lines: tuple[str, float, float]) -> Block:
    """A block of lines, each with its text, its left and its top."""
    parts = tuple(line(text, left, top, 10) for text, left, top in lines)
    return Block(BlockKind.TEXT, bounding_box(each.box for each in parts), parts)


def test_amounts_beside_the_labels_of_two_blocks_are_read_in_their_rows() -> None:
    blocks = [
        placed(("Rye loaf", 40, 100), ("3.10", 300, 100), ("Cash", 40, 115)),
        placed(("5.00", 300, 115), ("1.90", 300, 130)),
        placed(("Change", 40, 130), ("Thank you", 40, 145)),
    ]
    assert texts(join_field_rows(blocks)) == [("Rye loaf", "3.10", "Cash", "5.00"), ("Change", "1.90", "Thank you")]


def test_amounts_without_labels_beside_them_stay_a_block() -> None:
    blocks = [
        placed(("Rye loaf", 40, 100), ("Cash", 40, 115)),
        placed(("5.00", 300, 150), ("1.90", 300, 165)),
        placed(("Change", 40, 180), ("Thank you", 40, 195)),
    ]
    assert join_field_rows(blocks) == blocks


def test_names_beside_two_blocks_stay_a_block() -> None:
    blocks = [
        placed(("Ada Winter", 40, 100), ("Pilot", 40, 115)),
        placed(("Ben Ames", 300, 115), ("Clerk", 300, 130)),
        placed(("Cy Hale", 40, 130), ("Smith", 40, 145)),
    ]
    assert join_field_rows(blocks) == blocks
