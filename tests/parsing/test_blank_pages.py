"""Blank paper of any color and texture is recognized as blank, and no text is read from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pymupdf
import pytest
from PIL import Image, ImageDraw

from cogdoc.parsing.ocr.blank_pages import is_blank
from cogdoc.parsing.page_text import PageText, TextOrigin


def assert_blank(page_text: PageText) -> None:
    assert page_text.origin is TextOrigin.BLANK
    assert page_text.lines == ()
    assert page_text.flags == ("blank-page",)
    assert page_text.resolution is None, "no OCR was run"


@pytest.mark.slow
def test_noisy_scan_of_an_empty_sheet_is_blank(samples: Path, read_file: Any) -> None:
    assert_blank(read_file(samples / "blank.png"))


@pytest.mark.parametrize("colour", [(1.0, 1.0, 1.0), (0.95, 0.85, 0.5), (0.1, 0.2, 0.3), (0.0, 0.0, 0.0)])
def test_sheet_of_any_colour_is_blank(tmp_path: Path, read_file: Any, colour: tuple[float, float, float]) -> None:
    file = pymupdf.open()
    page = file.new_page()
    page.draw_rect(page.rect, fill=colour, color=None)
    file.save(tmp_path / "sheet.pdf")
    assert_blank(read_file(tmp_path / "sheet.pdf"))


def test_page_without_any_content_is_blank(tmp_path: Path, read_file: Any) -> None:
    file = pymupdf.open()
    file.new_page()
    file.save(tmp_path / "nothing.pdf")
    assert_blank(read_file(tmp_path / "nothing.pdf"))


@pytest.mark.parametrize("size", [(1, 1), (3000, 2), (2, 3000)])
def test_white_pictures_of_extreme_shape_are_blank(tmp_path: Path, read_file: Any, size: tuple[int, int]) -> None:
    Image.new("RGB", size, "white").save(tmp_path / "sliver.png")
    assert_blank(read_file(tmp_path / "sliver.png"))


def test_dark_borders_of_scans_are_not_ink() -> None:
    sheet = np.full((1400, 1000, 3), 245, np.uint8)
    sheet[:, :15] = 20
    sheet[-10:] = 0
    assert is_blank(sheet)


def test_uneven_light_is_not_ink() -> None:
    light = np.linspace(140, 250, 1000)[None, :, None] * np.ones((1400, 1, 3))
    assert is_blank(light.astype(np.uint8))


@pytest.mark.parametrize("text", ["7", "Page 3", "Confidential"])
def test_page_with_one_short_word_is_not_blank(text: str) -> None:
    sheet = Image.new("RGB", (1000, 1400), "white")
    ImageDraw.Draw(sheet).text((480, 1300), text, fill="black", font_size=22)
    assert not is_blank(np.asarray(sheet))


def test_page_with_pale_gray_text_is_not_blank() -> None:
    sheet = Image.new("RGB", (1000, 1400), (250, 250, 250))
    ImageDraw.Draw(sheet).text((100, 300), "A pale line of pencil writing", fill=(190, 190, 190), font_size=26)
    assert not is_blank(np.asarray(sheet))


@pytest.mark.slow
def test_photograph_without_text_gives_no_words(samples: Path, read_file: Any) -> None:
    page_text = read_file(samples / "photo.webp")
    assert page_text.lines == ()
    assert page_text.origin is TextOrigin.OCR
