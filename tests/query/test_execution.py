"""Trees of questions give what the table says, whatever the order of columns, with totals and units."""

from __future__ import annotations

import re
import statistics
from datetime import date

import pytest
from generated_tables import Drawn, cell, drawn_tables
from hypothesis import given, settings
from hypothesis import strategies as st

from cogdoc.query.computed import Computed
from cogdoc.query.execution import run
from cogdoc.query.table import DataTable, TableOrigin
from cogdoc.query.tree import (
    Aggregate,
    Aggregation,
    Asks,
    Choose,
    Comparator,
    Compare,
    Difference,
    Extreme,
    Filter,
    Growth,
    ListOf,
    Neighbor,
    Position,
    Query,
    Ratio,
    Select,
)

few_tables = settings(max_examples=25, deadline=None)


def first(query: Query, *tables: DataTable) -> Computed:
    results = run(query, tables)
    assert results, query
    return results[0]


def printed_number(text: str) -> float:
    return float(re.sub(r"[^\d.-]", "", text))


def column_of(drawn: Drawn, index: int = 0) -> str:
    return list(next(iter(drawn.numbers.values())))[index]


@few_tables
@given(drawn_tables())
def test_a_cell_is_found_by_its_row_and_its_column(drawn: Drawn) -> None:
    for name, values in drawn.numbers.items():
        for column, number in values.items():
            assert printed_number(first(Select(f"{column.lower()} of {name}"), drawn.table).text) == number


@few_tables
@given(drawn_tables(), st.booleans(), st.integers(1, 3))
def test_the_highest_and_the_lowest_have_their_names_and_values(drawn: Drawn, highest: bool, rank: int) -> None:
    column = column_of(drawn)
    numbers = drawn.numbers_of(column)
    expected = sorted(numbers, key=lambda name: numbers[name], reverse=highest)[rank - 1]
    query = Extreme(Select("city", by=column), highest, rank)
    assert first(query, drawn.table).text == expected
    value = first(Extreme(Select("", by=column), highest, rank, Asks.VALUE), drawn.table)
    assert printed_number(value.text) == numbers[expected]


@few_tables
@given(drawn_tables(), st.sampled_from(sorted(set(Aggregation) - {Aggregation.STREAK})))
def test_aggregates_leave_out_the_totals(drawn: Drawn, function: Aggregation) -> None:
    column = column_of(drawn)
    numbers = list(drawn.numbers_of(column).values())
    expected = {
        Aggregation.SUM: sum(numbers),
        Aggregation.MEAN: statistics.fmean(numbers),
        Aggregation.MEDIAN: statistics.median(numbers),
        Aggregation.RANGE: max(numbers) - min(numbers),
        Aggregation.MODE: statistics.mode(numbers),
        Aggregation.COUNT: len(numbers),
    }[function]
    words = "cities" if function is Aggregation.COUNT else column
    result = first(Aggregate(Select(words), function), drawn.table)
    assert printed_number(result.text) == pytest.approx(expected, abs=0.06)


@few_tables
@given(drawn_tables(), st.data())
def test_filters_keep_the_rows_that_satisfy_them(drawn: Drawn, data: st.DataObject) -> None:
    column = column_of(drawn)
    numbers = drawn.numbers_of(column)
    bound = data.draw(st.sampled_from(sorted(numbers.values())))
    for comparator, kept in (
        (Comparator.MORE, [name for name, number in numbers.items() if number > bound]),
        (Comparator.LESS, [name for name, number in numbers.items() if number < bound]),
        (Comparator.AT_LEAST, [name for name, number in numbers.items() if number >= bound]),
        (Comparator.AT_MOST, [name for name, number in numbers.items() if number <= bound]),
    ):
        query = Filter(Select("cities"), column, comparator, str(int(drawn.quantity(column, bound))))
        assert int(first(Aggregate(query, Aggregation.COUNT), drawn.table).text) == len(kept)
        if kept:
            assert first(ListOf(query), drawn.table).text == ", ".join(kept)


@few_tables
@given(drawn_tables(), st.data())
def test_arithmetic_on_two_values_is_exact(drawn: Drawn, data: st.DataObject) -> None:
    column = column_of(drawn)
    one, two = data.draw(st.lists(st.sampled_from(sorted(drawn.numbers)), min_size=2, max_size=2, unique=True))
    left, right = drawn.numbers[one][column], drawn.numbers[two][column]
    selects = Select(f"{column} of {one}"), Select(f"{column} of {two}")
    difference = first(Difference(*selects), drawn.table)
    assert printed_number(difference.text) == abs(left - right)
    assert {operand.label for operand in difference.operands} == {f"{one}, {column}", f"{two}, {column}"}
    assert first(Ratio(*selects), drawn.table).number == pytest.approx(left / right)
    share = first(Ratio(*selects, as_share=True), drawn.table)
    assert share.number == pytest.approx(100 * left / right)
    assert share.text.endswith("%")


@few_tables
@given(drawn_tables(), st.data())
def test_comparisons_and_choices_agree_with_the_values(drawn: Drawn, data: st.DataObject) -> None:
    column = column_of(drawn)
    one, two = data.draw(st.lists(st.sampled_from(sorted(drawn.numbers)), min_size=2, max_size=2, unique=True))
    left, right = drawn.numbers[one][column], drawn.numbers[two][column]
    selects = Select(f"{column} of {one}"), Select(f"{column} of {two}")
    assert first(Compare(*selects, Comparator.MORE), drawn.table).text == ("Yes" if left > right else "No")
    assert first(Choose((one, two), column, highest=True), drawn.table).text == (one if left > right else two)
    assert first(Choose((one, two), column, highest=False), drawn.table).text == (two if left > right else one)


@few_tables
@given(drawn_tables(), st.booleans())
def test_positions_and_neighbours_follow_the_printed_order(drawn: Drawn, after: bool) -> None:
    names = list(drawn.numbers)
    assert first(Position(Select("city"), from_end=True), drawn.table).text == names[-1]
    assert first(Position(Select("city"), rank=2), drawn.table).text == names[1]
    neighbor = first(Neighbor(Select("city"), anchor=names[1], after=after), drawn.table)
    assert neighbor.text == names[2 if after else 0]


def statement(title: str = "Income statement (in millions)", scale: float = 1e6) -> DataTable:
    rows = {
        "Revenue": ("412,860", "368,415"),
        "Cost of revenue": ("301,020", "260,700"),
        "Gross profit": ("111,840", "107,715"),
    }
    return DataTable(
        TableOrigin.TABLE, title, (("",), ("Year ended", "2024"), ("Year ended", "2023")),
        tuple((name,) for name in rows),
        tuple((cell(name), *(cell(text, scale) for text in texts)) for name, texts in rows.items()), 0,
    )  # fmt: skip


@pytest.mark.parametrize("periods", [("2023", "2024"), ("", "")])
def test_growth_shows_its_formula(periods: tuple[str, str]) -> None:
    result = first(Growth(Select("revenue"), *periods), statement())
    assert result.text == "12.1%"
    assert result.formula == "(412,860 − 368,415) / 368,415"
    assert [operand.cell.text for operand in result.operands] == ["412,860", "368,415"]
    assert first(Growth(Select("revenue"), *periods, relative=False), statement()).text == "44,445"


def test_a_ratio_may_join_two_tables() -> None:
    assets = DataTable(
        TableOrigin.TABLE, "Balance sheet (in millions)", ((), ("2024",)), (("Total assets",),),
        ((cell("Total assets"), cell("825,720", 1e6)),), 0,
    )  # fmt: skip
    result = first(Ratio(Select("revenue 2024"), Select("total assets 2024"), as_share=True), statement(), assets)
    assert result.text == "50.0%"


def test_columns_may_be_the_records() -> None:
    assert first(Extreme(Select("year", by="gross profit"), highest=False), statement()).text == "2023"


def test_dates_are_in_order() -> None:
    rows = (("A", "25 October 2009"), ("B", "19 June 2010"), ("C", "2 January 2009"))
    table = DataTable(
        TableOrigin.TABLE, "", (("Tournament",), ("Date",)), tuple((name,) for name, _ in rows),
        tuple((cell(name), cell(day)) for name, day in rows), 0,
    )  # fmt: skip
    assert cell("2 January 2009").quantity.day == date(2009, 1, 2)  # type: ignore[union-attr]
    assert first(Extreme(Select("tournament", by="date"), highest=False), table).text == "C"
    after = Filter(Select("tournaments"), "date", Comparator.MORE, "2009")
    assert first(Aggregate(after, Aggregation.COUNT), table).text == "1"


def test_named_rows_are_summed_and_similar_ones_left_out() -> None:
    rows = (("China", "13"), ("Japan", "4"), ("North Korea", "7"), ("South Korea", "2"))
    table = DataTable(
        TableOrigin.TABLE, "", (("Nation",), ("Gold",), ("Silver",)), tuple((name,) for name, _ in rows),
        tuple((cell(name), cell(gold), cell("1")) for name, gold in rows), 0,
    )  # fmt: skip
    query = Aggregate(Select("gold medals China, Japan and North Korea"), Aggregation.MEAN)
    assert first(query, table).text == "8"


def test_items_of_a_section_are_counted_and_listed() -> None:
    items = ("Open the lid", "Fill the tank", "Close the lid")
    table = DataTable(
        TableOrigin.LIST,
        "Steps",
        (("Steps",),),
        tuple((item,) for item in items),
        tuple((cell(item),) for item in items),
        0,
    )
    assert first(Aggregate(Select("steps"), Aggregation.COUNT), table).text == "3"
    assert first(ListOf(Select("steps")), table).text == ", ".join(items)
