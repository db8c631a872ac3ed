"""Cut phrases that a narrow gap joined across columns: titles side by side, or the values of two columns.

A phrase over several columns is the title of a group if these columns have titles of their own below it. If they
have values there instead, and each part of the phrase is aligned with the values of its column, it is several titles.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

from cogdoc.documents.geometry import Box, bounding_box
from cogdoc.parsing.tables.phrases import EDGE, Phrase, Row, TextLine, is_number

ALIGNED = 0.7
"""Word heights by which a part may miss the left edge, the middle or the right edge of the values in its column."""


def split_fused_phrases(rows: Sequence[Row], column_lines: Sequence[float], height: float) -> list[Row]:
    """`rows`, with each phrase over columns of values cut into one part for each column, if they are aligned."""
    split: list[Row] = []
    for index, row in enumerate(rows):
        lines: list[TextLine] = []
        for number, line in enumerate(row.lines, start=1):
            below = [replace(row, lines=row.lines[number:]), *rows[index + 1 :]]
            lines.append(_split_line(line, below, column_lines, height))
        split.append(replace(row, lines=tuple(lines)))
    return split


def _split_line(line: TextLine, below: Sequence[Row], column_lines: Sequence[float], height: float) -> TextLine:
    parts: list[Phrase] = []
    for phrase in line:
        cut = _cut(phrase, column_lines, height) if phrase.first < phrase.last else []
        parts.extend(cut if cut and all(_fits(part, below, height) for part in cut) else [phrase])
    return tuple(parts)


def _cut(phrase: Phrase, column_lines: Sequence[float], height: float) -> list[Phrase]:
    """The parts of a phrase between the column lines that cross it; empty if one of them crosses a word."""
    cuts = [0]
    for line in column_lines[phrase.first + 1 : phrase.last + 1]:
        gaps = [
            (abs((left.box.x1 + right.box.x0) / 2 - line), index)
            for index, (left, right) in enumerate(itertools.pairwise(phrase.words), start=1)
            if left.box.x1 - EDGE * height <= line <= right.box.x0 + EDGE * height
        ]
        cuts.append(min(gaps)[1] if gaps else cuts[-1])
    cuts.append(len(phrase.words))
    if any(start >= end for start, end in itertools.pairwise(cuts)):
        return []
    return [
        Phrase(phrase.words[start:end], column, column)
        for column, (start, end) in enumerate(itertools.pairwise(cuts), start=phrase.first)
    ]


def _fits(part: Phrase, below: Sequence[Row], height: float) -> bool:
    """Whether the next row with a text in the part's column has a value there, and the values are aligned with it."""
    insides = [inside for row in below if (inside := row.inside(part.first))]
    if not insides or not is_number(insides[0][0].text):
        return False
    values = bounding_box(phrase.box for inside in insides for phrase in inside if is_number(phrase.text))
    return _aligned(part.box, values, height) or _aligned(part.box, insides[0][0].box, height)


def _aligned(one: Box, two: Box, height: float) -> bool:
    distances = (one.x0 - two.x0, one.center[0] - two.center[0], one.x1 - two.x1)
    return min(map(abs, distances)) <= ALIGNED * height
