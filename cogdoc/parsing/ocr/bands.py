"""Read large pictures in overlapping bands of full width, and merge them without repeated lines.

A band spans the whole width, so it never cuts a line across. A line that is cut lengthwise at the edge of a band is
whole in the neighbouring one, because bands overlap by several line heights.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cogdoc.documents.geometry import Box
from cogdoc.documents.pictures import Picture
from cogdoc.parsing.ocr.ocr_lines import OcrLine, shifted

OVERLAP = 160
"""Pixels that neighbouring bands share: more than twice the height of the tallest text lines."""

SLACK = 8
"""Pixels by which a band may take lines from outside its core."""


@dataclass(frozen=True, slots=True)
class Band:
    """Pixel rows `top` to `bottom` are read; lines outside `core_top` to `core_bottom` are dropped."""

    top: int
    bottom: int
    core_top: float
    core_bottom: float


def plan_bands(height: int, band_height: int) -> Iterator[Band]:
    """Divide `height` into bands of about equal height, at most `band_height` each; their cores tile the page."""
    if height <= band_height:
        yield Band(0, height, 0, height)
        return
    step = band_height - OVERLAP
    count = -(-(height - OVERLAP) // step)
    step = -(-(height - OVERLAP) // count)
    for index in range(count):
        top = index * step
        bottom = min(height, top + step + OVERLAP)
        core_top = 0 if index == 0 else top + OVERLAP / 2
        core_bottom = height if index == count - 1 else top + step + OVERLAP / 2
        yield Band(top, bottom, core_top, core_bottom)


def recognize_bands(picture: Picture, band_height: int, recognize: Callable[[Picture], list[OcrLine]]) -> list[OcrLine]:
    """Read all lines of `picture`, band by band from the top; each line appears once."""
    lines: list[OcrLine] = []
    for band in plan_bands(picture.shape[0], band_height):
        earlier = [line for line in lines if line.quad[:, 1].max() > band.top]
        for line in recognize(picture[band.top : band.bottom]):
            moved = shifted(line, 0, band.top)
            center = float(moved.quad[:, 1].mean())
            # Two bands may place the same line a pixel apart: accept it with some slack, then only once.
            if not band.core_top - SLACK <= center < band.core_bottom + SLACK:
                continue
            if not any(_is_same_line(moved, other) for other in earlier):
                lines.append(moved)
    return lines


def _is_same_line(line: OcrLine, other: OcrLine) -> bool:
    one, two = (Box(*item.quad.min(axis=0), *item.quad.max(axis=0)) for item in (line, other))
    return one.overlap(two) > 0.5 * min(one.area, two.area)
