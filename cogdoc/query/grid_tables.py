"""Turns grids of texts into tables with headers: finds header rows, sections, the names of rows, units and scales."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from statistics import median

from cogdoc.documents.geometry import Box
from cogdoc.parsing.numbers import CURRENCIES
from cogdoc.query.lexicon.loading import load_lexicon
from cogdoc.query.quantities import quantity_of, uses_decimal_comma
from cogdoc.query.table import DataCell, DataTable, TableOrigin
from cogdoc.query.terms import fold_case, tokenize

MAX_HEADER_ROWS = 4
MAX_NOTE_WORDS = 8
"""Words of a header that is read for a unit as a whole; of longer ones, only the brackets are."""

MIN_NAMES = 0.6
"""Share of a column's cells that are filled, differ and are no values, so that they name the rows."""

MAX_SYMBOL = 2
"""Letters up to which the name of a currency counts only in its own case."""

_FIELD = re.compile(r"[:：]\s*\S")
_BRACKETS = re.compile(r"[(（\[]([^)）\]]*)[)）\]]")
_UNIT_LABEL = re.compile(r"单位[:：]?\s*(\S+)")
_PERCENT = re.compile(r"(?<!\d)(?<!\d\s)%")
"""A unit; "VAT 19%" is a name, and the amount beside it no percentage."""
_SYMBOLS = re.compile(r"[€£¥₹₽₩₺₪฿₫₱–—]")
"""Signs that headers in ASCII have beside their words."""

_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")


Note = tuple[str, float]
"""The unit and the scale that a header states."""

NO_NOTE: Note = ("", 1.0)


@dataclass(frozen=True, slots=True)
class GridCell:
    text: str
    box: Box | None = None


GridRow = Sequence[GridCell | None]
"""None for a slot without a text; a cell that spans several slots is in each of them."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a grid is from."""

    origin: TableOrigin
    page: int
    title: str = ""


def grid_tables(rows: Sequence[GridRow], source: Source) -> Iterator[DataTable]:
    """The tables of a grid: two where a form's fields are followed by column names in one frame, as on invoices."""
    for part in _parts(rows):
        if part and len(part[0]) > 1 and (table := _table(part, source)).cells:
            yield table


def _parts(rows: Sequence[GridRow]) -> list[Sequence[GridRow]]:
    for index in range(1, min(MAX_HEADER_ROWS, len(rows) - 1)):
        if not any(_FIELD.search(text) for text in _texts(rows[index - 1])):
            break
        names = _texts(rows[index])
        are_names = len(names) > max(2, 0.7 * len(rows[index])) and not any(map(_FIELD.search, names))
        if are_names and not any(map(is_value, names)):
            return [rows[:index], rows[index:]]
    return [rows]


def _texts(row: GridRow) -> list[str]:
    """The texts of a row, each cell once."""
    return [
        cell.text for index, cell in enumerate(row) if cell is not None and (not index or row[index - 1] is not cell)
    ]


def is_value(text: str) -> bool:
    """Whether a cell is a number or a dash; a year may be a header as well and does not count."""
    if text.strip() in "-–—":
        return True
    quantity = quantity_of(text)
    return quantity is not None and quantity.number is not None and not _is_year(text)


def _is_year(text: str) -> bool:
    return len(text) < 24 and _YEAR.search(text) is not None


def _header_rows(rows: Sequence[GridRow]) -> int:
    """The number of header rows: a title, the first row of column names, and rows below it without a row label."""
    count = titles = 0
    usual = median(_value_share(row) for row in rows)
    for row in rows[:MAX_HEADER_ROWS]:
        texts = _texts(row)
        is_unnamed = row[0] is None or (count > 0 and row[0] is rows[count - 1][0])
        if len(texts) <= 1 and count == titles == 0:
            titles = count = len(texts)
            continue
        if count > titles and not is_unnamed:
            break
        if _value_share(row) >= (0.5 if is_unnamed else max(0.3, 0.6 * usual)):
            break
        count += 1
    return min(count, len(rows) - 1)


def _value_share(row: GridRow) -> float:
    texts = _texts(row)
    return sum(map(is_value, texts)) / len(texts) if texts else 0.0


def _table(rows: Sequence[GridRow], source: Source) -> DataTable:
    depth, width = _header_rows(rows), len(rows[0])
    columns = tuple(_header(rows[:depth], column, rows[depth]) for column in range(width))
    title = next((row[0].text for row in rows[:depth] if row[0] is not None and len(_texts(row)) == 1), "")
    section, body, sections = title, list[GridRow](), list[str]()
    for row in rows[depth:]:
        texts = _texts(row)
        if len(texts) == 1 and not is_value(texts[0]):
            section = texts[0]
        elif texts and not _repeats(row, rows[:depth]):
            body.append(row)
            sections.append(section)
    name_column = _name_column(body, sections)
    caption = " ".join(part for part in (source.title, title) if part)
    names = [name.text if name_column is not None and (name := row[name_column]) else "" for row in body]
    headers = tuple(tuple(filter(None, pair)) for pair in zip(sections, names, strict=True))
    notes = [unit_note(" ".join(column)) for column in columns]
    common = (notes[name_column] if name_column is not None else NO_NOTE, unit_note(caption))
    comma = uses_decimal_comma(cell.text for row in body for cell in row if cell is not None)
    counted = [any(map(_is_counted, column)) for column in columns]
    cells = tuple(
        tuple(
            _cell(cell, _first(note, *beside, counted=counts) if column != name_column else NO_NOTE, source.page, comma)
            for column, (cell, note, counts) in enumerate(zip(row, notes, counted, strict=True))
        )
        for row, header in zip(body, headers, strict=True)
        for beside in ((unit_note(" ".join(header)), *(() if _has_counts(header) else common)),)
    )
    return DataTable(source.origin, caption, columns, headers, cells, name_column)


def _header(rows: Sequence[GridRow], column: int, first: GridRow) -> tuple[str, ...]:
    """The texts above a column, outermost first, without titles of the whole table.

    The title of a group is centered above its columns and may not reach the outer ones: these have the nearest one.
    """
    texts = []
    for index, row in enumerate(rows):
        cell = row[column]
        count = len(_texts(row))
        if cell is None and column > 0 and count > 1 and index < len(rows) - 1:
            cell = _nearest(row, rows[-1][column] or first[column])
        if cell is not None and (count > 1 or row[0] is None):
            texts.append(cell.text)
    return tuple(dict.fromkeys(texts))


def _nearest(row: GridRow, below: GridCell | None) -> GridCell | None:
    """The cell of a row that is nearest to the column of a cell below it."""
    boxes = [(cell.box, cell) for cell in row[1:] if cell is not None and cell.box is not None]
    if below is None or below.box is None or not boxes:
        return None
    center = below.box.center[0]
    return min(boxes, key=lambda pair: abs(pair[0].center[0] - center))[1]


def _repeats(row: GridRow, headers: Sequence[GridRow]) -> bool:
    """Whether a row is a header again, as below each section's title."""
    return any(_texts(row) == _texts(header) for header in headers if len(_texts(header)) > 1)


def _name_column(body: Sequence[GridRow], sections: Sequence[str]) -> int | None:
    """The first column of texts that tell the rows of a section apart; without one, the first column if it does."""
    if not body:
        return None
    for values_count in (False, True):
        for column in range(len(body[0])):
            cells = [(above, cell.text) for above, row in zip(sections, body, strict=True) if (cell := row[column])]
            telling = {pair for pair in cells if values_count or quantity_of(pair[1]) is None}
            if len(telling) >= MIN_NAMES * len(body) and (not values_count or column == 0):
                return column
    return None


def _cell(cell: GridCell | None, note: Note, page: int, decimal_comma: bool) -> DataCell | None:
    if cell is None or not cell.text.strip():
        return None
    quantity = quantity_of(cell.text, unit=note[0], scale=note[1], decimal_comma=decimal_comma)
    return DataCell(cell.text.strip(), quantity, page, cell.box)


def _first(own: Note, *beside: Note, counted: bool) -> Note:
    """The first unit and the first scale that headers state: the column's, the row's, the table's; shares have none.

    Args:
        counted: only the column's own, since its numbers are counts or references.
    """
    notes = (own,) if counted else (own, *beside)
    unit = next((unit for unit, _ in notes if unit), "")
    scale = next((scale for _, scale in notes if scale != 1.0), 1.0)
    return unit, 1.0 if unit == "%" else scale


@lru_cache(maxsize=4096)
def unit_note(text: str) -> Note:
    """The unit and the scale that a header or title states: "(in thousands of euros)", "单位：万元", "Change in %"."""
    labelled = _UNIT_LABEL.findall(text)
    notes = labelled or _BRACKETS.findall(text)
    if _SYMBOLS.sub("", text).isascii() and (len(text.split()) <= MAX_NOTE_WORDS or not notes):
        notes = [*notes, text]
    unit, scale = "", 1.0
    for note in notes:
        if scale == 1.0:
            scale = _scale(note)
        if not unit:
            unit = "%" if _PERCENT.search(note) else _currency(note)
    return unit, scale


def _has_counts(row_header: Sequence[str]) -> bool:
    """Whether the numbers of a row are counts by its own name, or values for each share by that of its section."""
    return any(map(_is_counted, row_header[-1:])) or any(_is_for_each(section) for section in row_header[:-1])


@lru_cache(maxsize=4096)
def _is_for_each(section: str) -> bool:
    """Whether a section's title has a phrase such as "per share"."""
    return any(" " in phrase and phrase in fold_case(section) for phrase in load_lexicon().words["counted"])


@lru_cache(maxsize=4096)
def _is_counted(header: str) -> bool:
    """Whether the numbers under a header are counts or references; the unit of a whole table is not theirs."""
    words = load_lexicon().words["counted"]
    folded = fold_case(header)
    return any(
        re.search(rf"(?<![^\W\d_]){re.escape(word)}(?![^\W\d_])", folded) if word.isascii() else word in folded
        for word in words
    )


def _scale(note: str) -> float:
    """The factor of the scale word in a note, if no number precedes it."""
    low = fold_case(note)
    for word, factor in _scales().items():
        if word not in low:
            continue
        for match in re.finditer(
            rf"(?<![^\W\d_]){re.escape(word)}s?(?![^\W\d_])" if word.isascii() else re.escape(word), low
        ):
            if not low[: match.start()].rstrip()[-1:].isdigit():
                return factor
    return 1.0


@cache
def _scales() -> Mapping[str, float]:
    """Scale words by length, the longest first; a single letter is no note."""
    words = {
        word: float(factor)
        for table in load_lexicon().values.get("scales", ())
        for word, factor in table.items()
        if len(word) > 1 or not word.isascii()
    }
    return dict(sorted(words.items(), key=lambda item: -len(item[0])))


def _currency(note: str) -> str:
    printed = {note[token.start : token.end] for token in tokenize(note)}
    words = {word.upper() for word in printed}
    for name, code in CURRENCIES.items():
        # "ft" are feet, "Ft" are forints.
        is_word = name in printed if name.isalpha() and len(name) <= MAX_SYMBOL else name.upper() in words
        if is_word or (not name.isalpha() and name in note):
            return code
    return ""
