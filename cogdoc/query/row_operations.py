"""Operations on the rows of a table: extremes, positions, neighbours, lists, aggregates and choices."""

from __future__ import annotations

import math
import re
import statistics
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from cogdoc.query.computed import Computed
from cogdoc.query.dimensions import DATED_MATCH, measured_columns
from cogdoc.query.grounding import LIKELY_NUMERIC, PROPER, ColumnMatch, Phrase, Records, number_of, phrase_of
from cogdoc.query.lexicon.loading import load_lexicon
from cogdoc.query.quantities import NO_YEAR, SECONDS, order_key, print_number
from cogdoc.query.row_names import rows_named
from cogdoc.query.row_sets import EMPTY_MATCH, RECORD_MATCH, RowSet, ordered, row_sets, stated_columns, text_of
from cogdoc.query.table import DataCell, Quantity
from cogdoc.query.terms import tokenize
from cogdoc.query.tree import (
    Aggregate,
    Aggregation,
    Asks,
    Choose,
    Difference,
    Extreme,
    Filter,
    ListOf,
    Neighbor,
    Position,
    Query,
    Select,
)

MIN_OPTIONS = 2
MAX_ANCHORS = 3
"""Rows that may be the one whose neighbour is asked for."""

MAX_NAMED, WELL_NAMED = 2, 0.8
"""Rows that words name completely are seldom what is counted: "how many goals did Smith score"."""

ITEM_END = re.compile(r"\s*[,;•\n、，；]\s*|\s/\s|\s+(?:and|und|et|y|e|en)\s+")
COLUMN_NAMED = 0.75
"""Match of a column of numbers whose sum a question asks for: "how many visitors were there in total"."""

MAX_TERMS = 6
"""Operands that a formula shows; others are abbreviated."""


def _extremes(query: Query, records: Records) -> Iterator[Computed]:
    assert isinstance(query, Extreme)
    if isinstance(query.of, Difference):
        yield from _widest(query, query.of, records)
    for rows in row_sets(query.of, records):
        for values, is_reverse in stated_columns(query, rows):
            places = ordered(rows, values, query.highest is not is_reverse)
            if query.asks is Asks.NAME and query.highest:
                places = tuple(row for row in places if not _is_remainder(records, row)) or places
            if query.asks is Asks.NAME and len(places) > 1 and len({records.name(row) for row in places}) == 1:
                continue  # what the question names is not what it asks for
            # "The highest number in 2008" is the number of 2008.
            is_only = len(places) == query.rank == 1 and query.asks is Asks.VALUE and bool(rows.covering)
            if is_only or len(places) >= max(2, query.rank):
                found = places[query.rank - 1 : query.rank - 1 + query.count]
                formula = _extreme_formula(query, rows, values, query.highest is not is_reverse)
                tied = float(_is_tied(rows, values, places, query.rank + query.count - 1))
                for answer in _answers(query, rows, found, values, formula):
                    yield replace(answer, tied=tied)
        yield from _most_frequent(query, rows)


def _is_remainder(records: Records, row: int) -> bool:
    """Whether a row has what no other row names: "Others"."""
    words = [token.norm for token in tokenize(records.name(row))]
    return len(words) == 1 and words[0] in load_lexicon().words["remainder"]


def _widest(query: Extreme, gap: Difference, records: Records) -> Iterator[Computed]:
    """The row in which two columns differ most, or least, or that difference."""
    columns = _pair_of_columns(gap, records)
    if columns is None:
        return
    cells = {row: [records.table.cells[row][match.column] for match in columns] for row in records.rows}
    pairs = {row: tuple(map(number_of, both)) for row, both in cells.items()}
    gaps = {row: abs(one - two) for row, (one, two) in pairs.items() if one is not None and two is not None}
    places = sorted(gaps, key=lambda row: gaps[row], reverse=query.highest)
    if len(places) < max(2, query.rank):
        return
    row = places[query.rank - 1]
    used = [cell for cell in cells[row] if cell is not None]
    formula = f"|{used[0].text} − {used[1].text}|"
    phrase = phrase_of(" ".join(part.words for part in (gap.left, gap.right) if isinstance(part, Select)))
    rows = RowSet(records, tuple(places), Select(""), phrase, {}, 1.0)
    if query.asks is Asks.VALUE:
        number = gaps[row]
        quantity = replace(used[0].quantity or Quantity(), number=number)
        yield rows.result(query, print_number(number, used), quantity, [row], formula, *columns)
    else:
        yield rows.result(query, records.name(row), None, [row], formula, *columns)


def _pair_of_columns(gap: Difference, records: Records) -> tuple[ColumnMatch, ColumnMatch] | None:
    """The columns that a difference names; the only two columns of values if it names none."""
    if gap == Difference(Select(""), Select("")):
        values = records.value_columns(phrase_of(""))
        return (values[0], values[1]) if len(values) == 2 else None
    found = []
    for side in (gap.left, gap.right):
        assert isinstance(side, Select)
        matches = [match for match in records.columns(phrase_of(side.words)) if match.score > 0]
        found.append(max(matches, key=lambda match: match.score, default=None))
    one, two = found
    return (one, two) if one is not None and two is not None and one.column != two.column else None


def _extreme_formula(query: Extreme, rows: RowSet, values: ColumnMatch, is_highest: bool) -> str:
    function = "max" if is_highest else "min"
    header = rows.records.table.column_text(values.column)
    return f"{function}({header})" if query.rank == 1 else f"{function}({header}, rank {query.rank})"


def _is_tied(rows: RowSet, values: ColumnMatch, places: Sequence[int], end: int) -> bool:
    """Whether the first row that is left out has the same value as the last one that is not."""
    if end >= len(places):
        return False
    last, following = (order_key(rows.cell(places[index], values.column)) for index in (end - 1, end))
    return last == following


def _most_frequent(query: Extreme, rows: RowSet) -> Iterator[Computed]:
    """The content of a column that most rows have, or the fewest: "who captured the most vessels"."""
    for match in rows.records.answer_columns(phrase_of(rows.select.words), taken=-1):
        column = match.column if match is not None else rows.records.table.name_column
        is_measured = match is not None and not rows.records.dated[match.column]
        if column is None or (is_measured and rows.records.sortable[column] >= LIKELY_NUMERIC):
            continue
        counts = Counter(text for row in rows.indices if (text := text_of(rows.records, row, column)))
        places = counts.most_common() if query.highest else counts.most_common()[::-1]
        if len(places) >= max(2, query.rank) and places[0][1] != places[-1][1]:
            text, count = places[query.rank - 1]
            found = [row for row in rows.indices if text_of(rows.records, row, column) == text]
            yield rows.result(query, text, None, found, f"{count} rows", match, is_record=match is None)


def _positions(query: Query, records: Records) -> Iterator[Computed]:
    """The row at an end of the table: by its dates, since tables may begin with the latest, or as printed."""
    assert isinstance(query, Position)
    for rows in row_sets(query.of, records):
        for values in [*(_dates(rows) if not query.as_printed else ()), None]:
            places = ordered(rows, values, query.from_end) if values is not None else rows.indices
            index = query.rank - 1 if values is not None or not query.from_end else -query.rank
            if query.rank <= len(places):
                yield from _answers(query, rows, [places[index]], values, "")


def _dates(rows: RowSet) -> list[ColumnMatch]:
    """The columns of dates that the words name, or else the only one."""
    columns, dated = rows.records.columns(rows.phrase), rows.records.dated
    matches = [match for match in columns if dated[match.column] and not _lacks_years(rows, match.column)]
    clocks = [match for match in columns if rows.records.unit(match.column) == SECONDS]
    named = [match for match in (*matches, *clocks) if match.score > 0]
    return named or [replace(match, score=DATED_MATCH) for match in matches if len(matches) == 1]


def _lacks_years(rows: RowSet, column: int) -> bool:
    """Whether days are printed without years, so that their order is not known."""
    cells = (rows.cell(row, column) for row in rows.indices)
    days = [cell.quantity.day for cell in cells if cell is not None and cell.quantity is not None]
    return any(day is not None and day.year == NO_YEAR for day in days)


def _neighbors(query: Query, records: Records) -> Iterator[Computed]:
    assert isinstance(query, Neighbor)
    anchor = phrase_of(query.anchor)
    for rows in row_sets(query.of, records):
        named = rows_named(records, anchor)
        for index in named.indices[:MAX_ANCHORS] if named.words else ():
            row = index + 1 if query.after else index - 1
            if row in records.rows:
                certainty = 1 / min(len(named.indices), MAX_ANCHORS)
                conditions = (certainty * anchor.recall(named.words),)
                matched = replace(rows, precision=named.precision, conditions=conditions)
                yield from _answers(query, matched, [row], None, "")


def _answers(
    query: Extreme | Position | Neighbor, rows: RowSet, found: Sequence[int], values: ColumnMatch | None, formula: str
) -> Iterator[Computed]:
    """What the question asks for in the rows that were found: the value, another column, or the name."""
    asked = phrase_of(rows.select.words)
    if values is not None and (query.asks is Asks.VALUE or _is_asked(rows.records, asked, values)):
        columns: list[ColumnMatch | None] = [values]
    else:
        columns = rows.records.answer_columns(asked, values.column if values is not None else -1)
    for match in columns:
        cells = [rows.cell(row, match.column) if match else rows.records.name_cell(row) for row in found]
        filled = [cell for cell in cells if cell is not None and cell.text]
        if filled:
            quantity = filled[0].quantity if len(filled) == 1 else None
            text = ", ".join(cell.text for cell in filled)
            answers = match if match is not values else None
            yield rows.result(query, text, quantity, found, formula, values, answers, is_record=match is None)


def _is_asked(records: Records, asked: Phrase, values: ColumnMatch) -> bool:
    """Whether what is asked for is the column of values itself: "what was the worst finish"."""
    others = [match for match in records.columns(asked) if match.score > 0 and match.column != values.column]
    header = records.table.column_text(values.column)
    if others or not asked.words or records.asked in PROPER:
        return False
    return asked.recall(asked.covering(header)) == asked.precision(header) == 1.0


def _lists(query: Query, records: Records) -> Iterator[Computed]:
    assert isinstance(query, ListOf | Filter)
    of = query.of if isinstance(query, ListOf) else query
    count = query.count if isinstance(query, ListOf) else None
    if isinstance(of, Extreme):
        of = replace(of, count=max(of.count, count or 1))
    for rows in row_sets(of, records):
        for match in records.answer_columns(phrase_of(rows.select.words), taken=-1):
            cells = [rows.cell(row, match.column) if match else records.name_cell(row) for row in rows.indices]
            texts = list(dict.fromkeys(cell.text for cell in cells if cell is not None and cell.text))
            if texts:
                text = ", ".join(texts)
                yield rows.result(query, text, None, rows.indices, "", None, match, is_record=match is None)


def _aggregates(query: Query, records: Records) -> Iterator[Computed]:
    assert isinstance(query, Aggregate)
    for rows in row_sets(query.of, records):
        if query.function is Aggregation.COUNT:
            yield from _counts(query, rows)
            continue
        if query.function is Aggregation.STREAK:
            yield from _streak(query, rows)
            continue
        for values in records.value_columns(rows.phrase):
            cells = {
                row: cell
                for row in rows.indices
                if (cell := rows.cell(row, values.column)) and number_of(cell) is not None
            }
            if cells:
                yield _aggregate(query, rows, values, cells)


def _counts(query: Aggregate, rows: RowSet) -> Iterator[Computed]:
    """How many rows there are; how many values of a column; or what a column of numbers says: "how many goals"."""
    count = len(rows.indices)
    is_by_name = rows.named_in == {rows.records.table.name_column}
    is_named = is_by_name and count <= MAX_NAMED and rows.precision >= WELL_NAMED and not rows.conditions
    counted = replace(rows, conditions=(*rows.conditions, EMPTY_MATCH)) if is_named or not count else rows
    yield counted.result(
        query, str(count), Quantity(float(count)), rows.indices, f"count({count})", None, is_record=True
    )
    asked = phrase_of(rows.select.words)
    for match in rows.records.value_columns(asked) if not rows.conditions else ():
        if not rows.covering and match.score < COLUMN_NAMED:
            continue
        cells = {
            row: cell for row in rows.indices if (cell := rows.cell(row, match.column)) and number_of(cell) is not None
        }
        if cells and (match.score > 0 or len(cells) == 1):
            yield _aggregate(replace(query, function=Aggregation.SUM), rows, match, cells).of(query)
    yield from _items(query, rows, asked)
    is_distinct = not load_lexicon().words["distinct"].isdisjoint(asked.words)
    for match in sorted(rows.records.columns(asked), key=lambda match: -match.score)[:1]:
        values = [text for row in rows.indices if (text := text_of(rows.records, row, match.column))]
        for number in dict.fromkeys((len(values), len(set(values)))):
            if match.score > 0 and (number != count or is_distinct):
                is_meant = is_distinct and number == len(set(values))
                column = replace(match, score=1.0 if is_meant else RECORD_MATCH * match.score)
                yield rows.result(query, str(number), Quantity(float(number)), rows.indices, f"count({number})", column)


def _streak(query: Aggregate, rows: RowSet) -> Iterator[Computed]:
    """The longest run of records that follow each other in the table."""
    places = {row: place for place, row in enumerate(rows.records.rows)}
    longest: list[int] = []
    streak: list[int] = []
    for row in rows.indices:
        follows = bool(streak) and places[row] == places[streak[-1]] + 1
        streak = [*streak, row] if follows else [row]
        longest = max(longest, streak, key=len)
    if longest:
        count = len(longest)
        yield rows.result(query, str(count), Quantity(float(count)), longest, f"count({count})", None, is_record=True)


def _items(query: Aggregate, rows: RowSet, asked: Phrase) -> Iterator[Computed]:
    """How many items the list in a cell has: "how many countries does the Rhine flow through"."""
    for match in rows.records.columns(asked):
        if (
            match.score > 0
            and len(rows.indices) == 1
            and rows.covering
            and match.column != rows.records.table.name_column
        ):
            items = [
                item for item in ITEM_END.split(text_of(rows.records, rows.indices[0], match.column)) if item.strip()
            ]
            count = len(items)
            if count > 1 or (items and rows.records.sortable[match.column] < LIKELY_NUMERIC):
                yield rows.result(query, str(count), Quantity(float(count)), rows.indices, f"count({count})", match)


_FUNCTIONS: dict[Aggregation, Callable[[Sequence[float]], float]] = {
    Aggregation.SUM: math.fsum,
    Aggregation.MEAN: statistics.fmean,
    Aggregation.MEDIAN: statistics.median,
    Aggregation.MODE: statistics.mode,
    Aggregation.RANGE: lambda values: max(values) - min(values),
}


def _aggregate(query: Aggregate, rows: RowSet, values: ColumnMatch, cells: dict[int, DataCell]) -> Computed:
    text, quantity, formula = combine(query.function, list(cells.values()))
    return rows.result(query, text, quantity, list(cells), formula, values)


def combine(function: Aggregation, cells: Sequence[DataCell]) -> tuple[str, Quantity, str]:
    """The sum, mean, median or range of cells: its text, its value and the formula."""
    quantities = [cell.quantity for cell in cells if cell.quantity is not None]
    number = _FUNCTIONS[function]([quantity.number or 0.0 for quantity in quantities])
    terms = [cell.text for cell in cells]
    shown = [*terms[:MAX_TERMS], "…"] if len(terms) > MAX_TERMS else terms
    formula = {
        Aggregation.SUM: " + ".join(shown),
        Aggregation.MEAN: f"({' + '.join(shown)}) / {len(terms)}",
        Aggregation.MEDIAN: f"median({', '.join(shown)})",
        Aggregation.MODE: f"mode({', '.join(shown)})",
        Aggregation.RANGE: f"max − min of {', '.join(shown)}",
    }[function]
    if len(cells) == 1:
        return cells[0].text, quantities[0], ""
    return print_number(number, cells), replace(quantities[0], number=number, day=None), formula


def _choices(query: Query, records: Records) -> Iterator[Computed]:
    """The option whose row has the higher or lower value, or that more rows contain."""
    assert isinstance(query, Choose)
    found = [(option, phrase_of(option), rows_named(records, phrase_of(option))) for option in query.options]
    if len(found) > MIN_OPTIONS:
        found = [one for one in found if one[2].words]  # "over the years, Belgium or Peru" has two
    if len(found) < MIN_OPTIONS or not all(rows.words for _, _, rows in found):
        return
    options, phrases, named = zip(*found, strict=True)
    by = phrase_of(" ".join((query.by, *query.where)))
    precision = statistics.fmean(
        0.5 * rows.precision + 0.5 * phrase.recall(rows.words) for rows, phrase in zip(named, phrases, strict=True)
    )
    sets = [RowSet(records, rows.indices, Select(query.by), by, {}, precision) for rows in named]
    pick = max if query.highest else min
    if any(len(rows.indices) > 1 for rows in sets):
        counts = [len(rows.indices) for rows in sets]
        best = pick(range(len(sets)), key=lambda index: counts[index])
        yield sets[best].result(query, options[best], None, sets[best].indices, f"{counts[best]} rows", None)
        return
    for values, is_reverse in measured_columns(records, query.adjective, by):
        pick = max if query.highest is not is_reverse else min
        keys = [order_key(rows.cell(rows.indices[0], values.column)) for rows in sets]
        known = [(key, index) for index, key in enumerate(keys) if key is not None]
        if len(known) == len(sets):
            best = pick(known)[1]
            row = sets[best].indices[0]
            text = records.name(row) if _names(records, row, phrases[best]) else options[best]
            cells = [text_of(records, rows.indices[0], values.column) for rows in sets]
            formula = f"{pick.__name__}({', '.join(cells)})"
            yield sets[best].result(query, text, None, [rows.indices[0] for rows in sets], formula, values)


def _names(records: Records, row: int, phrase: Phrase) -> bool:
    return bool(phrase.covering(records.name(row)))


ROW_OPERATIONS: dict[type, Callable[[Query, Records], Iterator[Computed]]] = {
    Extreme: _extremes,
    Position: _positions,
    Neighbor: _neighbors,
    Aggregate: _aggregates,
    ListOf: _lists,
    Filter: _lists,
    Choose: _choices,
}
