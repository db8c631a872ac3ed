"""Scripts that the OCR engine cannot read are named, and nothing of them is given as sure."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFont

from cogdoc.parsing.page_text import PageText

ReadFile = Callable[[Path], PageText]

SERIF = Path("/usr/share/fonts/truetype/dejavu/DejaVuSerif.ttf")

pytestmark = pytest.mark.skipif(not SERIF.exists(), reason="the font DejaVu Serif is not installed")

LINES = {
    "cyrillic": ("Договор поставки мебели", "Покупатель обязан оплатить товар", "Сумма к оплате составляет 39,50"),
    "greek": ("Σύμβαση προμήθειας επίπλων", "Ο αγοραστής οφείλει να πληρώσει", "Το συνολικό ποσό είναι 39,50"),
    "vietnamese": ("Người mua phải trả tiền hàng", "Điều kiện của hợp đồng được ghi", "Tổng số tiền phải trả là"),
    "armenian": ("Հայաստանի Հանրապետություն", "Գնորդը պարտավոր է վճարել", "Ընդհանուր գումարը 39,50"),
}


def save_page(path: Path, *lines: str) -> Path:
    page = Image.new("L", (900, 60 * len(lines) + 120), 255)
    for index, line in enumerate(lines):
        ImageDraw.Draw(page).text((60, 60 + 60 * index), line, fill=0, font=ImageFont.truetype(SERIF, 28))
    page.save(path, dpi=(150, 150))
    return path


@pytest.mark.parametrize("script", LINES)
def test_an_unsupported_script_is_named_and_doubted(tmp_path: Path, read_file: ReadFile, script: str) -> None:
    page_text = read_file(save_page(tmp_path / "page.png", *LINES[script]))
    assert "unsupported-script" in page_text.flags
    assert page_text.unread_scripts == (script,)
    assert all(word.confidence < 0.5 for line in page_text.lines for word in line.words if line.text[0].isalpha())


def test_latin_script_with_accents_is_not_doubted(tmp_path: Path, read_file: ReadFile) -> None:
    lines = ("Smlouva o dodávce nábytku", "Übergabe gemäß § 7 der Geschäftsbedingungen", "Łączna kwota 39,50 zł")
    page_text = read_file(save_page(tmp_path / "page.png", *lines))
    assert page_text.flags == ()
    assert page_text.unread_scripts == ()


def test_sloping_lines_of_a_photograph_are_not_doubted(tmp_path: Path, read_file: ReadFile) -> None:
    lines = ("Deck paint, grey 2 24.90 49.80", "Varnish, clear 3 18.40 55.20", "Shackles, stainless 12 4.15 49.80")
    path = save_page(tmp_path / "page.png", *lines)
    Image.open(path).rotate(6, Image.Resampling.BICUBIC, expand=True, fillcolor=255).save(path, dpi=(150, 150))
    page_text = read_file(path)
    assert page_text.unread_scripts == ()
    assert page_text.legibility is not None
    assert page_text.legibility > 0.9


def test_the_user_is_told_what_reads_it(cogdoc: Any, readings: Path, tmp_path: Path) -> None:
    save_page(tmp_path / "page.png", *LINES["cyrillic"])
    cogdoc = partial(cogdoc, COGDOC_CACHE=str(readings))
    ended = cogdoc("ocr", tmp_path / "page.png", "--out", "json")
    assert "page 1 is in Cyrillic script" in ended.err
    assert "--ocr tesseract --language rus" in ended.err
    assert cogdoc("ocr", tmp_path / "page.png", "--quiet").err == ""
