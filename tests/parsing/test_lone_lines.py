"""A page that shows a single short line is read, whatever its size, place and color."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from cogdoc.parsing.ocr.blank_pages import is_blank
from cogdoc.parsing.page_text import PageText

ReadFile = Callable[[Path], PageText]


def save_page(
    path: Path, text: str, *, size: tuple[int, int], at: tuple[int, int], pixels: int, ink: int = 0, paper: int = 255
) -> Path:
    page = Image.new("L", size, paper)
    ImageDraw.Draw(page).text(at, text, fill=ink, font_size=pixels)
    page.save(path)
    return path


@pytest.mark.parametrize(
    ("text", "size", "at", "pixels", "ink", "paper"),
    [
        ("Total 39.50", (1240, 1754), (125, 150), 25, 0, 255),
        ("7", (827, 1169), (400, 600), 22, 0, 255),
        ("Amount due", (827, 1169), (10, 1140), 18, 170, 255),
        ("Draft 3", (827, 1169), (300, 200), 60, 255, 0),
        ("Cancel", (90, 30), (18, 7), 14, 255, 60),
    ],
)
def test_a_lone_line_is_read(
    tmp_path: Path,
    read_file: ReadFile,
    text: str,
    size: tuple[int, int],
    at: tuple[int, int],
    pixels: int,
    ink: int,
    paper: int,
) -> None:
    page = save_page(tmp_path / "page.png", text, size=size, at=at, pixels=pixels, ink=ink, paper=paper)
    page_text = read_file(page)
    assert page_text.text == text
    assert page_text.flags == ()


def test_ink_without_words_is_flagged(tmp_path: Path, read_file: ReadFile) -> None:
    page = Image.new("L", (827, 1169), 255)
    ImageDraw.Draw(page).line([(150, 300), (300, 420), (390, 330), (520, 500), (700, 250)], fill=0, width=4)
    page.save(tmp_path / "drawing.png")
    page_text = read_file(tmp_path / "drawing.png")
    assert page_text.lines == ()
    assert page_text.flags == ("no-words",)


def test_a_speck_of_dust_on_noisy_paper_is_not_ink() -> None:
    noise = np.random.default_rng(1).normal(240, 3, (1344, 950))
    noise[600:604, 400:403] = 90
    sheet = np.repeat(noise.clip(0, 255).astype(np.uint8)[:, :, None], 3, axis=2)
    assert is_blank(sheet)


@pytest.mark.parametrize("gray", [0, 120, 225])
def test_six_points_of_pale_print_are_ink(gray: int) -> None:
    sheet = Image.new("L", (842, 1190), 255)
    ImageDraw.Draw(sheet).text((80, 1100), "1.50", fill=gray, font_size=8)
    assert not is_blank(np.asarray(sheet.convert("RGB")))
