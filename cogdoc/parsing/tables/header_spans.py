"""Find header cells of a table that span several columns or rows.

The title of a group of columns is above the columns' own titles, either centered over the group or aligned with its
first column. A column without a group has its title in one of the header rows, and the other rows are empty.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from cogdoc.parsing.tables.phrases import Phrase, Row, is_number

MAX_DEPTH = 4
"""Header rows at most."""

ALIGNED = 0.5
"""Word heights by which a title may miss the left edge of its group's first column."""

CENTERED = 0.08
"""Share of a group's width by which a centered title may miss the group's middle."""

CENTERED_COLUMN = 0.4
"""The same as a share of the mean column width: a title that is half a column off belongs to another group."""

_YEAR = re.compile(r"(?:19|20)\d\d(?:[-–/]\d\d(?:\d\d)?)?")


def header_depth(rows: Sequence[Row], width: int) -> int:
    """The number of header rows, until each column but the first has a title of its own; 1 if that never happens."""
    titled: set[int] = set()
    for depth, row in enumerate(rows[:MAX_DEPTH], start=1):
        if depth > 1 and _is_body(row):
            return 1
        titled |= {phrase.first for phrase in row.phrases if phrase.first == phrase.last}
        if titled >= set(range(1, width)):
            return depth
    return 1


def _is_body(row: Row) -> bool:
    values = [phrase.text for phrase in row.phrases if phrase.first > 0]
    return sum(is_number(text) and not _is_year(text) for text in values) > 0.5 * len(values)


def _is_year(text: str) -> bool:
    return _YEAR.fullmatch(text) is not None


def widen_group_titles(rows: Sequence[Row], depth: int, width: int, height: float) -> list[Row]:
    """`rows`, with titles in all header rows but the last spanning the columns of their groups."""
    extents = _extents(rows, width)
    widened = list(rows)
    for index in range(depth - 1):
        row, above = widened[index], widened[index - 1] if index else None
        below = {phrase.first for lower in rows[index + 1 : depth] for phrase in lower.phrases}
        groups: dict[Phrase, Phrase] = {}
        for choose in (_centered_group, _group_to_the_right):
            groups = _groups(choose, row, above, below, extents, height)
            if all(group.first < group.last for group in groups.values()):
                break
        lines = tuple(tuple(groups.get(phrase, phrase) for phrase in line) for line in row.lines)
        widened[index] = replace(row, lines=lines)
    return widened


Extents = Sequence[tuple[float, float]]
"""The left and right edge of the text in each column."""

GroupChooser = Callable[[Phrase, tuple[int, int], Extents, float], tuple[int, int]]
"""From a title, the first and last free column, the columns' extents and the word height to the title's columns."""


def _groups(
    choose: GroupChooser, row: Row, above: Row | None, below: set[int], extents: Extents, height: float
) -> dict[Phrase, Phrase]:
    """The titles of a header row that have titles below them, each mapped to itself with its group's columns."""
    groups: dict[Phrase, Phrase] = {}
    taken = row.columns()
    for title in sorted(row.phrases, key=lambda phrase: phrase.first):
        if title.first in below - {0} and len(row.inside(title.first)) < 2:
            first, last = choose(title, _free_columns(title, taken, above, below), extents, height)
            groups[title] = replace(title, first=first, last=last)
            taken |= set(range(first, last + 1))
    return groups


def _extents(rows: Sequence[Row], width: int) -> Extents:
    extents = []
    for column in range(width):
        boxes = [phrase.box for row in rows for phrase in row.inside(column)]
        extents.append((min((b.x0 for b in boxes), default=0.0), max((b.x1 for b in boxes), default=0.0)))
    return extents


def _free_columns(title: Phrase, taken: set[int], above: Row | None, below: set[int]) -> tuple[int, int]:
    """The first and last column around a title that are empty in its row, titled below, and in the same group above."""
    parent = next((p for p in above.phrases if p.first <= title.first <= p.last), None) if above else None
    low, high = (max(1, parent.first), parent.last) if parent and parent.first < parent.last else (1, max(below))
    first, last = title.first, title.last
    while first > low and first - 1 in below and first - 1 not in taken:
        first -= 1
    while last < high and last + 1 in below and last + 1 not in taken:
        last += 1
    return first, last


def _centered_group(title: Phrase, free: tuple[int, int], extents: Extents, height: float) -> tuple[int, int]:
    """The largest group over which the title is centered; the columns over which it is printed if there is none."""
    for first, last in sorted(
        itertools.product(range(free[0], title.first + 1), range(title.last, free[1] + 1)),
        key=lambda group: group[0] - group[1],
    ):
        left, right = extents[first][0], extents[last][1]
        share = min(CENTERED, CENTERED_COLUMN / (last - first + 1))
        if abs((left + right) / 2 - title.box.center[0]) <= max(height, share * (right - left)):
            return first, last
    return title.first, title.last


def _group_to_the_right(title: Phrase, free: tuple[int, int], extents: Extents, height: float) -> tuple[int, int]:
    """All free columns from the title's first, if aligned with its left edge; else those over which it is printed."""
    is_aligned = abs(title.box.x0 - extents[title.first][0]) <= ALIGNED * height
    return title.first, free[1] if is_aligned else title.last


def heads_group(title: Phrase, rows: Sequence[Row], width: int, middle: float) -> bool:
    """Whether a single title on top of a table is closer to the middle of several columns than to that of the table."""
    extents = _extents(rows[1:], width)
    center = title.box.center[0]
    below = {phrase.first for phrase in rows[1].phrases if phrase.first == phrase.last} if len(rows) > 1 else set()
    return any(
        title.first in range(first, last + 1)
        and below >= set(range(first, last + 1))
        and abs((extents[first][0] + extents[last][1]) / 2 - center) < abs(middle - center)
        for first in range(1, width)
        for last in range(first + 1, width)
    )


def lift_titles(rows: Sequence[Row], depth: int, width: int) -> list[Row]:
    """`rows`, with each title at the top of the empty header cells above and below it, which it spans."""
    lifted = list(rows)
    for column in range(width):
        filled = [index for index in range(depth) if column in lifted[index].columns()]
        alone = [index for index in filled if all(p.first == p.last for p in _touching(lifted[index], column))]
        if len(filled) > len(alone):  # below the title of a group, which the column shares with others
            start = max(index for index in filled if index not in alone) + 1
        else:
            start = 0
        own = [index for index in alone if index >= start]
        if len(own) > 1 or depth - start < 2:
            continue
        if own and own[0] > start:
            lifted[start], lifted[own[0]] = _moved(lifted[own[0]], lifted[start], column)
        for index in range(start + 1, depth):
            lifted[index] = replace(lifted[index], continued=lifted[index].continued | {column})
    return lifted


def _touching(row: Row, column: int) -> list[Phrase]:
    return [phrase for phrase in row.phrases if phrase.first <= column <= phrase.last]


def _moved(source: Row, target: Row, column: int) -> tuple[Row, Row]:
    """`target` with the phrases of `source` in a column, and `source` without them."""
    moved = tuple((phrase,) for phrase in source.inside(column))
    rest = tuple(tuple(phrase for phrase in line if not phrase.first == phrase.last == column) for line in source.lines)
    return replace(target, lines=(*target.lines, *moved)), replace(source, lines=tuple(line for line in rest if line))
