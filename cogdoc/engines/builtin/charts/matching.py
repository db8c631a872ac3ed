"""Finds the series, categories and colors of a chart that a question names."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from rapidfuzz import fuzz

from cogdoc.engines.builtin.charts.colors import from_hexadecimal, named_colors
from cogdoc.query.vocabulary import MONTHS
from cogdoc.results.records import Chart, ChartValue
from cogdoc.text import HAN, has_han

CERTAIN, COMPUTED, LIKELY, GUESS = 0.97, 0.79, 0.58, 0.3
"""Confidence of an answer: read at the named cell; computed; probably what was meant; the best guess.

Measured as the share of right answers on ChartQA's development questions; for guesses, slightly lower.
"""

HINT_FACTOR = 0.85
"""Factor of the confidence if the question only hints at a name."""

_MIN_MENTIONED = 0.72
"""Share of a name's weight that a question has to contain to name it."""
_MIN_HINTED = 0.3
"""Share from which the best name counts as hinted at, if none is named."""
_MIN_SIMILARITY = 87
"""Similarity of two words, 0 to 100, that may differ by OCR errors and endings."""

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
_WORD = re.compile(rf"\d\d/\d\d|\d+(?:[.,]\d+)*|[a-z]+\d*|[{HAN}]+|[^\W\d_]+")
_SAME_WORD = {
    **{month[:3]: month for month in MONTHS},
    "sept": "september",
    **dict.fromkeys(("men", "man", "males", "boy", "boys"), "male"),
    **dict.fromkeys(("women", "woman", "females", "girl", "girls"), "female"),
    **dict.fromkeys(("republican", "republicans", "rep", "reps"), "rep"),
    **dict.fromkeys(("democrat", "democrats", "democratic", "dem", "dems"), "dem"),
    **dict.fromkeys(("percent", "percentage"), "%"),
    **dict.fromkeys(("favourable",), "favorable"),
}
_WEAK_WORDS = frozenset(
    re.findall(
        r"\S+",
        "the a an of in on at to for and or is are was were be by with from as that this who what which how many much "
        "did do does has have had it its their there than more % year",
    )
)


@dataclass(frozen=True, slots=True)
class Cell:
    """One value of the chart's table, with the indices of its series and category."""

    series: int
    category: int
    value: float
    printed: ChartValue


class ChartAnswer(NamedTuple):
    """An answer, its confidence, and the cells that it comes from."""

    text: str
    confidence: float
    cells: Sequence[Cell]


@dataclass(frozen=True, slots=True)
class Subject:
    """What a question is about: indices of the chart's series and categories, empty if it names none."""

    series: tuple[int, ...]
    categories: tuple[int, ...]
    cells: tuple[Cell, ...]
    """The cells of what is named, or all cells."""
    by_color: bool = False
    certain: bool = True
    """False if the question only hints at a name."""


def cells_of(chart: Chart) -> list[Cell]:
    """All known values of a chart."""
    return [
        Cell(s, c, value.value, value)
        for s, series in enumerate(chart.series)
        for c, value in enumerate(series.values)
        if value.value is not None
    ]


def subject_of(chart: Chart, question: str, *, hints: bool = True) -> Subject:
    """The part of the chart that a question refers to by name or color; with `hints`, also by part of a name."""
    words = tokens(question)
    series_names = [series.name for series in chart.series]
    series, series_sure = find_mentioned(series_names, words) if len(series_names) > 1 else ((), True)
    categories, categories_sure = find_mentioned(list(chart.categories), words)
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


def find_mentioned(names: Sequence[str], words: Sequence[str]) -> tuple[tuple[int, ...], bool]:
    """Indices of the names that `words` contain, in the order of mention, and whether they contain them fully."""
    split = [tokens(name) for name in names]
    weights = _weights(split)
    scores, positions = [], []
    runs = {one + other: index for index, (one, other) in enumerate(itertools.pairwise(words))}
    runs |= {word: index for index, word in enumerate(words)}
    for parts in split:
        run = "".join(parts)
        if len(run) >= 5 and run in runs:
            scores.append(1.0)
            positions.append(runs[run])
            continue
        total = sum(weights[part] for part in parts)
        indices = {part: index for part in parts if (index := _find_word(part, words)) is not None}
        scores.append(sum(weights[part] for part in parts if part in indices) / total if total else 0.0)
        positions.append(min((index for part, index in indices.items() if weights[part] > 0.2), default=len(words)))
    full = [i for i, score in enumerate(scores) if score >= _MIN_MENTIONED]
    if full:
        best = _most_specific(full, split, scores)
        return tuple(sorted(best, key=lambda i: positions[i])), True
    top = max(scores, default=0.0)
    hinted = [i for i, score in enumerate(scores) if score == top and score >= _MIN_HINTED]
    return (tuple(hinted), False) if len(hinted) == 1 else ((), True)


def tokens(text: str) -> list[str]:
    """The normalized words of a text: in lower case, months and years in full, some synonyms merged."""
    lowered = text.lower()
    for pattern, replacement in _PHRASES:
        lowered = pattern.sub(replacement, lowered)
    words = []
    for word in _WORD.findall(lowered):
        if word.startswith("year") and word[4:].isdigit():
            words.append(_full_year(word[4:]))
        else:
            words.append(_SAME_WORD.get(word, word))
    return words


def content_words(text: str) -> list[str]:
    """The words of a text without function words."""
    return [word for word in tokens(text) if word not in _WEAK_WORDS and len(word) > 1]


def _full_year(two_digits: str) -> str:
    return ("20" if int(two_digits) < 50 else "19") + two_digits


def _weights(names: Sequence[Sequence[str]]) -> dict[str, float]:
    """The weights of words: rare ones weigh more; words of every name and function words weigh little."""
    counts: dict[str, int] = {}
    for parts in names:
        for part in set(parts):
            counts[part] = counts.get(part, 0) + 1
    return {
        part: 0.08 if part in _WEAK_WORDS else max(0.1, math.log((len(names) + 1) / count) / math.log(len(names) + 1))
        for part, count in counts.items()
    }


def _find_word(part: str, words: Sequence[str]) -> int | None:
    """The index at which `words` contain `part`, allowing for endings and OCR errors in longer words."""
    for index, word in enumerate(words):
        if word == part or (len(part) == 2 and part.isdigit() and word == _full_year(part)):
            return index
    if part.isdigit() or part in _WEAK_WORDS:
        return None
    if has_han(part[0]):
        return next((i for i, word in enumerate(words) if part in word or (len(word) > 1 and word in part)), None)
    if len(part) < 4:
        return next((i for i, word in enumerate(words) if word in (part + "s", part.rstrip("s"))), None)
    for index, word in enumerate(words):
        if len(word) >= 4 and (fuzz.ratio(word, part) >= _MIN_SIMILARITY or _same_stem(word, part)):
            return index
    return None


def _same_stem(one: str, other: str) -> bool:
    shared = min(len(one), len(other))
    stem = max(5, shared - 3)
    return shared >= 5 and one[:stem] == other[:stem] and abs(len(one) - len(other)) <= 3


def _most_specific(full: Sequence[int], split: Sequence[Sequence[str]], scores: Sequence[float]) -> list[int]:
    """The names that are not part of a longer name that is mentioned too."""
    longest = []
    for i in full:
        inside = any(j != i and set(split[i]) < set(split[j]) and scores[j] >= scores[i] - 0.01 for j in full)
        if not inside:
            longest.append(i)
    exact = [i for i in longest if scores[i] > 0.99]
    return exact or longest


def _by_color(chart: Chart, question: str, cells: list[Cell]) -> tuple[tuple[int, ...], list[Cell], bool]:
    """The series, or single bars and slices, in the colors that the question names."""
    if len(chart.series) > 1:
        colors = {series.color: i for i, series in enumerate(chart.series) if series.color}
        named = named_colors(question, [from_hexadecimal(color) for color in colors])
        indices = [i for color, i in colors.items() if from_hexadecimal(color) in named]
        return tuple(indices), cells, bool(indices)
    mark_colors = {cell.printed.color for cell in cells if cell.printed.color}
    named = named_colors(question, [from_hexadecimal(color) for color in sorted(mark_colors)])
    if not named:
        return (), cells, False
    in_color = [cell for cell in cells if cell.printed.color and from_hexadecimal(cell.printed.color) in named]
    return (), in_color, True
