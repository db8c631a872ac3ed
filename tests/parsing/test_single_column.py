"""`--out text` reads pages of one column without the layout models, with the same text, and all others with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pymupdf
import pytest

from cogdoc.documents.document import Document
from cogdoc.parsing.layout.single_column import find_single_column
from cogdoc.parsing.page import Page
from cogdoc.parsing.page_text import Block, PageText
from cogdoc.tasks.describe import describe_blocks

PROSE = (
    "The harbour council examined the ledger of the winter and accepted the estimate",
    "for the following season. Forty small boats were counted, of which nine had been",
    "away for the whole of the year.",
)
NUMBERS = (("Boats", "2023", "2024"), ("small", "40", "38"), ("large", "9", "12"), ("all", "49", "50"))


def save(path: Path, placed: Sequence[tuple[float, float, str]]) -> Path:
    """A page of A4 with texts of 10 points, each at its left and its baseline."""
    with pymupdf.open() as file:
        page = file.new_page(width=595, height=842)
        for left, baseline, text in placed:
            page.insert_text((left, baseline), text, fontsize=10)
        file.save(path)
    return path


def paragraph(left: float, top: float, lines: Sequence[str] = PROSE) -> list[tuple[float, float, str]]:
    return [(left, top + 13 * index, line) for index, line in enumerate(lines)]


def table(top: float) -> list[tuple[float, float, str]]:
    return [
        (80 + 120 * column, top + 18 * row, text)
        for row, cells in enumerate(NUMBERS)
        for column, text in enumerate(cells)
    ]


def columns(offset: float) -> list[tuple[float, float, str]]:
    """Two columns of prose; the second is lower by `offset`."""
    left, right = (
        ("examined the ledger of", "the winter and", "the boats of", "nine men"),
        ("and all", "of the", "year", "was"),
    )
    return paragraph(72, 100, left) + paragraph(300, 100 + offset, right)


def text_of(blocks: Sequence[Block], page: PageText) -> list[str]:
    return "\n".join(block.text for block in describe_blocks(blocks, page)).split("\n")


@pytest.mark.parametrize(
    "placed",
    [
        paragraph(72, 100),
        [*paragraph(72, 100), *table(200), *paragraph(72, 320)],
        [(72, 40, "Report of the council"), (480, 40, "Page 3"), *paragraph(72, 100)],
        [(72, 100, "Boats"), *paragraph(72, 130), (72, 200, "-"), *paragraph(90, 200)],
    ],
    ids=["prose", "table", "header", "bullet"],
)
def test_text_of_one_column_is_that_of_the_layout(
    open_file: Callable[..., Document], tmp_path: Path, placed: Sequence[tuple[float, float, str]]
) -> None:
    document = open_file(save(tmp_path / "page.pdf", placed))
    quick = Page(document, 1, text_only=True).ordered_text()
    assert quick.blocks == find_single_column(quick.page_text) != ()
    layout = Page(document, 1).layout()
    assert text_of(quick.blocks, quick.page_text) == text_of(layout.blocks, layout.page_text)


@pytest.mark.parametrize(
    "placed",
    [
        columns(0),
        columns(6),
        [*paragraph(72, 100), (72, 160, "Boats of the harbour"), (300, 160, "Master"), (72, 173, "in winter")],
        [row for row in table(200) if row[2] != "12"],
    ],
    ids=["columns", "staggered columns", "fields", "empty cell"],
)
def test_other_pages_are_left_to_the_layout_models(
    open_file: Callable[..., Document], tmp_path: Path, placed: Sequence[tuple[float, float, str]]
) -> None:
    document = open_file(save(tmp_path / "page.pdf", placed))
    assert find_single_column(Page(document, 1).text()) == ()
    assert Page(document, 1, text_only=True).ordered_text() == Page(document, 1).layout()
