"""Pages that consist of thousands of shapes, or are far longer than wide, cost no more than their text does."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pymupdf
import pytest

from cogdoc.documents.document import open_path
from cogdoc.documents.open_request import OpenRequest
from cogdoc.documents.sandbox import Sandbox
from cogdoc.parsing.ocr.ocr_engine import recognize
from cogdoc.parsing.page import Page
from cogdoc.parsing.page_text import TextOrigin
from cogdoc.parsing.reading import read_page_text


def read(file: pymupdf.Document, path: Path) -> tuple[str, TextOrigin]:
    file.save(path)
    text = read_page_text(OpenRequest(path), 1)
    return text.text, text.origin


@pytest.mark.parametrize("radius", [None, 0.3])
def test_tinted_cells_of_a_narrow_column_are_not_read_as_letters(tmp_path: Path, radius: float | None) -> None:
    file = pymupdf.open()
    page = file.new_page()
    top = 60.0
    for row in range(44):
        height = 9 + row * 7 % 13 * 0.5
        page.draw_rect(pymupdf.Rect(300, top, 309, top + height), color=None, fill=(0.8, 0.9, 1), radius=radius)
        page.insert_text((50, top + 8), f"Item {row}", fontsize=8)
        page.insert_text((330, top + 8), f"{row}.50", fontsize=8)
        top += height
    text, origin = read(file, tmp_path / "tinted.pdf")
    assert origin is TextOrigin.TEXT_LAYER
    assert len(text.split()) == 44 * 3


def test_words_on_small_rounded_buttons_are_not_read_twice(tmp_path: Path) -> None:
    file = pymupdf.open()
    page = file.new_page()
    for index in range(60):
        button = pymupdf.Rect(0, 0, 20 + index % 12, 12) + (50 + index % 6 * 80, 60 + index // 6 * 20) * 2
        page.draw_rect(button, color=None, fill=(0.9, 0.9, 0.7), radius=0.4)
        page.insert_text((button.x0 + 3, button.y1 - 3), str(100 + index), fontsize=8)
    text, origin = read(file, tmp_path / "buttons.pdf")
    assert origin is TextOrigin.TEXT_LAYER
    assert sorted(text.split()) == sorted(str(100 + index) for index in range(60))


def test_squares_of_a_drawing_are_no_checkboxes(tmp_path: Path) -> None:
    file = pymupdf.open()
    page = file.new_page()
    for index in range(400):
        x, y = 40 + index % 20 * 25, 40 + index // 20 * 30
        page.draw_rect(pymupdf.Rect(x, y, x + 8, y + 8))
        page.insert_text((x + 10, y + 7), "w", fontsize=8)
    text, _ = read(file, tmp_path / "drawing.pdf")
    assert text.split() == ["w"] * 400


def test_text_recognition_of_a_thin_tall_picture_takes_little_memory() -> None:
    from tracemalloc import get_traced_memory, start, stop

    thin = np.full((3000, 12, 3), 230, np.uint8)
    start()
    try:
        assert recognize(thin) == []
        _, peak = get_traced_memory()
    finally:
        stop()
    assert peak < 400e6


def test_the_layout_of_a_drawing_of_scattered_shapes_takes_seconds(tmp_path: Path) -> None:
    rng = random.Random(3)
    file = pymupdf.open()
    page = file.new_page()
    shapes = (
        f"{rng.uniform(20, 570):.2f} {rng.uniform(20, 815):.2f} {rng.uniform(1, 14):.2f} {rng.uniform(1, 14):.2f} re f"
        for _ in range(3000)
    )
    stream = file.get_new_xref()
    file.update_object(stream, "<<>>")
    file.update_stream(stream, "\n".join(("0.9 g", *shapes, "0 g")).encode())
    file.xref_set_key(page.xref, "Contents", f"{stream} 0 R")
    for row in range(20):
        page.insert_text((60, 80 + 30 * row), f"Parcel {row} belongs to the parish")
    file.save(tmp_path / "plan.pdf")
    with Sandbox(jobs=1, timeout=40) as sandbox:  # the models would take minutes
        layout = Page(open_path(tmp_path / "plan.pdf", sandbox), 1).layout()
    assert sorted(word.text for block in layout.blocks for line in block.lines for word in line.words) == sorted(
        word.text for word in layout.page_text.words
    )


def test_the_layout_of_a_page_of_thousands_of_small_pictures_takes_seconds(tmp_path: Path) -> None:
    rng = random.Random(3)
    file = pymupdf.open()
    page = file.new_page()
    page.insert_image(pymupdf.Rect(20, 20, 24, 24), pixmap=pymupdf.Pixmap(pymupdf.csGRAY, (0, 0, 2, 2)))
    name = page.get_images()[0][7]
    stream = file.get_new_xref()
    file.update_object(stream, "<<>>")
    placed = (f"q 4 0 0 4 {rng.uniform(20, 570):.1f} {rng.uniform(20, 60):.1f} cm /{name} Do Q" for _ in range(8000))
    file.update_stream(stream, "\n".join(placed).encode())
    page.insert_text((60, 400), "Total 312.40 EUR")
    contents = " ".join(f"{xref} 0 R" for xref in (*page.get_contents(), stream))
    file.xref_set_key(page.xref, "Contents", f"[{contents}]")
    file.save(tmp_path / "mosaic.pdf")
    with Sandbox(jobs=1, timeout=40) as sandbox:
        layout = Page(open_path(tmp_path / "mosaic.pdf", sandbox), 1).layout()
    assert layout.page_text.text == "Total 312.40 EUR"
