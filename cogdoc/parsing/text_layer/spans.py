"""The runs of characters that a page draws, with what tells whether they can be seen."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cogdoc.documents.geometry import Box
from cogdoc.parsing.text_layer.characters import Place, place_of
from cogdoc.parsing.text_layer.page_frame import PageFrame
from cogdoc.parsing.text_layer.paint_log import MIN_OPACITY, Color

MIN_SIZE = 2.0
"""Points; smaller text is not legible in print. On pages smaller than A4, which are shown enlarged, it is less."""

A4_HEIGHT = 842.0

MIN_ADVANCE = 0.05
"""Letters that are narrower than this share of their height are lines, not letters."""

INVISIBLE = 3
"""The type of text in render mode 3 (PDF 1.7, 9.3.6) in MuPDF's trace."""


@dataclass(frozen=True, slots=True)
class Span:
    """A run of characters in one font, as `Page.get_texttrace` has it."""

    chars: Sequence[tuple[int, int, tuple[float, float], tuple[float, float, float, float]]]
    """Unicode value, glyph, origin and box of each, in the coordinates of the file."""
    operation: int
    box: Box
    """On the page as displayed."""
    centers: tuple[float, float, float, float]
    """The bounding box of its letters' centers, in the coordinates of the file."""
    color: Color
    size: float
    """The mean of the letters' longer sides, in points."""
    is_invisible: bool
    is_faint: bool
    is_tiny: bool
    shade: Color
    """`color` as it looks on white paper."""
    is_overlaid: bool
    """Whether it is likely a part of a watermark, whose letters are between those of other text."""


def read_spans(trace: Sequence[Mapping[str, Any]], frame: PageFrame, overlaid: Collection[Place]) -> list[Span]:
    """The runs with ink of `Page.get_texttrace`; `overlaid` has the letters that are likely those of watermarks."""
    operations = {number: index for index, number in enumerate(dict.fromkeys(span["seqno"] for span in trace))}
    least = min_size(frame)
    inked = [[char[3] for char in span["chars"] if char[0] > 32] for span in trace]
    trace = [span for span, boxes in zip(trace, inked, strict=True) if boxes]
    if not trace:
        return []
    counts = [len(boxes) for boxes in inked if boxes]
    starts = np.cumsum([0, *counts[:-1]])
    boxes = np.array(list(itertools.chain.from_iterable(inked)), np.float64)
    corners = np.minimum.reduceat(boxes[:, :2], starts), np.maximum.reduceat(boxes[:, 2:], starts)
    outlines = np.concatenate(corners, axis=1).tolist()
    means = np.add.reduceat(boxes[:, 2:] - boxes[:, :2], starts) / np.array(counts)[:, None]
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2
    centers = np.concatenate([np.minimum.reduceat(middles, starts), np.maximum.reduceat(middles, starts)], axis=1)
    spans: list[Span] = []
    for span, outline, center, (width, height) in zip(
        trace, outlines, map(tuple, centers.tolist()), means.tolist(), strict=True
    ):
        color = span["color"] if len(span["color"]) == 3 else span["color"][:1] * 3
        red, green, blue = (1 - span["opacity"] * (1 - part) for part in color)
        code, _, origin, _ = next(char for char in span["chars"] if char[0] > 32)
        spans.append(
            Span(
                chars=span["chars"],
                operation=operations[span["seqno"]],
                box=frame.display(Box(*outline)),
                centers=center,
                color=color,
                size=max(width, height),
                is_invisible=span["type"] == INVISIBLE or span["opacity"] == 0,
                is_faint=span["opacity"] < MIN_OPACITY,
                is_tiny=span["size"] < least or min(width, height) < MIN_ADVANCE * max(width, height),
                shade=(red, green, blue),
                is_overlaid=bool(overlaid) and place_of(chr(code), origin) in overlaid,
            )
        )
    return spans


def min_size(frame: PageFrame) -> float:
    long_side = max(frame.width, frame.height)
    return MIN_SIZE * min(1.0, long_side / A4_HEIGHT)
