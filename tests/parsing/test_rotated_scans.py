"""Scans that are sideways, upside down or skewed are read upright; boxes map back to the picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cogdoc.documents.geometry import Box
from cogdoc.documents.rendering import PixelSize
from cogdoc.parsing.page import Page
from cogdoc.parsing.page_text import PageText, TextOrigin

pytestmark = pytest.mark.slow


def bare(text: str) -> str:
    return "".join(text.split())


def assert_known_text(page_text: PageText, known: list[str]) -> None:
    assert [text for text in known if bare(text) not in bare(page_text.text)] == []


def dark_pixels(open_file: Any, path: Path, page_text: PageText, box: Box) -> tuple[float, float]:
    """The share of dark pixels in the displayed box of the original picture, and in the whole picture."""
    width, height = page_text.displayed_size
    size = PixelSize(round(2 * width), round(2 * height))
    dark = open_file(path).picture(1, size).result().mean(axis=2) < 128
    x0, y0, x1, y1 = (round(2 * side) for side in page_text.displayed(box))
    return float(dark[y0:y1, x0:x1].mean()), float(dark.mean())


def test_sideways_letter_is_read_upright(read_sample: Any, facts: dict[str, Any]) -> None:
    page_text = read_sample("letter-sideways.png").page_text
    assert page_text.turned in (90, 270)
    assert "turned" in page_text.flags
    assert page_text.width < page_text.height, "upright, the letter is taller than wide"
    assert page_text.displayed_size == (page_text.height, page_text.width)
    assert_known_text(page_text, facts["letter-sideways.png"]["text"])


def test_boxes_of_the_sideways_letter_map_back_to_the_picture(read_sample: Any, open_file: Any, samples: Path) -> None:
    page_text = read_sample("letter-sideways.png").page_text
    for known in ("Fennimore", "Thornbury", "Askew"):
        word = next(word for word in page_text.words if known in word.text)
        inside, overall = dark_pixels(open_file, samples / "letter-sideways.png", page_text, word.box)
        assert inside > 4 * overall
        shown = page_text.displayed(word.box)
        assert shown.height > shown.width, "a sideways word is taller than wide"


@pytest.fixture(scope="module")
def receipt(samples: Path) -> Image.Image:
    return Image.open(samples / "receipt.jpg").convert("L")


@pytest.mark.parametrize("turn", [90, 180])  # test_sideways_pages.py has 270
def test_rotated_receipt_is_read_upright(
    tmp_path: Path, receipt: Image.Image, facts: dict[str, Any], open_file: Any, turn: int
) -> None:
    path = tmp_path / "turned.png"
    receipt.rotate(turn, expand=True, fillcolor=255).save(path)  # Pillow rotates counterclockwise
    page_text = Page(open_file(path), 1).text()
    assert page_text.turned == turn
    assert_known_text(page_text, facts["receipt.jpg"]["text"])
    total = next(word for word in page_text.words if word.text == "48.54")
    inside, overall = dark_pixels(open_file, path, page_text, total.box)
    assert inside > 2 * overall
    rows = [line.box.center[1] for line in page_text.lines]
    assert rows.index(min(rows)) < rows.index(max(rows)), "lines are read from top to bottom"


@pytest.mark.parametrize("degrees", [-4.0, 6.0])
def test_skewed_receipt_is_deskewed(
    tmp_path: Path, receipt: Image.Image, read_sample: Any, open_file: Any, degrees: float
) -> None:
    path = tmp_path / "skewed.png"
    receipt.rotate(-degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=245).save(path)
    page_text = Page(open_file(path), 1).text()
    assert page_text.turned == 0
    own_skew = read_sample("receipt.jpg").page_text.skew
    assert page_text.skew == pytest.approx(degrees + own_skew, abs=1.5)
    assert_known_text(page_text, ["PEBBLE LANE GROCERS LTD", "SEEDED RYE LOAF", "48.54", "11.46"])
    item = next(word for word in page_text.words if word.text.startswith("BEESWAX"))
    price = next(word for word in page_text.words if word.text == "7.40")
    assert item.box.vertical_overlap(price.box) > 0.5, "words of one row of the receipt are level"
    total = next(word for word in page_text.words if word.text == "48.54")
    inside, overall = dark_pixels(open_file, path, page_text, total.box)
    assert inside > 2 * overall


def test_upright_letter_is_not_rotated(read_sample: Any, facts: dict[str, Any]) -> None:
    page_text = read_sample("letter.pdf").page_text
    assert (page_text.origin, page_text.turned) == (TextOrigin.OCR, 0)
    assert_known_text(page_text, facts["letter.pdf"]["text"])
    assert np.mean([word.confidence for word in page_text.words]) > 0.9
