"""A text layer is used if it can be trusted; else the page is read by OCR and flagged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pymupdf
import pytest

from cogdoc.documents.open_request import OpenRequest
from cogdoc.parsing.page_text import TextOrigin
from cogdoc.parsing.reading import read_page_text

pytestmark = pytest.mark.slow

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
    for index, line in enumerate(LINES):
        page.insert_text((72, 100 + 40 * index), letters(line), fontname="F0", fontsize=16)
    for xref in range(1, file.xref_length()):
        if file.xref_get_key(xref, "ToUnicode")[0] != "null":
            file.xref_set_key(xref, "ToUnicode", "null")
    file.save(path)


def test_text_in_a_font_without_a_unicode_map_is_read_by_ocr(tmp_path: Path, read_file: Any) -> None:
    write_lines(tmp_path / "unmapped.pdf", pymupdf.Font("cjk"))
    page_text = read_file(tmp_path / "unmapped.pdf")
    assert page_text.origin is TextOrigin.OCR
    assert "bad-text-layer" in page_text.flags
    assert_read_by_ocr(page_text.text)


def test_text_in_a_font_mapped_to_private_characters_is_read_by_ocr(
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
    page_text = read_file(tmp_path / "private.pdf")
    assert (page_text.origin, page_text.flags) == (TextOrigin.OCR, ("bad-text-layer",))
    assert_read_by_ocr(page_text.text)


@pytest.fixture(scope="module")
def drawn_pdf(text_pdf: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page with all letters converted to curves, and a page number as text below them."""
    shapes = pymupdf.open(text_pdf)[0].get_svg_image(text_as_path=True)
    file = pymupdf.open("pdf", pymupdf.open("svg", shapes.encode()).convert_to_pdf())
    file[0].insert_text((290, 820), "xvii", fontsize=10)
    path = tmp_path_factory.mktemp("drawn") / "drawn.pdf"
    file.save(path)
    return path


def test_letters_drawn_as_curves_are_read_by_ocr_in_addition_to_the_text(drawn_pdf: Path, read_file: Any) -> None:
    page_text = read_file(drawn_pdf)
    assert page_text.origin is TextOrigin.MIXED
    assert_read_by_ocr(page_text.text)
    (page_number,) = (word for word in page_text.words if word.text == "xvii")
    assert page_number.confidence == 1


def scan_with_layer(path: Path, text_pdf: Path, layer: list[str]) -> None:
    """Write a picture of the page with the lines of `layer` invisibly over it, as OCR programs do."""
    picture = pymupdf.open(text_pdf)[0].get_pixmap(dpi=150)
    file = pymupdf.open()
    page = file.new_page()
    page.insert_image(page.rect, pixmap=picture)
    for index, line in enumerate(layer):
        page.insert_text((72, 100 + 40 * index), line, fontsize=16, render_mode=3)
    file.save(path)


def test_hidden_layer_that_agrees_with_the_scan_is_used(tmp_path: Path, text_pdf: Path, read_file: Any) -> None:
    scan_with_layer(tmp_path / "honest.pdf", text_pdf, LINES)
    page_text = read_file(tmp_path / "honest.pdf")
    assert (page_text.origin, page_text.flags) == (TextOrigin.TEXT_LAYER, ())
    assert page_text.text.splitlines() == LINES


def test_hidden_layer_that_contradicts_the_scan_is_replaced_by_ocr(
    tmp_path: Path, text_pdf: Path, read_file: Any
) -> None:
    false_lines = [f"Pay nine thousand pounds to the stranger now {number}" for number in range(6)]
    scan_with_layer(tmp_path / "false.pdf", text_pdf, false_lines)
    page_text = read_file(tmp_path / "false.pdf")
    assert (page_text.origin, page_text.flags) == (TextOrigin.OCR, ("bad-text-layer",))
    assert "stranger" not in page_text.text
    assert_read_by_ocr(page_text.text)


def test_page_of_text_and_a_picture_with_text_is_read_from_both(tmp_path: Path, text_pdf: Path, read_file: Any) -> None:
    picture = pymupdf.open(text_pdf)[0].get_pixmap(dpi=150, clip=pymupdf.Rect(60, 70, 520, 320))
    file = pymupdf.open()
    page = file.new_page()
    page.insert_text((72, 72), "Printed as text above the picture", fontsize=14)
    picture_box = pymupdf.Rect(72, 120, 532, 370)
    page.insert_image(picture_box, pixmap=picture)
    file.save(tmp_path / "mixed.pdf")
    page_text = read_file(tmp_path / "mixed.pdf")
    assert page_text.origin is TextOrigin.MIXED
    assert page_text.resolution is not None
    assert page_text.lines[0].text == "Printed as text above the picture"
    assert_read_by_ocr(page_text.text)
    assert all(picture_box.contains(pymupdf.Rect(line.box)) for line in page_text.lines[1:])
    assert sum(bare(line.text) == bare("Printed as text above the picture") for line in page_text.lines) == 1


def test_small_pictures_beside_text_are_not_read_by_ocr(tmp_path: Path, text_pdf: Path, read_file: Any) -> None:
    file = pymupdf.open(text_pdf)
    logo = file[0].get_pixmap(dpi=50, clip=pymupdf.Rect(60, 70, 520, 320))
    file[0].insert_image(pymupdf.Rect(450, 20, 520, 60), pixmap=logo)
    file.save(tmp_path / "logo.pdf")
    assert read_file(tmp_path / "logo.pdf").origin is TextOrigin.TEXT_LAYER


def test_invisible_text_without_a_picture_of_it_is_left_out_and_flagged(tmp_path: Path) -> None:
    file = pymupdf.open()
    page = file.new_page()
    page.insert_text((72, 100), "Invoice total 12.00", fontsize=14)
    page.insert_text((72, 140), "Grand total 999.00", fontsize=14, render_mode=3)
    path = tmp_path / "invisible.pdf"
    file.save(path)
    page_text = read_page_text(OpenRequest(path), 1)
    assert page_text.text == "Invoice total 12.00"
    assert page_text.flags == ("hidden-text",)


def test_visible_text_under_other_invisible_text_is_kept(tmp_path: Path) -> None:
    file = pymupdf.open()
    page = file.new_page()
    page.insert_text((72, 100), "Invoice total 12.00", fontsize=14)
    page.insert_text((60, 130), "zyxwvut", fontsize=90, render_mode=3)
    page.insert_text((60, 130), "       ", fontsize=90, render_mode=3)
    path = tmp_path / "invisible.pdf"
    file.save(path)
    assert read_page_text(OpenRequest(path), 1).text == "Invoice total 12.00"
