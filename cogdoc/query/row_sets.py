"""The rows of a table that a part of a tree selects, and what its filters leave of them."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from cogdoc.query.computed import Computed, Operand
from cogdoc.query.concepts import concepts_in
from cogdoc.query.dates import month_numbers
from cogdoc.query.dimensions import DATED_MATCH, measured_columns, measures
from cogdoc.query.grounding import LIKELY_NUMERIC, ColumnMatch, Covering, Phrase, Records, joined, phrase_of
from cogdoc.query.lexicon.loading import load_lexicon
from cogdoc.query.quantities import NO_YEAR, is_ordinal_number, order_key, quantity_of, unit_factor
from cogdoc.query.row_names import restrictions, rows_named
from cogdoc.query.table import DataCell, Quantity
from cogdoc.query.terms import tokenize
from cogdoc.query.tree import Comparator, Extreme, Filter, ListOf, Position, Query, Select

RECORD_MATCH = 0.7
"""How well words that are not printed name the records of a table."""

DENIED = 0.5
"""Share of the words of a condition that a cell has to contain to deny it."""

EMPTY_MATCH = 0.5
"""Factor for a condition that no row satisfies: it is likely about something else."""

ORDERED = frozenset({Comparator.MORE, Comparator.LESS, Comparator.AT_LEAST, Comparator.AT_MOST})
PERIODS = frozenset({"year", "date", "month", "day"})
NO_WORDS = Phrase((), ())
OTHER_HEADER = 0.5
"""Factor for words that name columns which a result does not use: "which mission launched" asks for no date."""

NO_VALUE = frozenset({"", "0", "-", "–", "—", "n/a", "none", "no", "nil"})
"""Cells of a property that a record does not have."""


@dataclass(frozen=True, slots=True)
class RowSet:
    """Rows of a table that a part of a tree selects."""

    records: Records
    indices: tuple[int, ...]
    select: Select
    phrase: Phrase
    covering: Covering
    precision: float
    conditions: tuple[float, ...] = ()
    """How well the conditions of filters match columns."""
    named_in: frozenset[int] = frozenset()
    """The columns whose cells the words name the rows by."""

    def cell(self, row: int, column: int) -> DataCell | None:
        return self.records.table.cells[row][column]

    def result(
        self, query: Query, text: str, quantity: Quantity | None, rows: Sequence[int], formula: str,
        values: ColumnMatch | None, answers: ColumnMatch | None = None, *, is_record: bool = False,
    ) -> Computed:  # fmt: skip
        """A result computed from the value column's cells in some rows; `is_record`: it names or counts records."""
        used = [match for match in (values, answers) if match is not None]
        column = values or answers
        operands = [
            Operand(label(self.records, row, column.column if column else None), cell)
            for row in rows
            if (cell := self.cell(row, column.column) if column else self.records.name_cell(row)) is not None
        ]
        elsewhere = [_weakened(match.covering) for match in self.records.columns(self.phrase)]
        coverings = [self.covering, *elsewhere, self.phrase.covering(self.records.table.title)]
        coverings += [
            match.covering for match in self.records.columns(self.phrase) if match.column in _named(self, used)
        ]
        scores = [match.score for match in used] + list(self.conditions)
        printed = self.phrase.recall(*coverings)
        if is_record:
            # What the records are called is seldom printed: "how many festivals", "which skier".
            scores.append(RECORD_MATCH)
            coverings.append(dict.fromkeys(self.phrase.covering(self.select.words), RECORD_MATCH))
        words, covered = self.phrase.recall(*coverings), joined(*coverings)
        unused = [word for index, word in enumerate(self.phrase.words) if index not in covered]
        return Computed(
            text=text, quantity=quantity, query=query, table=self.records.table, operands=tuple(operands),
            formula=formula, columns=statistics.fmean(scores) if scores else 0.0, rows=self.precision,
            words=words, assumed=words - printed,
            unused_numbers=min(1.0, 0.5 * sum(word[0].isdigit() for word in unused)),
            condition=min(self.conditions, default=1.0), restricted=float(bool(self.covering)),
        )  # fmt: skip


def row_sets(query: Query, records: Records) -> Iterator[RowSet]:
    """The rows that a tree selects, in each way its words can be grounded."""
    match query:
        case Select():
            yield from _selected(query, records)
        case Filter():
            for rows in row_sets(query.of, records):
                yield from _filtered(query, rows)
        case ListOf():
            yield from row_sets(query.of, records)
        case Extreme():
            for rows in row_sets(query.of, records):
                for values, is_reverse in stated_columns(query, rows):
                    yield replace(rows, indices=ordered(rows, values, query.highest is not is_reverse)[: query.count])
        case Position():
            for rows in row_sets(query.of, records):
                yield replace(
                    rows, indices=rows.indices[-query.count :] if query.from_end else rows.indices[: query.count]
                )
        case _:
            return


def all_words(query: Select) -> str:
    return " ".join((query.words, query.by, *query.where))


def value_phrase(query: Select) -> Phrase:
    """The words that name the column that values are compared by."""
    return phrase_of(" ".join((query.by or query.words, *query.where)))


def stated_columns(query: Extreme, rows: RowSet) -> list[tuple[ColumnMatch, bool]]:
    """The columns that an extreme may be of, and whether their lowest values are the highest."""
    phrase = value_phrase(rows.select)
    return measured_columns(rows.records, query.adjective, phrase, is_stated=bool(rows.select.by))


def ordered(rows: RowSet, values: ColumnMatch, highest: bool) -> tuple[int, ...]:
    """The rows that have values, by these; the highest rank is the first place."""
    keys = {row: key for row in rows.indices if (key := order_key(rows.cell(row, values.column))) is not None}
    is_ordinal = all(is_ordinal_number(text_of(rows.records, row, values.column)) for row in keys)
    is_rank = is_ordinal or "rank" in concepts_in(rows.records.table.column_text(values.column))
    return tuple(sorted(keys, key=lambda row: keys[row], reverse=highest is not is_rank))


def _selected(query: Select, records: Records) -> Iterator[RowSet]:
    """Words that headers contain do not restrict the rows, unless cells contain them as well."""
    joint, asked = phrase_of(all_words(query)), phrase_of(query.words)
    others = [phrase_of(part) for part in (query.by, *query.where) if part]
    headers = joined(*(match.covering for match in records.columns(joint)))
    seen: set[tuple[int, ...]] = set()
    for explained in (frozenset(joint.words[index] for index in headers), frozenset[str]()):
        for rows in restrictions(records, joint, asked, others, explained):
            if rows.indices not in seen:
                seen.add(rows.indices)
                yield RowSet(records, rows.indices, query, joint, rows.words, rows.precision, named_in=rows.columns)


def _filtered(query: Filter, rows: RowSet) -> Iterator[RowSet]:
    bound = bound_of(query.bound, decimal_comma=rows.records.decimal_comma)
    if bound is None:
        against = list(_against_column(query, rows))
        yield from against or _with_text(query, rows)
        return
    columns = _filter_columns(rows.records, phrase_of(query.words), rows.phrase, bound)
    if not columns and bound.day is not None:
        # A period may be that of the whole table: "the leading magazine from April to June 2020".
        yield replace(rows, conditions=(*rows.conditions, EMPTY_MATCH))
    for match in columns:
        cells = {row: cell for row in rows.indices if (cell := rows.cell(row, match.column)) is not None}
        own_bound = _in_scale(bound, list(cells.values()))
        pairs = ((row, comparable(cell.quantity, own_bound)) for row, cell in cells.items())
        indices = tuple(row for row, values in pairs if values is not None and compare(*values, query.comparator))
        score = match.score if indices else EMPTY_MATCH * match.score
        yield replace(rows, indices=indices, conditions=(*rows.conditions, score))


def _against_column(query: Filter, rows: RowSet) -> Iterator[RowSet]:
    """The rows in which one column compares with another: "items below their reorder level"."""
    if query.comparator not in ORDERED:
        return
    records, words = rows.records, phrase_of(query.bound)
    values = [c for c, share in enumerate(records.sortable) if share >= LIKELY_NUMERIC and not records.dated[c]]
    targets = [match for match in records.columns(words) if match.column in values and match.score > 0]
    others = {match.column: match.score for match in records.columns(rows.phrase)}
    if not targets or len(values) < 2:
        return
    target = max(targets, key=lambda match: (match.score, others[match.column]))
    shared = phrase_of(records.table.column_text(target.column))
    # What is compared shares words with the column ("Approved 2023", "Actual 2023") or is next to it.
    own = max(
        (column for column in values if column != target.column and column != records.table.name_column),
        key=lambda c: (shared.recall(shared.covering(records.table.column_text(c))), -abs(c - target.column), -c),
        default=None,
    )
    if own is None:
        return
    pairs = ((row, rows.cell(row, own), rows.cell(row, target.column)) for row in rows.indices)
    keys = ((row, order_key(left), order_key(right)) for row, left, right in pairs)
    known = ((row, left, right) for row, left, right in keys if left is not None and right is not None)
    indices = [row for row, left, right in known if compare(left, right, query.comparator)]
    covering = joined(rows.covering, rows.phrase.covering(records.table.column_text(own)))
    yield replace(rows, indices=tuple(indices), covering=covering, conditions=(*rows.conditions, target.score))


def bound_of(text: str, *, decimal_comma: bool = False) -> Quantity | None:
    """The value of a bound, which may be written as a word: "two"."""
    for numbers in load_lexicon().values.get("numbers", ()):
        if text.lower() in numbers:
            return Quantity(float(numbers[text.lower()]))
    month = month_numbers().get(text.lower().strip())
    return quantity_of(text, decimal_comma=decimal_comma) if month is None else Quantity(day=date(NO_YEAR, month, 1))


def _filter_columns(records: Records, phrase: Phrase, others: Phrase, bound: Quantity) -> list[ColumnMatch]:
    """The columns that a condition may be about: by their headers or units, or else by the type of the bound.

    If the words of the condition name none, the other words of the question may: "in 2023".
    """
    units = [match for match in records.columns(phrase) if bound.unit and records.unit(match.column) == bound.unit]
    if units:
        return units[:2]
    measured = [
        match for word in phrase.words if measures(word) for match, _ in measured_columns(records, word, NO_WORDS)
    ]
    if measured and measured[0].score > 0:
        return [match for match in measured if _is_comparable(records, match.column, bound)]
    matches = [match for match in records.columns(phrase) if _is_comparable(records, match.column, bound)]
    named = sorted((match for match in matches if match.score > 0), key=lambda match: -match.score)
    units = [match for match in matches if phrase.words and records.unit(match.column).lower() in phrase.words]
    asked = [
        match for match in records.columns(others) if match.score > 0 and _is_comparable(records, match.column, bound)
    ]
    dated = [match for match in matches if bound.day is not None and records.dated[match.column]]
    return (named or units or dated or asked or matches)[:2]


def _with_text(query: Filter, rows: RowSet) -> Iterator[RowSet]:
    """The rows with cells that contain a text, or without; "did not win a medal": those with no value in a column."""
    words, is_without = phrase_of(query.bound), query.comparator is Comparator.NOT_EQUAL
    table = rows.records.table
    if query.comparator is Comparator.EQUAL and query.words:
        yield from _like_another(query, rows)
        return
    negated = {
        row
        for row in rows.indices
        if is_without and any(_denies(words, cell.text) for cell in table.cells[row] if cell is not None)
    }
    if negated and words.words:
        yield replace(rows, indices=tuple(sorted(negated)), conditions=(*rows.conditions, 1.0))
    containing = {
        row
        for row in rows.indices
        if any(words.recall(words.covering(cell.text)) > 0.99 for cell in table.cells[row] if cell is not None)
    }
    if containing and words.words:
        indices = tuple(row for row in rows.indices if (row in containing) is not is_without)
        yield replace(rows, indices=indices, conditions=(*rows.conditions, 1.0))
    for match in sorted(rows.records.columns(words), key=lambda match: -match.score)[:1]:
        if match.score > 0:
            none = {row for row in rows.indices if text_of(rows.records, row, match.column).strip().lower() in NO_VALUE}
            indices = tuple(row for row in rows.indices if (row in none) is is_without)
            yield replace(rows, indices=indices, conditions=(*rows.conditions, match.score))


def _denies(words: Phrase, text: str) -> bool:
    """Whether a cell says that something is not: "Did not qualify"."""
    tokens = {token.norm for token in tokenize(text)}
    return (
        not tokens.isdisjoint(load_lexicon().operations.get("not", ())) and words.recall(words.covering(text)) >= DENIED
    )


def _like_another(query: Filter, rows: RowSet) -> Iterator[RowSet]:
    """The rows that have the same value in a column as the row that is named: "the same year as Ann Holt"."""
    records, other = rows.records, rows_named(rows.records, phrase_of(query.bound))
    property_words = phrase_of(query.words)
    matches = sorted(records.columns(property_words), key=lambda match: -match.score)[:2]
    if matches and not matches[0].score and not PERIODS.isdisjoint(concepts_in(query.words)):
        matches = [replace(m, score=DATED_MATCH) for m in records.columns(property_words) if records.dated[m.column]]
    for match in matches:
        values = {text_of(records, row, match.column) for row in other.indices} - {""}
        if not other.words or match.score <= 0 or len(values) != 1:
            continue
        alike = (row for row in records.rows if text_of(records, row, match.column) in values)
        indices = tuple(row for row in alike if row not in other.indices)
        yield replace(rows, indices=indices, conditions=(*rows.conditions, match.score, other.precision))


def _is_comparable(records: Records, column: int, bound: Quantity) -> bool:
    cells = (records.table.cells[row][column] for row in records.rows)
    return any(cell is not None and comparable(cell.quantity, bound) is not None for cell in cells)


def text_of(records: Records, row: int, column: int) -> str:
    cell = records.table.cells[row][column]
    return cell.text if cell is not None else ""


def comparable(value: Quantity | None, bound: Quantity) -> tuple[float, float] | None:
    """A value and a bound as numbers of the same kind; None if they are not. A bare year is a bound for years."""
    if value is None:
        return None
    day, number = value.day, value.number
    if day is not None and bound.day is not None:
        if NO_YEAR in (day.year, bound.day.year):
            return day.replace(year=NO_YEAR).toordinal(), bound.day.replace(year=NO_YEAR).toordinal()
        is_year = bound.number is not None
        return (day.year, bound.day.year) if is_year else (day.toordinal(), bound.day.toordinal())
    if number is None or bound.number is None or day is not None:
        return None
    if bound.unit and value.unit and bound.unit != value.unit:
        return number * unit_factor(value.unit), bound.number * unit_factor(bound.unit)
    # "More than 300" of a table in thousands means the printed 300; "more than 300,000" means the same.
    is_as_printed = bound.scale == 1.0 and abs(bound.number) < value.scale
    return number, bound.number * (value.scale if is_as_printed else 1.0)


def _in_scale(bound: Quantity, cells: Sequence[DataCell]) -> Quantity:
    """A bound in the scale of a column, if only its values, or only its values as printed, are about as large."""
    values = [cell.quantity for cell in cells if cell.quantity is not None and cell.quantity.number is not None]
    scale = max((value.scale for value in values), default=1.0)
    numbers = [abs(value.number or 0.0) for value in values]
    if bound.number is not None and bound.scale != 1.0 and scale == 1.0 and max(numbers, default=0.0) < bound.scale:
        return replace(bound, number=bound.number / bound.scale, scale=1.0)  # "10.87 billion" on an axis in billions
    if bound.number is None or bound.scale != 1.0 or scale == 1.0:
        return bound
    if min(numbers) <= abs(bound.number) <= max(numbers):
        return replace(bound, scale=scale)
    is_printed = min(numbers) <= abs(bound.number) * scale <= max(numbers)
    return replace(bound, number=bound.number * scale, scale=scale) if is_printed else bound


_COMPARISONS: dict[Comparator, Callable[[float, float], bool]] = {
    Comparator.MORE: lambda left, right: left > right,
    Comparator.LESS: lambda left, right: left < right,
    Comparator.AT_LEAST: lambda left, right: left >= right,
    Comparator.AT_MOST: lambda left, right: left <= right,
    Comparator.EQUAL: lambda left, right: abs(left - right) <= 1e-9 * max(1.0, abs(left)),
    Comparator.NOT_EQUAL: lambda left, right: abs(left - right) > 1e-9 * max(1.0, abs(left)),
}


def compare(left: float, right: float, comparator: Comparator) -> bool:
    return _COMPARISONS[comparator](left, right)


def _weakened(covering: Covering) -> Covering:
    return {index: OTHER_HEADER * strength for index, strength in covering.items()}


def _named(rows: RowSet, used: Sequence[ColumnMatch]) -> set[int | None]:
    return {rows.records.table.name_column, *rows.named_in, *(match.column for match in used)}


def label(records: Records, row: int, column: int | None) -> str:
    header = records.table.column_text(column) if column is not None else ""
    return ", ".join(part for part in (records.name(row), header) if part)
