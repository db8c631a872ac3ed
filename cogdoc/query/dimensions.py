"""What superlatives and comparatives measure: the tallest has the greatest height, the fastest the least time."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from cogdoc.query.concepts import concepts_in
from cogdoc.query.grounding import LIKELY_NUMERIC, ColumnMatch, Phrase, Records
from cogdoc.query.lexicon.loading import load_lexicon

DIMENSION_MATCH = 0.9
"""How well the header of a column names what an adjective measures."""

DATE = "date"
DATED_MATCH = 0.75
"""How well any column of dates or years does, for adjectives of age."""


def measures(word: str) -> Mapping[str, bool]:
    """The concepts that an adjective measures, and whether less of each is more; empty for most words."""
    return _measures().get(word.lower(), {})


def measured_columns(
    records: Records, word: str, phrase: Phrase, *, is_stated: bool = True
) -> list[tuple[ColumnMatch, bool]]:
    """The columns that an adjective may be about, best first, and whether their lowest values are its highest.

    If `is_stated`, the phrase says what is compared, and only the columns that it names count.
    """
    concepts = measures(word)
    named = records.value_columns(phrase)
    if not concepts:
        return [(match, False) for match in named]
    by_column: dict[int, bool] = {}
    for column in range(len(records.table.columns)):
        if found := concepts_in(records.table.column_text(column)) & concepts.keys():
            by_column[column] = all(concepts[concept] for concept in found)
    is_date = {column: concepts[DATE] for column, dated in enumerate(records.dated) if dated and DATE in concepts}
    known = by_column or is_date
    if any(match.score > 0 for match in named) and (is_stated or not known):
        return [(match, by_column.get(match.column, is_date.get(match.column, False))) for match in named]
    matches = _matches(records, by_column, DIMENSION_MATCH) or _matches(records, is_date, DATED_MATCH)
    others = [match for match in named if DATE in concepts or not records.dated[match.column]]
    return matches or [(match, False) for match in others or named]


def _matches(records: Records, columns: Mapping[int, bool], score: float) -> list[tuple[ColumnMatch, bool]]:
    return [
        (ColumnMatch(column, {}, score), is_reverse)
        for column, is_reverse in columns.items()
        if records.sortable[column] >= LIKELY_NUMERIC and column != records.table.name_column
    ]


@cache
def _measures() -> dict[str, dict[str, bool]]:
    found: dict[str, dict[str, bool]] = {}
    for words, is_reverse in ((load_lexicon().dimensions, False), (load_lexicon().reverse_dimensions, True)):
        for concept, adjectives in words.items():
            for adjective in adjectives:
                found.setdefault(adjective, {})[concept] = is_reverse
    return found
