"""A font whose letters are encoded as others is recognized and read by OCR; odd text that the page shows stays."""

from __future__ import annotations

import random
import string
from collections.abc import Callable
from pathlib import Path

import pymupdf
import pytest

from cogdoc.documents.open_request import OpenRequest
from cogdoc.parsing.page_text import PageText, TextOrigin
from cogdoc.parsing.reading import read_page_text
from tests.parsing.test_unreadable_words import BODY, cmap

pytestmark = pytest.mark.slow

LINES = [
    "Visitors may write a letter to the council of the island",
    "The office answers calls between nine and noon on working days",
    "Outside these hours the line is switched to the pilot station",
]
LETTERS = string.ascii_letters + string.digits + " .,"
_shuffled = random.Random(5).sample(string.ascii_lowercase, 26)
CIPHERS: dict[str, Callable[[str], str]] = {
    "the next letter": lambda char: chr(ord(char) + 1),
    "three letters on": lambda char: chr(ord(char) + 3),
    "glyph numbers": lambda char: chr(ord(char) - 29) if char != " " else " ",
    "shuffled letters": lambda char: _shuffled[ord(char.lower()) - 97] if char.isalpha() else char,
}


def write(path: Path, cipher: Callable[[str], str], with_body: bool) -> PageText:
    font = pymupdf.Font("cjk")
    with pymupdf.open() as file:
        page = file.new_page()
        page.insert_font(fontname="odd", fontbuffer=font.buffer)
        for index, line in enumerate(LINES):
            page.insert_text((60, 100 + 25 * index), line, fontname="odd", fontsize=12)
        for index, line in enumerate(BODY if with_body else ()):
            page.insert_text((60, 250 + 25 * index), line, fontsize=12)
        for xref in range(1, file.xref_length()):
            if file.xref_get_key(xref, "ToUnicode")[0] != "null":
                stream = file.get_new_xref()
                file.update_object(stream, "<<>>")
                file.update_stream(stream, cmap({font.has_glyph(ord(c)): cipher(c) for c in LETTERS}).encode())
                file.xref_set_key(xref, "ToUnicode", f"{stream} 0 R")
        file.save(path)
    return read_page_text(OpenRequest(path), 1)


def bare(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize("cipher", CIPHERS)
def test_lines_in_a_false_font_are_read_by_ocr_and_others_stay(tmp_path: Path, cipher: str) -> None:
    page_text = write(tmp_path / "page.pdf", CIPHERS[cipher], with_body=True)
    assert (page_text.origin, page_text.flags) == (TextOrigin.MIXED, ("bad-text-layer",))
    assert [line for line in LINES if bare(line) not in bare(page_text.text)] == []
    assert set(BODY) <= set(page_text.text.splitlines())


def test_page_in_a_false_font_is_read_by_ocr(tmp_path: Path) -> None:
    page_text = write(tmp_path / "page.pdf", CIPHERS["three letters on"], with_body=False)
    assert (page_text.origin, page_text.flags) == (TextOrigin.OCR, ("bad-text-layer",))
    assert [line for line in LINES if bare(line) not in bare(page_text.text)] == []


def test_codes_that_the_page_shows_are_kept(tmp_path: Path) -> None:
    codes = [f"NKBR{number}XTW HSC0424{number}H SKPT-{number}-GHR" for number in range(1001, 1009)]
    with pymupdf.open() as file:
        page = file.new_page()
        for index, line in enumerate(codes):
            page.insert_text((60, 100 + 25 * index), line, fontsize=11)
        file.save(tmp_path / "codes.pdf")
    page_text = read_page_text(OpenRequest(tmp_path / "codes.pdf"), 1)
    assert (page_text.origin, page_text.flags) == (TextOrigin.TEXT_LAYER, ())
    assert page_text.text.splitlines() == codes
