"""Writes searchable PDF files, and looks at them with other programs than the one that wrote them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pymupdf
import pypdfium2

from cogdoc.documents.document import open_path
from cogdoc.documents.sandbox import Sandbox
from cogdoc.documents.searchable_pdf.layer_content import PlacedWord, draw_layer
from cogdoc.documents.searchable_pdf.pdf_file import searchable_pdf
from cogdoc.results.text_layer import TextLayer

Lines = Sequence[Sequence[PlacedWord]]

LINE = [[PlacedWord("Invisible", (50, 100), (60, 0), 12), PlacedWord("ink", (115, 100), (20, 0), 12)]]


def scan_page(file: pymupdf.Document, width: float = 300, height: float = 400) -> pymupdf.Page:
    """A page with a picture and no text."""
    page = file.new_page(width=width, height=height)
    pixmap = pymupdf.Pixmap(pymupdf.csRGB, pymupdf.IRect(0, 0, 30, 40), False)
    pixmap.clear_with(200)
    page.insert_image(page.rect, pixmap=pixmap)
    return page


def scan(path: Path, *, pages: int = 1, **options: object) -> Path:
    with pymupdf.open() as file:
        for _ in range(pages):
            scan_page(file)
        file.save(path, **options)
    return path


def layer_for(path: Path, number: int = 1, lines: Lines = LINE) -> TextLayer:
    with pymupdf.open(path) as file:
        return draw_layer(number, (file[number - 1].rect.width, file[number - 1].rect.height), lines)


def text_of(path: Path, number: int = 1, password: str | None = None) -> str:
    """What pdfium, which Chromium shows PDF files with, extracts from a page."""
    file = pypdfium2.PdfDocument(path, password=password)
    try:
        return str(file[number - 1].get_textpage().get_text_range())
    finally:
        file.close()


def check(path: Path, *options: str) -> None:
    """Have qpdf check the file, where it is installed."""
    if (qpdf := shutil.which("qpdf")) is not None:
        checked = subprocess.run([qpdf, *options, "--check", path], capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stderr + checked.stdout


def document_of(path: Path, sandbox: Sandbox, layers: dict[int, TextLayer]) -> bytes:
    with searchable_pdf(open_path(path, sandbox), layers) as file:
        return file.read()
