"""Tesseract reads scans in the confined worker process, where it and the languages are installed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFont

from cogdoc.documents.document import open_path
from cogdoc.documents.sandbox import Sandbox
from cogdoc.documents.tesseract import data_folder, find_tesseract, has_library, languages_in
from cogdoc.errors import MissingError, UsageError
from cogdoc.parsing.page import Page
from cogdoc.parsing.page_text import PageText

SERIF = Path("/usr/share/fonts/truetype/dejavu/DejaVuSerif.ttf")


def needs(*languages: str) -> Any:
    installed = has_library() and set(languages) <= set(languages_in(data_folder()))
    return pytest.mark.skipif(
        not installed or not SERIF.exists(), reason=f"Tesseract with {', '.join(languages)} is not installed"
    )


def read(path: Path, sandbox: Sandbox, language: str, *lines: str) -> PageText:
    page = Image.new("L", (900, 400), 255)
    for index, line in enumerate(lines):
        ImageDraw.Draw(page).text((60, 60 + 60 * index), line, fill=0, font=ImageFont.truetype(SERIF, 28))
    page.save(path, dpi=(150, 150))
    return Page(open_path(path, sandbox, tesseract=find_tesseract(language)), 1).text()


@needs("eng")
def test_words_have_boxes_and_confidences_and_the_engine_is_recorded(tmp_path: Path, sandbox: Sandbox) -> None:
    page_text = read(tmp_path / "page.png", sandbox, "eng", "Invoice number 2024", "Total due")
    assert page_text.text == "Invoice number 2024\nTotal due"
    assert page_text.ocr_engine == "tesseract eng"
    total = page_text.lines[1].words[0]
    assert total.text == "Total"
    assert total.confidence > 0.8
    assert total.box.x0 == pytest.approx(60 * 72 / 150, abs=3)
    assert total.box.y0 == pytest.approx(125 * 72 / 150, abs=5)
    assert page_text.legibility is not None
    assert page_text.legibility > 0.8


@needs("rus", "deu")
def test_several_languages_are_read_together(tmp_path: Path, sandbox: Sandbox) -> None:
    lines = ("Договор поставки", "Über die Straße")
    assert read(tmp_path / "page.png", sandbox, "rus+deu", *lines).text.splitlines() == list(lines)


def test_a_language_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "eng.traineddata").touch()
    monkeypatch.setenv("TESSDATA_PREFIX", str(tmp_path))
    with pytest.raises(MissingError, match=r"xyz|not installed"):
        find_tesseract("eng+xyz")


@pytest.mark.parametrize("language", ["", "eng+", "../eng", "eng deu"])
def test_only_names_of_languages_are_accepted(language: str) -> None:
    with pytest.raises(UsageError, match="list of languages"):
        find_tesseract(language or "+")


def test_a_language_needs_tesseract(cogdoc: Any, samples: Path) -> None:
    ended = cogdoc("ocr", samples / "letter.pdf", "--language", "deu")
    assert ended.code == 2
    assert "--ocr tesseract" in ended.err


def test_a_missing_language_ends_with_one_line_and_exit_code_3(cogdoc: Any, samples: Path) -> None:
    ended = cogdoc("ocr", samples / "letter.pdf", "--ocr", "tesseract", "--language", "xyz")
    assert ended.code == 3
    assert ended.err.startswith("cogdoc: Tesseract")
