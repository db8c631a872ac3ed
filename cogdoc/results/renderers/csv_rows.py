"""Rows of CSV (RFC 4180) that are safe to open in a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from typing import TextIO

from cogdoc.results.printable import printable
from cogdoc.results.tables.spreadsheet_cells import spreadsheet_cell


class CsvRows:
    """Cells that a spreadsheet would take for formulas begin with an apostrophe, see `spreadsheet_cells`."""

    def __init__(self, stream: TextIO) -> None:
        self._csv = csv.writer(stream)
        self._quoted_csv = csv.writer(stream, quoting=csv.QUOTE_ALL)

    def write(self, cells: Sequence[str]) -> None:
        # Excel reads a file whose first bytes are "ID" as SYLK, another format with formulas; quotes are not "ID".
        writer = self._quoted_csv if cells and cells[0].startswith("ID") else self._csv
        writer.writerow([spreadsheet_cell(printable(cell, keep_newlines=True)) for cell in cells])
