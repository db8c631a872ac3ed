"""A text layer is believed where it is sound; where it is not, the pixels are read, and what is read says so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pymupdf
import pytest

from cogdoc.documents.open_request import OpenRequest
from cogdoc.parsing.page_text import TextOrigin
from cogdoc.parsing.reading import read_page_text

SENTENCE = "The harbour master counted forty small boats"
LINES = [f"{SENTENCE} {number}" for number in range(6)]


def bare(text: str) -> str:
    return "".join(text.split())


def assert_read_by_ocr(text: str) -> None:
    assert [line for line in LINES if bare(line) not in bare(text)] == []


def write_lines(path: Path, font: pymupdf.Font, letters: Callable[[str], str] = str) -> None:
    file = pymupdf.open()
    page = file.new_page()
    page.insert_font(fontname="F0", fontbuffer=font.buffer)
    for number, line in enumerate(LINES):
        page.insert_text((72, 100 + 40 * number), letters(line), fontname="F0", fontsize=16)
    for xref in range(1, file.xref_length()):
        if file.xref_get_key(xref, "ToUnicode")[0] != "null":
            file.xref_set_key(xref, "ToUnicode", "null")
    file.save(path)


def test_font_without_a_unicode_map_is_read_from_its_shapes(tmp_path: Path, read_file: Any) -> None:
    write_lines(tmp_path / "unmapped.pdf", pymupdf.Font("cjk"))
    words = read_file(tmp_path / "unmapped.pdf")
    assert words.origin is TextOrigin.OCR
    assert "bad-text-layer" in words.flags
    assert_read_by_ocr(words.text)


def test_font_mapped_to_private_characters_is_read_from_its_shapes(
    tmp_path: Path, text_pdf: Path, read_file: Any
) -> None:
    file = pymupdf.open(text_pdf)
    page = file[0]
    private = "".join(f"<{code:02x}> <{0xE000 + code:04x}>\n" for code in range(32, 127))
    stream = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /P def /CMapType 2 def\n"
        f"1 begincodespacerange <00> <ff> endcodespacerange 95 beginbfchar\n{private}endbfchar endcmap end end"
    )
    cmap = file.get_new_xref()
    file.update_object(cmap, "<<>>")
    file.update_stream(cmap, stream.encode())
    for font in page.get_fonts():
        file.xref_set_key(font[0], "ToUnicode", f"{cmap} 0 R")
    file.save(tmp_path / "private.pdf")
    words = read_file(tmp_path / "private.pdf")
    assert (words.origin, words.flags) == (TextOrigin.OCR, ("bad-text-layer",))
    assert_read_by_ocr(words.text)


@pytest.fixture(scope="module")
def drawn_pdf(text_pdf: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page with all of its letters turned into curves, and a page number as text below them."""
    shapes = pymupdf.open(text_pdf)[0].get_svg_image(text_as_path=True)
    file = pymupdf.open("pdf", pymupdf.open("svg", shapes.encode()).convert_to_pdf())
    file[0].insert_text((290, 820), "xvii", fontsize=10)
    path = tmp_path_factory.mktemp("drawn") / "drawn.pdf"
    file.save(path)
    return path


def test_letters_drawn_as_curves_are_read_beside_the_text(drawn_pdf: Path, read_file: Any) -> None:
    words = read_file(drawn_pdf)
    assert words.origin is TextOrigin.MIXED
    assert_read_by_ocr(words.text)
    (page_number,) = (word for word in words.words if word.text == "xvii")
    assert page_number.confidence == 1


def scan_with_layer(path: Path, text_pdf: Path, layer: list[str]) -> None:
    """A picture of the page with `layer` written invisibly over its lines, as OCR programs do."""
    picture = pymupdf.open(text_pdf)[0].get_pixmap(dpi=150)
    file = pymupdf.open()
    page = file.new_page()
    page.insert_image(page.rect, pixmap=picture)
    for number, line in enumerate(layer):
        page.insert_text((72, 100 + 40 * number), line, fontsize=16, render_mode=3)
    file.save(path)


def test_hidden_layer_that_agrees_with_the_scan_is_believed(tmp_path: Path, text_pdf: Path, read_file: Any) -> None:
    scan_with_layer(tmp_path / "honest.pdf", text_pdf, LINES)
    words = read_file(tmp_path / "honest.pdf")
    assert (words.origin, words.flags) == (TextOrigin.TEXT_LAYER, ())
    assert words.text.splitlines() == LINES


def test_hidden_layer_that_lies_is_replaced_by_what_the_scan_shows(
    tmp_path: Path, text_pdf: Path, read_file: Any
) -> None:
    lies = [f"Pay nine thousand pounds to the stranger now {number}" for number in range(6)]
    scan_with_layer(tmp_path / "lying.pdf", text_pdf, lies)
    words = read_file(tmp_path / "lying.pdf")
    assert (words.origin, words.flags) == (TextOrigin.OCR, ("bad-text-layer",))
    assert "stranger" not in words.text
    assert_read_by_ocr(words.text)


def test_page_of_text_and_a_picture_with_text_is_read_from_both(tmp_path: Path, text_pdf: Path, read_file: Any) -> None:
    picture = pymupdf.open(text_pdf)[0].get_pixmap(dpi=150, clip=pymupdf.Rect(60, 70, 520, 320))
    file = pymupdf.open()
    page = file.new_page()
    page.insert_text((72, 72), "Printed as text above the picture", fontsize=14)
    place = pymupdf.Rect(72, 120, 532, 370)
    page.insert_image(place, pixmap=picture)
    file.save(tmp_path / "mixed.pdf")
    words = read_file(tmp_path / "mixed.pdf")
    assert words.origin is TextOrigin.MIXED
    assert words.resolution is not None
    assert words.lines[0].text == "Printed as text above the picture"
    assert_read_by_ocr(words.text)
    assert all(place.contains(pymupdf.Rect(line.box)) for line in words.lines[1:])
    assert sum(bare(line.text) == bare("Printed as text above the picture") for line in words.lines) == 1


def test_small_pictures_beside_text_cost_no_ocr(tmp_path: Path, text_pdf: Path, read_file: Any) -> None:
    file = pymupdf.open(text_pdf)
    logo = file[0].get_pixmap(dpi=50, clip=pymupdf.Rect(60, 70, 520, 320))
    file[0].insert_image(pymupdf.Rect(450, 20, 520, 60), pixmap=logo)
    file.save(tmp_path / "logo.pdf")
    assert read_file(tmp_path / "logo.pdf").origin is TextOrigin.TEXT_LAYER


def test_text_that_no_page_shows_is_left_out_and_flagged(tmp_path: Path) -> None:
    file = pymupdf.open()
    page = file.new_page()
    page.insert_text((72, 100), "Invoice total 12.00", fontsize=14)
    page.insert_text((72, 140), "Grand total 999.00", fontsize=14, render_mode=3)
    path = tmp_path / "ghost.pdf"
    file.save(path)
    words = read_page_text(OpenRequest(path), 1)
    assert words.text == "Invoice total 12.00"
    assert words.flags == ("hidden-text",)


def test_text_under_a_hidden_run_of_something_else_is_kept(tmp_path: Path) -> None:
    file = pymupdf.open()
    page = file.new_page()
    page.insert_text((72, 100), "Invoice total 12.00", fontsize=14)
    page.insert_text((60, 130), "zyxwvut", fontsize=90, render_mode=3)
    page.insert_text((60, 130), "       ", fontsize=90, render_mode=3)
    path = tmp_path / "ghost.pdf"
    file.save(path)
    assert read_page_text(OpenRequest(path), 1).text == "Invoice total 12.00"
