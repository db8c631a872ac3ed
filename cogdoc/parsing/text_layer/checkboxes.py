"""Finds checkboxes and radio buttons that a PDF page draws, and puts "☒" or "☐" in front of their labels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from cogdoc.documents.geometry import Box
from cogdoc.documents.mupdf import pymupdf
from cogdoc.parsing.page_text import Line, Word

TICKED, BLANK = "☒", "☐"

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

MIN_OUTLINE = 0.08
"""Share of ink around the inside."""

CONTRAST = 80
"""Gray levels by which a mark differs from the inside of its box."""

RESOLUTION = 216
"""Dots per inch at which the inside of a box is drawn."""


def mark_checkboxes(page: pymupdf.Page, paths: Iterable[Box], lines: Sequence[Line]) -> list[Line]:
    """`lines` with a mark in front of each word that a drawn box precedes; `paths` are the page's drawn shapes."""
    marked = list(lines)
    squares = {Box(*map(round, box)): box for box in paths if _is_square(box)}
    if len(squares) > MAX_SQUARES:
        return marked
    levels: dict[int, list[tuple[int, Box]]] = {}
    for index, line in enumerate(lines):
        if (outline := line.box).height <= 2 * SIDE[1]:
            for level in range(int(outline.y0), int(outline.y1) + 1):
                levels.setdefault(level, []).append((index, outline))
    found: list[tuple[int, Box]] = []
    for box in squares.values():
        beside = [
            (index, lines[index])
            for index, outline in levels.get(int(box.center[1]), ())
            if outline.y0 <= box.center[1] <= outline.y1 and outline.height <= 2 * box.height
        ]
        if (best := _labelled_line(box, beside)) is not None:
            found.append((best, box))
            if len(found) > MAX_BOXES:
                return marked
    if len(found) < 2:
        return marked
    outer = [pair for pair in found if not any(_is_inside(pair[1], other) for _, other in found)]
    drawing = page.get_displaylist()
    marks = [(index, Word(text, box, 1.0)) for index, box in outer if (text := _mark(page, drawing, box)) is not None]
    for index, mark in marks if any(word.text == BLANK for _, word in marks) else ():
        marked[index] = Line(tuple(sorted((*marked[index].words, mark), key=lambda word: word.box.x0)))
    return marked


def _is_square(box: Box) -> bool:
    shorter, longer = sorted((box.width, box.height))
    return SIDE[0] <= shorter and longer <= min(SIDE[1], MAX_RATIO * shorter)


def _labelled_line(box: Box, lines: Sequence[tuple[int, Line]]) -> int | None:
    """The line with the nearest word right of a box; `lines` are on its level, with their indices."""
    best: tuple[float, int] | None = None
    for index, line in lines:
        for word in line.words:
            gap = word.box.x0 - box.x1
            if -0.1 * box.width <= gap <= REACH * box.width and (best is None or gap < best[0]):
                best = gap, index
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
    dark = gray < inside.max() - CONTRAST
    ink = float(dark[edge:-edge, edge:-edge].mean())
    outline = (dark.sum() - dark[edge:-edge, edge:-edge].sum()) / (gray.size - inside.size)
    if outline < MIN_OUTLINE or ink > MAX_MARK:
        return None
    return TICKED if ink >= MIN_MARK else BLANK
