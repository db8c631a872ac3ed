"""The labels of a PDF's pages, such as `iv`; PyMuPDF would read the rules of all labels again for each page."""

from __future__ import annotations

from bisect import bisect_right
from operator import itemgetter
from typing import Any

from cogdoc.documents.mupdf import pymupdf
from cogdoc.documents.page_selection import COUNTED_PAGES, LONGEST_LABEL

MOST_RULES = 20_000
"""Rules that are read; more take seconds, and no document needs them."""


class PageLabels:
    """The rules that number a document's pages; none if the file is not a PDF, or they are damaged."""

    def __init__(self, file: pymupdf.Document) -> None:
        rules: list[dict[str, Any]] = []
        if file.is_pdf:
            try:
                if _count_rules(file) <= MOST_RULES:
                    rules = sorted(file.get_page_labels(), key=itemgetter("startpage"))
            except (pymupdf.mupdf.FzErrorBase, RuntimeError, ValueError, TypeError, KeyError, IndexError):
                rules = []
        self._rules = rules
        self._starts = [rule["startpage"] for rule in rules]

    def label(self, index: int) -> str:
        """The label of a page; empty if it has none, or one that is no label."""
        position = bisect_right(self._starts, index)
        if not position:
            return ""
        rule = self._rules[position - 1]
        number = index - rule["startpage"] + rule["firstpagenum"]
        if abs(number) > COUNTED_PAGES:
            return ""
        style = rule.get("style", "")
        try:
            label = str(pymupdf.utils.construct_label(style, rule["prefix"], number - (style in ("a", "A"))))
        except (ValueError, TypeError, IndexError, OverflowError):
            return ""
        return label if len(label) <= LONGEST_LABEL else ""


def _count_rules(file: pymupdf.Document) -> int:
    """How many rules PyMuPDF would read: those of the root of the number tree, and those of its children."""
    mupdf = pymupdf.mupdf
    labels = mupdf.pdf_dict_getp(mupdf.pdf_trailer(pymupdf._as_pdf_document(file)), "Root/PageLabels")
    kids = mupdf.pdf_dict_gets(labels, "Kids")
    entries = int(mupdf.pdf_array_len(mupdf.pdf_dict_gets(labels, "Nums")))
    for index in range(min(mupdf.pdf_array_len(kids), MOST_RULES + 1)):
        entries += 2 + int(mupdf.pdf_array_len(mupdf.pdf_dict_gets(mupdf.pdf_array_get(kids, index), "Nums")))
    return entries // 2
