"""Finds the labels that pages print beside the fields of interactive forms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cogdoc.documents.file_fields.form_field import FieldKind, FieldWidget, FormField
from cogdoc.documents.geometry import Box, bounding_box
from cogdoc.parsing.page_text import PageText, Word
from cogdoc.query.label_matching import COLONS

MARKS = "☒☐☑◉◯"
"""What stands in front of the labels of checkboxes in the text of a page."""

REACH = 12.0
"""Word heights left of a field within which its label ends."""

ABOVE_REACH = 1.5
"""Word heights above a field within which its label is."""

BUTTON_REACH = 3.0
"""Widths of a button between it and its label."""

WORD_GAP = 1.2
"""Word heights between the words of one label."""


@dataclass(frozen=True, slots=True)
class PrintedLabel:
    """What a page prints beside a field."""

    text: str
    box: Box


class WidgetLabels:
    """The labels of the fields of one page. Boxes are those of the page as displayed."""

    def __init__(self, page: PageText, fields: Sequence[FormField]) -> None:
        widgets = [widget for field in fields for widget in field.widgets if widget.page == page.number]
        self._boxes = [widget.box for widget in widgets]
        # What is inside of a field is its value; a tick is part of the first word of its label.
        self._words = [
            word
            for line in page.lines
            for word in line.words
            if word.text[:1] in MARKS or not any(box.contains_point(*word.box.center) for box in self._boxes)
        ]
        if page.turned:
            self._words = []
        heights = sorted(word.box.height for word in self._words)
        self._height = max(1.0, heights[len(heights) // 2]) if heights else 1.0

    def label(self, field: FormField, widget: FieldWidget) -> PrintedLabel | None:
        """The label of a field at one of its places; of a group of buttons, that of the group."""
        if field.kind is FieldKind.CHECKBOX:
            return self.option_label(widget)
        found = [label for label in (self._left(widget.box), self._above(widget.box)) if label is not None]
        ended = [label for label in found if label.text.endswith(tuple(COLONS))]
        return _stripped((ended or found)[0]) if found else None

    def option_label(self, widget: FieldWidget) -> PrintedLabel | None:
        """The label of one button: right of it, else left of it."""
        box = widget.box
        marked = [word for word in self._words if word.text[:1] in MARKS and box.overlap(word.box) > 0.5 * box.area]
        if marked:
            first = marked[0]
            if box.center[0] > first.box.center[0]:  # the button is after its label, and its mark before it
                inside = (word for word in self._level(box) if word is not first and word.box.x0 < box.x0)
                rest = sorted((word for word in inside if word.box.x0 > first.box.x0), key=lambda word: word.box.x0)
                area = Box(first.box.x0, first.box.y0, box.x0, first.box.y1)
            else:
                rest = self._run(first, forward=True)
                end = max(word.box.x1 for word in (first, *rest))
                area = Box(min(box.x1, first.box.x1), first.box.y0, end, first.box.y1)
            return _stripped(PrintedLabel(_label([first, *rest]).text, area))
        right = [
            word
            for word in self._level(box)
            if -0.2 * box.width <= word.box.x0 - box.x1 <= BUTTON_REACH * max(box.width, box.height)
        ]
        if right:
            first = min(right, key=lambda word: word.box.x0)
            return _stripped(_label([first, *self._run(first, forward=True)]))
        left = self._left(box)
        return _stripped(left) if left is not None else None

    def _level(self, box: Box) -> Iterator[Word]:
        return (word for word in self._words if word.box.vertical_overlap(box) > 0.4)

    def _left(self, box: Box) -> PrintedLabel | None:
        words = [word for word in self._level(box) if -2 <= box.x0 - word.box.x1 <= REACH * self._height]
        if not words:
            return None
        last = max(words, key=lambda word: word.box.x1)
        between = Box(last.box.x1, last.box.y0, box.x0, last.box.y1)
        if any(other != box and other.overlap(between) > 0 for other in self._boxes):
            return None  # it is the label of the field between
        return _label([*reversed(self._run(last, forward=False)), last])

    def _above(self, box: Box) -> PrintedLabel | None:
        words = [
            word
            for word in self._words
            if -3 <= box.y0 - word.box.y1 <= ABOVE_REACH * self._height
            and word.box.x1 > box.x0 - 2
            and word.box.x0 < box.x1
        ]
        if not words:
            return None
        lowest = max(word.box.y1 for word in words)
        row = [word for word in words if lowest - word.box.y1 < 0.5 * self._height]
        first = min(row, key=lambda word: word.box.x0)
        if first.box.x0 > box.x0 + 0.5 * box.width:
            return None
        return _label([first, *self._run(first, forward=True)])

    def _run(self, start: Word, *, forward: bool) -> list[Word]:
        """The words of the same label after a word, or before it, the nearest first."""
        level = sorted(
            (word for word in self._level(start.box) if word is not start),
            key=lambda word: word.box.x0,
            reverse=not forward,
        )
        run: list[Word] = []
        last = start
        for word in level:
            gap = word.box.x0 - last.box.x1 if forward else last.box.x0 - word.box.x1
            if gap < -0.5 * self._height:
                continue
            ends = last if forward else word
            if gap > WORD_GAP * self._height or word.text[:1] in MARKS or ends.text.endswith(tuple(COLONS)):
                break
            left, right = (last.box.x1, word.box.x0) if forward else (word.box.x1, last.box.x0)
            if any(box.overlap(Box(left, word.box.y0, right, word.box.y1)) > 0 for box in self._boxes):
                break
            run.append(word)
            last = word
        return run


def _label(words: Sequence[Word]) -> PrintedLabel:
    text = " ".join(word.text for word in words)
    return PrintedLabel(text.lstrip(MARKS + " "), bounding_box(word.box for word in words))


def _stripped(label: PrintedLabel) -> PrintedLabel | None:
    text = label.text.strip(" ._*…" + COLONS)
    return PrintedLabel(text, label.box) if any(map(str.isalnum, text)) else None
