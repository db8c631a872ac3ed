"""Reads the data of XFA forms, which a PDF has instead of pages: those only ask to open another viewer.

The form is in XML packets of the file (XFA 3.3, 2 "XDP"): `datasets` has what was filled in, `template` the captions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from xml.etree import ElementTree

from cogdoc.documents.geometry import Box
from cogdoc.documents.mupdf import ERRORS, pymupdf
from cogdoc.parsing.page_text import Line, PageText, TextOrigin, Word

mupdf = pymupdf.mupdf

MAX_PACKET = 20_000_000
"""Bytes of a packet."""

MAX_FIELDS = 5000

MAX_DEPTH = 100

ROW = 14.0
"""Points between two rows."""

_DECLARATION = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.I)
_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[_\-.]+")


@dataclass(frozen=True, slots=True)
class XfaForm:
    """The fields of a form, in the order of its data."""

    fields: tuple[tuple[str, str], ...]
    """The label and the value of each field that is filled in."""


def read_xfa_form(file: pymupdf.Document) -> XfaForm | None:
    """The XFA form that a PDF has instead of pages; None if it has none, or has ordinary fields as well."""
    if not file.is_pdf:
        return None
    try:
        form = mupdf.pdf_dict_getp(mupdf.pdf_trailer(pymupdf._as_pdf_document(file)), "Root/AcroForm")
        packets = mupdf.pdf_dict_gets(form, "XFA")
        if not packets.m_internal or mupdf.pdf_array_len(mupdf.pdf_dict_gets(form, "Fields")):
            return None
        roots = [root for data in _packets(packets) if (root := _parse(data)) is not None]
    except ERRORS:
        return XfaForm(())
    captions = {name: text for root in roots for name, text in _captions(root)}
    data = [node for root in roots for node in _find(root, "data")]
    return XfaForm(tuple(_fields(data, captions)))


def with_xfa_form(page_text: PageText, form: XfaForm) -> PageText:
    """The page with a line for each field below its own text, flagged."""
    flags = (*page_text.flags, "xfa-form")
    if not form.fields:
        return replace(page_text, flags=flags)
    bottom = max((line.box.y1 for line in page_text.lines), default=0.0)
    top = bottom + ROW if bottom + 10 * ROW < page_text.height else 0.0
    row = min(ROW, (page_text.height - top) / (len(form.fields) + 1))
    lines = [
        _placed(f"{label}: {value}", top + index * row, row, page_text.width)
        for index, (label, value) in enumerate(form.fields)
    ]
    origin = TextOrigin.TEXT_LAYER if page_text.origin is TextOrigin.BLANK else page_text.origin
    flags = tuple(flag for flag in flags if flag != "blank-page")
    return replace(page_text, lines=(*page_text.lines, *lines), origin=origin, flags=flags)


def _packets(packets: object) -> Iterator[bytes]:
    """The packets: one stream, or an array of names and streams whose parts may be no XML by themselves."""
    if not mupdf.pdf_is_array(packets):
        yield _stream(packets)
        return
    parts = [
        _stream(mupdf.pdf_array_get(packets, index)) for index in range(1, min(mupdf.pdf_array_len(packets), 100), 2)
    ]
    yield from parts


def _stream(stream: object) -> bytes:
    if not mupdf.pdf_is_stream(stream):
        return b""
    return bytes(mupdf.pdf_load_stream(stream).fz_buffer_extract())[:MAX_PACKET]


def _parse(data: bytes) -> ElementTree.Element | None:
    # Entities could multiply; forms have none.
    if not data.strip() or _DECLARATION.search(data):
        return None
    try:
        return ElementTree.fromstring(data)
    except (ElementTree.ParseError, ValueError, LookupError):
        return None


def _local(node: ElementTree.Element) -> str:
    return node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""


def _find(root: ElementTree.Element, name: str) -> Iterator[ElementTree.Element]:
    """The elements below `datasets`, or `root` itself."""
    for node in root.iter():
        if _local(node) == "datasets":
            yield from (child for child in node if _local(child) == name)


def _captions(root: ElementTree.Element) -> Iterator[tuple[str, str]]:
    """The name and the caption of each field of the template."""
    for node in root.iter():
        if _local(node) in ("field", "exclGroup") and (name := node.get("name")):
            for caption in (child for child in node if _local(child) == "caption"):
                if text := " ".join("".join(caption.itertext()).split()):
                    yield name, text.rstrip(" :：")


def _fields(data: list[ElementTree.Element], captions: dict[str, str]) -> Iterator[tuple[str, str]]:
    waiting = [(node, 0) for node in reversed(data)]
    count = 0
    while waiting and count < MAX_FIELDS:
        node, depth = waiting.pop()
        children = [child for child in node if isinstance(child.tag, str)]
        is_rich_text = any(_local(child) in ("body", "p", "span") for child in children)
        if children and not is_rich_text and depth < MAX_DEPTH:
            waiting.extend((child, depth + 1) for child in reversed(children))
        elif value := " ".join("".join(node.itertext()).split()):
            count += 1
            yield captions.get(_local(node)) or _readable(_local(node)), value


def _readable(name: str) -> str:
    """`AmountDue` and `amount_due` as "Amount due"."""
    words = _WORD_START.sub(" ", name).split()
    return " ".join(
        [words[0][:1].upper() + words[0][1:], *(word if word.isupper() else word.lower() for word in words[1:])]
    )


def _placed(text: str, top: float, height: float, width: float) -> Line:
    """A line of text on the page."""
    char = min(0.5 * height, 0.9 * width / max(1, len(text)))
    words: list[Word] = []
    left = 0.05 * width
    for word in text.split():
        right = left + char * len(word)
        words.append(Word(word, Box(left, top, right, top + 0.8 * height), 1.0))
        left = right + char
    return Line(tuple(words))
