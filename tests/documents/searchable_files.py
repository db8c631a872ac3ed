"""Writes searchable PDF files, and looks at them with other programs than the one that wrote them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pypdfium2

from cogdoc.documents.document import open_path
from cogdoc.documents.sandbox import Sandbox
from cogdoc.documents.searchable_pdf.pdf_file import searchable_pdf
from cogdoc.results.text_layer import TextLayer


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
