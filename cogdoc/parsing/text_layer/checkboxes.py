"""Puts "☒" or "☐", and "◉" or "○", in front of the labels of checkboxes and radio buttons of a PDF page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from cogdoc.documents.geometry import Box
from cogdoc.documents.mupdf import pymupdf
from cogdoc.parsing.page_text import Line, Word
from cogdoc.parsing.text_layer.form_fields import (
    BLANK_BOX,
    BLANK_CIRCLE,
    TICKED_BOX,
    TICKED_CIRCLE,
    FormFields,
    Mark,
    with_mark,
    without_symbols,
)

SIDE = (5.0, 24.0)
"""Points."""

MAX_RATIO = 1.2
"""Longer by shorter side."""

MAX_BOXES = 200
"""Pages with more small squares beside words are drawings."""

MAX_SQUARES = 5000
"""So are pages with more small squares."""

REACH = 2.0
"""Sides between a box and its label."""

INSIDE = 0.25
"""Share of the side beyond which only the mark is inside."""

MIN_MARK, MAX_MARK = 0.05, 0.9
"""Shares of ink inside of a ticked box; more is a filled square, such as a bullet."""

CORNER = 0.1
"""Share of the side in which a circle has no ink at its corners."""

MAX_FORM_MARKS = 500
"""Buttons of a form that are marked."""

NO_FIELDS = FormFields()

MARGIN = 0.12
"""Share of the side within which the outline is."""

MAX_AROUND = 0.7
"""Share of ink between the outline and the inside; the dot of a radio button leaves white there, a bullet does not."""

MIN_OUTLINE = 0.08
"""Share of ink around the inside."""

CONTRAST = 80
"""Gray levels by which a mark differs from the inside of its box."""

RESOLUTION = 216
"""Dots per inch at which the inside of a box is drawn."""


Place = tuple[int, int]
"""The index of a line, and that of a word in it."""


def mark_checkboxes(
    page: pymupdf.Page, paths: Iterable[Box], lines: Sequence[Line], fields: FormFields = NO_FIELDS
) -> list[Line]:
    """`lines` with a mark in front of each label of a checkbox or radio button.

    Args:
        paths: the page's drawn shapes; some may be boxes.
        fields: the page's form, whose buttons are known without looking.
    """
    marked = without_symbols(lines, fields.marks)
    levels = _Levels(marked if fields.marks else ())
    for mark in fields.marks[:MAX_FORM_MARKS]:
        place = _place_on_level(mark.box, levels.beside(mark.box))
        if place is None:
            marked.append(Line((Word(mark.text, mark.box, 1.0),)))
        else:
            marked[place[0]] = with_mark(marked[place[0]], place[1], mark)
    return _mark_drawn(page, paths, marked, fields.marks)


def _mark_drawn(page: pymupdf.Page, paths: Iterable[Box], lines: list[Line], known: Sequence[Mark]) -> list[Line]:
    squares = {Box(*map(round, box)): box for box in paths if _is_square(box)}
    if len(squares) < 2 or len(squares) > MAX_SQUARES:
        return lines
    levels = _Levels(lines)
    found: list[tuple[Place, Box]] = []
    for box in squares.values():
        if any(box.overlap(mark.box) > 0 for mark in known):
            continue
        if (place := _label_right_of(box, levels.beside(box))) is not None:
            found.append((place, box))
            if len(found) > MAX_BOXES:
                return lines
    if len(found) < 2:
        return lines
    outer = [pair for pair in found if not any(_is_inside(pair[1], other) for _, other in found)]
    drawing = page.get_displaylist()
    marks = [(place, Mark(box, text)) for place, box in outer if (text := _mark(page, drawing, box)) is not None]
    if any(mark.text in (BLANK_BOX, BLANK_CIRCLE) for _, mark in marks):
        for (index, word), mark in marks:
            lines[index] = with_mark(lines[index], word, mark)
        return without_symbols(lines, [mark for _, mark in marks])
    return lines


class _Levels:
    """Finds the lines on a level of the page."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self._lines = lines
        self._levels: dict[int, list[tuple[int, Box]]] = {}
        for index, line in enumerate(lines):
            if (outline := line.box).height <= 2 * SIDE[1]:
                for level in range(int(outline.y0), int(outline.y1) + 1):
                    self._levels.setdefault(level, []).append((index, outline))

    def beside(self, box: Box) -> list[tuple[int, Line]]:
        """The lines on the level of a box that are not much higher than it, with their indices."""
        return [
            (index, self._lines[index])
            for index, outline in self._levels.get(int(box.center[1]), ())
            if outline.y0 <= box.center[1] <= outline.y1 and outline.height <= 2 * box.height
        ]


def _place_on_level(box: Box, lines: Sequence[tuple[int, Line]]) -> Place | None:
    """The first word of the label right of a box, else of the label left of it."""
    if (right := _label_right_of(box, lines)) is not None:
        return right
    best: tuple[float, Place] | None = None
    for index, line in lines:
        for position, word in enumerate(line.words):
            gap = box.x0 - word.box.x1
            if -0.1 * box.width <= gap <= REACH * box.width and (best is None or gap < best[0]):
                best = gap, (index, position)
    if best is None:
        return None
    index, position = best[1]
    words = next(line.words for number, line in lines if number == index)
    while position and words[position].box.x0 - words[position - 1].box.x1 <= words[position].box.height:
        position -= 1
    return index, position


def _is_square(box: Box) -> bool:
    shorter, longer = sorted((box.width, box.height))
    return SIDE[0] <= shorter and longer <= min(SIDE[1], MAX_RATIO * shorter)


def _label_right_of(box: Box, lines: Sequence[tuple[int, Line]]) -> Place | None:
    """The nearest word right of a box."""
    best: tuple[float, Place] | None = None
    for index, line in lines:
        for position, word in enumerate(line.words):
            gap = word.box.x0 - box.x1
            if -0.1 * box.width <= gap <= REACH * box.width and (best is None or gap < best[0]):
                best = gap, (index, position)
    return best[1] if best else None


def _is_inside(box: Box, other: Box) -> bool:
    return box != other and box.overlap(other) > 0.9 * box.area and box.area < other.area


def _mark(page: pymupdf.Page, drawing: pymupdf.DisplayList, box: Box) -> str | None:
    """What is drawn inside a box; None for shapes without an outline, and for filled ones."""
    scale = pymupdf.Matrix(RESOLUTION / 72, RESOLUTION / 72)
    clip = pymupdf.Rect(box) * page.derotation_matrix
    pixmap = drawing.get_pixmap(matrix=scale, clip=clip, colorspace=pymupdf.csGRAY)
    gray = np.frombuffer(pixmap.samples, np.uint8).reshape(pixmap.height, pixmap.stride).astype(int)
    edge = round(INSIDE * min(gray.shape))
    inside = gray[edge:-edge, edge:-edge]
    margin = max(1, round(MARGIN * min(gray.shape)))
    within = gray[margin:-margin, margin:-margin]
    dark = gray < within.max() - CONTRAST
    ink = float(dark[edge:-edge, edge:-edge].mean())
    outline = (dark.sum() - dark[edge:-edge, edge:-edge].sum()) / (gray.size - inside.size)
    around = (dark[margin:-margin, margin:-margin].sum() - dark[edge:-edge, edge:-edge].sum()) / (
        within.size - inside.size
    )
    if outline < MIN_OUTLINE or (ink > MAX_MARK and around > MAX_AROUND):
        return None
    corner = max(1, round(CORNER * min(gray.shape)))
    is_round = not any(dark[rows, columns].any() for rows in _ends(corner) for columns in _ends(corner))
    if is_round:
        return TICKED_CIRCLE if ink >= MIN_MARK else BLANK_CIRCLE
    return TICKED_BOX if ink >= MIN_MARK else BLANK_BOX


def _ends(size: int) -> tuple[slice, slice]:
    return slice(None, size), slice(-size, None)
