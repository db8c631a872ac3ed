"""`--out xlsx`: a workbook with a sheet for each table, and a first sheet that lists them.

Texts of documents are never formulas: every text is stored as one, also if it begins like a formula.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, BinaryIO, Final

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from cogdoc.results.document_table import DocumentTable, GridCell
from cogdoc.results.failures import ErrorInfo
from cogdoc.results.printable import printable
from cogdoc.results.records import AnyRecord, SourceInfo, TableRecord
from cogdoc.results.renderers.renderer import RenderContext
from cogdoc.results.tables.figures import figure_of, units_to_add

if TYPE_CHECKING:
    from openpyxl.cell.cell import Cell
    from openpyxl.worksheet._write_only import WriteOnlyWorksheet

MAX_TEXT: Final = 32_767
"""Characters that a cell can have."""
MAX_NAME: Final = 31
MAX_WIDTH: Final = 60

_FORBIDDEN = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_NO_XML = re.compile("[\ufffe\uffff]")
_DECIMALS = re.compile(r"\d[.,](\d+)\D*$")
_GROUPED = re.compile(r"\d[.,'’\u00a0\u202f ]\d{3}(?!\d)")
_SYMBOL_BEFORE = re.compile(r"[^\w\s.,()\-−–+]+|[A-Z]{3}")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_TIMES = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*(</dcterms:)")
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The first time that a ZIP archive can have: a workbook of the same tables has the same bytes at any time."""

_BOLD, _FILL = Font(bold=True), PatternFill("solid", fgColor="E7E6E6")
_LIST_HEADER = ("sheet", "source", "pages", "table", "caption", "rows", "columns", "joined")


class XlsxRenderer:
    """Rows go to temporary files as openpyxl gets them; the workbook is put together at the end."""

    def __init__(self, stream: BinaryIO, _context: RenderContext) -> None:
        self._stream = stream
        self._book = Workbook(write_only=True)
        self._list = self._sheet("Tables", [12, 30, 8, 8, 50, 8, 8, 8])
        self._list.freeze_panes = "A2"
        self._list.append([_header_cell(self._list, title) for title in _LIST_HEADER])

    def begin(self, task: str, source: SourceInfo) -> None:
        pass

    def write(self, record: AnyRecord) -> None:
        if not isinstance(record, TableRecord) or record.table is None:
            return
        table = record.table
        title = f"p{table.parts[0].page} t{table.number} {_FORBIDDEN.sub(' ', table.caption or '')}"
        sheet = self._sheet(" ".join(printable(_NO_XML.sub("", title)).split()), _widths(table))
        _write_table(sheet, table)
        pages = dict.fromkeys(str(part.page) for part in (table.parts[0], table.parts[-1]))
        cells = (sheet.title, record.source.path, "-".join(pages))
        counts = (table.number, table.caption or "", table.row_count, table.column_count)
        values = (*cells, *counts, "yes" if table.joined else "")
        self._list.append(
            [_text_cell(self._list, value) if isinstance(value, str) and value else value or None for value in values]
        )

    def end(self, error: ErrorInfo | None) -> None:
        pass

    def close(self) -> None:
        with TemporaryFile() as saved:
            self._book.save(saved)
            with (
                zipfile.ZipFile(saved) as parts,
                zipfile.ZipFile(self._stream, "w", zipfile.ZIP_DEFLATED) as archive,
            ):
                for name in parts.namelist():
                    content = parts.read(name)
                    if name == "docProps/core.xml":
                        content = _TIMES.sub(rb"\g<1>1980-01-01T00:00:00Z\g<3>", content)
                    info = zipfile.ZipInfo(name, _EPOCH)
                    info.compress_type = zipfile.ZIP_DEFLATED
                    archive.writestr(info, content)
        self._stream.flush()

    def _sheet(self, title: str, widths: Sequence[int]) -> WriteOnlyWorksheet:
        # openpyxl numbers equal titles, which needs room.
        sheet = self._book.create_sheet(title[: MAX_NAME - 3].strip(" '") or "table")
        for index, width in enumerate(widths, start=1):
            sheet.column_dimensions[get_column_letter(index)].width = width
        return sheet


def _widths(table: DocumentTable) -> list[int]:
    longest = [8] * table.column_count
    for cell in table.cells:
        if cell.column_span == 1:
            longest[cell.column] = max(longest[cell.column], len(cell.text) + 2)
    return [min(width, MAX_WIDTH) for width in longest]


def _write_table(sheet: WriteOnlyWorksheet, table: DocumentTable) -> None:
    if table.header_rows or table.header_columns:
        sheet.freeze_panes = f"{get_column_letter(table.header_columns + 1)}{table.header_rows + 1}"
    for cell in table.cells:
        if cell.row_span * cell.column_span > 1:
            start = f"{get_column_letter(cell.column + 1)}{cell.row + 1}"
            end = f"{get_column_letter(cell.column + cell.column_span)}{cell.row + cell.row_span}"
            sheet.merged_cells.add(f"{start}:{end}")
    units = units_to_add(table)
    for r, row in enumerate(table.grid()):
        sheet.append(
            [
                _cell(sheet, cell, table, units) if cell is not None and (cell.row, cell.column) == (r, c) else None
                for c, cell in enumerate(row)
            ]
        )


def _cell(sheet: WriteOnlyWorksheet, cell: GridCell, table: DocumentTable, units: Mapping[int, str]) -> Cell | None:
    if cell.header is not None:
        is_head = cell.row + cell.row_span == table.header_rows and cell.column_span == 1 and cell.column in units
        text = f"{cell.text} ({units[cell.column]})".strip() if is_head else cell.text
        return _header_cell(sheet, text, centered=cell.column_span > 1)
    value = cell.value
    if value is not None and value.other_reading is None:
        if value.date is not None and _DATE.fullmatch(value.date) and value.date >= "1900-03-01":
            written = WriteOnlyCell(sheet, date.fromisoformat(value.date))
            written.number_format = "yyyy-mm-dd"
            return written
        figure = figure_of(cell, table.units[cell.column])
        if figure is None and value.kind in ("number", "money", "percent"):
            figure = value.number
        if figure is not None:
            written = WriteOnlyCell(sheet, figure / 100 if value.kind == "percent" else figure)
            written.number_format = _number_format(cell.text, value.kind)
            return written
    return _text_cell(sheet, cell.text) if cell.text else None


def _number_format(text: str, kind: str) -> str:
    """A format that shows a number about as it is printed."""
    digits = "#,##0" if _GROUPED.search(text) else "0"
    decimals = _DECIMALS.search(text)
    if decimals is not None and not (len(decimals[1]) == 3 and _GROUPED.search(text)):
        digits += "." + "0" * len(decimals[1])
    if kind == "percent":
        return f"{digits}%"
    symbol = _SYMBOL_BEFORE.search(text) if kind == "money" else None
    if symbol is not None:
        marked = symbol[0].replace('"', "")
        gap = " " if len(marked) == 3 else ""
        before = symbol.start() < next((i for i, char in enumerate(text) if char.isdigit()), 0)
        digits = f'"{marked}{gap}"{digits}' if before else f'{digits}"{gap}{marked}"'
    return f"{digits};({digits})" if text.strip().startswith("(") else digits


def _header_cell(sheet: WriteOnlyWorksheet, text: str, *, centered: bool = False) -> Cell:
    cell = _text_cell(sheet, text)
    cell.font, cell.fill = _BOLD, _FILL
    cell.alignment = Alignment(horizontal="center" if centered else None, vertical="top", wrap_text=True)
    return cell


def _text_cell(sheet: WriteOnlyWorksheet, text: str) -> Cell:
    """A text, whatever it begins with."""
    clean = _NO_XML.sub("", printable(text, keep_newlines=True))[:MAX_TEXT]
    cell: Cell = WriteOnlyCell(sheet, clean)
    cell.data_type = "s"
    cell.quotePrefix = clean[:1] in tuple("=+-@")
    return cell
