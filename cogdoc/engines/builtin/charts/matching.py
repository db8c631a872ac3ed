"""Which series, categories and colours of a chart a question speaks of."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from rapidfuzz import fuzz

from cogdoc.engines.builtin.charts.colors import from_hexadecimal, named_colors
from cogdoc.results.records import Chart, ChartValue

CERTAIN, COMPUTED, LIKELY, GUESS = 0.97, 0.79, 0.58, 0.3
"""How sure an answer is: read off at a named place; worked out; probably what was meant; the best there is.

The shares of such answers to ChartQA's development questions that are right, a guess rated a little lower.
"""

HINTED_ONLY = 0.85
"""Times as sure where names were only hinted at."""

_MENTIONED = 0.72
"""Share of a name's weight that a question must contain to speak of it."""
_HINTED = 0.3
"""Share from which the best name is taken where none is fully mentioned."""
_SIMILAR = 87
"""Similarity of two words, of 100, that OCR errors and endings leave."""

_PHRASES = (
    (re.compile(r"\bunited states( of america)?\b|\bu\.\s?s\.?(\s?a\.?)?(?!\w)|\busa\b"), "usa"),
    (re.compile(r"\bunited kingdom\b|\bu\.k\.?"), "uk"),
    (re.compile(r"\beuropean union\b"), "eu"),
    (re.compile(r"\b(first|1st) quarter( of)?\b"), "q1"),
    (re.compile(r"\b(second|2nd) quarter( of)?\b"), "q2"),
    (re.compile(r"\b(third|3rd) quarter( of)?\b"), "q3"),
    (re.compile(r"\b(fourth|4th|last) quarter( of)?\b"), "q4"),
    (re.compile(r"\b(?:19|20)?(\d\d)\s?[/–-]\s?(?:19|20)?(\d\d)\b"), r" \g<0> \1/\2 "),
    (re.compile(r"\bq([1-4])\s?[’'‘`]?\s?(\d\d)\b"), r" q\1 year\2"),
    (re.compile(r"[’'‘`](\d\d)\b"), r" year\1"),
)
_WORD = re.compile(r"\d\d/\d\d|\d+(?:[.,]\d+)*|[a-z]+\d*|[\u4e00-\u9fff]+|[^\W\d_]+")
_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_EQUAL = {
    **{month[:3]: month for month in _MONTHS},
    "sept": "september",
    **dict.fromkeys(("men", "man", "males", "boy", "boys"), "male"),
    **dict.fromkeys(("women", "woman", "females", "girl", "girls"), "female"),
    **dict.fromkeys(("republican", "republicans", "rep", "reps"), "rep"),
    **dict.fromkeys(("democrat", "democrats", "democratic", "dem", "dems"), "dem"),
    **dict.fromkeys(("percent", "percentage"), "%"),
    **dict.fromkeys(("favourable",), "favorable"),
}
_WEAK = frozenset(
    re.findall(
        r"\S+",
        "the a an of in on at to for and or is are was were be by with from as that this who what which how many much "
        "did do does has have had it its their there than more % year",
    )
)


@dataclass(frozen=True, slots=True)
class Cell:
    """One value of the chart's table and its place there."""

    series: int
    category: int
    value: float
    printed: ChartValue


class Found(NamedTuple):
    """An answer, how sure it is, and the cells that it rests on."""

    text: str
    confidence: float
    cells: Sequence[Cell]


@dataclass(frozen=True, slots=True)
class Subject:
    """What a question speaks of: indices into the chart's series and categories, empty where it names none."""

    series: tuple[int, ...]
    categories: tuple[int, ...]
    cells: tuple[Cell, ...]
    """The cells in what is named, or all of them."""
    by_color: bool = False
    certain: bool = True
    """False where a name was only hinted at."""


def cells_of(chart: Chart) -> list[Cell]:
    """All values of a chart that are known."""
    return [
        Cell(s, c, value.value, value)
        for s, series in enumerate(chart.series)
        for c, value in enumerate(series.values)
        if value.value is not None
    ]


def subject_of(chart: Chart, question: str, *, hints: bool = True) -> Subject:
    """The part of the chart that `question` names by name or by colour, or (`hints`) seems to."""
    words = tokens(question)
    series_names = [series.name for series in chart.series]
    series, series_sure = mentioned(series_names, words) if len(series_names) > 1 else ((), True)
    categories, categories_sure = mentioned(list(chart.categories), words)
    if not hints:
        series, categories = (series if series_sure else ()), (categories if categories_sure else ())
        series_sure = categories_sure = True
    cells = cells_of(chart)
    by_color = False
    if not series:
        series, cells, by_color = _by_color(chart, question, cells)
    chosen = [
        cell
        for cell in cells
        if (not series or cell.series in series) and (not categories or cell.category in categories)
    ]
    return Subject(series, categories, tuple(chosen), by_color, series_sure and categories_sure)


def mentioned(names: Sequence[str], words: Sequence[str]) -> tuple[tuple[int, ...], bool]:
    """Indices of the names that `words` contain, in the order of mention, and whether they do so fully."""
    split = [tokens(name) for name in names]
    weights = _weights(split)
    scores, places = [], []
    runs = {one + other: place for place, (one, other) in enumerate(itertools.pairwise(words))}
    runs |= {word: place for place, word in enumerate(words)}
    for parts in split:
        run = "".join(parts)
        if len(run) >= 5 and run in runs:
            scores.append(1.0)
            places.append(runs[run])
            continue
        total = sum(weights[part] for part in parts)
        found = {part: place for part in parts if (place := _find(part, words)) is not None}
        scores.append(sum(weights[part] for part in parts if part in found) / total if total else 0.0)
        places.append(min((place for part, place in found.items() if weights[part] > 0.2), default=len(words)))
    full = [i for i, score in enumerate(scores) if score >= _MENTIONED]
    if full:
        best = _most_specific(full, split, scores)
        return tuple(sorted(best, key=lambda i: places[i])), True
    top = max(scores, default=0.0)
    hinted = [i for i, score in enumerate(scores) if score == top and score >= _HINTED]
    return (tuple(hinted), False) if len(hinted) == 1 else ((), True)


def tokens(text: str) -> list[str]:
    """Words of a text in one spelling: lower case, months and years in full, some synonyms as one."""
    lowered = text.lower()
    for pattern, replacement in _PHRASES:
        lowered = pattern.sub(replacement, lowered)
    words = []
    for word in _WORD.findall(lowered):
        if word.startswith("year") and word[4:].isdigit():
            words.append(_full_year(word[4:]))
        else:
            words.append(_EQUAL.get(word, word))
    return words


def content_words(text: str) -> list[str]:
    """The words of a text that say something."""
    return [word for word in tokens(text) if word not in _WEAK and len(word) > 1]


def _full_year(two_digits: str) -> str:
    return ("20" if int(two_digits) < 50 else "19") + two_digits


def _weights(names: Sequence[Sequence[str]]) -> dict[str, float]:
    """Rare words count for more; those in every name and small words for little."""
    counts: dict[str, int] = {}
    for parts in names:
        for part in set(parts):
            counts[part] = counts.get(part, 0) + 1
    return {
        part: 0.08 if part in _WEAK else max(0.1, math.log((len(names) + 1) / count) / math.log(len(names) + 1))
        for part, count in counts.items()
    }


def _find(part: str, words: Sequence[str]) -> int | None:
    """Where `words` contain `part`, allowing for endings and OCR errors in longer words."""
    for place, word in enumerate(words):
        if word == part or (len(part) == 2 and part.isdigit() and word == _full_year(part)):
            return place
    if part.isdigit() or part in _WEAK:
        return None
    if "\u4e00" <= part[0] <= "\u9fff":
        return next((i for i, word in enumerate(words) if part in word or (len(word) > 1 and word in part)), None)
    if len(part) < 4:
        return next((i for i, word in enumerate(words) if word in (part + "s", part.rstrip("s"))), None)
    for place, word in enumerate(words):
        if len(word) >= 4 and (fuzz.ratio(word, part) >= _SIMILAR or _same_stem(word, part)):
            return place
    return None


def _same_stem(one: str, other: str) -> bool:
    shared = min(len(one), len(other))
    stem = max(5, shared - 3)
    return shared >= 5 and one[:stem] == other[:stem] and abs(len(one) - len(other)) <= 3


def _most_specific(full: Sequence[int], split: Sequence[Sequence[str]], scores: Sequence[float]) -> list[int]:
    """Without names that are only a part of a longer name that is mentioned too."""
    kept = []
    for i in full:
        inside = any(j != i and set(split[i]) < set(split[j]) and scores[j] >= scores[i] - 0.01 for j in full)
        if not inside:
            kept.append(i)
    exact = [i for i in kept if scores[i] > 0.99]
    return exact or kept


def _by_color(chart: Chart, question: str, cells: list[Cell]) -> tuple[tuple[int, ...], list[Cell], bool]:
    """Series, or single bars and slices, in the colours that the question names."""
    if len(chart.series) > 1:
        colors = {series.color: i for i, series in enumerate(chart.series) if series.color}
        named = named_colors(question, [from_hexadecimal(color) for color in colors])
        found = [i for color, i in colors.items() if from_hexadecimal(color) in named]
        return tuple(found), cells, bool(found)
    own = {cell.printed.color for cell in cells if cell.printed.color}
    named = named_colors(question, [from_hexadecimal(color) for color in sorted(own)])
    if not named:
        return (), cells, False
    kept = [cell for cell in cells if cell.printed.color and from_hexadecimal(cell.printed.color) in named]
    return (), kept, True
