"""Correct the rows of a layout model's grid: join rows that it cut in two, and split rows that it left together."""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Collection, Mapping, Sequence

from cogdoc.documents.geometry import bounding_box
from cogdoc.parsing.tables.phrases import Phrase, Row, TextLine, is_number

TIGHT = 0.85
"""A row with an empty first column belongs to the row above if its distance is below this share of the usual one."""

MIXED_SHARE = 0.2
"""Share of rows with a lower-case first phrase and other values above which lower case is the table's style."""

CONTINUED_SHARE = 0.7
"""The same for rows of only lower-case phrases."""

UNFINISHED = ",-–/&(，、（"
"""Characters at the end of a line after which a name goes on in the next line."""

MAX_TITLE_ROWS = 4
"""Rows of a header at most."""

TITLE_SPACING = 1.0
"""Line heights between two lines of one title at most."""


def join_continued_rows(rows: Sequence[Row]) -> list[Row]:
    """`rows`, with each row that only continues the text of the row above joined to it."""
    filled = [row for row in rows if row.lines]
    if len(filled) < 3:
        return filled
    case_tells = _case_marks_continuation(filled[1:])
    distances = [_distance(above, below) for above, below in itertools.pairwise(filled)]
    named = [distance for distance, row in zip(distances, filled[1:], strict=True) if 0 in row.columns()]
    usual = statistics.median(named or distances)
    joined = [filled[0]]
    for distance, row in zip(distances, filled[1:], strict=True):
        above = joined[-1]
        may_continue = (
            row.columns() <= above.columns()
            and all(p.first == p.last for p in row.phrases)
            and not _repeats_number(above, row)
        )
        is_nameless = 0 not in row.columns() and 0 in above.columns()
        is_tight = distance < TIGHT * usual and is_nameless
        if (
            may_continue
            and len(joined) > 1
            and (is_tight or _continues_name(above, row, usual) or (case_tells and _is_lower_case(row)))
        ):
            joined[-1] = Row(above.top, row.bottom, (*above.lines, *row.lines))
        else:
            joined.append(row)
    return joined


def _repeats_number(above: Row, row: Row) -> bool:
    """Whether two rows have numbers in the same column: numbers do not wrap."""
    return any(
        _are_numbers(above.inside(column)[-1:]) and _are_numbers(row.inside(column)[:1])
        for column in row.columns() & above.columns()
    )


def _continues_name(above: Row, row: Row, usual: float) -> bool:
    """Whether a row has only a text in the first column, and the name above it is visibly unfinished."""
    names = above.inside(0)
    if row.columns() != {0} or not names or names[-1].text[-1] not in UNFINISHED:
        return False
    return row.lines[0][0].box.center[1] - names[-1].box.center[1] <= 1.1 * usual


def join_stacked_titles(rows: Sequence[Row]) -> list[Row]:
    """`rows`, with header rows joined if the second only continues the column titles of the first.

    Titles of a single line may be in either row.
    """
    distances = [_distance(above, below) for above, below in itertools.pairwise(rows)]
    usual = statistics.median(distances[MAX_TITLE_ROWS:] or [0.0])  # of the rows that are surely below the titles
    joined: list[Row] = []
    for index, row in enumerate(rows):
        if joined and index < MAX_TITLE_ROWS and _titles_continue(joined[-1], row, usual):
            above = joined[-1]
            joined[-1] = Row(above.top, row.bottom, (*above.lines, *row.lines))
        else:
            joined.append(row)
    return joined


def split_number_lists(rows: Sequence[Row]) -> list[Row]:
    """`rows`, each split between its lines if columns list numbers side by side, or one beside a name for all of them.

    Numbers do not wrap: two numbers one below the other belong to two rows.
    """
    return [part for row in rows for part in _split_number_lists(row)]


def split_group_titles(rows: Sequence[Row]) -> list[Row]:
    """`rows`, each split below a phrase that spans several columns if these have phrases of their own below it."""
    return [part for row in rows for part in _split_group_titles(row)]


def split_stacked_groups(rows: Sequence[Row], height: float) -> list[Row]:
    """`rows`, the first split between titles of groups and the titles of columns below, if it has a line of each."""
    lines = [[phrase for phrase in line if phrase.first > 0] for line in rows[0].lines] if rows else []
    lines = [line for line in lines if line]
    if len(lines) != 2:
        return list(rows)
    groups, lower = lines
    below = {phrase.first: phrase for phrase in lower if phrase.first == phrase.last}
    if len(groups) >= len(below) or not all(_heads_group(title, below, height) for title in groups):
        return list(rows)
    levels: list[Mapping[int, tuple[Phrase, ...]]] = [
        {phrase.first: (phrase,) for phrase in groups},
        {column: (phrase,) for column, phrase in below.items()},
    ]
    return [*_split(rows[0], [min(phrase.box.y0 for phrase in lower)], levels), *rows[1:]]


def _heads_group(title: Phrase, below: Mapping[int, Phrase], height: float) -> bool:
    """Whether a title is nearer to the middle of several columns' titles than to that of the one below it."""
    if title.first < title.last or title.first not in below:
        return False
    center = title.box.center[0]
    ends = [
        (first, last)
        for first in below
        for last in below
        if first <= title.first <= last and first < last and all(at in below for at in range(first, last))
    ]
    misses = [abs((below[first].box.x0 + below[last].box.x1) / 2 - center) for first, last in ends]
    return min(misses, default=math.inf) + height < abs(below[title.first].box.center[0] - center)


def _case_marks_continuation(rows: Sequence[Row]) -> bool:
    """Whether a lower-case first letter marks a continued row: not if the whole table is written in lower case."""
    lower = [[phrase.text[:1].islower() for phrase in row.phrases] for row in rows]
    mixed = sum(flags[0] and not all(flags) for flags in lower)
    return mixed <= MIXED_SHARE * len(rows) and sum(map(all, lower)) <= CONTINUED_SHARE * len(rows)


def _is_lower_case(row: Row) -> bool:
    return all(phrase.text[:1].islower() for phrase in row.phrases)


def _titles_continue(above: Row, row: Row, usual: float) -> bool:
    """Whether a row continues titles: in lower case, or closer to them than the rows of the table are to each other."""
    shared = above.columns() & row.columns()
    pairs = [(above.inside(column), row.inside(column)) for column in shared]
    if not shared - {0} or not all(upper and lower for upper, lower in pairs):
        return False
    height = max(phrase.box.height for phrase in (*above.phrases, *row.phrases))
    if any(lower[0].box.y0 - upper[-1].box.y1 > TITLE_SPACING * height for upper, lower in pairs):
        return False
    if all(lower[0].text[:1].islower() for _, lower in pairs):
        return True
    is_tight = _distance(above, row) < TIGHT * usual and row.columns() < above.columns()
    return is_tight and not any(is_number(phrase.text) for phrase in (*above.phrases, *row.phrases))


def _distance(above: Row, below: Row) -> float:
    """The distance of the middles of a row's last line and the next row's first line."""
    return _middle(below.lines[0]) - _middle(above.lines[-1])


def _middle(line: TextLine) -> float:
    return bounding_box(phrase.box for phrase in line).center[1]


def _split_number_lists(row: Row) -> list[Row]:
    columns = {column: row.inside(column) for column in row.columns()}
    listed = [phrases for phrases in columns.values() if len(phrases) > 1 and _are_numbers(phrases)]
    if not listed or any(not _aligned(phrases, listed[0]) for phrases in listed):
        return [row]
    if len(listed) == 1 and not all(_belongs_to_list(phrases, listed[0]) for phrases in columns.values()):
        return [row]
    heights = [bounding_box(phrase.box for phrase in level).center[1] for level in zip(*listed, strict=True)]
    cuts = [(above + below) / 2 for above, below in itertools.pairwise(heights)]
    aligned = {column: phrases for column, phrases in columns.items() if _aligned(phrases, listed[0])}
    levels = [{column: (phrases[index],) for column, phrases in aligned.items()} for index in range(len(heights))]
    return _split(row, cuts, levels)


def _belongs_to_list(phrases: Sequence[Phrase], listed: Sequence[Phrase]) -> bool:
    """Whether the phrases of a column are beside those of a list of numbers, or a single one is beside its middle."""
    if len(phrases) > 1:
        return _aligned(phrases, listed)
    middle = bounding_box(phrase.box for phrase in listed).center[1]
    return all(abs(phrase.box.center[1] - middle) <= 0.5 * phrase.box.height for phrase in phrases)


def _split_group_titles(row: Row) -> list[Row]:
    wide = [phrase for phrase in row.phrases if phrase.first < phrase.last]
    if not wide:
        return [row]
    level = bounding_box(phrase.box for phrase in wide)
    if any(phrase.box.vertical_overlap(level) < 0.5 or level.height > 2 * phrase.box.height for phrase in wide):
        return [row]
    below: dict[int, tuple[Phrase, ...]] = {}
    titles = list(wide)
    for column in sorted(row.columns()):
        inside = row.inside(column)
        lower = tuple(phrase for phrase in inside if phrase.box.y0 > level.center[1])
        if len(lower) == len(inside):
            below[column] = lower
        elif lower and not _stacked(inside):
            below[column] = lower
            titles += [phrase for phrase in inside if phrase not in lower]
    if not all(below.get(column) for title in wide for column in range(title.first, title.last + 1)):
        return [row]
    top = min(phrase.box.y0 for phrases in below.values() for phrase in phrases)
    first_columns = {title.first for title in titles}
    above = {column: tuple(title for title in titles if title.first == column) for column in first_columns}
    return _split(row, [top], [above, below])


def _stacked(phrases: Sequence[Phrase]) -> bool:
    """Whether phrases one below the other are lines of one text: their centers or left edges are aligned."""
    boxes = [phrase.box for phrase in phrases]
    height = boxes[0].height
    middles, lefts = [box.center[0] for box in boxes], [box.x0 for box in boxes]
    return max(middles) - min(middles) < height or max(lefts) - min(lefts) < 0.5 * height


def _split(row: Row, cuts: Sequence[float], levels: Sequence[Mapping[int, tuple[Phrase, ...]]]) -> list[Row]:
    """`row` split at the heights `cuts`; each of `levels` has the phrases of one part by column.

    The row's other phrases go into the first part, and their cells continue in the other parts.
    """
    assigned: Collection[Phrase] = [phrase for level in levels for phrases in level.values() for phrase in phrases]
    others = [phrase for phrase in row.phrases if phrase not in assigned]
    continued = frozenset(phrase.first for phrase in others).difference(*levels)
    parts: list[Row] = []
    heights = itertools.pairwise((row.top, *cuts, row.bottom))
    for (top, bottom), level in zip(heights, levels, strict=True):
        phrases = [*(phrase for inside in level.values() for phrase in inside), *(others if not parts else ())]
        parts.append(Row(top, bottom, tuple((phrase,) for phrase in phrases), continued if parts else frozenset()))
    return parts


def _aligned(phrases: Sequence[Phrase], others: Sequence[Phrase]) -> bool:
    return len(phrases) == len(others) and all(
        one.box.vertical_overlap(two.box) > 0.5 for one, two in zip(phrases, others, strict=True)
    )


def _are_numbers(phrases: Sequence[Phrase]) -> bool:
    return bool(phrases) and all(is_number(phrase.text) and any(c.isdigit() for c in phrase.text) for phrase in phrases)
