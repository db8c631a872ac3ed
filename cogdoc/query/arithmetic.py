"""Looks up single cells, and computes differences, ratios, growth and comparisons of values."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from cogdoc.query.computed import Computed, Operand
from cogdoc.query.concepts import concepts_in
from cogdoc.query.grounding import (
    Covering,
    Phrase,
    Records,
    joined,
    number_of,
    phrase_of,
    years_in,
)
from cogdoc.query.orientations import orientations
from cogdoc.query.quantities import plain_number, print_number, print_percent, quantity_of
from cogdoc.query.row_operations import combine
from cogdoc.query.row_sets import all_words, comparable, compare, label
from cogdoc.query.table import DataCell, DataTable, Quantity, TableOrigin
from cogdoc.query.tree import Aggregate, Aggregation, Compare, Difference, Growth, Query, Ratio, Select, Several

MAX_RESULTS = 8
RESULTS = frozenset({"profit", "loss", "income", "net income", "operating income", "cash flow", "change", "total"})
"""Concepts whose values in parentheses are negative, rather than costs that are subtracted."""

UNLIKELY = 0.5
"""Match of a condition that a result hardly meets."""

MAX_NEAR = 3
"""Values in whose row and column the other operand is searched for."""

Run = Callable[[Query, Sequence[DataTable]], list[Computed]]
"""Runs a part of a tree."""


def look_up(query: Select, records: Records, near: tuple[int, int] | None = None) -> Iterator[Computed]:
    """Cells whose row and column together contain the words; those in the row or column of `near` need only one."""
    table, phrase = records.table, phrase_of(all_words(query))
    columns, title = records.columns(phrase), phrase.covering(table.title)
    coverings = records.row_coverings(phrase, range(len(table.rows)))
    found = []
    for row in range(len(table.rows)):
        precision = records.row_precision(phrase, row) if row in coverings else 0.0
        for match in columns:
            is_near = near is not None and (row == near[0] or match.column == near[1])
            cell = table.cells[row][match.column]
            if (
                cell is None
                or not cell.text
                or match.column == table.name_column
                or (row not in coverings and not is_near)
            ):
                continue
            covering = coverings.get(row, {})
            if own := phrase.covering(cell.text):
                covering = {index: strength for index, strength in covering.items() if index not in own}
            words = phrase.recall(covering, match.covering, title)
            found.append(
                Computed(
                    text=cell.text, quantity=cell.quantity, query=query, table=table,
                    operands=(Operand(label(records, row, match.column), cell),), formula="",
                    columns=match.score, rows=precision, words=words, place=(row, match.column),
                    unused_numbers=_unused_numbers(phrase, covering, match.covering, title),
                    restricted=float(bool(covering)),
                )
            )  # fmt: skip
    yield from sorted(found, key=lambda result: -result.score)[:MAX_RESULTS]


def _unused_numbers(phrase: Phrase, *coverings: Covering) -> float:
    used = joined(*coverings)
    return min(1.0, 0.5 * sum(word[0].isdigit() and index not in used for index, word in enumerate(phrase.words)))


def pairs(query: Difference | Ratio, tables: Sequence[DataTable], run: Run) -> Iterator[Computed]:
    """Arithmetic on two values."""
    if isinstance(query, Difference) and "year" in concepts_in(_by(query.left)):
        yield from _years_between(query, tables, run)
    if isinstance(query, Ratio) and query.as_share:
        yield from _shares_of_totals(query, tables)
    for one, two in _operands(query.left, query.right, tables, run):
        units = [part.quantity.unit for part in (one, two) if part.quantity is not None and part.quantity.unit]
        if isinstance(query, Ratio):
            yield from _ratio(query, one, two)
        elif len(set(units)) < 2:
            yield from _difference(query, one, two)


def _operands(left: Query, right: Query, tables: Sequence[DataTable], run: Run) -> Iterator[tuple[Computed, Computed]]:
    """Pairs of values, or of counts. The question may name the second value only by how it differs from the first."""
    lefts, rights = _numeric(left, tables, run), _numeric(right, tables, run)
    if not lefts and not rights:
        lefts, rights = (_counted(side, tables, run) for side in (left, right))
    elif isinstance(left, Select) and isinstance(right, Select) and not (left.by or right.by):
        # "How many more Democrats than Republicans": they may be rows, although other columns have numbers.
        for one in _counted(left, tables, run):
            for two in _counted(right, tables, run):
                if one.table is two.table and max(len(one.operands), len(two.operands)) > 1:
                    yield one, two
    combinations = [(one, two) for one in lefts for two in rights]
    combinations += [(one, two) for one in lefts[:MAX_NEAR] for two in _beside(right, one)]
    combinations += [(one, two) for two in rights[:MAX_NEAR] for one in _beside(left, two)]
    for one, two in combinations:
        if one.place is None or one.place != two.place or one.table is not two.table:
            yield one, two


def _shares_of_totals(query: Ratio, tables: Sequence[DataTable]) -> Iterator[Computed]:
    """The share of a value in the total of its column: "what share of the 2024 budget goes to education"."""
    if not isinstance(query.left, Select) or not isinstance(query.right, Select):
        return
    joint = Select(query.left.words, where=tuple(dict.fromkeys((*query.left.where, query.right.words))))
    for table in tables:
        records = Records(table)
        for one in list(look_up(joint, records))[:MAX_NEAR]:
            if one.place is None or one.number is None or one.is_date or one.place[0] not in records.rows:
                continue
            if one.quantity is not None and one.quantity.unit == "%":
                continue
            column = one.place[1]
            printed = [cell for row in records.totals if number_of(cell := table.cells[row][column]) is not None]
            cells = printed[-1:] or [table.cells[row][column] for row in records.rows]
            known = [cell for cell in cells if cell is not None and number_of(cell) is not None]
            total = math.fsum(number_of(cell) or 0.0 for cell in known)
            if total and len(known) == len(cells) and (len(known) > 1 or printed) and one.columns > 0:
                text, quantity = _share_or_factor(one.number / total, True, _cells(one))
                term = known[0].text if printed else " + ".join(cell.text for cell in known)
                yield replace(
                    one, text=text, quantity=quantity, query=query, place=None, formula=f"{one.text} / ({term})"
                )


def _by(query: Query) -> str:
    return query.by if isinstance(query, Select) else ""


def _years_between(query: Difference, tables: Sequence[DataTable], run: Run) -> Iterator[Computed]:
    """How many years lie between two dates."""
    dated = [[result for result in run(side, tables) if result.is_date] for side in (query.left, query.right)]
    for one in dated[0]:
        for two in dated[1]:
            days = [result.quantity.day for result in (one, two) if result.quantity and result.quantity.day]
            level = one.table is two.table and one.place and two.place and one.place[1] == two.place[1]
            if level and len(days) == 2 and days[0] != days[1]:
                years = abs(days[0].year - days[1].year)
                formula = f"{max(days).year} − {min(days).year}"
                yield _combined(query, str(years), Quantity(float(years)), formula, one, two)


def _counted(query: Query, tables: Sequence[DataTable], run: Run) -> list[Computed]:
    """How many rows something names."""
    return [result for result in run(Aggregate(query, Aggregation.COUNT), tables) if result.restricted]


def _numeric(query: Query, tables: Sequence[DataTable], run: Run) -> list[Computed]:
    results = (result for result in run(query, tables) if result.number is not None and not result.is_date)
    return [_magnitude(result) for result in results]


def _magnitude(result: Computed) -> Computed:
    """Costs as what they amount to: accounts print them in parentheses because they are subtracted."""
    named = frozenset[str]().union(*(concepts_in(operand.label) for operand in result.operands))
    is_cost = "cost" in named or named.isdisjoint(RESULTS)
    if result.quantity is None or result.number is None or result.number >= 0 or not (is_cost and "(" in result.text):
        return result
    return replace(result, text=result.text.strip("() "), quantity=replace(result.quantity, number=-result.number))


def _beside(query: Query, other: Computed) -> list[Computed]:
    if not isinstance(query, Select) or other.place is None:
        return []
    return [
        _magnitude(result)
        for result in look_up(query, Records(other.table), other.place)
        if result.number is not None and result.place and _is_level(result.place, other.place)
    ]


def _is_level(place: tuple[int, int], other: tuple[int, int]) -> bool:
    return (place[0] == other[0]) != (place[1] == other[1])


def _combined(query: Query, text: str, quantity: Quantity, formula: str, *parts: Computed) -> Computed:
    """A result computed from other results; values of one row or column belong together."""
    places = [part.place for part in parts if part.place is not None]
    is_level = len(places) < 2 or (parts[0].table is parts[1].table and _is_level(places[0], places[1]))
    closeness = 1.0 if is_level else 0.8 if parts[0].table is parts[1].table else 0.6
    return Computed(
        text=text, quantity=quantity, query=query, table=parts[0].table, formula=formula,
        operands=tuple(operand for part in parts for operand in part.operands),
        columns=closeness * statistics.fmean(part.columns for part in parts),
        rows=closeness * statistics.fmean(part.rows for part in parts),
        words=statistics.fmean(part.words for part in parts),
        assumed=statistics.fmean(part.assumed for part in parts),
        unused_numbers=max(part.unused_numbers for part in parts),
        restricted=min(part.restricted for part in parts),
    )  # fmt: skip


def _difference(query: Difference, one: Computed, two: Computed) -> Iterator[Computed]:
    left, right = one.number or 0.0, two.number or 0.0
    if one.quantity and two.quantity and one.quantity.unit == two.quantity.unit:
        first, second = (one, two) if left >= right else (two, one)
        number = abs(left - right)
        text = print_number(number, _cells(one, two))
        yield _combined(
            query, text, replace(one.quantity, number=number), f"{_term(first)} − {_term(second)}", one, two
        )


def _ratio(query: Ratio, one: Computed, two: Computed) -> Iterator[Computed]:
    left, right = one.number or 0.0, two.number or 0.0
    are_shares = all(part.quantity is not None and part.quantity.unit == "%" for part in (one, two))
    if right:
        text, quantity = _share_or_factor(left / right, query.as_share, _cells(one, two))
        result = _combined(query, text, quantity, f"{_term(one)} / {_term(two)}", one, two)
        # Shares are seldom put in proportion: the question rather asks for one of them.
        yield replace(result, condition=UNLIKELY) if query.as_share and are_shares else result


def _share_or_factor(ratio: float, as_share: bool, samples: Sequence[DataCell]) -> tuple[str, Quantity]:
    if as_share:
        return print_percent(100 * ratio, samples), Quantity(100 * ratio, "%")
    return plain_number(ratio, 2), Quantity(ratio)


def totals(query: Aggregate, several: Several, tables: Sequence[DataTable], run: Run) -> Iterator[Computed]:
    """An aggregate of values that the question names one by one, all of one table."""
    for table in tables:
        parts = [found[0] for part in several.parts if (found := _numeric(part, [table], run))]
        if len(parts) < len(several.parts):
            continue
        if query.function is Aggregation.COUNT:
            count = len(parts)
            yield _combined(query, str(count), Quantity(float(count)), f"count({count})", *parts)
        elif any(cell.quantity is not None for cell in _cells(*parts)):
            text, quantity, formula = combine(query.function, _cells(*parts))
            yield _combined(query, text, quantity, formula, *parts)


def growths(query: Growth, tables: Sequence[DataTable], run: Run) -> Iterator[Computed]:
    words = query.of if isinstance(query.of, Select) else Select("")
    if query.start and query.end:
        later = replace(words, where=(*words.where, query.end))
        earlier = replace(words, where=(*words.where, query.start))
        ends, starts = _numeric(later, tables, run), _numeric(earlier, tables, run)
        spans = [(start, end) for start in starts for end in ends if start.table is end.table]
    else:
        spans = [pair for records in orientations(tables) for pair in _outer_periods(words, records, query.end)]
    for start, end in spans:
        if start.place and end.place and _is_level(start.place, end.place) and start.number and end.number is not None:
            is_share = end.quantity is not None and end.quantity.unit == "%"
            if query.relative and is_share:
                # A rate that falls from 5% to 3% rather falls by two points than by 40%.
                yield _growth(replace(query, relative=False), start, end)
            yield _growth(query, start, end)


def _outer_periods(query: Select, records: Records, until: str) -> Iterator[tuple[Computed, Computed]]:
    """The values of the earliest and the latest period of each row that the words name; or of one and that before."""
    periods = {
        column: max(years)
        for column, header in enumerate(records.table.columns)
        if (years := years_in(" ".join(header)))
    }
    if len(set(periods.values())) < 2:
        return
    ordered = sorted(periods, key=lambda column: periods[column])
    first, last = ordered[0], ordered[-1]
    if until:
        named = [index for index, column in enumerate(ordered) if index and periods[column] in years_in(until)]
        if not named:
            return
        first, last = ordered[named[0] - 1], ordered[named[0]]
    by_place = {result.place: result for result in look_up(query, records, near=(-1, first))}
    ends = {result.place: result for result in look_up(query, records, near=(-1, last))}
    for place, start in by_place.items():
        if place is not None and place[1] == first and (end := ends.get((place[0], last))) is not None:
            yield start, end


def _growth(query: Growth, start: Computed, end: Computed) -> Computed:
    before, after = start.number or 0.0, end.number or 0.0
    base = abs(before)
    change = f"{_term(end)} − {_term(start)}"
    if query.falls:
        before, after = after, before
        change = f"{_term(start)} − {_term(end)}"
    if query.relative:
        percent = 100 * (after - before) / base
        text, quantity = print_percent(percent, _cells(end, start)), Quantity(percent, "%")
        return _combined(query, text, quantity, f"({change}) / {_term(start)}", end, start)
    assert end.quantity is not None
    text = print_number(after - before, _cells(end, start))
    return _combined(query, text, replace(end.quantity, number=after - before), change, end, start)


def comparisons(query: Compare, tables: Sequence[DataTable], run: Run) -> Iterator[Computed]:
    bound = quantity_of(query.right) if isinstance(query.right, str) else None
    right: Query = Select(query.right) if isinstance(query.right, str) else query.right
    if bound is not None:
        for left in run(query.left, tables):
            is_year = bound.day is not None and not left.is_date
            if not is_year and (values := comparable(left.quantity, bound)) is not None:
                yield _verdict(query, *values, (left,), (_term(left), str(query.right)))
        if isinstance(query.left, Select) and not all_words(query.left).strip():
            yield from _any_value(query, bound, tables)
        if bound.day is None:
            return
        # "Higher in 2024 than in 2023" compares with the value of another period.
        right = Select(query.left.words if isinstance(query.left, Select) else "", where=(str(query.right),))
    for one, two in _operands(query.left, right, tables, run):
        yield _verdict(query, one.number or 0.0, two.number or 0.0, (one, two), (_term(one), _term(two)))


def _any_value(query: Compare, bound: Quantity, tables: Sequence[DataTable]) -> Iterator[Computed]:
    """ "Is any bar below 10%?": whether one of all values of a chart is, or all of them."""
    for table in tables if len(tables) == 1 and tables[0].origin is TableOrigin.CHART else ():
        cells = [cell for row in table.cells for cell in row if number_of(cell) is not None]
        pairs = [(cell, values) for cell in cells if cell and (values := comparable(cell.quantity, bound)) is not None]
        # One value decides: the first that compares so, or that does not if all have to.
        found = next((cell for cell, values in pairs if compare(*values, query.comparator) is not query.every), None)
        holds = (found is not None) is not query.every
        if pairs:
            yield Computed(
                text="Yes" if holds is not query.negated else "No", quantity=Quantity(), query=query,
                table=table, operands=(Operand(found.text, found),) if found is not None else (), formula="",
                columns=1.0, rows=1.0, words=1.0,
            )  # fmt: skip


def _verdict(query: Compare, left: float, right: float, parts: Sequence[Computed], terms: tuple[str, str]) -> Computed:
    holds = compare(left, right, query.comparator) is not query.negated
    sign = "=" if left == right else ">" if left > right else "<"
    return _combined(query, "Yes" if holds else "No", Quantity(), f"{terms[0]} {sign} {terms[1]}", *parts)


def _term(result: Computed) -> str:
    """A result as a term of a formula."""
    return result.text if not result.formula else f"({result.formula})"


def _cells(*results: Computed) -> list[DataCell]:
    return [operand.cell for result in results for operand in result.operands]
