"""Words in a font without Unicode values are read by OCR, and flagged; the rest of the page stays exact."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pymupdf
import pytest

from cogdoc.documents.open_request import OpenRequest
from cogdoc.parsing.page_text import PageText, TextOrigin
from cogdoc.parsing.reading import read_page_text

pytestmark = pytest.mark.slow

BODY = [f"The harbour of Eastport has {count} berths for visitors on its northern shore" for count in range(12, 20)]
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def cmap(codes: dict[int, str]) -> str:
    pairs = "".join(f"<{code:04x}> <{text.encode('utf-16-be').hex()}>\n" for code, text in codes.items())
    return (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /P def /CMapType 2 def\n"
        "1 begincodespacerange <0000> <ffff> endcodespacerange "
        f"{len(codes)} beginbfchar\n{pairs}endbfchar endcmap end end"
    )


def write(path: Path, draw: Callable[[pymupdf.Page], None], to_unicode: dict[int, str] | None = None) -> PageText:
    """Read a page of readable lines, on which `draw` uses the font "odd", whose map is replaced by `to_unicode`."""
    with pymupdf.open() as file:
        page = file.new_page()
        for index, line in enumerate(BODY):
            page.insert_text((60, 200 + 30 * index), line, fontsize=11)
        page.insert_font(fontname="odd", fontbuffer=pymupdf.Font("cjk").buffer)
        draw(page)
        for xref in range(1, file.xref_length()):
            if file.xref_get_key(xref, "ToUnicode")[0] != "null":
                file.xref_set_key(xref, "ToUnicode", "null")
                if to_unicode:
                    stream = file.get_new_xref()
                    file.update_object(stream, "<<>>")
                    file.update_stream(stream, cmap(to_unicode).encode())
                    file.xref_set_key(xref, "ToUnicode", f"{stream} 0 R")
        file.save(path)
    return read_page_text(OpenRequest(path), 1)


def assert_repaired(page_text: PageText, *expected: str) -> None:
    lines = page_text.text.splitlines()
    assert page_text.origin is TextOrigin.MIXED
    assert "bad-text-layer" in page_text.flags
    assert REPLACEMENT not in page_text.text
    assert {line for line in BODY if line not in lines} == set()
    assert "".join("".join(expected).split()) == "".join("".join(lines[len(BODY) :]).split())
    assert all((word.confidence < 1) == (word.text in " ".join(expected)) for word in page_text.words[-3:])


@pytest.mark.parametrize("size", [9, 13, 24])
def test_heading_without_unicode_values_is_read_by_ocr(tmp_path: Path, size: float) -> None:
    def draw(page: pymupdf.Page) -> None:
        page.insert_text((60, 100), "Opening hours", fontname="odd", fontsize=size)
        page.insert_text((60, 150), "Price 39.50 EUR", fontname="odd", fontsize=size)

    assert_repaired(write(tmp_path / "page.pdf", draw), "Opening hours", "Price 39.50 EUR")


@pytest.mark.parametrize("shift", [0xE000, 0xF000, 0x0E])
def test_text_mapped_to_private_or_control_characters_is_read_by_ocr(tmp_path: Path, shift: int) -> None:
    font = pymupdf.Font("cjk")
    codes = {font.has_glyph(ord(char)): chr(shift + 1 + index) for index, char in enumerate("Opening hours")}
    page_text = write(
        tmp_path / "page.pdf",
        lambda page: page.insert_text((60, 100), "Opening hours", fontname="odd", fontsize=14),
        codes,
    )
    assert_repaired(page_text, "Opening hours")


def test_word_in_the_middle_of_a_line_is_read_by_ocr(tmp_path: Path) -> None:
    def draw(page: pymupdf.Page) -> None:
        left = pymupdf.get_text_length("Fee for ", fontsize=12)
        page.insert_text((60, 100), "Fee for ", fontsize=12)
        page.insert_text((60 + left, 100), "Mooring", fontname="odd", fontsize=12)
        right = left + pymupdf.Font("cjk").text_length("Mooring", 12)
        page.insert_text((64 + right, 100), "is 12.00", fontsize=12)

    page_text = write(tmp_path / "page.pdf", draw)
    words = {word.text: word for word in page_text.words}
    assert words["Mooring"].confidence < 1
    assert words["12.00"].confidence == 1


@pytest.mark.parametrize("rotate", [90, 270])
def test_turned_text_without_unicode_values_is_read_by_ocr(tmp_path: Path, rotate: int) -> None:
    page_text = write(
        tmp_path / "page.pdf",
        lambda page: page.insert_text((300, 120), "Opening hours", fontname="odd", fontsize=14, rotate=rotate),
    )
    assert page_text.text.splitlines()[-1].startswith("Opening ")


def test_rotated_pages_are_read_as_well(tmp_path: Path) -> None:
    write(
        tmp_path / "page.pdf",
        lambda page: page.insert_text((60, 100), "Opening hours", fontname="odd", fontsize=14),
    )
    with pymupdf.open(tmp_path / "page.pdf") as file:
        file[0].set_rotation(90)
        file.save(tmp_path / "rotated.pdf")
    assert "Opening hours" in read_page_text(OpenRequest(tmp_path / "rotated.pdf"), 1).text


def test_words_in_a_script_that_ocr_does_not_read_stay_with_low_confidence(tmp_path: Path) -> None:
    font = pymupdf.Font("cjk")
    codes = {font.has_glyph(ord(char)): hindi for char, hindi in zip("abcdefgh", "नामकए\ufffdकदल", strict=False)}
    page_text = write(
        tmp_path / "page.pdf",
        lambda page: page.insert_text((60, 100), "abcdef", fontname="odd", fontsize=14),
        codes,
    )
    (word,) = (word for word in page_text.words if "न" in word.text)
    assert word.text == "नामकए\ufffd"
    assert word.confidence < 0.9
    assert "bad-text-layer" in page_text.flags


def test_bullets_without_a_meaning_are_left_out(tmp_path: Path) -> None:
    glyph = pymupdf.Font("cjk").has_glyph(ord("*"))
    page_text = write(
        tmp_path / "page.pdf",
        lambda page: page.insert_text((50, 200), "*", fontname="odd", fontsize=12),
        {glyph: "\uf0b7"},
    )
    assert (page_text.origin, page_text.flags) == (TextOrigin.TEXT_LAYER, ())
    assert page_text.text.splitlines() == BODY
