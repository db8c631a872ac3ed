"""Tables of documents: spans, headers, units and values of each, and one table where it goes on over pages."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path

import openpyxl
import pymupdf
import pytest

from cogdoc.documents.open_request import OpenRequest
from cogdoc.parsing.reading import read_layout
from cogdoc.query.printed_values import read_value
from cogdoc.results.document_table import ColumnUnit, DocumentTable, GridCell
from cogdoc.results.output_formats import FORMATS, make_renderer
from cogdoc.results.records import EngineInfo, PageInfo, PageRecord, SourceInfo, TableRecord
from cogdoc.results.tables.figures import column_unit
from cogdoc.tasks.describe import describe_blocks
from cogdoc.tasks.tables import collect_tables

ENGINE = EngineInfo(name="builtin", version="0")
SOURCE = SourceInfo(path="accounts.pdf", page_count=2)
COLUMNS = (70, 260, 360, 460)

ACCOUNTS = [
    ("EUR thousand", "Revenue", "", "Staff"),
    ("", "2024", "2023", ""),
    ("Northern Europe", "1,418", "1,310", "12"),
    ("Southern Europe", "(645)", "721", "8"),
    ("=1+1", "2,063", "2,031", "20"),
]


def write_table(page: pymupdf.Page, rows: Sequence[Sequence[str]], top: float) -> None:
    """Write rows with lines between them; numbers are flush right."""
    for index, row in enumerate(rows):
        y = top + 18 * index
        for column, (x, text) in enumerate(zip(COLUMNS, row, strict=True)):
            start = x + (70 - pymupdf.get_text_length(text, fontsize=10) if column else 0)
            if text == "Revenue":
                start = 362 - pymupdf.get_text_length(text, fontsize=10) / 2
            page.insert_text((start, y), text, fontsize=10)
        page.draw_line((65, y + 5), (540, y + 5), width=0.4)


def records_of(path: Path, flags: bool = True) -> list[tuple[TableRecord, ...]]:
    with pymupdf.open(path) as file:
        count = file.page_count
    return [records for _, records in collect_tables(page_record(path, number + 1, flags) for number in range(count))]


def page_record(path: Path, number: int, flags: bool) -> PageRecord:
    layout = read_layout(OpenRequest(path), number)
    text = layout.page_text
    page = PageInfo(number=number, label=text.label, width=text.width, height=text.height)
    return PageRecord(
        source=SOURCE,
        engine=ENGINE,
        page=page,
        flags=text.flags if flags else (),
        confidence=1.0,
        blocks=describe_blocks(layout.blocks, text),
    )


@pytest.fixture(scope="module")
def accounts(tmp_path_factory: pytest.TempPathFactory) -> TableRecord:
    path = tmp_path_factory.mktemp("tables") / "accounts.pdf"
    with pymupdf.open() as file:
        page = file.new_page()
        page.insert_text((70, 90), "Segments by region", fontsize=14)
        write_table(page, ACCOUNTS, 130)
        file.save(path)
    ((record,),) = records_of(path)
    return record


def table_of(record: TableRecord) -> DocumentTable:
    assert record.table is not None
    return record.table


def test_cells_have_spans_headers_units_and_values(accounts: TableRecord) -> None:
    table = table_of(accounts)
    assert (table.name, table.caption, table.joined) == ("page 1, table 1", "Segments by region", False)
    assert (table.row_count, table.column_count, table.header_rows, table.header_columns) == (5, 4, 2, 1)
    cells = {cell.text: cell for cell in table.cells}
    revenue, staff, north = cells["Revenue"], cells["Staff"], cells["1,418"]
    assert (revenue.column, revenue.column_span, revenue.header) == (1, 2, "column")
    assert (staff.row, staff.row_span) == (0, 2)
    assert cells["Northern Europe"].header == "row"
    assert (north.header, north.page, north.box is not None) == (None, 1, True)
    assert north.value is not None
    assert (north.value.number, north.value.currency, north.value.scale) == (1_418_000, "EUR", 1000)
    assert table.units == (None, *[ColumnUnit(unit="EUR", scale=1000)] * 2, ColumnUnit())


def test_csv_is_numeric_with_units_in_the_head(accounts: TableRecord) -> None:
    stream = StringIO()
    renderer = make_renderer(FORMATS["csv"], stream)
    renderer.begin("tables", SOURCE)
    renderer.write(accounts)
    renderer.close()
    assert stream.getvalue().splitlines() == [
        "EUR thousand,Revenue,Revenue,Staff",
        "EUR thousand,2024 (EUR thousand),2023 (EUR thousand),Staff",
        "Northern Europe,1418,1310,12",
        "Southern Europe,-645,721,8",
        "'=1+1,2063,2031,20",
    ]


def test_a_single_number_among_words_gives_its_column_no_unit() -> None:
    def column(*texts: str) -> list[GridCell]:
        cells = [GridCell(row=0, column=0, header="column", text="Unit", page=1)]
        return cells + [
            GridCell(row=row, column=0, text=text, page=1, value=read_value(text))
            for row, text in enumerate(texts, start=1)
        ]

    assert column_unit(column("piece", "hour", "5 %")) is None
    assert column_unit(column("4 %", "–", "5 %")) == ColumnUnit(unit="%")


def test_several_tables_of_one_csv_are_named_and_apart(accounts: TableRecord) -> None:
    stream = StringIO()
    renderer = make_renderer(FORMATS["csv"], stream)
    renderer.begin("tables", SOURCE)
    for _ in range(2):
        renderer.write(accounts)
    renderer.close()
    lines = stream.getvalue().splitlines()
    assert [number for number, line in enumerate(lines) if line == '"page 1, table 1: Segments by region"'] == [0, 7]
    assert lines[6] == ""


def xlsx_of(*records: TableRecord) -> bytes:
    written = BytesIO()
    stream = TextIOWrapper(written)
    renderer = make_renderer(FORMATS["xlsx"], stream)
    renderer.begin("tables", SOURCE)
    for record in records:
        renderer.write(record)
    renderer.close()
    return written.getvalue()


def test_a_workbook_has_numbers_merged_headers_and_no_formulas(accounts: TableRecord) -> None:
    content = xlsx_of(accounts)
    book = openpyxl.load_workbook(BytesIO(content))
    overview, sheet = book.worksheets
    assert [cell.value for cell in overview[2]][:5] == [sheet.title, "accounts.pdf", "1", 1, "Segments by region"]
    assert sheet.title == "p1 t1 Segments by region"
    assert sheet.freeze_panes == "B3"
    assert {str(merged) for merged in sheet.merged_cells.ranges} >= {"B1:C1", "D1:D2"}
    assert [(cell.value, cell.font.bold) for cell in sheet[2]][1:3] == [
        ("2024 (EUR thousand)", True),
        ("2023 (EUR thousand)", True),
    ]
    assert [(cell.value, cell.number_format) for cell in sheet["B"][2:]] == [
        (1418, "#,##0"),
        (-645, "0;(0)"),
        (2063, "#,##0"),
    ]
    formula = sheet["A5"]
    assert (formula.value, formula.data_type, formula.quotePrefix) == ("=1+1", "s", True)
    assert xlsx_of(accounts) == content, "a run that resumes writes the same bytes"


@pytest.mark.parametrize(
    ("text", "shown"),
    [("=cmd|' /C calc'!A0", "=cmd|' /C calc'!A0"), ("a\x00b\x1b[31m\ufffe", "a\\x00b\\x1b[31m"), ("#N/A", "#N/A")],
)
def test_hostile_texts_are_texts_in_a_workbook(accounts: TableRecord, text: str, shown: str) -> None:
    table = table_of(accounts)
    cells = tuple(cell.model_copy(update={"text": text, "value": None}) for cell in table.cells)
    hostile = table.model_copy(update={"cells": cells, "caption": f"{text}[]:*?/\\"})
    sheet = openpyxl.load_workbook(BytesIO(xlsx_of(accounts.model_copy(update={"table": hostile})))).worksheets[1]
    assert {(cell.value, cell.data_type) for row in sheet.iter_rows(min_row=3) for cell in row} == {(shown, "s")}


ITEMS = [(f"Steel part {n}", f"{n % 7 + 1}", f"{3.5 * n:.2f}", f"{24.5 * n:.2f}") for n in range(1, 50)]
HEAD = ("Item", "Quantity", "Price in EUR", "Amount")


@pytest.mark.parametrize("repeats_header", [True, False])
@pytest.mark.parametrize("text_layer", [True, False], ids=["told by the engine", "told by the tables"])
def test_a_table_over_two_pages_is_one_table(tmp_path: Path, *, repeats_header: bool, text_layer: bool) -> None:
    with pymupdf.open() as file:
        for number, rows in enumerate(([HEAD, *ITEMS[:37]], [*([HEAD] if repeats_header else []), *ITEMS[37:]]), 1):
            page = file.new_page()
            write_table(page, rows, 80)
            page.insert_text((70, 815), f"Northwind Supply Ltd  Page {number} of 2", fontsize=8)
        file.save(tmp_path / "list.pdf")
    (record,), (rest,) = records_of(tmp_path / "list.pdf", flags=text_layer)
    table = table_of(record)
    assert (table.joined, [part.page for part in table.parts], table.row_count) == (True, [1, 2], 50)
    assert (rest.table, set(rest.flags) >= {"table-continues", "no-table"}) == (None, True)
    last = [cell for cell in table.cells if cell.row == 49]
    assert [cell.text for cell in last] == list(ITEMS[-1])
    assert {cell.page for cell in last} == {2}
    price = last[2].value
    assert price is not None
    assert (price.number, price.currency) == (171.5, "EUR"), "the header on the page before says in what"


def test_tables_under_titles_of_their_own_stay_apart(tmp_path: Path) -> None:
    with pymupdf.open() as file:
        for title in ("Income of the year", "Position at the end"):
            page = file.new_page()
            page.insert_text((70, 60), title, fontsize=14)
            write_table(page, [HEAD, *ITEMS[:37]], 100)
        file.save(tmp_path / "two.pdf")
    assert [table_of(record).joined for (record,) in records_of(tmp_path / "two.pdf", flags=False)] == [False, False]
