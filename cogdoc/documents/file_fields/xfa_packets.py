"""Reads the XML packets of a PDF's XFA form (XFA 3.3, chapter 2 "XDP")."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element

from cogdoc.documents.file_fields.bounded_xml import MAX_BYTES, parse_xml
from cogdoc.documents.mupdf import ERRORS, pymupdf

mupdf = pymupdf.mupdf

MAX_PACKETS = 50


@dataclass(frozen=True, slots=True)
class XfaPackets:
    """The parts of an XFA form that have its fields."""

    data: tuple[Element, ...]
    """The `data` elements of `datasets`: what is filled in."""
    templates: tuple[Element, ...]
    """The subforms of `template`: how the form looks."""
    has_own_pages: bool
    """Whether ordinary fields show the form on the pages of the file as well."""


def read_xfa_packets(file: pymupdf.Document) -> XfaPackets | None:
    """The packets of the XFA form of a PDF; None if it has none. Packets that cannot be read are left out."""
    if not file.is_pdf:
        return None
    try:
        form = mupdf.pdf_dict_getp(mupdf.pdf_trailer(pymupdf._as_pdf_document(file)), "Root/AcroForm")
        packets = mupdf.pdf_dict_gets(form, "XFA")
        if not packets.m_internal:
            return None
        has_own_pages = bool(mupdf.pdf_array_len(mupdf.pdf_dict_gets(form, "Fields")))
        roots = [document.root for data in _packets(packets) if (document := parse_xml(data)) is not None]
    except ERRORS:
        return XfaPackets((), (), has_own_pages=False)
    datasets = [node for root in roots for node in root.iter("datasets")]
    data = tuple(child for node in datasets for child in node if child.tag == "data")
    templates = tuple(child for root in roots for node in root.iter("template") for child in node)
    return XfaPackets(data, tuple(child for child in templates if child.tag == "subform"), has_own_pages)


def _packets(packets: Any) -> Iterator[bytes]:
    """The packets: one stream, or an array of names and streams whose parts may be no XML by themselves."""
    if not mupdf.pdf_is_array(packets):
        yield _stream(packets)
        return
    for index in range(1, min(mupdf.pdf_array_len(packets), 2 * MAX_PACKETS), 2):
        yield _stream(mupdf.pdf_array_get(packets, index))


def _stream(stream: Any) -> bytes:
    if not mupdf.pdf_is_stream(stream):
        return b""
    # One byte more than is parsed, so that a packet that is too long is refused rather than cut.
    return bytes(mupdf.pdf_load_stream(stream).fz_buffer_extract())[: MAX_BYTES + 1]
