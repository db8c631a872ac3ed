"""Rules between columns part texts that are set close to them, on pages with text and on scans."""

from __future__ import annotations

from pathlib import Path

import pymupdf
import pytest

import cogdoc
from cogdoc.documents.geometry import Box
from cogdoc.parsing.layout.ruled_boxes import Frame, RuledBox
from cogdoc.parsing.layout.ruled_columns import column_rules, with_rules
from cogdoc.parsing.page_text import Word

ROWS = (
    ("Date", "Details", "Debit", "Credit"),
    ("08/02", "Card fee", "12.50", ""),
    ("09/02", "Transfer from Lyon", "", "1,204.00"),
    ("11/02", "Cash machine", "60.00", ""),
    ("12/02", "Water supply", "33.10", ""),
    ("14/02", "Insurance", "18.00", ""),
)
EDGES = (60.0, 110.0, 260.0, 330.0, 400.0)
STEP = 15


def statement(path: Path, gap: float, *, title: str = "", size: float = 9.0) -> Path:
    """A table with rules between its columns and none between its rows; dates end `gap` points before a rule."""
    font = pymupdf.Font("helv")
    with pymupdf.open() as file:
        page = file.new_page()
        top = 86.0
        if title:
            page.insert_text((200, 80), title, fontsize=size)
        for number, (date, details, *amounts) in enumerate(ROWS):
            y = 100 + STEP * number
            page.insert_text((EDGES[1] - gap - font.text_length(date, size), y), date, fontsize=size)
            page.insert_text((EDGES[1] + gap, y), details, fontsize=size)
            for edge, amount in zip(EDGES[3:], amounts, strict=True):
                page.insert_text((edge - 6 - font.text_length(amount, size), y), amount, fontsize=size)
        bottom = 106 + STEP * (len(ROWS) - 1)
        for x in EDGES:
            page.draw_line((x, top), (x, bottom))
        for y in (top, bottom):
            page.draw_line((EDGES[0], y), (EDGES[-1], y))
        if title:
            page.draw_rect((EDGES[0], 68, EDGES[-1], top))
        file.save(path)
    return path


def rows_of(path: Path) -> list[list[str]]:
    (page,) = cogdoc.ocr(path)
    (table,) = [block.table for block in page.blocks or () if block.table]
    return [[cell.text for cell in row if cell.box] for row in table.rows]


@pytest.mark.parametrize("gap", [0.3, 0.8, 1.5])
def test_a_rule_parts_a_date_from_the_text_beside_it(tmp_path: Path, gap: float) -> None:
    assert rows_of(statement(tmp_path / "statement.pdf", gap)) == [list(row) for row in ROWS]


def test_a_title_over_the_rules_stays_whole(tmp_path: Path) -> None:
    rows = rows_of(statement(tmp_path / "statement.pdf", 1.5, title="Movements in euros"))
    assert rows[-len(ROWS) :] == [list(row) for row in ROWS]
    assert [text for row in rows[: -len(ROWS)] for text in row if text] in ([], ["Movements in euros"])


def test_a_rule_parts_columns_of_a_scan(tmp_path: Path) -> None:
    with pymupdf.open(statement(tmp_path / "statement.pdf", 1.5)) as file:
        file[0].get_pixmap(dpi=170).save(tmp_path / "scan.png")
    assert rows_of(tmp_path / "scan.png") == [list(row) for row in ROWS]


def test_a_box_in_one_row_parts_none_of_the_others() -> None:
    small, tall = ([Box(0, 0, 30, bottom), Box(30, 0, 60, bottom)] for bottom in (20, 90))
    header = [Box(0, 0, 50, 20), Box(50, 0, 95, 20)]
    found = [column_rules(Box(0, 0, 100, 100), [frame_of(boxes)]) for boxes in (small, tall, header)]
    assert [[rule.x0 for rule in own] for own in found] == [[], [30, 60], [50, 95]]


def test_a_rule_replaces_no_line_that_parts_other_words() -> None:
    words = [Word("2,000", Box(10, 0, 18, 10), 0.9), Word("2,500", Box(21, 0, 27, 10), 0.9)]
    grid = ((0.0, 20.0, 60.0), (0.0, 10.0))
    assert with_rules(grid, [Box(28, 0, 28, 10)], words)[0] == (0, 20, 28, 60)
    assert with_rules(grid, [Box(20.5, 0, 20.5, 10)], words)[0] == (0, 20.5, 60)


def frame_of(boxes: list[Box]) -> Frame:
    ruled = (RuledBox(box, 0, 1, index, index + 1) for index, box in enumerate(boxes))
    return Frame((boxes[0].x0, *(box.x1 for box in boxes)), (boxes[0].y0, boxes[0].y1), tuple(ruled))
