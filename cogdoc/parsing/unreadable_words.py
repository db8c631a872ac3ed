"""Read the words of a text layer that have no Unicode values, because a font lacks them, from their picture."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from cogdoc.documents.geometry import Box, bounding_box
from cogdoc.documents.pictures import Picture
from cogdoc.parsing.page_text import Line, Word
from cogdoc.parsing.text_layer.extraction import UNREADABLE

PADDING = 0.1
"""Line heights around a crop."""

MIN_PIXELS = 4
"""Smaller crops show no text."""


def has_unreadable_words(lines: Sequence[Line]) -> bool:
    return any(word.confidence == UNREADABLE for line in lines for word in line.words)


def read_unreadable_words(lines: Sequence[Line], picture: Picture, scale: float) -> list[Line]:
    """`lines`, with their unreadable words as OCR reads them in a page's picture (`scale` pixels per point)."""
    from cogdoc.parsing.ocr.ocr_engine import recognize_lines

    runs = [run for line in lines for is_unreadable, run in _runs(line) if is_unreadable]
    crops = [_crop_of(run, picture, scale) for run in runs]
    legible = [index for index, crop in enumerate(crops) if min(crop.shape[:2]) >= MIN_PIXELS]
    recognized = dict(zip(legible, recognize_lines([crops[index] for index in legible]), strict=True))
    read: list[Line] = []
    number = itertools.count()
    for line in lines:
        words: list[Word] = []
        for is_unreadable, run in _runs(line):
            if is_unreadable:
                words += _placed(*recognized.get(next(number), ("", 0.0)), run)
            else:
                words += run
        if words:
            read.append(Line(tuple(words)))
    return read


def _runs(line: Line) -> Iterator[tuple[bool, list[Word]]]:
    for is_unreadable, group in itertools.groupby(line.words, key=lambda word: word.confidence == UNREADABLE):
        yield is_unreadable, list(group)


def _crop_of(run: Sequence[Word], picture: Picture, scale: float) -> Picture:
    """The picture of words, level."""
    turned = np.rot90(crop(picture, bounding_box(word.box for word in run), scale), run[0].direction // 90)
    return np.ascontiguousarray(turned)


def crop(picture: Picture, box: Box, scale: float) -> Picture:
    """The part of a picture (`scale` pixels per point) that shows a line, with a little around it."""
    pad = PADDING * min(box.width, box.height)
    left, top = max(0, int((box.x0 - pad) * scale)), max(0, int((box.y0 - pad) * scale))
    return picture[top : int((box.y1 + pad) * scale) + 1, left : int((box.x1 + pad) * scale) + 1]


def _placed(text: str, confidence: float, run: Sequence[Word]) -> Iterator[Word]:
    """The words that OCR reads in the place of others: as wide as their letters are many."""
    x0, y0, x1, y1 = bounding_box(word.box for word in run)
    direction = run[0].direction
    start = 0
    for word in text.split():
        end = start + len(word)
        first, last = start / len(text), min(1.0, end / len(text))
        start = end + 1
        match direction:
            case 90:
                box = Box(x0, y0 + first * (y1 - y0), x1, y0 + last * (y1 - y0))
            case 270:
                box = Box(x0, y1 - last * (y1 - y0), x1, y1 - first * (y1 - y0))
            case 180:
                box = Box(x1 - last * (x1 - x0), y0, x1 - first * (x1 - x0), y1)
            case _:
                box = Box(x0 + first * (x1 - x0), y0, x0 + last * (x1 - x0), y1)
        yield Word(word, box, min(0.99, max(0.01, confidence)), direction)
