"""Lists the files attached to a PDF: those embedded as a whole, and those that annotations of its pages attach."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from cogdoc.documents.mupdf import ERRORS, pymupdf

MAX_ATTACHMENTS = 100
MAX_NAME = 255
"""Attachments that are listed, and characters of their names."""

MAX_OBJECTS = 100_000
"""Pages and annotations that are searched for attached files; looking at so many takes less than a second."""

mupdf = pymupdf.mupdf


def attachment_names(file: pymupdf.Document) -> tuple[str, ...]:
    """The names of a PDF's attached files, each once: first those embedded as a whole, then those of its pages."""
    if not file.is_pdf:
        return ()
    names = (" ".join(name.split())[:MAX_NAME] for name in (*_embedded(file), *_on_pages(file)))
    return tuple(islice(dict.fromkeys(names), MAX_ATTACHMENTS))


def _embedded(file: pymupdf.Document) -> Iterator[str]:
    try:
        for index in range(min(file.embfile_count(), MAX_ATTACHMENTS)):
            info = file.embfile_info(index)
            yield info.get("ufilename") or info.get("filename") or info.get("name") or ""
    except (KeyError, TypeError, *ERRORS):
        return


def _on_pages(file: pymupdf.Document) -> Iterator[str]:
    """The names of the files that annotations attach (PDF 2.0, 12.5.6.15), in the order of the pages."""
    pdf = pymupdf._as_pdf_document(file).m_internal
    remaining = MAX_OBJECTS
    try:
        for index in range(min(file.page_count, MAX_OBJECTS)):
            annotations = mupdf.ll_pdf_dict_gets(mupdf.ll_pdf_lookup_page_obj(pdf, index), "Annots")
            count = min(mupdf.ll_pdf_array_len(annotations), remaining)
            yield from _attached_by(annotations, count)
            remaining -= count + 1
            if remaining <= 0:
                return
    except ERRORS:
        return


def _attached_by(annotations: Any, count: int) -> Iterator[str]:
    for number in range(count):
        annotation = mupdf.ll_pdf_array_get(annotations, number)
        if mupdf.ll_pdf_to_name(mupdf.ll_pdf_dict_gets(annotation, "Subtype")) != "FileAttachment":
            continue
        file = mupdf.ll_pdf_dict_gets(annotation, "FS")
        if not mupdf.ll_pdf_is_dict(mupdf.ll_pdf_dict_gets(file, "EF")):
            continue  # it only names a file that is elsewhere
        names = (mupdf.ll_pdf_dict_gets(file, key) for key in ("UF", "F"))
        yield next((mupdf.ll_pdf_to_text_string(name) for name in names if mupdf.ll_pdf_is_string(name)), "")
