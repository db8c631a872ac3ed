"""Reads tab-separated files of gigabytes row by row, and looks up single rows by the value of a column."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Self

from cogdoc.errors import InputError
from cogdoc.evaluation.datasets.dataset_rows import Row

MAX_FIELD_LENGTH = 2**31 - 1
"""Maximum characters of a field. Python's default is too short for pictures in base64. Fits a C long everywhere."""


class TsvFile:
    """One open file with a header. After the first lookup it keeps the offsets of rows, but never the rows."""

    def __init__(self, path: Path) -> None:
        """
        Raises:
            InputError: the file cannot be read, or has no header.
        """
        self._path = path
        self._starts: dict[str, tuple[int, int]] = {}
        self._starts_of = ""
        # The limit applies to the whole process; a single reader cannot have its own.
        csv.field_size_limit(MAX_FIELD_LENGTH)
        try:
            self._file = path.open("rb")
        except OSError as error:
            raise InputError(f"{path}: {error.strerror}") from None
        header = next(self._records(self._file, 0, 1), None)
        if header is None:
            self._file.close()
            raise InputError(f"{path}: is empty")
        self._columns = header[2]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def rows(self) -> Iterator[Row]:
        """All rows in order; empty fields are omitted."""
        with self._path.open("rb") as file:
            for _, line, fields in self._below_header(file):
                yield self._row(line, fields)

    def find(self, column: str, value: str) -> Row | None:
        """The first row with `value` in `column`; the first lookup in a column scans the whole file."""
        if self._starts_of != column:
            self._starts, self._starts_of = {}, column
            for start, line, fields in self._below_header(self._file):
                field = self._row(line, fields).values.get(column)
                if field is not None:
                    self._starts.setdefault(field, (start, line))
        if value not in self._starts:
            return None
        start, line = self._starts[value]
        _, _, fields = next(self._records(self._file, start, line))
        return self._row(line, fields)

    def _row(self, line: int, fields: list[str]) -> Row:
        where = f"{self._path}: line {line}"
        if len(fields) != len(self._columns):
            raise InputError(f"{where}: {len(fields)} fields for {len(self._columns)} columns")
        return Row(where, {name: field for name, field in zip(self._columns, fields, strict=True) if field})

    def _below_header(self, file: BinaryIO) -> Iterator[tuple[int, int, list[str]]]:
        records = self._records(file, 0, 1)
        next(records)
        return records

    def _records(self, file: BinaryIO, start: int, line: int) -> Iterator[tuple[int, int, list[str]]]:
        """Byte offset, line and fields of each record; csv reads no more lines than a record needs."""
        file.seek(start)
        end, next_line = start, line

        def lines() -> Iterator[str]:
            nonlocal end, next_line
            for raw in file:
                end += len(raw)
                next_line += 1
                yield raw.decode("utf-8-sig" if end == len(raw) else "utf-8")

        reader = csv.reader(lines(), delimiter="\t", strict=True)
        while True:
            offset, first_line = end, next_line
            try:
                fields = next(reader, None)
            except UnicodeDecodeError:
                raise InputError(f"{self._path}: line {next_line - 1}: not UTF-8") from None
            except csv.Error as error:
                raise InputError(f"{self._path}: line {first_line}: {error}") from None
            if fields is None:
                return
            if fields:
                yield offset, first_line, fields
