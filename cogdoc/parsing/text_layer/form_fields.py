"""Reads the fields of a PDF's interactive form on a page: which are ticked, and values that the page does not draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cogdoc.documents.file_fields.widget_values import (
    NOT_SHOWN,
    is_ticked,
    options_of,
    page_widgets,
    stored_values,
    widget_box,
)
from cogdoc.documents.geometry import Box
from cogdoc.documents.mupdf import pymupdf
from cogdoc.parsing.page_text import Line, Word

mupdf = pymupdf.mupdf

TICKED_BOX, BLANK_BOX = "☒", "☐"
TICKED_CIRCLE, BLANK_CIRCLE = "◉", "◯"

MAX_FIELDS = 5000
"""Fields of a page that are looked at."""

BAND = 20.0
"""Points; words are looked up by the band of the page that they are in."""

MAX_SYMBOL = 2
"""Characters of the symbol that an appearance draws as a tick, which a text layer has as "3", "8" or "l"."""

_TEXT_KINDS = (mupdf.PDF_WIDGET_TYPE_TEXT, mupdf.PDF_WIDGET_TYPE_COMBOBOX, mupdf.PDF_WIDGET_TYPE_LISTBOX)
_BUTTON_KINDS = (mupdf.PDF_WIDGET_TYPE_CHECKBOX, mupdf.PDF_WIDGET_TYPE_RADIOBUTTON)


@dataclass(frozen=True, slots=True)
class Mark:
    """A checkbox or radio button; its box is that of the page as displayed."""

    box: Box
    text: str


@dataclass(frozen=True, slots=True)
class FormFields:
    """The fields of a page."""

    marks: tuple[Mark, ...] = ()
    values: tuple[tuple[Box, str], ...] = ()
    """The values of text and choice fields."""
    lists: tuple[tuple[Box, frozenset[str]], ...] = ()
    """List boxes, with the options that are selected."""


def read_form_fields(page: pymupdf.Page) -> FormFields:
    """The fields of a page that a viewer shows."""
    marks: list[Mark] = []
    values: list[tuple[Box, str]] = []
    lists: list[tuple[Box, frozenset[str]]] = []
    on_page = Box(0, 0, page.rect.width, page.rect.height)
    for widget in page_widgets(page, MAX_FIELDS):
        kind = mupdf.pdf_widget_type(widget)
        box = widget_box(page, widget)
        if not box.overlap(on_page) > 0 or mupdf.pdf_annot_flags(widget) & NOT_SHOWN:
            continue
        field = mupdf.pdf_annot_obj(widget)
        if kind in _BUTTON_KINDS:
            is_round = kind == mupdf.PDF_WIDGET_TYPE_RADIOBUTTON
            ticked, blank = (TICKED_CIRCLE, BLANK_CIRCLE) if is_round else (TICKED_BOX, BLANK_BOX)
            marks.append(Mark(box, ticked if is_ticked(field) else blank))
        elif kind in _TEXT_KINDS and not mupdf.pdf_field_flags(field) & mupdf.PDF_TX_FIELD_IS_PASSWORD:
            selected = _values(field)
            if kind == mupdf.PDF_WIDGET_TYPE_LISTBOX:
                lists.append((box, frozenset(selected)))
            values.extend((box, text) for text in ("\n".join(selected),) if text.strip())
    return FormFields(tuple(marks), tuple(values), tuple(lists))


def without_symbols(lines: Sequence[Line], marks: Sequence[Mark]) -> list[Line]:
    """`lines` without the symbols that appearances draw inside of checkboxes and radio buttons."""
    if not marks:
        return list(lines)

    def is_symbol(word: Word) -> bool:
        x, y = word.box.center
        return len(word.text) <= MAX_SYMBOL and any(
            mark.box.x0 < x < mark.box.x1 and mark.box.y0 < y < mark.box.y1 for mark in marks
        )

    kept = (tuple(word for word in line.words if not is_symbol(word)) for line in lines)
    return [Line(words) for words in kept if words]


def with_values(lines: Sequence[Line], fields: FormFields) -> list[Line]:
    """`lines` with the values that the page does not draw, and marks in front of the options of lists."""
    complete = [_with_choice(line, fields.lists) for line in lines]
    bands: dict[int, list[Word]] = {}
    for word in (word for line in complete for word in line.words) if fields.values else ():
        bands.setdefault(int(word.box.center[1] // BAND), []).append(word)
    for box, value in fields.values:
        near = (words for band, words in bands.items() if box.y0 // BAND - 1 <= band <= box.y1 // BAND + 1)
        drawn = [word for words in near for word in words if box.overlap(word.box) > 0.3 * word.box.area]
        if drawn and not _is_in_cells(drawn, value):
            continue
        if drawn:
            kept = (tuple(word for word in line.words if word not in drawn) for line in complete)
            complete = [Line(words) for words in kept if words]
        rows = [row.split() for row in value.splitlines() if row.strip()]
        height = min(box.height / max(1, len(rows)), 14.0)
        for index, row in enumerate(rows):
            complete.append(_placed(row, Box(box.x0, box.y0 + index * height, box.x1, box.y0 + (index + 1) * height)))
    return complete


def _values(field: Any) -> list[str]:
    """The values of a field; for a choice, the texts that its options show."""
    options = options_of(field)
    texts = dict(zip(options.exported, options.shown, strict=True))
    return [texts.get(value, value) for value in stored_values(field)]


def _with_choice(line: Line, lists: Sequence[tuple[Box, frozenset[str]]]) -> Line:
    for box, selected in lists:
        if selected and box.overlap(line.box) > 0.5 * line.box.area:
            mark = TICKED_BOX if line.text in selected else BLANK_BOX
            return with_mark(line, 0, Mark(line.words[0].box, mark))
    return line


def with_mark(line: Line, index: int, mark: Mark) -> Line:
    """`line` with a mark in front of word `index`. Both are one word, so that no column or block divides them."""
    word = line.words[index]
    box = Box(
        min(word.box.x0, mark.box.x0),
        min(word.box.y0, mark.box.y0),
        max(word.box.x1, mark.box.x1),
        max(word.box.y1, mark.box.y1),
    )
    marked = Word(f"{mark.text} {word.text}", box, word.confidence)
    return Line((*line.words[:index], marked, *line.words[index + 1 :]))


def _is_in_cells(words: Sequence[Word], value: str) -> bool:
    """Whether each character of a value has a cell of its own, as in the fields for an IBAN."""
    return len(words) > max(2, 2 * len(value.split())) and "".join(word.text for word in words) == "".join(
        value.split()
    )


def _placed(row: Sequence[str], box: Box) -> Line:
    """Words side by side in a box."""
    char = min(0.5 * box.height, box.width / max(1, len(" ".join(row))))
    words: list[Word] = []
    left = box.x0
    for text in row:
        right = left + char * len(text)
        words.append(Word(text, Box(left, box.y0, right, box.y1), 1.0))
        left = right + char
    return Line(tuple(words))
