"""What a page is judged by when pages are ranked for a question: how its words meet the question's.

A page goes by once and only counts are kept of it; what is rare among the pages, and so tells them apart, is
known when all have gone by. Each measure lies between 0 and 1.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

from cogdoc.parsing.page_text import Line, PageText
from cogdoc.query.label_matching import Matcher
from cogdoc.query.question_analysis import Question
from cogdoc.query.terms import folded, split_tokens
from cogdoc.query.typed_values import NUMERIC, ValueKind, find_values
from cogdoc.query.vocabulary import CONTENTS_TITLES

K1 = 1.2
B = 0.5
"""BM25's saturation and length correction; pages differ in length less than documents do."""

WINDOW = 24
"""Tokens within which words count as standing together."""

TOP_LINES = 6
"""Lines at the top of a page that may say what it is about."""

TALL = 1.25
"""Times the page's median height: so tall a line is a heading."""

HEADING_TOKENS = 14
DENSE = 0.15
"""Share of numbers among a statement's words; a page of text that only mentions it has fewer."""

MENTIONED = 0.4
"""What mentioning a figure or a section counts, of having it."""

_LEADER = re.compile(r"(?:\.\s?){4,}\s*\d+\s*$|…+\s*\d+\s*$|\s\d{1,3}\s*$")
_REFERENCE = re.compile(
    r"\b(figure|fig|table|exhibit|appendix|annex|note|section|chapter|part|unit|item|lesson|module|step|schedule|box|"
    r"chart|question|week|quarter|semester|act|article|case)s?\.?[\s\-–]{0,2}(\d{1,3}(?:\.\d{1,2})*|[A-Z]\b|[IVX]{1,5}\b)|"
    r"([表图]|附录|附件)\s?(\d{1,3}(?:[-.]\d{1,2})*|[一二三四五六七八九十]+)",
    re.I,
)
_OF = r"\bstatements?\s+of\s+(?:[a-z’']+\s+){0,3}"
_STATEMENTS = tuple(
    re.compile(pattern, re.I)
    for pattern in (
        rf"{_OF}(?:income|operations|earnings|loss)\b|\bincome\s+statements?\b|\bp\s?&\s?l\b|利润表|损益表",
        rf"{_OF}(?:position|condition)\b|\bbalance\s+sheets?\b|资产负债表",
        rf"{_OF}cash\s?flows?\b|\bcash\s+flow\s+statements?\b|现金流量表",
    )
)
"""The accounts of a company, as they are titled and asked for."""


@dataclass(frozen=True, slots=True)
class Query:
    """A question as pages are compared with it."""

    question: Question
    matcher: Matcher
    pairs: frozenset[tuple[int, int]]
    """Places of words that stand side by side in the question."""
    references: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...]
    """Of each figure, section and the like that the question names: a line that has it, a line that mentions it."""

    statements: tuple[re.Pattern[str], ...]
    """The accounts that it wants the answer from."""

    @property
    def asks_number(self) -> bool:
        return self.question.kinds[0] in NUMERIC


def query_of(question: Question) -> Query:
    """Prepare a question for comparing pages with it."""
    matcher = Matcher(question, ())
    places = {term.norm: place for place, term in enumerate(question.terms)}
    said = [places[token.norm] for token in split_tokens(question.text) if token.norm in places]
    pairs = frozenset((left, right) for left, right in pairwise(said) if left != right)
    statements = tuple(pattern for pattern in _STATEMENTS if pattern.search(question.text))
    return Query(question, matcher, pairs, tuple(_references(question.text)), statements)


def _references(text: str) -> Iterator[tuple[re.Pattern[str], re.Pattern[str]]]:
    for match in _REFERENCE.finditer(text):
        word, number = (match[1] or match[3]).lower(), re.escape(match[2] or match[4])
        word = "fig(?:ure)?" if word.startswith("fig") else word
        one = rf"{word}\.?[\s\-–]{{0,2}}{number}(?![\w]|\.\d)"
        yield re.compile(rf"^\W*{one}", re.I), re.compile(rf"(?<![^\W\d]){one}", re.I)


@dataclass(slots=True)
class PageCounts:
    """What is kept of one page."""

    number: int
    label: str
    counts: list[float]
    """How often it says each of the question's words."""
    length: int = 0
    numbers: int = 0
    near: tuple[int, ...] = ()
    """Places of the question's words in the window that holds the weightiest of them."""
    heading: set[int] = field(default_factory=set)
    pairs: set[tuple[int, int]] = field(default_factory=set)
    best_line: Mapping[int, float] = field(default_factory=dict)
    """The question's words in the line that names the value best."""
    line_precision: float = 0.0
    line_valued: bool = False
    """Whether a number follows that line."""
    reference: float = 0.0
    is_statement: bool = False
    is_asked_statement: bool = False
    lists_contents: bool = False
    has_kind: bool = False


def count_page(query: Query, page: PageText) -> PageCounts:
    """Count what one page says."""
    matcher, kind = query.matcher, query.question.kinds[0]
    weights = matcher.weights
    kept = PageCounts(page.number, page.label, [0.0] * len(weights), has_kind=kind is ValueKind.TEXT)
    struck: list[tuple[int, int]] = []
    best = 0.0
    awaits_value = False
    tall = TALL * _median_height(page.lines)
    for order, line in enumerate(page.lines):
        text = line.text
        tokens = split_tokens(text)
        covering: dict[int, float] = {}
        before: tuple[tuple[int, float], ...] = ()
        for token in tokens:
            found = matcher.hits(token.norm)
            for place, strength in found:
                kept.counts[place] += strength
                struck.append((kept.length, place))
                covering[place] = max(covering.get(place, 0.0), strength)
                kept.pairs.update((left, place) for left, _ in before if (left, place) in query.pairs)
            before = found
            kept.length += 1
        digits = sum(token.norm[0].isdigit() for token in tokens)
        kept.numbers += digits
        if awaits_value and (digits or text.strip() not in "$€£¥"):
            kept.line_valued = 2 * digits >= len(tokens)
            awaits_value = False
        if covering:
            words = [token for token in tokens if not token.norm[0].isdigit()]
            named = {place: value for place, value in covering.items() if not query.question.terms[place].is_number}
            precision = matcher.precision(words) ** 2
            value = precision * sum(weights[place] * strength for place, strength in named.items())
            if value > best:
                best, kept.best_line, kept.line_precision = value, named, precision
                kept.line_valued, awaits_value = digits > 0, digits == 0
            kept.has_kind = kept.has_kind or bool(find_values(kind, text))
            if len(tokens) <= HEADING_TOKENS and (order < TOP_LINES or line.words[0].box.height > tall):
                kept.heading.update(covering)
        for has, mentions in query.references:
            if mentions.search(text):
                kept.reference = max(kept.reference, 1.0 if has.match(text) else MENTIONED)
    kept.near = _nearest(struck, weights)
    kept.lists_contents = _lists_contents(page)
    top = "\n".join(line.text for line in page.lines[: 2 * TOP_LINES])
    kept.is_statement = any(pattern.search(top) for pattern in _STATEMENTS)
    kept.is_asked_statement = any(pattern.search(top) for pattern in query.statements)
    return kept


def _median_height(lines: Sequence[Line]) -> float:
    heights = sorted(line.words[0].box.height for line in lines)
    return heights[len(heights) // 2] if heights else 0.0


def _nearest(struck: list[tuple[int, int]], weights: tuple[float, ...]) -> tuple[int, ...]:
    """The question's words in the heaviest window of the page."""
    best: tuple[int, ...] = ()
    best_weight = 0.0
    first = 0
    held: dict[int, int] = {}
    for position, place in struck:
        held[place] = held.get(place, 0) + 1
        while position - struck[first][0] > WINDOW:
            left = struck[first][1]
            held[left] -= 1
            if not held[left]:
                del held[left]
            first += 1
        weight = sum(weights[other] for other in held)
        if weight > best_weight:
            best, best_weight = tuple(sorted(held)), weight
    return best


def _lists_contents(page: PageText) -> bool:
    lines = [line.text for line in page.lines if line.text.strip()]
    if not lines:
        return False
    titled = any(folded(text).strip(" .:") in CONTENTS_TITLES for text in lines[:8])
    leaders = sum(_LEADER.search(text) is not None for text in lines)
    return (leaders > 0.5 * len(lines) and (titled or leaders > 12)) or (titled and leaders >= 5)


class PageFeatures:
    """Measures of pages, once all of them are counted."""

    def __init__(self, query: Query, pages: Sequence[PageCounts]) -> None:
        self._query = query
        self._pages = pages
        self._average = sum(page.length for page in pages) / max(1, len(pages)) or 1.0
        held = [sum(page.counts[place] > 0 for page in pages) for place in range(len(query.question.terms))]
        rarity = [math.log(1 + (len(pages) - count + 0.5) / (count + 0.5)) for count in held]
        self._weights = [weight * rare for weight, rare in zip(query.matcher.weights, rarity, strict=True)]
        self._total = sum(self._weights) or 1.0

    @cached_property
    def _pair_total(self) -> float:
        return sum(map(self._pair_weight, self._query.pairs)) or 1.0

    def _pair_weight(self, pair: tuple[int, int]) -> float:
        return self._weights[pair[0]] + self._weights[pair[1]]

    def _share(self, places: Iterator[int] | Sequence[int] | set[int]) -> float:
        return sum(self._weights[place] for place in places) / self._total

    def of(self, page: PageCounts) -> dict[str, float]:
        """The measures of one page by their names in `pages.WEIGHTS`."""
        damping = K1 * (1 - B + B * page.length / self._average)
        damped = sum(
            weight * count / (count + damping)
            for weight, count in zip(self._weights, page.counts, strict=True)
            if count
        )
        label = page.line_precision * sum(self._weights[place] * value for place, value in page.best_line.items())
        dense = page.numbers / page.length if page.length else 0.0
        asks_number = self._query.asks_number
        return {
            "bm25": damped / self._total,
            "coverage": self._share([place for place, count in enumerate(page.counts) if count]),
            "near": self._share(page.near),
            "pairs": sum(map(self._pair_weight, page.pairs)) / self._pair_total,
            "heading": self._share(page.heading),
            "label": label / self._total,
            "valued-label": label / self._total if page.line_valued else 0.0,
            "reference": page.reference,
            "numbers": min(1.0, 2 * dense) if asks_number else 0.0,
            "words": min(1.0, 2 * dense) if not asks_number else 0.0,
            "statement": float(page.is_statement and dense > DENSE and asks_number),
            "asked-statement": float(page.is_asked_statement and dense > DENSE),
            "contents": float(page.lists_contents),
            "no-kind": float(not page.has_kind),
            "early": 1 / page.number,
            "whole-document": float(bool(self._query.question.fields) and page.number == 1),
        }
