"""A picture of a table that was cut out of a page is read as a table with rows and columns."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pymupdf
import pytest

from cogdoc.documents.document import Document
from cogdoc.documents.geometry import Box
from cogdoc.parsing.layout.picture_tables import may_be_table
from cogdoc.parsing.page import Page
from cogdoc.parsing.page_text import BlockKind, Line, Word

pytestmark = pytest.mark.slow

HEADER = ("Experience", "One", "Two", "Three", "Total")
ROWS = (("High", "5", "6", "2", "13"), ("Medium", "4", "8", "5", "17"), ("Low", "3", "1", "2", "6"))


def picture_of_table(path: Path) -> Path:
    """Write a picture of a table without lines, as wide as a column of a journal, at 150 pixels per inch."""
    file = pymupdf.open()
    page = file.new_page(width=290, height=24 + 14 * (1 + len(ROWS)))
    for r, row in enumerate((HEADER, *ROWS)):
        for c, text in enumerate(row):
            page.insert_text((12 + (c and 40 + 50 * c), 22 + 14 * r), text, fontsize=9)
    page.get_pixmap(dpi=150).save(path)
    return path


def test_borderless_table_in_a_picture_is_found_with_its_cells(
    tmp_path: Path, open_file: Callable[..., Document]
) -> None:
    layout = Page(open_file(picture_of_table(tmp_path / "table.png")), 1).layout()
    (table,) = (block.table for block in layout.blocks if block.kind is BlockKind.TABLE)
    assert table is not None
    assert tuple(tuple(cell.text for cell in row) for row in table.rows) == (HEADER, *ROWS)


def test_boxes_of_cells_contain_their_words(tmp_path: Path, open_file: Callable[..., Document]) -> None:
    layout = Page(open_file(picture_of_table(tmp_path / "table.png")), 1).layout()
    (table,) = (block.table for block in layout.blocks if block.kind is BlockKind.TABLE)
    assert table is not None
    boxes = {word.text: word.box for word in layout.page_text.words}
    for cell in (*table.rows[0], *(row[0] for row in table.rows[1:-1])):
        assert cell.box is not None
        assert cell.box.contains_point(*boxes[cell.text].center)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ([(x, y) for y in (0, 20, 40, 60) for x in (0, 80, 160)], True),
        ([(x, y) for y in (0, 20, 40, 60) for x in (0, 120)], True),
        ([(0, 20 * y) for y in range(8)] + [(40 * x, 170) for x in range(6)], False),  # a chart with two axes
        ([(37 * y % 100, 20 * y) for y in range(8)], False),
        ([(x + 30 * (y % 3), y) for y in (0, 20, 40, 60) for x in (0, 80, 160)], False),  # values above bars
    ],
)
def test_texts_in_rows_and_columns_may_be_a_table(texts: list[tuple[float, float]], expected: bool) -> None:
    lines = [Line((Word("4.5 kg", Box(x, y, x + 30, y + 10), 1.0),)) for x, y in texts]
    assert may_be_table(lines) is expected
