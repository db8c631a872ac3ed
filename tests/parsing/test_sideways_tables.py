"""A table that runs up or down an upright page has its rows and columns, and its boxes are those of the page."""

from __future__ import annotations

from pathlib import Path

import pymupdf
import pytest

from cogdoc.documents.geometry import Box
from cogdoc.documents.open_request import OpenRequest
from cogdoc.parsing.page_text import Block, BlockKind
from cogdoc.parsing.reading import read_layout

PROSE = "The harbour master counted forty small boats on the quay before noon, and his clerk wrote each name down. "
ROWS = [
    ("Year of the catch", "Boats", "Catch", "Price"),
    ("2019", "41", "1,204", "3.10"),
    ("2020", "38", "1,116", "3.25"),
    ("2021 (in part)", "44", "1,390", "3.40"),
    ("2022", "47", "1,455", "3.75"),
]
COLUMN, ROW = 80, 24
"""Points between the columns and the rows of the table."""


def save_page(path: Path, rows: list[tuple[str, ...]], turned: int, *, ruled: bool = False) -> Path:
    """Save a page of prose with a table in its middle that is turned by some degrees clockwise."""
    with pymupdf.open() as file:
        page = file.new_page()
        page.insert_textbox((60, 50, 535, 160), 3 * PROSE, fontsize=11)
        page.insert_textbox((60, 680, 535, 790), 2 * PROSE, fontsize=11)

        def place(along: float, down: float) -> tuple[float, float]:
            return (200 + down, 620 - along) if turned == 270 else (400 - down, 260 + along)

        for number, row in enumerate(rows):
            for column, text in enumerate(row):
                # MuPDF counts degrees counterclockwise.
                page.insert_text(place(COLUMN * column + 4, ROW * number + 16), text, fontsize=9, rotate=360 - turned)
        if ruled:
            right, bottom = COLUMN * len(rows[0]), ROW * len(rows)
            for number in range(len(rows) + 1):
                page.draw_line(place(0, ROW * number), place(right, ROW * number))
            for column in range(len(rows[0]) + 1):
                page.draw_line(place(COLUMN * column, 0), place(COLUMN * column, bottom))
        file.save(path)
    return path


def tables_of(path: Path) -> list[Block]:
    return [block for block in read_layout(OpenRequest(path), 1).blocks if block.kind is BlockKind.TABLE]


@pytest.mark.parametrize("ruled", [False, True])
@pytest.mark.parametrize("turned", [90, 270])
def test_sideways_table_has_its_rows(tmp_path: Path, turned: int, ruled: bool) -> None:
    (block,) = tables_of(save_page(tmp_path / "page.pdf", ROWS, turned, ruled=ruled))
    assert block.table
    assert [tuple(cell.text for cell in row) for row in block.table.rows] == ROWS


@pytest.mark.parametrize("turned", [90, 270])
def test_cells_of_a_sideways_table_have_their_words_inside(tmp_path: Path, turned: int) -> None:
    (block,) = tables_of(save_page(tmp_path / "page.pdf", ROWS, turned))
    assert block.table
    boxes = {word.text: word.box for line in block.lines for word in line.words}
    for row in block.table.rows:
        for cell in row:
            assert isinstance(cell.box, Box)
            assert all(cell.box.contains_point(*boxes[word].center) for word in cell.text.split())


def test_labels_of_an_axis_that_run_up_are_no_table(tmp_path: Path) -> None:
    labels = [(month,) for month in ("January", "February", "March", "April", "May", "June", "July")]
    assert tables_of(save_page(tmp_path / "page.pdf", labels, 270)) == []
