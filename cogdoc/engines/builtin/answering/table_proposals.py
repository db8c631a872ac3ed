"""Proposes cells of tables whose row and column together contain the question's words.

"Which", "who" and "where" also indicate the name or content of a column.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cogdoc.documents.geometry import Box
from cogdoc.engines.builtin.answering.proposals import Proposal, Relation
from cogdoc.engines.builtin.page_tables import page_tables
from cogdoc.parsing.page_text import Word
from cogdoc.query.computed import Operand
from cogdoc.query.concepts import concept_share
from cogdoc.query.grounding import years_in
from cogdoc.query.label_matching import Matcher
from cogdoc.query.lexicon.loading import load_lexicon
from cogdoc.query.quantities import SECONDS
from cogdoc.query.segments import PageView, Segment, Slice
from cogdoc.query.table import DataCell, DataTable, TableOrigin
from cogdoc.query.terms import tokenize
from cogdoc.query.typed_values import NUMERIC, ValueKind, find_values, fit

MIN_RECALL = 0.3
MIN_FIT = 0.2
"""A cell that fits the kind that is asked for less well is not proposed as a value of it."""

ENTIRE_FIT = 0.6
"""Fit from which on the whole cell is the value, rather than a part of it."""

_LABEL = re.compile(r"([^:：]{1,30})[:：]\s*(?=\S)")

Covering = dict[int, float]


@dataclass(frozen=True, slots=True)
class _Column:
    """How a column matches the question."""

    covering: Covering
    """The question's words that its header contains."""
    best: float
    """1 if its header contains more of the question's words than every other header."""
    latest: float
    """1 if the question names no year and no other header names a later year."""
    asked: float
    """How likely the question asks for the content of this column, 0 to 1."""


@dataclass(frozen=True, slots=True)
class _Row:
    """How a row matches the question."""

    cells: Sequence[DataCell | None]
    coverings: tuple[Covering, ...]
    """The question's words that each cell contains."""
    section: Covering
    """Those that the headers above it contain."""


def propose_cells(matcher: Matcher, page: PageView) -> Iterator[Proposal]:
    """Cells of the page's tables; of rows that are merely aligned only numbers, if numbers are asked for."""
    is_numeric = matcher.question.kinds[0] in NUMERIC
    for table in page_tables(page):
        if table.origin is TableOrigin.TABLE or (table.origin is TableOrigin.ALIGNED and is_numeric):
            yield from _cells(matcher, page, table)


def _cells(matcher: Matcher, page: PageView, table: DataTable) -> Iterator[Proposal]:
    columns = _columns(matcher, table)
    rows = [_row(matcher, table, index) for index in range(len(table.rows))]
    best = max((matcher.recall(*row.coverings) for row in rows), default=0.0)
    for row in rows:
        if any(row.coverings):
            for index, cell in enumerate(row.cells):
                if cell is not None:
                    yield from _cell(matcher, page, table, columns, row, index, best)


def _columns(matcher: Matcher, table: DataTable) -> list[_Column]:
    headers = [table.column_text(index) for index in range(len(table.columns))]
    coverings = [matcher.covering(tokenize(header)) for header in headers]
    recalls = [matcher.recall(covering) for covering in coverings]
    ordered = [*sorted(recalls, reverse=True), 0.0]
    years = [max(years_in(header), default=0) for header in headers]
    latest = 0 if any(len(period) == 4 for period in matcher.question.periods) else max(years, default=0)
    return [
        _Column(
            covering=coverings[index],
            best=float(recalls[index] == ordered[0] > ordered[1] + 0.02),
            latest=float(years[index] == latest > 0),
            asked=_asked(matcher, table, index, coverings[index]),
        )
        for index in range(len(headers))
    ]


def _asked(matcher: Matcher, table: DataTable, index: int, covering: Covering) -> float:
    header = tokenize(table.column_text(index))
    kind = matcher.question.kinds[0]
    names = load_lexicon().types.get(kind.value, ())
    has_name = float(any(token.norm in names for token in header))
    texts = [cell.text for row in table.cells if (cell := row[index]) is not None]
    is_typed = kind is not ValueKind.TEXT and bool(texts)
    kind_share = sum(fit(kind, text) >= 0.5 for text in texts) / len(texts) if is_typed else 0.0
    core = matcher.recall({term: value for term, value in covering.items() if term in matcher.core})
    precision = matcher.precision(header) if covering else 0.0
    return min(1.0, max(1.5 * core + 0.4 * precision, 0.5 * has_name + 0.4 * kind_share))


def _row(matcher: Matcher, table: DataTable, index: int) -> _Row:
    cells = table.cells[index]
    coverings = tuple(matcher.covering(tokenize(cell.text)) if cell is not None else {} for cell in cells)
    return _Row(cells, coverings, matcher.covering(tokenize(" ".join(table.rows[index][:-1]))))


def _cell(
    matcher: Matcher, page: PageView, table: DataTable, columns: Sequence[_Column], row: _Row, index: int, best: float
) -> Iterator[Proposal]:
    matching = [other for other, covering in enumerate(row.coverings) if covering and other != index]
    cell, column = row.cells[index], columns[index]
    if not matching or cell is None or _has_other_label(row, index, matching):
        return
    coverings = [row.coverings[other] for other in matching] + [columns[other].covering for other in matching]
    recall = matcher.recall(column.covering, row.section, *coverings)
    if recall < MIN_RECALL:
        return
    names = [other.text for other in (row.cells[position] for position in matching) if other is not None]
    own_recall = matcher.recall(row.coverings[index])
    row_recall = matcher.recall(*(row.coverings[other] for other in matching))
    for kind in matcher.question.kinds:
        typed = _typed_part(cell, kind)
        if typed is None or (table.origin is TableOrigin.ALIGNED and kind not in NUMERIC):
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
            precision=max(matcher.precision(tokenize(name)) for name in names),
            fit=fitting * (1 - 0.6 * min(1.0, own_recall)),
            evidence=row_text(row.cells),
            query=matcher.question.tree,
            operands=(Operand(", ".join(filter(None, (names[0], table.column_text(index)))), cell),),
            features={
                "asked-column": column.asked,
                "replaced": max(matcher.replacement_score(name) for name in names),
                "column-named": matcher.recall(column.covering),
                "best-column": column.best,
                "latest": column.latest,
                "best-row": float(row_recall >= best - 1e-6) if best else 0.0,
                "first-column": float(index == 0),
                "aligned": float(table.origin is TableOrigin.ALIGNED),
            },
        )


def _typed_part(cell: DataCell, kind: ValueKind) -> tuple[Slice, float] | None:
    """The part of a cell that is a value of a kind, and how well it fits; None if there is no such value."""
    segment = as_segment(cell)
    whole = _without_label(segment)
    if kind is ValueKind.TEXT:
        return whole, 0.7
    fitting = fit(kind, segment.text)
    values = find_values(kind, segment.text)
    if not values or fitting < MIN_FIT:
        return None
    value = max(values, key=lambda value: value.fit)
    is_clock = cell.quantity is not None and cell.quantity.unit == SECONDS
    entire = is_clock or fitting > ENTIRE_FIT or kind in (ValueKind.PERSON, ValueKind.ORGANISATION, ValueKind.PLACE)
    return whole if entire else Slice(segment, value.start, value.end), fitting


def _has_other_label(row: _Row, index: int, matching: Sequence[int]) -> bool:
    """Whether a cell is the value of a label that the question does not name: "Buyer | Smith | Seller | Jones"."""
    before = row.cells[index - 1] if index else None
    is_before_match = index < min(matching)
    return before is not None and is_before_match and concept_share(before.text) == 1 and not row.coverings[index - 1]


def _without_label(segment: Segment) -> Slice:
    """A cell without the label that it begins with: "Name: Smith Ltd."."""
    label = _LABEL.match(segment.text)
    is_label = label is not None and concept_share(label[1]) == 1
    return Slice(segment, label.end() if label is not None and is_label else 0, len(segment.text))


def as_segment(cell: DataCell) -> Segment:
    """A cell as a segment, its words spread over the width of the cell."""
    box = cell.box or Box(0.0, 0.0, 0.0, 0.0)
    words = cell.text.split()
    length = len(" ".join(words))
    placed, offset = [], 0
    for word in words:
        left, right = box.x0 + box.width * offset / length, box.x0 + box.width * (offset + len(word)) / length
        placed.append(Word(word, Box(left, box.y0, right, box.y1), cell.confidence))
        offset += len(word) + 1
    return Segment(-1, -1, tuple(placed), " ".join(words), box)


def row_text(cells: Sequence[DataCell | None]) -> str:
    return " | ".join(cell.text for cell in cells if cell is not None)
