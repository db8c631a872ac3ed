"""The tables of a page: detected ones, aligned rows and lists, with headers, sections, names, units and scales."""

from __future__ import annotations

from datetime import date

import pytest
from placed_pages import page, page_of, rows, table

from cogdoc.documents.geometry import bounding_box
from cogdoc.engines.builtin.page_tables import page_tables
from cogdoc.parsing.page_text import Block, BlockKind, PageLayout
from cogdoc.query.grid_tables import GridCell, GridRow, Source, grid_tables, unit_note
from cogdoc.query.segments import view_page
from cogdoc.query.table import DataTable, Quantity, TableOrigin


def tables_of(layout: PageLayout) -> tuple[DataTable, ...]:
    return page_tables(view_page(layout))


def grid_table(*texts: str, title: str = "") -> DataTable:
    grid: list[GridRow] = [[GridCell(text) if text else None for text in row.split("|")] for row in texts]
    (only,) = grid_tables(grid, Source(TableOrigin.TABLE, 1, title))
    return only


def quantities(data: DataTable) -> list[list[Quantity | None]]:
    return [[cell.quantity if cell else None for cell in row] for row in data.cells]


def test_a_detected_table_has_names_and_typed_values_with_their_places() -> None:
    (data,) = tables_of(table("Game|Date|Attendance", "Final|October 1, 2012|30,511", "Replay|October 4, 2012|34,363"))
    assert data.columns == (("Game",), ("Date",), ("Attendance",))
    assert data.rows == (("Final",), ("Replay",))
    assert data.name_column == 0
    final, day, attendance = data.cells[0]
    assert final is not None
    assert final.box is not None
    assert day is not None
    assert day.quantity == Quantity(day=date(2012, 10, 1))
    assert attendance is not None
    assert attendance.quantity == Quantity(30_511)


def test_headers_of_groups_belong_to_all_their_columns() -> None:
    spanning = GridCell("Nine months ended")
    grid: list[GridRow] = [
        [None, spanning, spanning],
        [None, GridCell("2021"), GridCell("2022")],
        [GridCell("Net sales"), GridCell("19,271"), GridCell("20,923")],
    ]
    (data,) = grid_tables(grid, Source(TableOrigin.TABLE, 1))
    assert data.columns == ((), ("Nine months ended", "2021"), ("Nine months ended", "2022"))


def test_titles_of_sections_are_outer_headers_of_the_rows_below() -> None:
    data = grid_table("|2023|2024", "Assets||", "Cash|5|7", "Liabilities||", "Loans|3|2")
    assert data.rows == (("Assets", "Cash"), ("Liabilities", "Loans"))


def test_headers_that_are_repeated_are_no_records() -> None:
    data = grid_table("Item|Price", "Tea|3", "Item|Price", "Rice|4")
    assert [row[-1] for row in data.rows] == ["Tea", "Rice"]


@pytest.mark.parametrize(
    ("texts", "title", "expected"),
    [
        (("|2024", "Sales|1,200"), "Income (in thousands)", Quantity(1_200_000, scale=1e3)),
        (("(EUR millions)|2024", "Sales|1,200"), "", Quantity(1_200_000_000, "EUR", 1e6)),
        (("|Change in %", "Sales|4.5"), "Income (in thousands)", Quantity(4.5, "%")),
        (("|2024", "Sales|$1,200"), "", Quantity(1_200, "USD")),
        (("|2024", "Sales|(1,200)"), "", Quantity(-1_200)),
        (("|2024年", "营业收入|1,200"), "单位：万元", Quantity(12_000_000, scale=1e4)),
        (("|2024", "Umsatz|1.200,50", "Kosten|1.000"), "", Quantity(1_200.5)),
    ],
)  # fmt: skip
def test_values_have_the_unit_and_the_scale_of_their_headers(
    texts: tuple[str, ...], title: str, expected: Quantity
) -> None:
    assert quantities(grid_table(*texts, title=title))[0][1] == expected


def test_values_per_share_have_no_scale_whether_their_row_or_its_section_says_so() -> None:
    rows = ("|2024", "Sales|1,200", "Book value per share|3.41", "Net income per share:|", "Basic|0.27", "Diluted|0.25")
    data = grid_table(*rows, title="(In millions, except per share data)")
    numbers = [found.number for found in (row[1] for row in quantities(data)) if found is not None]
    assert numbers == [1_200_000_000, 3.41, 0.27, 0.25]


@pytest.mark.parametrize("text", ["Sales of 5 million units", "1.2 million"])
def test_a_number_of_millions_is_no_unit_of_a_table(text: str) -> None:
    assert unit_note(text)[1] == 1.0


def test_the_first_column_of_distinct_texts_names_the_rows() -> None:
    data = grid_table("Rank|Name|Team", "1|Ann|Red", "2|Bob|Red", "3|Cid|Red")
    assert data.name_column == 1


def test_aligned_rows_are_a_table() -> None:
    found = tables_of(page("|2023|2024", "Tea|1,200|1,300", "Rice|2,400|2,500", "Total|3,600|3,800"))
    (data,) = [data for data in found if data.origin is TableOrigin.ALIGNED]
    assert [row[-1] for row in data.rows] == ["Tea", "Rice", "Total"]
    assert [data.column_text(index) for index in (1, 2)] == ["2023", "2024"]


def test_a_unit_over_the_names_of_aligned_rows_is_that_of_their_values() -> None:
    (data,) = tables_of(page("€ thousand|2024|2023", "Revenue|412,860|368,415", "Cost of sales|(231,204)|(210,733)"))
    assert data.origin is TableOrigin.ALIGNED
    assert data.columns == (("€ thousand",), ("2024",), ("2023",))
    assert quantities(data)[0][1:] == [Quantity(412_860_000, "EUR", 1000.0), Quantity(368_415_000, "EUR", 1000.0)]


def test_items_of_a_list_are_a_table_of_one_column() -> None:
    lines = rows("Steps to start:", "1. Open the lid", "2. Fill the tank", "3. Close the lid", "Then wait.")
    block = Block(BlockKind.TEXT, bounding_box(each.box for each in lines), tuple(lines))
    (data,) = tables_of(page_of(lines, [block]))
    assert data.origin is TableOrigin.LIST
    assert data.title == "Steps to start"
    assert [cell.text for (cell,) in data.cells if cell] == ["Open the lid", "Fill the tank", "Close the lid"]


def test_pages_without_tables_have_none() -> None:
    assert tables_of(page("A line of text", "Another line")) == ()


@pytest.mark.parametrize(
    ("text", "unit"), [("Change in %", "%"), ("Growth (%)", "%"), ("SALES TAX 8%", ""), ("VAT 19 %", "")]
)
def test_a_rate_in_a_name_is_not_the_unit_of_the_amounts_beside_it(text: str, unit: str) -> None:
    assert unit_note(text)[0] == unit
