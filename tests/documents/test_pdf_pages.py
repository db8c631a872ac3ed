"""PDF pages have their printed labels, and each is read without the others."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pymupdf
import pytest

from cogdoc.documents.document import Document, draw_page
from cogdoc.documents.open_request import OpenRequest
from cogdoc.documents.rendering import PixelSize
from cogdoc.parsing.page import Page

Open = Callable[..., Document]


@pytest.mark.slow
def test_pages_have_their_printed_labels(samples: Path, facts: dict[str, Any], open_file: Open) -> None:
    document = open_file(samples / "report.pdf")
    labels = [Page(document, number).text().label for number in range(1, document.page_count + 1)]
    assert labels == facts["report.pdf"]["labels"] == ["i", "ii", "1", "2", "3", "4", "5", "6"]


def test_pages_without_labels_use_their_numbers(tmp_path: Path, open_file: Open) -> None:
    file = pymupdf.open()
    for _ in range(3):
        file.new_page().insert_text((72, 72), "text")
    file.save(tmp_path / "plain.pdf")
    document = open_file(tmp_path / "plain.pdf")
    assert [Page(document, number).text().label for number in (1, 2, 3)] == ["1", "2", "3"]


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="counts the bytes read as Linux tells them")
def test_page_900_of_1000_is_rendered_without_copying_the_file(tmp_path: Path) -> None:
    file = pymupdf.open()
    for number in range(1000):
        page = file.new_page(width=100, height=100)
        page.insert_text((10, 50), f"{number + 1}")
        (content,) = page.get_contents()
        file.update_stream(
            content, file.xref_stream(content) + b"\n%" + os.urandom(10_000).hex().encode(), compress=False
        )
    path = tmp_path / "long.pdf"
    file.save(path)
    assert path.stat().st_size > 20e6
    before = _bytes_read()
    draw_page(OpenRequest(path), 900, PixelSize(64, 64))
    assert _bytes_read() - before < 1e6


def test_damaged_page_does_not_affect_the_others(tmp_path: Path, open_file: Open) -> None:
    file = pymupdf.open()
    for number in (1, 2, 3):
        file.new_page().insert_text((72, 72), f"This is page {number}")
    file.update_stream(file[1].get_contents()[0], b"q q q BT /Nope 12 Tf (((( Tj \xff\xff")
    file.save(tmp_path / "one-broken.pdf")
    document = open_file(tmp_path / "one-broken.pdf")
    assert [Page(document, number).text().text for number in (1, 3)] == ["This is page 1", "This is page 3"]
    assert document.picture(2).result().shape[2] == 3


def _bytes_read() -> int:
    fields = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(fields["rchar"])
