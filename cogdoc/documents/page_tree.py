"""Checks the number of pages that a PDF states against the pages that its page tree has, and corrects it in memory.

MuPDF believes the number: it reads no page beyond it, and counts pages that do not exist.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from cogdoc.documents.mupdf import pymupdf
from cogdoc.documents.page_selection import COUNTED_PAGES

MOST = COUNTED_PAGES + 1
"""Entries of the page tree that are looked at: a document with more pages is refused."""

mupdf = pymupdf.mupdf


@dataclass(slots=True)
class _PagesFound:
    """The pages of a page tree."""

    count: int = 0
    """With pages that are listed repeatedly."""
    numbers: dict[int, None] = field(default_factory=dict)
    """Their object numbers in order, each once."""


def correct_page_count(file: pymupdf.Document) -> bool:
    """Make MuPDF count the pages that a PDF has; whether the file states another number.

    A page that is listed repeatedly is kept only once if the number is wrong.
    """
    root = mupdf.pdf_dict_getp(mupdf.pdf_trailer(pymupdf._as_pdf_document(file)), "Root/Pages")
    number = mupdf.pdf_to_num(root)
    found = _find_pages(root.m_internal)
    if not found.numbers or not number or found.count >= MOST or _stated_count(file) == found.count:
        return False
    file.xref_set_key(number, "Kids", f"[{' '.join(f'{page} 0 R' for page in found.numbers)}]")
    file.xref_set_key(number, "Count", str(len(found.numbers)))
    return True


def _stated_count(file: pymupdf.Document) -> int | None:
    """The number that MuPDF believes; None if it is impossible."""
    try:
        return int(file.page_count)
    except (mupdf.FzErrorBase, RuntimeError, ValueError):
        return None


def _find_pages(root: Any) -> _PagesFound:
    """The pages below the root of a page tree (PDF 2.0, 7.7.3), which may contain loops."""
    found = _PagesFound()
    seen = {mupdf.ll_pdf_to_num(root)}
    waiting = [_children(root)]
    looked_at = 0
    while waiting and looked_at < MOST:
        for child in waiting[-1]:
            looked_at += 1
            number = mupdf.ll_pdf_to_num(child)
            if number in found.numbers:
                found.count += 1
            elif number and number not in seen:
                kind = mupdf.ll_pdf_to_name(mupdf.ll_pdf_dict_gets(child, "Type"))
                if kind != "Page" and mupdf.ll_pdf_is_array(mupdf.ll_pdf_dict_gets(child, "Kids")):
                    seen.add(number)
                    waiting.append(_children(child))
                    break
                if kind in ("Page", "") and mupdf.ll_pdf_is_dict(child):
                    found.count += 1
                    found.numbers[number] = None
            if looked_at >= MOST:
                break
        else:
            waiting.pop()
    return found


def _children(node: Any) -> Iterator[Any]:
    kids = mupdf.ll_pdf_dict_gets(node, "Kids")
    return (mupdf.ll_pdf_array_get(kids, index) for index in range(mupdf.ll_pdf_array_len(kids)))
