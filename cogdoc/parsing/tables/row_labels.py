"""Find names beside the middle of several rows, and make their cells span these rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cogdoc.documents.geometry import bounding_box
from cogdoc.parsing.tables.phrases import Phrase, Row

CENTERED = 0.6
"""Word heights by which a name may miss the middle of its rows."""

SPACING = 0.8
"""Word heights between the lines of one name at most."""

LEVEL = 0.25
"""Word heights by which a line of a longer name must miss the middle of every row: else it is a name of its own."""


@dataclass(frozen=True, slots=True)
class _Group:
    """Rows `start` to `end`, of those with values, and the lines of the name beside them."""

    start: int
    end: int
    name: tuple[Phrase, ...]


def span_row_labels(rows: Sequence[Row], depth: int, height: float) -> list[Row]:
    """`rows`, with names of the first column at the top of the rows below the `depth` titles that they are centered on.

    A table has such names if all of its rows belong to one, and most names have several: each name is in the middle of
    its rows, and these follow each other without a gap.
    """
    if any(phrase.first == 0 < phrase.last for row in rows[depth:] for phrase in row.phrases):
        return list(rows)
    body = [row for row in rows[depth:] if _values(row)]
    groups = _groups(_names(rows[depth:], body, height), body, height)
    if 2 * sum(group.end - group.start > 1 for group in groups) <= len(groups):
        return list(rows)
    spanned = list(rows[:depth])
    bottom = rows[depth].top
    for group in groups:
        for index in range(group.start, group.end):
            row = body[index]
            values = tuple(part for line in row.lines if (part := tuple(p for p in line if p.first > 0)))
            if index == group.start:
                row = replace(row, top=bottom, lines=(*((phrase,) for phrase in group.name), *values))
            else:
                row = replace(row, top=bottom, lines=values, continued=row.continued | {0})
            spanned.append(row)
            bottom = row.bottom
    return spanned


def _names(rows: Sequence[Row], body: Sequence[Row], height: float) -> list[tuple[Phrase, ...]]:
    """The names of the first column, each with its lines."""
    middles = [_middle(_values(row)) for row in body]
    names: list[tuple[Phrase, ...]] = []
    previous_is_level = True
    for phrase in sorted((p for row in rows for p in row.inside(0)), key=lambda phrase: phrase.box.y0):
        is_level = any(abs(_middle([phrase]) - middle) <= LEVEL * height for middle in middles)
        is_close = bool(names) and phrase.box.y0 - names[-1][-1].box.y1 <= SPACING * height
        if is_close and not is_level and not previous_is_level:
            names[-1] = (*names[-1], phrase)
        else:
            names.append((phrase,))
        previous_is_level = is_level
    return names


def _groups(names: Sequence[tuple[Phrase, ...]], body: Sequence[Row], height: float) -> list[_Group]:
    """The rows of each name; empty if some name is not in the middle of rows that follow those of the name before."""
    groups: list[_Group] = []
    start = 0
    for name in names:
        misses = [
            (abs(_middle([p for row in body[start : end + 1] for p in _values(row)]) - _middle(name)), end)
            for end in range(start, len(body))
        ]
        miss, end = min(misses, default=(float("inf"), start))
        if miss > CENTERED * height or 1 < end + 1 - start < len(name):
            return []  # names with more lines than rows are those of several rows
        groups.append(_Group(start, end + 1, name))
        start = end + 1
    return groups if start == len(body) else []


def _values(row: Row) -> list[Phrase]:
    """The phrases beside the first column."""
    return [phrase for phrase in row.phrases if phrase.first > 0]


def _middle(phrases: Sequence[Phrase]) -> float:
    return bounding_box(phrase.box for phrase in phrases).center[1]
