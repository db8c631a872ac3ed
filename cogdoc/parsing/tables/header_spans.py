"""Cells of a table's header that stretch over several columns or rows.

A group of columns has its title above their own ones: over their middle, or where the first of them begins.
A column that belongs to no group has its title in one of the rows, and the others empty.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from cogdoc.parsing.tables.phrases import Phrase, Row, is_number

MAX_DEPTH = 4
"""Rows of a header at most."""

BEGINNING = 0.5
"""Word heights by which a title may miss the place where its group's first column begins."""

CENTERED = 0.08
"""Share of a group's width by which its title may miss the group's middle."""

CENTERED_COLUMN = 0.4
"""The same as a share of the mean width of its columns: half a column off, it stands over another group."""

_YEAR = re.compile(r"(?:19|20)\d\d(?:[-–/]\d\d(?:\d\d)?)?")


def header_depth(rows: Sequence[Row], width: int) -> int:
    """Rows of the header, or 1: as many as it takes until each column but the first has a title of its own."""
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
    """`rows`, with the titles in all header rows but the last over all the columns of their groups."""
    extents = _extents(rows, width)
    widened = list(rows)
    for place in range(depth - 1):
        row, above = widened[place], widened[place - 1] if place else None
        below = {phrase.first for lower in rows[place + 1 : depth] for phrase in lower.phrases}
        groups: dict[Phrase, Phrase] = {}
        for choose in (_centered_group, _group_to_the_right):
            groups = _groups(choose, row, above, below, extents, height)
            if all(group.first < group.last for group in groups.values()):
                break
        lines = tuple(tuple(groups.get(phrase, phrase) for phrase in line) for line in row.lines)
        widened[place] = replace(row, lines=lines)
    return widened


Extents = Sequence[tuple[float, float]]
"""Where the text of each column begins and ends."""

Choice = Callable[[Phrase, tuple[int, int], Extents, float], tuple[int, int]]
"""From a title, the columns that are free for it, the columns' extents and the height of words to its columns."""


def _groups(
    choose: Choice, row: Row, above: Row | None, below: set[int], extents: Extents, height: float
) -> dict[Phrase, Phrase]:
    """Each title of a row of titles with the columns chosen for it; below some of them others have titles."""
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
    """The columns about a title that are empty in its row, titled below it, and under the same title above it."""
    parent = next((p for p in above.phrases if p.first <= title.first <= p.last), None) if above else None
    low, high = (max(1, parent.first), parent.last) if parent and parent.first < parent.last else (1, max(below))
    first, last = title.first, title.last
    while first > low and first - 1 in below and first - 1 not in taken:
        first -= 1
    while last < high and last + 1 in below and last + 1 not in taken:
        last += 1
    return first, last


def _centered_group(title: Phrase, free: tuple[int, int], extents: Extents, height: float) -> tuple[int, int]:
    """The most columns over whose middle a title stands; those over which it is printed if there are none."""
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
    """From the column where a title begins on; those over which it is printed if it begins elsewhere."""
    begins = abs(title.box.x0 - extents[title.first][0]) <= BEGINNING * height
    return title.first, free[1] if begins else title.last


def lift_titles(rows: Sequence[Row], depth: int, width: int) -> list[Row]:
    """`rows`, with each title under which or above which header cells are empty at the top of them."""
    lifted = list(rows)
    for column in range(width):
        filled = [place for place in range(depth) if column in lifted[place].columns()]
        alone = [place for place in filled if all(p.first == p.last for p in _touching(lifted[place], column))]
        if len(filled) > len(alone):  # under the title of a group: only what is below that is its own
            start = max(place for place in filled if place not in alone) + 1
        else:
            start = 0
        own = [place for place in alone if place >= start]
        if len(own) > 1 or depth - start < 2:
            continue
        if own and own[0] > start:
            lifted[start], lifted[own[0]] = _moved(lifted[own[0]], lifted[start], column)
        for place in range(start + 1, depth):
            lifted[place] = replace(lifted[place], continued=lifted[place].continued | {column})
    return lifted


def _touching(row: Row, column: int) -> list[Phrase]:
    return [phrase for phrase in row.phrases if phrase.first <= column <= phrase.last]


def _moved(source: Row, target: Row, column: int) -> tuple[Row, Row]:
    """`target` with what `source` has in a column, and `source` without it."""
    moved = tuple((phrase,) for phrase in source.inside(column))
    kept = tuple(tuple(phrase for phrase in line if not phrase.first == phrase.last == column) for line in source.lines)
    return replace(target, lines=(*target.lines, *moved)), replace(source, lines=tuple(line for line in kept if line))
