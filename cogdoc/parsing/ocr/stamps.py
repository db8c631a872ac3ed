"""Tell the lines of stamps and watermarks on scans, which are laid over other lines, from those of the text."""

from __future__ import annotations

from collections.abc import Sequence

from cogdoc.documents.geometry import Box
from cogdoc.parsing.ocr.ocr_lines import OcrLine

ASKEW = 5.0
"""Degrees to the other lines from which a line may be that of a stamp."""

MIN_LENGTH = 3.0
"""Heights of the shortest line whose slope can be told."""

MIN_BENEATH = 2
"""Level lines that a slanted one crosses; slanted titles of chart axes are near one level line at most."""

BODY_LENGTH = 8.0
"""Heights of the shortest line of running text."""

MIN_SCORE = 0.7
MIN_LETTERS = 2
"""Letters and digits of a line in colored ink; lines and marks that are drawn look like one or two letters."""

OVERLAP = 0.2
"""Shares of width and height that two lines have in common if one is laid over the other."""


def part_stamps(
    lines: Sequence[OcrLine], stamps: Sequence[OcrLine]
) -> tuple[list[OcrLine], list[OcrLine], list[OcrLine]]:
    """The lines of the text, those of stamps beside it, and those of stamps that are laid over it.

    Args:
        lines: of a level page.
        stamps: lines in colored ink that was taken off black ink.
    """
    body = [line for line in lines if abs(line.slope) <= ASKEW]
    slanted = [
        line
        for line in lines
        if ASKEW < abs(line.slope) < 90 - ASKEW
        and line.width >= MIN_LENGTH * line.height
        and sum(_is_over(line, other) for other in body if other.width >= BODY_LENGTH * other.height) >= MIN_BENEATH
    ]
    text = [line for line in lines if not any(line is other for other in slanted)]
    legible = [
        stamp for stamp in stamps if stamp.confidence >= MIN_SCORE and sum(map(str.isalnum, stamp.text)) >= MIN_LETTERS
    ]
    over = [stamp for stamp in legible if any(_is_over(stamp, line) for line in text)]
    beside = [stamp for stamp in legible if not any(stamp is other for other in over)]
    return text, beside, [*slanted, *over]


def _is_over(line: OcrLine, other: OcrLine) -> bool:
    one, two = _extent(line), _extent(other)
    return one.vertical_overlap(two) > OVERLAP and one.horizontal_overlap(two) > OVERLAP


def _extent(line: OcrLine) -> Box:
    (left, top), (right, bottom) = line.quad.min(axis=0), line.quad.max(axis=0)
    return Box(float(left), float(top), float(right), float(bottom))
