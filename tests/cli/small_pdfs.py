"""Makes small PDFs with a few lines on each page."""

from __future__ import annotations

from pathlib import Path

import pymupdf


def save_pdf(path: Path, *pages: str) -> Path:
    """Writes a PDF with the lines of a text on each page."""
    file = pymupdf.open()
    for text in pages:
        page = file.new_page()
        for place, line in enumerate(text.splitlines()):
            page.insert_text((72, 72 + 24 * place), line, fontsize=12)
    file.save(path)
    return path
