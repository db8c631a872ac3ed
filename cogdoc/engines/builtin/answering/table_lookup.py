"""Proposes table cells, from tables that layout analysis detected and from rows that are merely aligned.

The more of the question's words the other cells of a row and the column header contain, the likelier is the cell.
"Which", "who" and "where" also indicate the name or content of its column.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cogdoc.engines.builtin.answering.grids import Grid, grids
from cogdoc.engines.builtin.answering.proposals import Proposal, Relation
from cogdoc.parsing.numbers import find_numbers
from cogdoc.query.label_matching import Matcher
from cogdoc.query.question_analysis import Shape
from cogdoc.query.segments import PageView, Segment, Slice, whole_slice
from cogdoc.query.terms import Token, tokenize
from cogdoc.query.typed_values import NUMERIC, ValueKind, find_values, fit
from cogdoc.query.vocabulary import COLUMN_NAMES

MIN_RECALL = 0.3
HEADER_TOKENS = 16
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
SUPERLATIVES = (Shape.MAXIMUM, Shape.MINIMUM)


@dataclass(frozen=True, slots=True)
class _Column:
    """How a column matches the question."""

    index: int
    covering: dict[int, float]
    """The question's words that its header contains."""
    precision: float
    best: float
    """1 if its header contains more of the question's words than every other header."""
    latest: float
    """1 if the question names no year and no other header names a later year."""
    asked: float
    """How likely the question asks for the content of this column, 0 to 1."""


@dataclass(frozen=True, slots=True)
class _Row:
    """How a row matches the question."""

    index: int
    coverings: tuple[dict[int, float], ...]
    """The question's words that each cell contains."""
    recall: float


def propose_cells(matcher: Matcher, page: PageView) -> Iterator[Proposal]:
    """Cells whose row and column together contain the question's words."""
    for grid in grids(page):
        columns = _columns(matcher, grid)
        if matcher.question.shape in SUPERLATIVES:
            yield from _extremes(matcher, page, grid, columns)
        yield from _cells(matcher, page, grid, columns)
    yield from _aligned_cells(matcher, page)


def _columns(matcher: Matcher, grid: Grid) -> list[_Column]:
    recalls = [matcher.recall(matcher.covering(tokenize(header))) for header in grid.headers]
    ordered = sorted(recalls, reverse=True)
    years = [max(map(int, _YEAR.findall(header)), default=0) for header in grid.headers]
    latest = 0 if any(len(period) == 4 for period in matcher.question.periods) else max(years)
    return [
        _column(
            matcher, grid, index, float(recall == ordered[0] > ordered[1] + 0.02), float(years[index] == latest > 0)
        )
        for index, recall in enumerate(recalls)
    ]


def _column(matcher: Matcher, grid: Grid, index: int, best: float, latest: float) -> _Column:
    header = tokenize(grid.headers[index])
    covering = matcher.covering(header)
    kind = matcher.question.kinds[0]
    names = COLUMN_NAMES.get(kind.value, frozenset())
    has_name = float(any(token.norm in names for token in header))
    kind_share = grid.share_of(kind, index) if kind is not ValueKind.TEXT else 0.0
    precision = matcher.precision(header) if covering else 0.0
    core = matcher.recall({index: value for index, value in covering.items() if index in matcher.core})
    return _Column(
        index,
        covering,
        precision,
        best,
        latest,
        min(1.0, max(1.5 * core + 0.4 * precision, 0.5 * has_name + 0.4 * kind_share)),
    )


def _row(matcher: Matcher, grid: Grid, index: int) -> _Row:
    coverings = tuple(matcher.covering(cell.tokens) if cell is not None else {} for cell in grid.cells[index])
    return _Row(index, coverings, matcher.recall(*coverings))


def _cells(matcher: Matcher, page: PageView, grid: Grid, columns: Sequence[_Column]) -> Iterator[Proposal]:
    rows = [_row(matcher, grid, index) for index in grid.body]
    best = max((row.recall for row in rows), default=0.0)
    section = ""
    for row in rows:
        filled = [cell for cell in grid.cells[row.index] if cell is not None]
        if len(filled) == 1:
            section = filled[0].text
        elif row.recall > 0:
            for column in columns:
                cell = grid.cells[row.index][column.index]
                if cell is not None:
                    yield from _cell(matcher, page, grid, row, columns, column, cell, section, best)


def _cell(
    matcher: Matcher,
    page: PageView,
    grid: Grid,
    row: _Row,
    columns: Sequence[_Column],
    column: _Column,
    cell: Segment,
    section: str,
    best: float,
) -> Iterator[Proposal]:
    matching = [index for index, covering in enumerate(row.coverings) if covering and index != column.index]
    if not matching:
        return
    others = [row.coverings[index] for index in matching] + [columns[index].covering for index in matching]
    recall = matcher.recall(column.covering, *others)
    if recall < MIN_RECALL:
        return
    recall = max(recall, matcher.recall(column.covering, *others, matcher.covering(tokenize(section))))
    cells = [other for index in matching if (other := grid.cells[row.index][index]) is not None]
    precision = max(matcher.precision(other.tokens) for other in cells)
    own_recall = matcher.recall(row.coverings[column.index])
    row_recall = matcher.recall(*(row.coverings[index] for index in matching))
    for kind in matcher.question.kinds:
        typed = _typed_part(cell, kind)
        if typed is None:
            continue
        part, fitting = typed
        if kind is ValueKind.TEXT and len(matcher.question.kinds) > 1:
            fitting = 0.3
        yield Proposal(
            page=page,
            text=part.text.strip(),
            slices=(part,),
            relation=Relation.CELL,
            kind=kind,
            recall=max(0.0, recall - 0.5 * own_recall),
            precision=precision,
            fit=fitting * (1 - 0.6 * min(1.0, own_recall)),
            distance=0.0,
            evidence=grid.row_text(row.index),
            features={
                "asked-column": column.asked,
                "replaced": max(matcher.replacement_score(other.text) for other in cells),
                "column-named": matcher.recall(column.covering),
                "best-column": column.best,
                "latest": column.latest,
                "best-row": float(row_recall >= best - 1e-6) if best else 0.0,
                "first-column": float(column.index == 0),
            },
        )


def _typed_part(cell: Segment, kind: ValueKind) -> tuple[Slice, float] | None:
    """The part of a cell that is a value of a kind, and how well it fits; None if there is no such value."""
    if kind is ValueKind.TEXT:
        return whole_slice(cell), 0.7
    fitting = fit(kind, cell.text)
    values = find_values(kind, cell.text)
    if not values or fitting < 0.2:
        return None
    value = max(values, key=lambda value: value.fit)
    entire = fitting > 0.6 or kind in (ValueKind.PERSON, ValueKind.ORGANISATION, ValueKind.PLACE)
    return whole_slice(cell) if entire else Slice(cell, value.start, value.end), fitting


def _extremes(matcher: Matcher, page: PageView, grid: Grid, columns: Sequence[_Column]) -> Iterator[Proposal]:
    """The requested cell of the row with the highest or lowest value in the column that the question names."""
    numeric = [column for column in columns if column.covering and grid.share_of(ValueKind.NUMBER, column.index) > 0.6]
    if not numeric:
        return
    by_column = max(numeric, key=lambda column: matcher.recall(column.covering))
    values = {
        index: numbers[0].value for index in grid.body if (numbers := find_numbers(grid.text(index, by_column.index)))
    }
    totals = {"total", "totals", "sum", "average", "合计", "总计"}
    values = {
        index: value for index, value in values.items()
        if not {token.norm for token in tokenize(grid.label(index))} & totals
    }  # fmt: skip
    if len(values) < 2:
        return
    pick = max if matcher.question.shape is Shape.MAXIMUM else min
    row = pick(values, key=lambda index: values[index])
    rest = [
        column for column in columns if column.index != by_column.index and grid.cells[row][column.index] is not None
    ]
    ordered = sorted(rest, key=lambda column: (-column.asked, column.index))
    for rank, column in enumerate(ordered[:2]):
        cell = grid.cells[row][column.index]
        if cell is not None:
            yield Proposal(
                page=page, text=cell.text, slices=(whole_slice(cell),), relation=Relation.LOOKUP,
                kind=matcher.question.kinds[0], recall=matcher.recall(by_column.covering, column.covering),
                precision=by_column.precision, fit=0.8 - 0.4 * rank, evidence=grid.row_text(row),
            )  # fmt: skip


def _aligned_cells(matcher: Matcher, page: PageView) -> Iterator[Proposal]:
    """Numbers with the question's words both to the left in their row and above in their column."""
    kind = matcher.question.kinds[0]
    if kind not in NUMERIC:
        return
    for row in page.rows:
        covering = matcher.covering(token for segment in row for token in segment.tokens)
        if not covering or len(row) < 2:
            continue
        for segment in row[1:]:
            values = find_values(kind, segment.text)
            if not values or fit(kind, segment.text) < 0.45:
                continue
            labels = [other for other in page.left_of(segment) if fit(kind, other.text) < 0.45]
            label_covering = matcher.covering(token for other in labels for token in other.tokens)
            header_covering = matcher.covering(_header(page, segment))
            recall = matcher.recall(label_covering, header_covering)
            if recall < MIN_RECALL or not label_covering or not header_covering:
                continue
            label_tokens = [token for other in labels for token in other.tokens]
            yield Proposal(
                page=page,
                text=segment.text.strip(),
                slices=(whole_slice(segment),),
                relation=Relation.CELL,
                kind=kind,
                recall=recall,
                precision=matcher.precision(label_tokens),
                fit=values[0].fit,
                distance=1.0,
                evidence=page.row_text(segment),
                features={"aligned": 1.0},
            )


def _header(page: PageView, segment: Segment) -> list[Token]:
    """The words above a column of numbers: the nearest ones, up to the next number above them."""
    header: list[Token] = []
    for other in page.above(segment):
        if find_values(ValueKind.YEAR, other.text) or fit(ValueKind.NUMBER, other.text) < 0.45 < len(other.text) / 3:
            header += other.tokens
        elif header:
            break
        if len(header) > HEADER_TOKENS:
            break
    return header
