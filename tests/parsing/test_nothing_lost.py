"""Markdown has each line of a document: headers once, and the lines of a single page always."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pymupdf
import pytest

import cogdoc
from cogdoc.documents.page_selection import PageSelection
from cogdoc.engines.builtin.engine import BuiltinEngine
from cogdoc.engines.protocol import Transcription
from cogdoc.errors import CogdocError
from cogdoc.parsing.page import Page
from cogdoc.tasks.ocr import transcribe

DATA = Path(__file__).parents[3] / "shared" / "data"
PARTS = 3
"""Tests that several processes can share."""
PROSE = (
    "The harbour master counted forty small boats on the quay before noon, and his clerk",
    "wrote each name into the ledger of the port. The pilots waited for the evening tide, as",
    "the wind had turned to the north and the channel is narrow there in the winter months.",
)


def save_pages(path: Path, pages: list[tuple[str, str]]) -> Path:
    """Write pages of prose, each between a line at the top and one at the bottom."""
    with pymupdf.open() as file:
        for number, (top, bottom) in enumerate(pages):
            page = file.new_page()
            page.insert_text((60, 40), top, fontsize=9)
            for row in range(30):
                text = f"{number + 1}.{row + 1} {PROSE[row % 3]}" if row % 3 == 0 else PROSE[row % 3]
                page.insert_text((60, 90 + 20 * row + 10 * (row // 3)), text, fontsize=11)
            page.insert_text((290, 815), bottom, fontsize=9)
        file.save(path)
    return path


@pytest.mark.parametrize("top", ["Total amount due: 312.40 EUR", "Ashcombe Ltd, 4 Mill Lane, Ely", "Invoice 2024-118"])
def test_first_line_of_a_single_page_is_written(tmp_path: Path, top: str) -> None:
    (record,) = cogdoc.ocr(save_pages(tmp_path / "bill.pdf", [(top, "Registered in Norwich")]))
    assert top in record.markdown
    assert "Registered in Norwich" in record.markdown
    assert not {"lines-omitted", "lines-lost"} & set(record.flags)


def test_header_of_several_pages_is_written_once_and_its_omission_flagged(tmp_path: Path) -> None:
    path = save_pages(tmp_path / "report.pdf", [("Annual report of the port", f"{number}") for number in range(1, 5)])
    records = list(cogdoc.ocr(path))
    assert ["Annual report of the port" in record.markdown for record in records] == [True, False, False, False]
    assert all("lines-omitted" in record.flags for record in records[1:])
    assert all("Annual report of the port" in record.text for record in records)


class KeepsPages(BuiltinEngine):
    """The built-in engine, which here keeps the pages that it transcribes."""

    def __init__(self) -> None:
        super().__init__()
        self.pages: list[Page] = []

    def transcribe(self, page: Page) -> Transcription:
        self.pages.append(page)
        return super().transcribe(page)


@pytest.mark.slow
@pytest.mark.skipif(not DATA.is_dir(), reason="no evaluation data")
@pytest.mark.parametrize("part", range(PARTS))
def test_each_word_of_the_development_pages_is_written_or_named(open_file: Any, part: int) -> None:
    files = sorted((DATA / "core" / "files").glob("*/pdf/*.pdf"))[part::PARTS]
    assert files
    pages = PageSelection(((1, 2 if part == 0 else 1),))  # a second page of some: there are headers that come again
    for path in files:
        engine = KeepsPages()
        try:
            records = list(transcribe(open_file(path), engine, pages))
        except CogdocError:  # some files are broken on purpose
            continue
        for record in records:
            assert "lines-lost" not in record.flags, (path, record.page)
        read = [record.page.number for record in records if record.error is None]
        for layout in (page.layout() for page in engine.pages if page.number in read):
            in_blocks = Counter(word for block in layout.blocks for line in block.lines for word in line.words)
            assert in_blocks == Counter(layout.page_text.words), path
