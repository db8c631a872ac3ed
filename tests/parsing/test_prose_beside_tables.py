"""Running text beside a table is a block of its own, with its sentences whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pymupdf
import pytest

from cogdoc.documents.geometry import Box
from cogdoc.documents.open_request import OpenRequest
from cogdoc.parsing.layout.prose_beside_tables import find_prose_columns
from cogdoc.parsing.page_text import BlockKind, Cell, PageLayout, Table, Word
from cogdoc.parsing.reading import read_layout

PROSE = """The harbour council examined the ledger and
accepted the estimate for the following winter.
Nobody doubted that the pier would last, yet the
engineer asked for a second inspection before the
ice came. Visitors may write a letter to the
council, which answers within a month. The ferry
sails at noon on weekdays and at nine on Sundays.""".splitlines()

DAYS = [["Day", "Open", "Close"], *([day, "9:00", "17:30"] for day in ("Mon", "Tue", "Wed", "Thu", "Fri"))]

SERVICES = [
    ["Pilot", "12.00", "Compulsory above forty metres of length, and by night for all others."],
    ["Crane", "80.00", "With a driver, for at least one hour. Orders are taken at the gate."],
    ["Water", "3.10", "From the hydrants of the north pier only, between six and nine o'clock."],
    ["Watch", "25.00", "At night, by two of the porters, who walk the pier every second hour."],
]


def layout_of(file: pymupdf.Document, path: Path) -> PageLayout:
    file.save(path)
    return read_layout(OpenRequest(path), 1)


@pytest.mark.parametrize(("text_left", "table_left"), [(72, 340), (250, 60)])
def test_sentences_beside_a_table_are_read_as_text(tmp_path: Path, text_left: float, table_left: float) -> None:
    file = pymupdf.open()
    page = file.new_page()
    for index, line in enumerate(PROSE):
        page.insert_text((text_left, 100 + 11.25 * index), line, fontsize=9)
    for number, row in enumerate(DAYS):
        for column, cell in enumerate(row):
            page.insert_text((table_left + 60 * column, 100 + 14 * number), cell, fontsize=9)
    blocks = layout_of(file, tmp_path / "beside.pdf").blocks
    texts = [[line.text for line in block.lines] for block in blocks if block.kind is BlockKind.TEXT]
    assert texts == [PROSE]
    (table,) = (block.table for block in blocks if block.table)
    assert [[cell.text for cell in row] for row in table.rows] == DAYS


def test_descriptions_stay_in_their_table(tmp_path: Path) -> None:
    file = pymupdf.open()
    page = file.new_page()
    for number, (name, price, text) in enumerate(SERVICES):
        top = 100 + 34 * number
        page.insert_text((72, top), name, fontsize=9)
        page.insert_text((150, top), price, fontsize=9)
        page.insert_textbox((220, top - 9, 400, top + 30), text, fontsize=9)
    blocks = layout_of(file, tmp_path / "services.pdf").blocks
    (table,) = (block.table for block in blocks if block.table)
    assert [[cell.text for cell in row] for row in table.rows] == SERVICES


def test_columns_of_running_text_are_no_table() -> None:
    lefts = (50.0, 250.0, 450.0)
    parts = (
        PROSE[:4],
        [*PROSE[4:6], "council, which answers", "within a month of the"],
        ["ferry that sails at noon", *PROSE[4:]],
    )
    words = [word for left, part in zip(lefts, parts, strict=True) for word in words_of(part, left)]
    cells = tuple(Cell("", Box(left - 5, 90, left + 195, 160)) for left in lefts)
    table = Table(Box(45, 90, 645, 160), (cells,))
    columns = find_prose_columns(table, words)
    assert [[line.text for line in column] for column in columns] == [list(part) for part in parts]


def test_descriptions_side_by_side_are_a_table() -> None:
    parts = ([text for *_, text in SERVICES], [text for *_, text in reversed(SERVICES)])
    words = [word for left, part in zip((50.0, 450.0), parts, strict=True) for word in words_of(part, left)]
    cells = tuple(Cell("", Box(left - 5, 90, left + 395, 160)) for left in (50.0, 450.0))
    assert find_prose_columns(Table(Box(45, 90, 845, 160), (cells,)), words) == []


def words_of(lines: Sequence[str], left: float) -> Iterator[Word]:
    for index, line in enumerate(lines):
        x = left
        for text in line.split():
            yield Word(text, Box(x, 100 + 12 * index, x + 3.6 * len(text), 109 + 12 * index), 1.0)
            x += 3.6 * (len(text) + 1)
