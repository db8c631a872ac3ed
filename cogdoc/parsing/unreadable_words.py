"""Read the words of a text layer that have no Unicode values, because a font lacks them, from their picture."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from rapidfuzz import fuzz

from cogdoc.documents.geometry import Box, bounding_box
from cogdoc.documents.pictures import Picture
from cogdoc.parsing.page_text import Line, Word
from cogdoc.parsing.text_layer.extraction import UNREADABLE
from cogdoc.parsing.text_layer.plausibility import is_implausible
from cogdoc.text import comparison_key

PADDING = 0.1
"""Line heights around a crop."""

SAMPLED_LINES = 4

MIN_SCORE = 0.8
"""The confidence of OCR from which it may contradict a text layer."""

MAX_SIMILARITY = 0.5
"""The similarity (0 to 1) of a text layer and what OCR reads, below which they contradict each other."""

MAX_RUNS = 200
"""Parts of lines that OCR reads on a page; more would take longer than a page may."""

REPLACEMENT = "\ufffd"
UNSURE = 0.01
"""The confidence of words that nothing can read."""

MIN_PIXELS = 4
"""Smaller crops show no text."""


def has_unreadable_words(lines: Sequence[Line]) -> bool:
    """Whether OCR has to read a word."""
    return any(word.confidence == UNREADABLE for line in lines for word in line.words)


def read_unreadable_words(lines: Sequence[Line], picture: Picture, scale: float) -> list[Line]:
    """`lines`, with their unreadable words as OCR reads them in a page's picture (`scale` pixels per point)."""
    from cogdoc.parsing.ocr.ocr_engine import recognize_lines

    runs = [run for line in lines for is_unreadable, run in _runs(line) if is_unreadable]
    crops = [_crop_of(run, picture, scale) for run in runs[: 2 * MAX_RUNS]]
    legible = [index for index, crop in enumerate(crops) if min(crop.shape[:2]) >= MIN_PIXELS][:MAX_RUNS]
    recognized = dict(zip(legible, recognize_lines([crops[index] for index in legible]), strict=True))
    read: list[Line] = []
    number = itertools.count()
    for line in lines:
        words: list[Word] = []
        for is_unreadable, run in _runs(line):
            if not is_unreadable:
                words += run
            elif (result := recognized.get(next(number))) is not None:
                words += _placed(*result, run)
            else:
                words += [replace(word, text=REPLACEMENT * len(word.text), confidence=UNSURE) for word in run]
        if words:
            read.append(Line(tuple(words)))
    return read


def without_false_words(
    lines: Sequence[Line], doubtful: Sequence[Sequence[Line]], picture: Picture, scale: float
) -> list[Line]:
    """`lines`, in which those of `doubtful` are unreadable that OCR, being sure, reads as something else.

    Args:
        doubtful: groups of lines; a sample tells for all of a group.
    """
    false = {word for group in doubtful if _contradicts(group, picture, scale) for line in group for word in line.words}
    if not false:
        return list(lines)
    return [
        Line(tuple(replace(word, confidence=UNREADABLE) if word in false else word for word in line.words))
        for line in lines
    ]


def _contradicts(lines: Sequence[Line], picture: Picture, scale: float) -> bool:
    from cogdoc.parsing.ocr.ocr_engine import recognize_lines

    sample = sorted(lines, key=lambda line: len(line.text), reverse=True)[:SAMPLED_LINES]
    recognized = recognize_lines([_crop_of(line.words, picture, scale) for line in sample])
    texts = " ".join(text for text, _ in recognized)
    if not texts.strip() or statistics.median(score for _, score in recognized) < MIN_SCORE or is_implausible(texts):
        return False
    similarities = [
        fuzz.ratio(comparison_key(line.text), comparison_key(text)) / 100
        for line, (text, _) in zip(sample, recognized, strict=True)
    ]
    return statistics.median(similarities) < MAX_SIMILARITY


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
        yield Word(word, box, min(0.99, max(UNSURE, confidence)), direction)
