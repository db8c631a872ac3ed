"""Finds the columns, rows and cells of a table that words of a query name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property, lru_cache

from cogdoc.query.concepts import concepts_in, is_function_word
from cogdoc.query.dates import Precision, find_dates, month_numbers
from cogdoc.query.lexicon.loading import load_lexicon
from cogdoc.query.quantities import order_key, prints_commas
from cogdoc.query.table import DataCell, DataTable
from cogdoc.query.terms import match_strength, tokenize
from cogdoc.query.typed_values import ValueKind

Covering = Mapping[int, float]
"""Which words of a phrase a printed text contains, each with the strength of the match."""

WEAK_WEIGHT = 0.35
LIKELY_NUMERIC = 0.5
"""Share of a column's cells with a value to sort by, from which on it is a column of values."""

BEST_COLUMNS = 2
TOTALS = frozenset({"total", "subtotal", "average"})
"""Concepts of the names of rows that are no records."""

LINE_TOTALS = frozenset({"line total", "amount"})
TOTAL_MATCH = 0.5
"""How well a column of totals matches words that name no column."""

MOST = 1e100
"""No table counts anything beyond it, and sums stay far below the largest number that a float can be."""

MIN_SUMMED = 3
SUM_TOLERANCE = 0.001
"""Share by which a printed total may differ from the sum, since the terms are rounded."""

CONCEPT_STRENGTH = 0.85
KIND_MATCH = 0.6
"""How well a column matches that has the kind of content that is asked for, if the words do not name it."""

PROPER = frozenset((ValueKind.PERSON, ValueKind.ORGANISATION, ValueKind.PLACE))
DATED = frozenset((ValueKind.DATE, ValueKind.YEAR))
TYPED = PROPER | DATED | {ValueKind.TIME, ValueKind.DURATION}
MAX_CONCEPT_WORDS = 3


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words of a query."""

    words: tuple[str, ...]
    weights: tuple[float, ...]

    def recall(self, *coverings: Covering) -> float:
        """Share of the words that the coverings cover together; 1 for a phrase without words."""
        total = sum(self.weights)
        best = joined(*coverings)
        return sum(self.weights[index] * strength for index, strength in best.items()) / total if total else 1.0

    def covering(self, text: str) -> Covering:
        return _covering(self.words, text)

    def precision(self, text: str) -> float:
        """Share of the words of a printed text that the phrase explains, word by word or by their meaning."""
        share, concepts = self.share(text), concepts_in(text)
        is_meant = bool(concepts) and concepts <= frozenset().union(*(found for _, found in _concepts(self.words)))
        return max(share, CONCEPT_STRENGTH) if is_meant else share

    def share(self, text: str) -> float:
        """Share of the words of a printed text that the phrase contains."""
        printed = [
            token.norm for token in tokenize(text) if token.norm[0].isalnum() and not is_function_word(token.norm)
        ]
        explained = sum(max((match_strength(word, norm) for word in self.words), default=0.0) for norm in printed)
        return explained / len(printed) if printed else 0.0


@lru_cache(maxsize=4096)
def phrase_of(text: str) -> Phrase:
    """The words of a text, without those that mean nothing alone."""
    weak = load_lexicon().words["weak"]
    printed = tuple(dict.fromkeys(token.norm for token in tokenize(text)))
    # A name may look like a function word of another language.
    words = tuple(word for word in printed if not is_function_word(word)) or printed
    return Phrase(words, tuple(WEAK_WEIGHT if word in weak else 1.0 for word in words))


@lru_cache(maxsize=65536)
def _covering(words: tuple[str, ...], text: str) -> Covering:
    covering: dict[int, float] = {}
    for token in tokenize(text):
        for index, word in enumerate(words):
            strength = match_strength(word, token.norm)
            if strength > covering.get(index, 0.0):
                covering[index] = strength
    printed = concepts_in(text)
    for indices, concepts in _concepts(words) if printed else ():
        if concepts & printed:
            covering = joined(covering, dict.fromkeys(indices, CONCEPT_STRENGTH))
    named = _months(text)
    for places, month in _months_of(words) if named else ():
        if month in named:
            covering = joined(covering, dict.fromkeys(places, 1.0))
    return covering


def _months(text: str) -> frozenset[date]:
    """The months of years that a text names, by their first days."""
    months = (found.day for found in find_dates(text) if found.precision is Precision.MONTH)
    return frozenset(day for day in months if day is not None)


@lru_cache(maxsize=4096)
def _months_of(words: tuple[str, ...]) -> tuple[tuple[tuple[int, ...], date], ...]:
    """The months of years that words name, in any order and language: "September 2020"."""
    numbers = month_numbers()
    months = [(index, numbers[word]) for index, word in enumerate(words) if word in numbers]
    years = [(index, int(word)) for index, word in enumerate(words) if _YEAR.fullmatch(word)]
    return tuple(((at, index), date(year, month, 1)) for at, month in months for index, year in years)


@lru_cache(maxsize=4096)
def _concepts(words: tuple[str, ...]) -> tuple[tuple[range, frozenset[str]], ...]:
    """The concepts that each run of words names as a whole."""
    runs = [
        range(start, end)
        for start in range(len(words))
        for end in range(start + 1, min(len(words), start + MAX_CONCEPT_WORDS) + 1)
    ]
    by_run = {run: concepts_in(" ".join(words[run.start : run.stop])) for run in runs}
    parts = {run: frozenset().union(*(by_run[range(index, index + 1)] for index in run)) for run in runs}
    return tuple((run, own) for run, found in by_run.items() if (own := found if len(run) == 1 else found - parts[run]))


def joined(*coverings: Covering) -> dict[int, float]:
    best: dict[int, float] = {}
    for covering in coverings:
        for index, strength in covering.items():
            best[index] = max(best.get(index, 0.0), strength)
    return best


@dataclass(frozen=True, slots=True)
class ColumnMatch:
    """How words of a query fit the header of a column."""

    column: int
    covering: Covering
    score: float
    """Share of the header's words and of the query's words that match, 0 to 1."""


@dataclass(frozen=True)
class Records:
    """A table as a list of records, one a row, with what is known about its columns."""

    table: DataTable
    asked: ValueKind | None = None
    """The kind of value that the question asks for, if it is known."""
    _matches: dict[Phrase, list[ColumnMatch]] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def rows(self) -> tuple[int, ...]:
        """The rows that are records: not those of totals or averages, and not empty ones."""
        return tuple(
            index
            for index, cells in enumerate(self.table.cells)
            if index not in self.totals and any(cell is not None and cell.text for cell in cells)
        )

    @cached_property
    def totals(self) -> frozenset[int]:
        """The rows of totals or averages: by their names, or because they are the sums of the rows above."""
        named = {row for row in range(len(self.table.rows)) if is_total(self.name(row))}
        if 2 * len(named) > len(self.table.rows):
            named = set()  # a word that most names share tells nothing apart: "Men (total)", "Women (total)"
        last = len(self.table.rows) - 1
        if last >= MIN_SUMMED and last not in named and self._sums_up(last, named):
            named.add(last)
        return frozenset(named)

    def _sums_up(self, row: int, left_out: set[int]) -> bool:
        """Whether most values of a row are the sums of those above."""
        above = [cells for index, cells in enumerate(self.table.cells[:row]) if index not in left_out]
        columns = [
            (value, [number for cells in above if (number := number_of(cells[column])) is not None])
            for column, cell in enumerate(self.table.cells[row])
            if (value := number_of(cell)) is not None
        ]
        summed = [(value, sum(numbers)) for value, numbers in columns if len(numbers) >= MIN_SUMMED and any(numbers)]
        return sum(abs(value - total) <= SUM_TOLERANCE * abs(total) for value, total in summed) > len(summed) / 2

    @cached_property
    def sortable(self) -> tuple[float, ...]:
        """By column: the share of cells that have a value to sort by."""
        shares = []
        for column in range(len(self.table.columns)):
            cells = [cell for row in self.rows if (cell := self.table.cells[row][column]) is not None and cell.text]
            shares.append(sum(order_key(cell) is not None for cell in cells) / len(cells) if cells else 0.0)
        return tuple(shares)

    def unit(self, column: int) -> str:
        """The unit of the first value in a column."""
        cells = (row[column] for row in self.table.cells)
        return next((cell.quantity.unit for cell in cells if cell is not None and cell.quantity is not None), "")

    def name(self, row: int) -> str:
        cell = self.name_cell(row)
        return cell.text if cell is not None else ""

    def name_cell(self, row: int) -> DataCell | None:
        """The cell that names a row, or its header as a cell."""
        if self.table.name_column is not None:
            return self.table.cells[row][self.table.name_column]
        if not self.table.rows[row]:
            return next((cell for cell in self.table.cells[row] if cell is not None and cell.text), None)
        first = next((cell for cell in self.table.cells[row] if cell is not None), None)
        return DataCell(self.table.rows[row][-1], None, first.page if first else 1, first.box if first else None)

    def columns(self, phrase: Phrase) -> list[ColumnMatch]:
        """How the words match each column, by index."""
        if phrase not in self._matches:
            self._matches[phrase] = [self._column(phrase, column) for column in range(len(self.table.columns))]
        return self._matches[phrase]

    def _column(self, phrase: Phrase, column: int) -> ColumnMatch:
        header = self.table.columns[column]
        covering = phrase.covering(" ".join(header))
        precision = max((phrase.precision(part) for part in header), default=0.0)
        return ColumnMatch(column, covering, 0.5 * phrase.recall(covering) + 0.5 * precision if covering else 0.0)

    def value_columns(self, phrase: Phrase) -> list[ColumnMatch]:
        """The columns of values that the words may name, best first; all of them if they name none."""
        matches = [
            match
            for match in self.columns(phrase)
            if self.sortable[match.column] >= LIKELY_NUMERIC and match.column != self.table.name_column
        ]
        named = [match for match in matches if match.score > 0]
        totals = [replace(m, score=TOTAL_MATCH) for m in matches if self._is_amount(m.column)]
        if named:
            return sorted(named, key=lambda match: -match.score)[:BEST_COLUMNS]
        return totals or matches[: 2 * BEST_COLUMNS]

    def _is_amount(self, column: int) -> bool:
        """Whether a column has the amounts of the rows: totals of other columns, or of a line."""
        return not (TOTALS | LINE_TOTALS).isdisjoint(concepts_in(self.table.column_text(column)))

    def answer_columns(self, phrase: Phrase, taken: int) -> list[ColumnMatch | None]:
        """The columns whose content the words ask for, or that have the kind of content; None is the row's name."""
        matches = [
            match for match in self.columns(phrase) if match.column != taken and self._may_be_asked(match.column)
        ]
        if self.asked not in TYPED - PROPER and phrase.words:
            # "Which mission launched" asks for a mission, not for the launch date.
            heads = [match for match in matches if match.covering.get(0)]
            matches = heads or matches
        typed = [self._by_kind(match) if match.score < KIND_MATCH else match for match in matches]
        ordered = sorted((match for match in typed if match.score > 0), key=lambda match: -match.score)[:BEST_COLUMNS]
        names: list[ColumnMatch | None] = [] if any(m.column == self.table.name_column for m in ordered) else [None]
        return [*ordered, *names]

    def _may_be_asked(self, column: int) -> bool:
        """Whether a column may have what is asked for: numbers name no person or place."""
        return self.asked not in PROPER or self.sortable[column] < LIKELY_NUMERIC

    def _by_kind(self, match: ColumnMatch) -> ColumnMatch:
        """The match, if the column has the kind of content that is asked for: a better one."""
        header = {token.norm for token in tokenize(self.table.column_text(match.column))}
        is_named = self.asked is not None and not header.isdisjoint(load_lexicon().types.get(self.asked, ()))
        if self.asked not in TYPED or not (is_named or (self.asked in DATED and self.dated[match.column])):
            return match
        return replace(match, score=KIND_MATCH)

    @cached_property
    def decimal_comma(self) -> bool:
        return prints_commas([cell for row in self.table.cells for cell in row if cell is not None])

    @cached_property
    def dated(self) -> tuple[bool, ...]:
        """By column: whether most cells are dates or years."""
        shares = []
        for column in range(len(self.table.columns)):
            cells = [cell for row in self.rows if (cell := self.table.cells[row][column]) is not None]
            days = sum(cell.quantity is not None and cell.quantity.day is not None for cell in cells)
            shares.append(2 * days > len(cells))
        return tuple(shares)

    def row_coverings(self, phrase: Phrase, rows: Iterable[int] | None = None) -> dict[int, Covering]:
        """The words that the headers and cells of rows contain, for those with any; of all records without `rows`."""
        coverings: dict[int, Covering] = {}
        for row in self.rows if rows is None else rows:
            covering = joined(*(telling_words(phrase, text) for text in self._texts(row, phrase)))
            if covering:
                coverings[row] = covering
        return coverings

    def row_precision(self, phrase: Phrase, row: int) -> float:
        """How completely the words name a row, by its name or another of its cells."""
        return max((phrase.precision(text) for text in self._texts(row, phrase)), default=0.0)

    def _texts(self, row: int, phrase: Phrase) -> list[str]:
        """The texts that words may name a row by."""
        cells = [cell.text for cell in self.table.cells[row] if cell is not None and is_named_by(cell, phrase)]
        return [*self.table.rows[row], *cells]


def telling_words(phrase: Phrase, text: str) -> Covering:
    """The words that a text contains and may be named by: single letters only if the phrase contains all of it."""
    covering = phrase.covering(text)
    if not covering or all(is_telling(phrase.words[index]) for index in covering) or phrase.share(text) == 1.0:
        return covering
    return {index: strength for index, strength in covering.items() if is_telling(phrase.words[index])}


def is_telling(word: str) -> bool:
    """Whether a word may name a row: not a single letter, such as a unit."""
    return len(word) > 1 or not (word.isascii() and word.isalpha())


def is_named_by(cell: DataCell, phrase: Phrase) -> bool:
    """Whether words may name a row by this cell: not by a number in it that is only part of a text."""
    if cell.quantity is None or cell.quantity.day is not None:
        return True
    return cell.text.strip() in phrase.words or any(char.isalpha() for char in cell.text)


def number_of(cell: DataCell | None) -> float | None:
    """The number of a cell; None for a date or a text, or one that nobody counts with."""
    if cell is None or cell.quantity is None or cell.quantity.day is not None:
        return None
    number = cell.quantity.number
    return number if number is not None and abs(number) <= MOST else None


def is_total(name: str) -> bool:
    """Whether a row is named as a total or an average of the others: "Total", "Grand total", 合计."""
    return not TOTALS.isdisjoint(concepts_in(name))


_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")


def years_in(text: str) -> list[int]:
    return [int(year) for year in _YEAR.findall(text)]
