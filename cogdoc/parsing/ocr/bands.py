"""Read large pictures in full-width bands that overlap, and merge them without doubled lines.

A band spans the whole width, so no line is ever cut in two across; one that is cut along its length at a
band's edge lies whole in the neighbour, because bands overlap by several line heights.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from cogdoc.documents.geometry import Box
from cogdoc.documents.pictures import Picture
from cogdoc.parsing.ocr.recognition import OcrLine, OcrWord

OVERLAP = 160
"""Pixels that neighbouring bands share: more than twice the tallest line worth reading."""

SLACK = 8
"""Pixels by which a band may take lines beyond its core."""


@dataclass(frozen=True, slots=True)
class Band:
    """Rows `top` to `bottom` are read; of what is found, rows `core_top` to `core_bottom` are this band's own."""

    top: int
    bottom: int
    core_top: float
    core_bottom: float


def plan_bands(height: int, band_height: int) -> Iterator[Band]:
    """Cut `height` rows into bands of about equal height, none above `band_height`; their cores tile the page."""
    if height <= band_height:
        yield Band(0, height, 0, height)
        return
    step = band_height - OVERLAP
    count = -(-(height - OVERLAP) // step)
    step = -(-(height - OVERLAP) // count)
    for number in range(count):
        top = number * step
        bottom = min(height, top + step + OVERLAP)
        core_top = 0 if number == 0 else top + OVERLAP / 2
        core_bottom = height if number == count - 1 else top + step + OVERLAP / 2
        yield Band(top, bottom, core_top, core_bottom)


def recognize_bands(picture: Picture, band_height: int, recognize: Callable[[Picture], list[OcrLine]]) -> list[OcrLine]:
    """All lines of `picture`, top band first; every line once."""
    lines: list[OcrLine] = []
    for band in plan_bands(picture.shape[0], band_height):
        earlier = [line for line in lines if line.quad[:, 1].max() > band.top]
        for line in recognize(picture[band.top : band.bottom]):
            moved = _moved_down(line, band.top)
            center = float(moved.quad[:, 1].mean())
            # Two bands may see one line a pixel apart: take it with some slack, then only once.
            if not band.core_top - SLACK <= center < band.core_bottom + SLACK:
                continue
            if not any(_same_place(moved, other) for other in earlier):
                lines.append(moved)
    return lines


def _same_place(line: OcrLine, other: OcrLine) -> bool:
    one, two = (Box(*item.quad.min(axis=0), *item.quad.max(axis=0)) for item in (line, other))
    return one.overlap(two) > 0.5 * min(one.area, two.area)


def _moved_down(line: OcrLine, rows: int) -> OcrLine:
    offset = np.array([0.0, rows])
    words = tuple(OcrWord(word.text, word.quad + offset, word.confidence) for word in line.words)
    return replace(line, quad=line.quad + offset, words=words)
