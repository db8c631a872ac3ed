"""Makes small PDFs with a few lines on each page."""

from __future__ import annotations

from pathlib import Path

import pymupdf


def save_pdf(path: Path, *pages: str) -> Path:
    """Write a PDF with one page for each text, whose lines are 24 points apart; return `path`.

    The same texts give the same bytes, so that a reading cache knows them.
    """
    with pymupdf.open() as file:
        for text in pages:
            page = file.new_page()
            for index, line in enumerate(text.splitlines()):
                page.insert_text((72, 72 + 24 * index), line, fontsize=12)
        file.save(path, no_new_id=True)
    return path
