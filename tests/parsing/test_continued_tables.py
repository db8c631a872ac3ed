"""A page is flagged if its first table continues the one at the foot of the page before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import pymupdf
import pytest

from cogdoc.documents.open_request import OpenRequest
from cogdoc.parsing.reading import read_layout

HEAD = ("Item", "Quantity", "Price", "Amount")
COLUMNS = (70, 250, 350, 450)
LAST = 38
"""The row that no longer fits on the first page."""


def rows(first: int, end: int) -> list[Sequence[str]]:
    return [(f"Steel part {n}", f"{n % 7 + 1}", f"{3.5 * n:.2f}", f"{24.5 * n:.2f}") for n in range(first, end)]


def write_table(page: pymupdf.Page, lines: Iterable[Sequence[str]], columns: Sequence[float] = COLUMNS) -> None:
    for index, line in enumerate(lines):
        y = 80 + 18 * index
        for column, (x, text) in enumerate(zip(columns, line, strict=True)):
            start = x + (70 - pymupdf.get_text_length(text, fontsize=10) if column else 0)
            page.insert_text((start, y), text, fontsize=10)
        page.draw_line((65, y + 5), (530, y + 5), width=0.4)


def flags_of_second_page(file: pymupdf.Document, path: Path) -> tuple[str, ...]:
    for number, page in enumerate(file, 1):
        page.insert_text((70, 815), f"Northwind Supply Ltd  Page {number} of 2", fontsize=8)
    file.save(path)
    return read_layout(OpenRequest(path), 2).page_text.flags


@pytest.mark.parametrize("head", [[HEAD], []])
def test_a_table_with_the_columns_of_the_page_before_continues(tmp_path: Path, head: list[Sequence[str]]) -> None:
    file = pymupdf.open()
    write_table(file.new_page(), [HEAD, *rows(1, LAST)])
    write_table(file.new_page(), [*head, *rows(LAST, LAST + 12)])
    assert "table-continues" in flags_of_second_page(file, tmp_path / "list.pdf")


@pytest.mark.parametrize("change", ["ends early", "other columns", "text after", "text before", "prose before"])
def test_another_table_does_not_continue(tmp_path: Path, change: str) -> None:
    file = pymupdf.open()
    for _ in range(2):
        file.new_page()
    one, two = file
    if change == "prose before":
        for y in range(80, 760, 18):
            one.insert_text((70, y), "Goods are delivered in the first week of each month unless agreed.", fontsize=10)
    else:
        write_table(one, [HEAD, *rows(1, 20 if change == "ends early" else LAST)])
    if change == "text after":
        one.insert_text((70, 775), "All prices are net and hold until the end of the year.", fontsize=10)
    if change == "text before":
        two.insert_text((70, 55), "The second delivery follows in the autumn and is listed here.", fontsize=10)
    write_table(two, [HEAD, *rows(LAST, LAST + 12)], (70, 200, 300, 450) if change == "other columns" else COLUMNS)
    assert "table-continues" not in flags_of_second_page(file, tmp_path / "list.pdf")
