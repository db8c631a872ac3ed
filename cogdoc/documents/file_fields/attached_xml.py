"""Finds the XML files in a PDF that state what its pages show, as electronic invoices are attached (PDF 2.0, 14.13)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cogdoc.documents.file_fields.bounded_xml import MAX_BYTES
from cogdoc.documents.mupdf import ERRORS, pymupdf

mupdf = pymupdf.mupdf

MAX_FILES = 200
"""Attached files that are looked at."""

MAX_NODES = 1000
"""Nodes of the tree of attached files."""

MAX_CANDIDATES = 5
"""XML files that are read."""

_INVOICE_NAME = re.compile(r"(factur-?x|zugferd(-invoice)?|xrechnung|order-?x|cii|ubl|invoice)\.xml", re.I)
_RELATIONS = ("Alternative", "Source", "Data")
"""What a file that states the same as the pages is to them."""


@dataclass(frozen=True, slots=True)
class AttachedXml:
    """An XML file in a PDF."""

    name: str
    data: bytes


def attached_xml(file: pymupdf.Document) -> Iterator[AttachedXml]:
    """The XML files attached to a PDF as a whole, those first that its pages are most likely made of."""
    if not file.is_pdf:
        return
    candidates = sorted(_specifications(file), key=_rank)[:MAX_CANDIDATES]
    for _, name, stream in candidates:
        try:
            data = bytes(mupdf.pdf_load_stream(stream).fz_buffer_extract())
        except ERRORS:
            continue
        yield AttachedXml(name, data[: MAX_BYTES + 1])


def _rank(candidate: tuple[str, str, Any]) -> tuple[bool, int]:
    relation, name, _ = candidate
    order = _RELATIONS.index(relation) if relation in _RELATIONS else len(_RELATIONS)
    return not _INVOICE_NAME.fullmatch(name), order


def _specifications(file: pymupdf.Document) -> list[tuple[str, str, Any]]:
    """What each XML file is to the document, its name, and its stream."""
    found: list[tuple[str, str, Any]] = []
    seen: set[int] = set()
    try:
        root = mupdf.pdf_dict_gets(mupdf.pdf_trailer(pymupdf._as_pdf_document(file)), "Root")
        for specification in _all(root):
            stream = _stream(specification)
            number = mupdf.pdf_to_num(stream) if stream is not None else 0
            if stream is None or number in seen:
                continue
            seen.add(number)
            relation = mupdf.pdf_dict_gets(specification, "AFRelationship")
            name, subtype = _name(specification), mupdf.pdf_dict_gets(stream, "Subtype")
            is_xml = name.lower().endswith(".xml") or str(mupdf.pdf_to_name(subtype)).lower().endswith("/xml")
            if is_xml:
                found.append((str(mupdf.pdf_to_name(relation)), name, stream))
    except ERRORS:
        pass  # what was found before the damage counts
    return found


def _all(root: Any) -> Iterator[Any]:
    """The file specifications of the document: its associated files, then those of the tree of attached files."""
    associated = mupdf.pdf_dict_gets(root, "AF")
    for index in range(min(mupdf.pdf_array_len(associated), MAX_FILES)):
        yield mupdf.pdf_array_get(associated, index)
    waiting = [mupdf.pdf_dict_getp(root, "Names/EmbeddedFiles")]
    visited: set[int] = set()
    nodes = files = 0
    while waiting and nodes < MAX_NODES and files < MAX_FILES:
        node = waiting.pop(0)
        nodes += 1
        number = mupdf.pdf_to_num(node)
        if number and number in visited:
            continue
        visited.add(number)
        names, kids = mupdf.pdf_dict_gets(node, "Names"), mupdf.pdf_dict_gets(node, "Kids")
        for index in range(1, min(mupdf.pdf_array_len(names), 2 * MAX_FILES), 2):
            files += 1
            yield mupdf.pdf_array_get(names, index)
        waiting += [mupdf.pdf_array_get(kids, index) for index in range(min(mupdf.pdf_array_len(kids), MAX_FILES))]


def _stream(specification: Any) -> Any:
    embedded = mupdf.pdf_dict_gets(specification, "EF")
    streams = (mupdf.pdf_dict_gets(embedded, key) for key in ("F", "UF"))
    return next((stream for stream in streams if mupdf.pdf_is_stream(stream)), None)


def _name(specification: Any) -> str:
    names = (mupdf.pdf_dict_gets(specification, key) for key in ("UF", "F"))
    text = next((mupdf.pdf_to_text_string(name) for name in names if mupdf.pdf_is_string(name)), "")
    return " ".join(str(text).split())[:255]
