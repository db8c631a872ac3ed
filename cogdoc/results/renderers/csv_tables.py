"""Tables as CSV: each in a file of its own if every source has its own files, else one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cogdoc.results.document_table import DocumentTable
from cogdoc.results.records import TableRecord
from cogdoc.results.tables.figures import numeric_rows

WriteRow = Callable[[Sequence[str]], None]

LIST_HEADER = ("file", "pages", "table", "caption", "rows", "columns", "joined")


class TablesInOne:
    """Writes tables with an empty row between them, and a row with its name before each if there are several."""

    def __init__(self, write_row: WriteRow, *, several_sources: bool) -> None:
        self._write_row = write_row
        self._several_sources = several_sources
        self._first: TableRecord | None = None
        """The first table, until it is known whether there is another."""
        self._written = 0

    def add(self, record: TableRecord) -> None:
        if self._first is None and not self._written and not self._several_sources:
            self._first = record
            return
        first, self._first = self._first, None
        for table in (first, record):
            if table is not None:
                self._write(table, named=True)

    def close(self) -> None:
        if self._first is not None:
            self._write(self._first, named=False)

    def _write(self, record: TableRecord, *, named: bool) -> None:
        assert record.table is not None
        if self._written:
            self._write_row([])
        self._written += 1
        if named:
            source = f"{record.source.path}, " if self._several_sources else ""
            caption = f": {' '.join(record.table.caption.split())}" if record.table.caption else ""
            self._write_row([f"{source}{record.table.name}{caption}"])
        for row in numeric_rows(record.table):
            self._write_row(row)


def part_name(table: DocumentTable) -> str:
    """What the name of a table's file has between those of the document and the format."""
    return f"page-{table.parts[0].page}-table-{table.number}"


def list_row(table: DocumentTable, file: str) -> list[str]:
    """A table's row in the list of a document's tables."""
    pages = "-".join(dict.fromkeys(str(part.page) for part in (table.parts[0], table.parts[-1])))
    counts = (str(table.row_count), str(table.column_count))
    return [file, pages, str(table.number), table.caption or "", *counts, "yes" if table.joined else ""]
