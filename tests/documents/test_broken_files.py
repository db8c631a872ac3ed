"""A broken file is called broken, with its kind and what is wrong with it."""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Callable
from pathlib import Path

import pymupdf
import pytest
from PIL import Image

from cogdoc.documents.open_request import OpenRequest
from cogdoc.documents.opening import open_document
from cogdoc.documents.rendering import PixelSize
from cogdoc.errors import InputError
from cogdoc.parsing.reading import read_page_text


def good_pdf() -> bytes:
    with pymupdf.open() as file:
        for number in (1, 2):
            file.new_page().insert_text((72, 72), f"Page {number} has a line of text")
        return file.tobytes(deflate=True)


def picture(kind: str) -> bytes:
    file = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").save(file, kind)
    return file.getvalue()


def half(content: bytes) -> bytes:
    return content[: len(content) // 2]


UNREADABLE: dict[str, tuple[Callable[[], bytes], str]] = {
    "a PDF's header": (lambda: b"%PDF-1.7\n", "broken PDF file: nothing in it can be recovered"),
    "a PDF without a catalog": (
        lambda: good_pdf().replace(b"/Root", b"/Rxxt").replace(b"/Catalog", b"/Cxtalog"),
        "broken PDF file: it has no pages, or they cannot be found",
    ),
    "a PDF whose pages are a loop": (
        lambda: (
            b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
            b"2 0 obj<</Type/Pages/Kids[2 0 R]/Count 9>>endobj\ntrailer<</Root 1 0 R>>\n"
        ),
        "broken PDF file: its list of pages is broken",
    ),
    "zeros": (lambda: bytes(5000), "broken file: it begins with nothing but zeros"),
    "nothing": (lambda: b"", "the file is empty"),
    "noise": (lambda: bytes(range(128, 256)) * 20, "not a document that cogdoc reads, or broken at its beginning"),
    "the head of a PNG": (lambda: picture("PNG")[:24], "broken PNG picture: it ends too early"),
    "the head of a JPEG": (lambda: picture("JPEG")[:24], "broken JPEG picture: it ends too early"),
    "the head of a TIFF": (lambda: picture("TIFF")[:24], "broken TIFF picture: nothing in it can be recognized"),
    "half of a WebP": (lambda: half(picture("WEBP")), "broken WebP picture: its pixels are broken"),
    "half of a JPEG 2000": (lambda: half(picture("JPEG2000")), "broken JPEG 2000 picture: its pixels are broken"),
    "half of an AVIF": (lambda: half(picture("AVIF")), "broken AVIF picture: nothing in it can be recognized"),
    "a torn EPUB": (lambda: b"PK\x03\x04" + bytes(50), "broken archive, such as EPUB and XPS files are: its list of"),
}


@pytest.mark.parametrize(("make", "message"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_broken_is_said_plainly(tmp_path: Path, make: Callable[[], bytes], message: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(make())
    with pytest.raises(InputError, match=f"^{re.escape(message)}"):
        open_document(OpenRequest(path)).picture(0, PixelSize(50, 50))


REPAIRED: dict[str, Callable[[], bytes]] = {
    "half of a PDF": lambda: half(good_pdf()),
    "a PDF without a table of objects": lambda: good_pdf().replace(b"xref", b"xxxx"),
    "half of a BMP": lambda: half(picture("BMP")),
    "half of a GIF": lambda: half(picture("GIF")),
}


@pytest.mark.parametrize("make", REPAIRED.values(), ids=REPAIRED)
def test_a_file_that_is_repaired_says_so(tmp_path: Path, make: Callable[[], bytes]) -> None:
    path = tmp_path / "file"
    path.write_bytes(make())
    document = open_document(OpenRequest(path))
    document.picture(0, PixelSize(50, 50))
    assert document.is_repaired(0)


def test_a_page_whose_content_is_broken_is_told_from_a_blank_page(tmp_path: Path) -> None:
    path = tmp_path / "broken.pdf"
    with pymupdf.open() as file:
        file.new_page().insert_text((72, 72), "A whole page with a line of text")
        number = file.new_page().get_contents() or [file.get_new_xref()]
        file.update_object(number[0], "<<>>")
        file.update_stream(number[0], zlib.compress(b"BT ET" * 99), new=1, compress=0)
        file.xref_set_key(number[0], "Filter", "/FlateDecode")
        file.xref_set_key(file[1].xref, "Contents", f"{number[0]} 0 R")
        content = file.tobytes()
    path.write_bytes(content.replace(zlib.compress(b"BT ET" * 99)[:6], b"broken"))
    flags = [read_page_text(OpenRequest(path), number).flags for number in (2, 1)]
    assert flags == [("repaired-file", "blank-page"), ()]
