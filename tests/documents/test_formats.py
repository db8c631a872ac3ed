"""A file's format is recognized by its bytes, not by its name."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from cogdoc.documents.formats import DocumentFormat, recognize_format
from cogdoc.documents.open_request import OpenRequest
from cogdoc.errors import DamagedError, InputError, UnsupportedError
from cogdoc.parsing.page import Page

PICTURES = {
    "png": "PNG",
    "jpg": "JPEG",
    "webp": "WEBP",
    "tif": "TIFF",
    "bmp": "BMP",
    "gif": "GIF",
    "ppm": "PPM",
    "jp2": "JPEG2000",
    "j2k": "JPEG2000",
    "avif": "AVIF",
}


def format_of(path: Path) -> DocumentFormat:
    with OpenRequest(path).open() as file:
        return recognize_format(file)


@pytest.mark.parametrize("kind", PICTURES.values(), ids=PICTURES)
def test_every_picture_format_is_recognized_under_a_wrong_name(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "picture.pdf"
    Image.new("RGB", (8, 8)).save(path, kind)
    assert format_of(path) is DocumentFormat.PICTURE


def test_pdf_is_recognized_without_a_suffix_and_after_leading_bytes(tmp_path: Path, samples: Path) -> None:
    path = tmp_path / "report"
    path.write_bytes(b"\r\n" * 100 + (samples / "report.pdf").read_bytes())
    assert format_of(path) is DocumentFormat.PDF


def test_epub_and_xps_are_distinguished_by_their_contents(tmp_path: Path) -> None:
    for member, expected in [
        ("META-INF/container.xml", DocumentFormat.EPUB),
        ("FixedDocumentSequence.fdseq", DocumentFormat.XPS),
    ]:
        path = tmp_path / f"{expected}.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(member, "x")
        assert format_of(path) is expected


def test_text_file_with_a_picture_suffix_is_refused_with_a_list_of_formats(tmp_path: Path) -> None:
    path = tmp_path / "notes.png"
    path.write_text("just some notes")
    with pytest.raises(UnsupportedError, match=r"not a document.*plain text") as caught:
        format_of(path)
    assert "PDF" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"<!DOCTYPE html><html><body>x</body></html>", "an HTML page"),
        (b"\xef\xbb\xbf\n<html lang='de'>", "an HTML page"),
        (b"{\\rtf1\\ansi text}", "an RTF file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "an old Microsoft Office file"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "a PostScript file"),
        (b"AT&TFORM\x00\x00\x00\x10DJVU", "a DjVu file"),
        (b"\x1f\x8b\x08\x00", "compressed with gzip"),
        (b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2", "a video"),
        ("Größe,Menge\n1,2\n".encode(), "plain text"),
        ("Größe".encode("utf-16"), "plain text"),
    ],
)
def test_other_formats_are_refused_by_name(tmp_path: Path, content: bytes, name: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(UnsupportedError, match=name):
        format_of(path)


@pytest.mark.parametrize(
    ("members", "name"),
    [
        ({"[Content_Types].xml": "", "_rels/.rels": "", "word/document.xml": ""}, "a Word document"),
        ({"[Content_Types].xml": "", "_rels/.rels": "", "xl/workbook.xml": ""}, "an Excel workbook"),
        ({"_rels/.rels": "", "ppt/presentation.xml": ""}, "a PowerPoint presentation"),
        ({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": ""}, "an OpenDocument file"),
    ],
)
def test_office_files_are_refused_by_name_with_a_way_to_convert_them(
    tmp_path: Path, members: dict[str, str], name: str
) -> None:
    path = tmp_path / "letter"
    with zipfile.ZipFile(path, "w") as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    with pytest.raises(UnsupportedError, match=name) as caught:
        format_of(path)
    assert "convert it to PDF" in (caught.value.hint or "")


@pytest.mark.parametrize(
    "head",
    [
        "<svg xmlns='http://www.w3.org/2000/svg'",
        "<?xml version='1.0'?>\n<!-- made by hand -->\n<svg xmlns='http://www.w3.org/2000/svg'",
        "\ufeff<?xml version='1.0'?><!DOCTYPE svg PUBLIC '-//W3C//DTD SVG 1.1//EN' 'svg11.dtd'>\n"
        "<svg xmlns='http://www.w3.org/2000/svg'",
    ],
)
def test_svg_is_a_page_with_text(tmp_path: Path, open_file, head: str) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "drawing"
    text = '<text x="20" y="40" font-size="20">Invoice 4711</text>'
    path.write_text(f"{head} width='400' height='200'>{text}</svg>", encoding="utf-8")
    document = open_file(path)
    assert document.page_count == 1
    assert Page(document, 1).text().text == "Invoice 4711"


def test_picture_formats_that_cannot_be_decoded_are_not_taken_for_damaged_ones(tmp_path: Path) -> None:
    path = tmp_path / "picture.pnm"
    path.write_bytes(b"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 3\nMAXVAL 255\nTUPLTYPE RGB\nENDHDR\n\xff\xff\xff")
    with pytest.raises(UnsupportedError, match="not a document"):
        format_of(path)


def test_other_archives_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "books.epub"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("notes.txt", "x")
    with pytest.raises(UnsupportedError, match="archive"):
        format_of(path)


def test_empty_damaged_and_missing_files_and_folders_have_different_errors(tmp_path: Path) -> None:
    (tmp_path / "empty.pdf").touch()
    (tmp_path / "torn.epub").write_bytes(b"PK\x03\x04 and no more")
    for name, error, message in [
        ("empty.pdf", DamagedError, "empty"),
        ("torn.epub", DamagedError, "broken archive"),
        ("", InputError, "is a folder"),
        ("nowhere.pdf", InputError, "no such file"),
    ]:
        with pytest.raises(error, match=message):
            format_of(tmp_path / name)


def test_picture_named_pdf_and_pdf_named_png_both_open(tmp_path: Path, samples: Path, open_file) -> None:  # type: ignore[no-untyped-def]
    shutil.copy(samples / "fax.tiff", tmp_path / "fax.pdf")
    shutil.copy(samples / "report.pdf", tmp_path / "report.png")
    assert open_file(tmp_path / "fax.pdf").page_count == 3
    assert open_file(tmp_path / "report.png").page_count == 8


def test_epub_opens_as_pages(tmp_path: Path, open_file) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "book.epub"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/epub+zip")
        archive.writestr(
            "META-INF/container.xml",
            '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0"><rootfiles>'
            '<rootfile full-path="book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>',
        )
        archive.writestr(
            "book.opf",
            '<package xmlns="http://www.idpf.org/2007/opf" version="2.0"><manifest>'
            '<item id="c" href="c.xhtml" media-type="application/xhtml+xml"/></manifest>'
            '<spine><itemref idref="c"/></spine></package>',
        )
        archive.writestr(
            "c.xhtml", '<html xmlns="http://www.w3.org/1999/xhtml"><body><p>Once upon a time.</p></body></html>'
        )
    document = open_file(path)
    assert document.page_count >= 1
    assert document.picture(1).result().min() < 128, "the text is drawn"
