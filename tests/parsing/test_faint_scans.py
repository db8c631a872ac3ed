"""Scans with worn lines and with specks keep their fields: what is read badly stays, with a low confidence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from statistics import fmean

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageDraw

from cogdoc.evaluation.metrics.recognized_text import word_recall
from cogdoc.parsing.ocr.specks import without_specks
from cogdoc.parsing.page_text import PageText

ReadFile = Callable[[Path], PageText]

FIELDS = {
    "Sender:": "Harborough Mills",
    "Order number:": "B 22017",
    "Shipped by:": "Direct Express",
    "Contents:": "Clear brown liquid",
    "Containers:": "One drum",
    "Gross weight:": "Not provided",
    "Storage:": "Store refrigerated in dark",
    "Received:": "03/01/1990",
    "Director:": "Ray Davidson",
}


def form(print_size: int) -> npt.NDArray[np.uint8]:
    """A form at 93 pixels per inch, whose values are over rules: gray, shape (1000, 777)."""
    page = Image.new("L", (777, 1000), 255)
    draw = ImageDraw.Draw(page)
    for row, (label, value) in enumerate(FIELDS.items()):
        top = 100 + 60 * row
        draw.text((90, top), label, fill=0, font_size=print_size)
        draw.text((300, top - 4), value, fill=0, font_size=print_size)
        draw.line((250, top + print_size + 2, 650, top + print_size + 2), fill=0, width=2)
    return np.array(page)


def strew(page: npt.NDArray[np.uint8], count: int, seed: int) -> None:
    """Strew specks over a page, each a short gray dash."""
    random = np.random.default_rng(seed)
    rows, columns = random.integers(0, page.shape[0], count), random.integers(0, page.shape[1] - 5, count)
    for row, column in zip(rows, columns, strict=True):
        page[row, column : column + random.integers(2, 6)] = random.integers(60, 200)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize(("print_size", "specks"), [(12, 8000), (12, 15000), (10, 8000)])
def test_fields_are_read_among_specks(
    tmp_path: Path, read_file: ReadFile, print_size: int, specks: int, seed: int
) -> None:
    page = form(print_size)
    strew(page, specks, seed)
    Image.fromarray(page).save(tmp_path / "form.png")
    assert word_recall(read_file(tmp_path / "form.png").text, " ".join([*FIELDS, *FIELDS.values()])) > 0.75


def test_full_stops_and_dots_of_letters_are_no_specks() -> None:
    page = np.full((1600, 1130, 3), 255, np.uint8)
    for row in range(30):
        cv2.putText(page, "Ai. Bij: i.e. 1.5; ii.", (100, 100 + 50 * row), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (0, 0, 0), 2)
    assert without_specks(page) is page


def test_specks_are_taken_off_and_text_among_them_stays() -> None:
    clean = form(12)
    strewn = clean.copy()
    strew(strewn, 8000, seed=3)
    cleaned = without_specks(np.stack([strewn] * 3, axis=2))[:, :, 0]
    is_paper = clean == 255
    assert (cleaned < 240)[is_paper].mean() < 0.35 * (strewn < 240)[is_paper].mean()
    assert (cleaned < 128)[clean < 128].mean() > 0.95


def test_worn_line_is_kept_with_low_confidence(tmp_path: Path, read_file: ReadFile) -> None:
    page = Image.new("L", (1240, 1754), 255)
    draw = ImageDraw.Draw(page)
    rows = ("Receipt of goods", "Shipped by Direct Express", "Contents: clear brown liquid", "Containers: one drum")
    for row, text in enumerate(rows):
        draw.text((150, 200 + 80 * row), text, fill=0, font_size=26)
    draw.text((150, 600), "Received by the harbour master", fill=0, font_size=26)
    pixels = np.array(page)
    holes = np.random.default_rng(1).random((17, 414)) < 0.71
    pixels[590:640][cv2.resize(holes.astype(np.uint8), (1240, 50), interpolation=cv2.INTER_NEAREST) > 0] = 255
    Image.fromarray(pixels).save(tmp_path / "worn.png")
    page_text = read_file(tmp_path / "worn.png")
    assert len(page_text.lines) == 5
    *clear, worn = page_text.lines
    assert fmean(word.confidence for word in worn.words) < 0.7
    assert min(word.confidence for line in clear for word in line.words) > 0.9


def test_row_of_stars_is_no_faint_text(tmp_path: Path, read_file: ReadFile) -> None:
    page = Image.new("L", (620, 900), 255)
    draw = ImageDraw.Draw(page)
    draw.text((60, 60), "MILL LANE STORES", fill=0, font_size=26)
    draw.text((60, 120), "*" * 32, fill=0, font_size=26)
    draw.text((60, 180), "TOTAL 39.50", fill=0, font_size=26)
    page.save(tmp_path / "receipt.png")
    lines = [line.text for line in read_file(tmp_path / "receipt.png").lines]
    assert [line for line in lines if any(map(str.isalnum, line))] == ["MILL LANE STORES", "TOTAL 39.50"]
