"""Finds the rows that phrases of a query name, by their headers or by other cells."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cogdoc.query.grounding import Covering, Phrase, Records, is_named_by, telling_words

PART_MATCH = 0.6
"""How well words name a row by a part of a cell, in contrast to all of it or an item of the list in it."""

WHOLE_PRECISION = 0.8
OTHER_COLUMN = 0.6
"""Factor for a number that is in another column than the one whose header the words name: "zone 3"."""

SURE_MATCH = 0.9
LIKELY_MATCH = 0.75
"""Match of a word that is asked about from which on it restricts rows: "Kenyan" does, "film" in "Short film" not."""

TOLERANCE = 0.02

_ITEMS = re.compile(r"\s*(?:[,;/•\n()\[\]、，；（）]|\s[-–]\s|\band\b)\s*")


@dataclass(frozen=True, slots=True)
class Rows:
    """Records that words of a query restrict a table to."""

    indices: tuple[int, ...]
    words: Covering
    """The words of the joint phrase that name the rows, with the strength of each match."""
    precision: float
    """How completely the words name these rows; 1 if nothing restricts them."""
    columns: frozenset[int] = frozenset()
    """The columns that the words name them by."""


@dataclass(frozen=True, slots=True)
class _Named:
    """The rows that one phrase names best."""

    rows: frozenset[int]
    column: int
    words: dict[str, float]
    match: float
    """Share of its words that name the rows, each by the strength of its match."""


def restrictions(
    records: Records, joint: Phrase, asked: Phrase, others: Sequence[Phrase], explained: frozenset[str]
) -> Iterator[Rows]:
    """The records that phrases name, in each sensible way.

    Words that are asked about may only say what the records are, and a loose match may be an accident: there is a
    result without either.

    Args:
        joint: all words of the phrases.
        asked: the words that are asked about.
        others: the other phrases; each may name rows.
        explained: words that headers contain, which do not name rows.
    """
    named = [found for part in others if (found := _named(records, part, explained)) is not None]
    own = _named(records, asked, explained)
    if own is not None and max(own.words.values()) < LIKELY_MATCH:
        own = None
    sure = [found for found in named if found.match >= SURE_MATCH]
    seen: set[tuple[int, ...]] = set()
    loose = [found for part in others if (found := _named(records, part, explained, PART_MATCH)) is not None]
    for chosen in ([*named, own] if own is not None else named, named, sure, loose):
        rows = _combined(records, joint, chosen)
        if rows.indices not in seen:
            seen.add(rows.indices)
            yield rows


def rows_named(records: Records, phrase: Phrase) -> Rows:
    """The records that a phrase names best; all of them, with no words, if it names none."""
    found = _named(records, phrase, frozenset())
    return _combined(records, phrase, [found] if found is not None else [])


def _combined(records: Records, joint: Phrase, named: Sequence[_Named]) -> Rows:
    """The rows that all phrases name; of two that name different rows in one column, those of both: "Italy and Peru".

    A phrase that names no row in common with surer ones is left out.
    """
    by_column: dict[int, frozenset[int]] = {}
    words: dict[str, float] = {}
    used: list[float] = []
    for found in sorted(named, key=lambda found: -found.match):
        others = [rows for column, rows in by_column.items() if column != found.column]
        before = by_column.get(found.column)
        choices = [found.rows] if before is None else [before & found.rows]
        if before is not None and found.match >= SURE_MATCH:
            choices.append(before | found.rows)
        for rows in choices:
            if frozenset(records.rows).intersection(rows, *others):
                by_column[found.column] = rows
                words |= {word: max(match, words.get(word, 0.0)) for word, match in found.words.items()}
                used.append(found.match)
                break
    indices = sorted(frozenset(records.rows).intersection(*by_column.values()))
    covering = {index: words[word] for index, word in enumerate(joint.words) if word in words}
    return Rows(tuple(indices), covering, sum(used) / len(used) if used else 1.0, frozenset(by_column))


def _named(records: Records, part: Phrase, explained: frozenset[str], whole_match: float = 1.0) -> _Named | None:
    """The rows that a phrase names best; with `whole_match` of `PART_MATCH`, all that contain it."""
    weights = {i: weight for i, weight in enumerate(part.weights) if part.words[i] not in explained}
    if not weights:
        return None
    bound = {match.column for match in records.columns(part) if match.score > 0}
    best: dict[int, tuple[float, int, dict[int, float]]] = {}
    for row in records.rows:
        matches, column = _row_matches(records, row, part, bound, whole_match)
        matches = {index: match for index, match in matches.items() if index in weights}
        if matches:
            best[row] = (sum(weights[index] * match for index, match in matches.items()), column, matches)
    if not best:
        return None
    highest = max(score for score, _, _ in best.values())
    column = next(column for score, column, _ in best.values() if score == highest)
    sets = [frozenset(matches) for _, _, matches in best.values()]
    rows = frozenset(
        row
        for row, (score, own, matches) in best.items()
        if score >= highest - TOLERANCE or (own == column and _is_listed(matches, sets))
    )
    words: dict[str, float] = {}
    for row in rows:
        words |= {part.words[i]: max(match, words.get(part.words[i], 0.0)) for i, match in best[row][2].items()}
    return _Named(rows, column, words, highest / sum(weights.values()))


def _is_listed(matches: Mapping[int, float], sets: Sequence[frozenset[int]]) -> bool:
    """Whether words name a row completely, and no row contains them and more: all of "China, Japan and North Korea"."""
    words = frozenset(matches)
    return min(matches.values()) >= SURE_MATCH and not any(words < other for other in sets)


def _row_matches(
    records: Records, row: int, part: Phrase, bound: set[int], whole_match: float
) -> tuple[dict[int, float], int]:
    """How well the words match the cells of a row, by word; and the column that matches best."""
    matches: dict[int, float] = {}
    best = (0.0, -1)
    for column, text in _texts(records, row, part):
        covering = telling_words(part, text)
        if not covering:
            continue
        whole = max(part.share(item) for item in (text, *_ITEMS.split(text))) >= WHOLE_PRECISION
        factor = whole_match if whole else PART_MATCH
        for index, strength in covering.items():
            is_elsewhere = bound and column not in bound and part.words[index][0].isdigit()
            match = strength * factor * (OTHER_COLUMN if is_elsewhere else 1.0)
            matches[index] = max(matches.get(index, 0.0), match)
            best = max(best, (match, -column))
    return matches, -best[1]


def _texts(records: Records, row: int, part: Phrase) -> Iterator[tuple[int, str]]:
    """The texts that words may name a row by, with their columns."""
    for header in records.table.rows[row]:
        yield records.table.name_column or 0, header
    for column, cell in enumerate(records.table.cells[row]):
        if cell is not None and is_named_by(cell, part):
            yield column, cell.text
