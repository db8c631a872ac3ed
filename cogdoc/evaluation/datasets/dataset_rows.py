"""Rows of a dataset's files, read from JSON or JSON Lines, and typed access to their fields.

Each row knows its file and line, so that an error can name the malformed one.
"""

from __future__ import annotations

import ast
import base64
import binascii
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cogdoc.errors import InputError
from cogdoc.evaluation.cases import language_of


@dataclass(frozen=True, slots=True)
class Row:
    """One record of a dataset."""

    where: str
    """File and line or row number, from 1, as errors name it: `val.json: row 3`."""
    values: Mapping[str, Any]


def file_in(path: Path, *names: str) -> Path:
    """`path` itself if it is a file, else the first file in that folder that matches one of the patterns `names`.

    Raises:
        InputError: there is no such file.
    """
    if path.is_file():
        return path
    if not path.is_dir():
        raise InputError(f"{path}: no such file or folder")
    match = next((file for name in names for file in sorted(path.glob(name)) if file.is_file()), None)
    if match is None:
        raise InputError(f"{path}: contains no {' or '.join(names)}")
    return match


def folder_beside(file: Path, *names: str) -> Path:
    """The first of `names` that is a folder beside `file` or one level up, else the first of them beside `file`."""
    candidates = (above / name for above in (file.parent, file.absolute().parent.parent) for name in names)
    return next((folder for folder in candidates if folder.is_dir()), file.parent / names[0])


def json_lines(path: Path) -> Iterator[Row]:
    """The objects of a JSON Lines file; blank lines are skipped."""
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    try:
        with path.open(encoding="utf-8-sig") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    where = f"{path}: line {number}"
                    yield _row(where, _parsed(where, line))
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8: {error.reason}") from None


def json_rows(path: Path, key: str | None = None) -> Iterator[Row]:
    """The objects of a JSON file that is a list, or has one under `key`."""
    rows = json_content(path)
    if key is not None:
        rows = rows.get(key) if isinstance(rows, Mapping) else None
    if not isinstance(rows, list):
        raise InputError(f"{path}: no list" if key is None else f"{path}: no list under {key!r}")
    for number, values in enumerate(rows, start=1):
        where = f"{path}: row {number}"
        yield _row(where, values)


def json_content(path: Path) -> Any:
    """The parsed content of a JSON file."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8: {error.reason}") from None
    return _parsed(str(path), text)


def value(row: Row, *names: str) -> Any:
    """The first of the fields that the row has.

    Raises:
        InputError: it has none of them.
    """
    content = next((row.values[name] for name in names if row.values.get(name) is not None), None)
    if content is None:
        raise InputError(f"{row.where}: {' or '.join(names)} is missing")
    return content


def text(row: Row, *names: str) -> str:
    """The first of the fields that the row has, which must be a text or a number."""
    content = value(row, *names)
    if not _is_plain(content):
        raise InputError(f"{row.where}: {' or '.join(names)} is not a text")
    return str(content)


def texts(row: Row, *names: str) -> list[str]:
    """The first of the fields that the row has, which must be a text, or a list of at least one text."""
    content = value(row, *names)
    content = [content] if _is_plain(content) else content
    if not isinstance(content, list) or not content or not all(_is_plain(element) for element in content):
        raise InputError(f"{row.where}: {' or '.join(names)} is not a list of texts")
    return [str(element) for element in content]


def list_field(row: Row, name: str) -> list[Any]:
    """A list, or a text with a list in Python's notation."""
    content = value(row, name)
    if isinstance(content, str):
        try:
            content = ast.literal_eval(content)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            content = None
    if not isinstance(content, list):
        raise InputError(f"{row.where}: {name} is not a list")
    return content


def picture(row: Row, name: str) -> bytes:
    """An encoded picture, given as bytes, as Hugging Face's struct with `bytes`, or as base64."""
    encoded = value(row, name)
    if isinstance(encoded, Mapping):
        encoded = encoded.get("bytes")
    if isinstance(encoded, str):
        try:
            encoded = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            raise InputError(f"{row.where}: {name} is not base64") from None
    if not isinstance(encoded, bytes) or not encoded:
        raise InputError(f"{row.where}: {name} contains no picture")
    return encoded


def page_numbers(row: Row, values: Sequence[Any], name: str) -> list[int]:
    """The values of the field `name` as page numbers."""
    if not all(isinstance(value, int) and not isinstance(value, bool) for value in values):
        raise InputError(f"{row.where}: {name} is not a list of numbers")
    return list(values)


def _is_plain(value: object) -> bool:
    return isinstance(value, (str, int, float)) and not isinstance(value, bool)


def _row(where: str, values: object) -> Row:
    if not isinstance(values, Mapping):
        raise InputError(f"{where}: not an object")
    return Row(where, values)


def _parsed(where: str, text: str) -> Any:
    try:
        content = json.loads(text)
        # JSON can contain half of a surrogate pair, which cannot be encoded on output.
        has_surrogates = "\\ud" in text.casefold()
        return (
            json.loads(json.dumps(content, ensure_ascii=False).encode("utf-8", "replace"))
            if has_surrogates
            else content
        )
    except (json.JSONDecodeError, RecursionError) as error:
        raise InputError(f"{where}: not JSON: {error}") from None


def row_id(row: Row) -> str:
    """The `id` of the row, else its line."""
    return text(row, "id") if row.values.get("id") is not None else row.where.rpartition(": ")[2]


def language_of_row(row: Row, sample: str) -> str:
    """The `lang` of the row, else the language of a text of it."""
    return text(row, "lang") if row.values.get("lang") is not None else language_of(sample)
