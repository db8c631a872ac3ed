"""Reads what readers of a PDF have commented: the texts of notes and of marked passages, which no page shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cogdoc.documents.geometry import Box
from cogdoc.documents.mupdf import ERRORS, pymupdf
from cogdoc.parsing.page_text import Comment

mupdf = pymupdf.mupdf

MAX_COMMENTS = 500
"""Comments of a page that are read."""

MAX_LENGTH = 10_000
"""Characters of a comment."""

_WITHOUT_COMMENT = frozenset(
    [
        mupdf.PDF_ANNOT_FREE_TEXT,  # the page shows its text
        mupdf.PDF_ANNOT_LINK,
        mupdf.PDF_ANNOT_POPUP,  # repeats the text of its parent
        mupdf.PDF_ANNOT_WIDGET,
        mupdf.PDF_ANNOT_SOUND,
        mupdf.PDF_ANNOT_MOVIE,
        mupdf.PDF_ANNOT_SCREEN,
        mupdf.PDF_ANNOT_WATERMARK,
        mupdf.PDF_ANNOT_PRINTER_MARK,
        mupdf.PDF_ANNOT_TRAP_NET,
    ]
)


def read_comments(page: pymupdf.Page, shown: str) -> tuple[Comment, ...]:
    """The comments of a page, in the order of the file; `shown` is its text, which some programs repeat as comments."""
    if not page.parent.is_pdf:
        return ()
    plain = " ".join(shown.casefold().split())
    comments: list[Comment] = []
    try:
        for annotation in _annotations(page):
            if mupdf.pdf_annot_type(annotation) in _WITHOUT_COMMENT:
                continue
            text = " ".join(mupdf.pdf_annot_contents(annotation)[:MAX_LENGTH].split())
            if not text or text.casefold() in plain:
                continue
            rect = mupdf.pdf_bound_annot(annotation)
            left, top = page.rect.x0, page.rect.y0
            box = Box(rect.x0 - left, rect.y0 - top, rect.x1 - left, rect.y1 - top)
            author = " ".join(_author(annotation).split())
            comments.append(Comment(text, box, author))
    except ERRORS:
        return tuple(comments)
    return tuple(comments)


def _annotations(page: pymupdf.Page) -> Iterator[Any]:
    annotation = mupdf.pdf_first_annot(pymupdf._as_pdf_page(page))
    for _ in range(MAX_COMMENTS):
        if not annotation.m_internal:
            return
        yield annotation
        annotation = mupdf.pdf_next_annot(annotation)


def _author(annotation: Any) -> str:
    author = mupdf.pdf_dict_gets(mupdf.pdf_annot_obj(annotation), "T")
    return str(mupdf.pdf_to_text_string(author))[:255] if mupdf.pdf_is_string(author) else ""
