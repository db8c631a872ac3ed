"""Reads XFA forms, which a PDF has instead of pages: those only ask to open another viewer."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cogdoc.documents.file_fields.xfa_fields import read_xfa_fields
from cogdoc.documents.file_fields.xfa_packets import read_xfa_packets
from cogdoc.documents.geometry import Box
from cogdoc.documents.mupdf import pymupdf
from cogdoc.parsing.page_text import Line, PageText, TextOrigin, Word

ROW = 14.0
"""Points between two rows."""


@dataclass(frozen=True, slots=True)
class XfaForm:
    """The fields of a form, in the order of its data."""

    fields: tuple[tuple[str, str], ...]
    """The label and the value of each field that is filled in."""


def read_xfa_form(file: pymupdf.Document) -> XfaForm | None:
    """The XFA form that a PDF has instead of pages; None if it has none, or has ordinary fields as well."""
    packets = read_xfa_packets(file)
    if packets is None or packets.has_own_pages:
        return None
    # What a form shows depends on its scripts, which are not run: all that is filled in counts as shown.
    fields = read_xfa_fields(packets, hidden=True).fields
    return XfaForm(tuple((field.caption, field.stored) for field in fields if field.stored))


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
