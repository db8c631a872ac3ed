"""Computes the features by which pages are ranked for a question: how a page's words match the question's.

`read_page_facts` reads a page once and stores only counts, so that pages can be streamed. After the last page, the
document frequency of each word is known, and `PageFeatures` turns the counts into features between 0 and 1.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

from cogdoc.parsing.page_text import Line, PageText
from cogdoc.query.concepts import concept_share, concepts_in
from cogdoc.query.document_places import Reference, edge_numbers, find_references
from cogdoc.query.fitted_model import Features
from cogdoc.query.label_matching import Hits, Matcher
from cogdoc.query.question import Question
from cogdoc.query.terms import fold_case, split_tokens
from cogdoc.query.typed_values import NUMERIC, ValueKind, find_values

K1 = 1.2
B = 0.5
"""BM25's saturation and length correction; pages differ in length less than documents do."""

WINDOW = 24
"""Tokens within which words count as close together."""

TOP_LINES = 6
"""Lines at the top of a page that may be its heading."""

HEADING_HEIGHT = 1.25
"""Multiple of the page's median line height from which a line may be a heading."""

MAX_HEADING_TOKENS = 14
STATEMENT_DENSITY = 0.15
"""Share of numbers among the words of a financial statement; a page that only mentions the statement has fewer."""

SECTION_DECAY = 0.5
"""How much less likely a section goes on with every further page."""

_LEADER = re.compile(r"(?:\.\s?){4,}\s*\d+\s*$|…+\s*\d+\s*$|\s\d{1,3}\s*$")
_CODE = re.compile(r"\b(?=\w*\d)(?=\w*[^\W\d])\w{2,}\b")
_CONTENTS = frozenset({"table of contents"})
_STATEMENTS = frozenset({"income statement", "balance sheet", "cash flow statement"})


@dataclass(frozen=True, slots=True)
class Query:
    """A question, prepared for comparing pages with it."""

    question: Question
    matcher: Matcher
    pairs: frozenset[tuple[int, int]]
    """Term indices of words that are next to each other in the question."""
    references: frozenset[Reference]
    """The figures, sections and the like that the question names."""
    codes: frozenset[str]
    """Its words of letters and digits, such as "AR03", in lower case."""
    statements: frozenset[str]
    """The financial statements that the question names, as concepts."""

    @property
    def asks_number(self) -> bool:
        return self.question.kinds[0] in NUMERIC


def query_of(question: Question) -> Query:
    """Prepare a question for comparing pages with it."""
    matcher = Matcher(question, ())
    term_indices = {term.norm: index for index, term in enumerate(question.terms)}
    in_order = [term_indices[token.norm] for token in split_tokens(question.text) if token.norm in term_indices]
    pairs = frozenset((left, right) for left, right in pairwise(in_order) if left != right)
    references = frozenset(mention.reference for mention in find_references(question.text))
    codes = frozenset(_CODE.findall(fold_case(question.text)))
    return Query(question, matcher, pairs, references, codes, concepts_in(question.text) & _STATEMENTS)


@dataclass(slots=True)
class PageFacts:
    """What is stored about one page; the question's words are represented by their term indices."""

    number: int
    label: str
    edges: frozenset[int]
    """Numbers at the top and bottom, one of which may be the printed page number."""
    counts: list[float]
    """By term: how often the page contains the word, inexact matches counted by their strength."""
    length: int = 0
    """Tokens."""
    numbers: int = 0
    """Tokens that are numbers."""
    window: tuple[int, ...] = ()
    """The question's words in the stretch of the page that contains the greatest weight of them."""
    heading: set[int] = field(default_factory=set)
    """The question's words in headings."""
    pairs: set[tuple[int, int]] = field(default_factory=set)
    """Pairs of the question's words that are next to each other on the page as well."""
    label_line: Mapping[int, float] = field(default_factory=dict)
    """The question's words in the line that matches best as the label of the value, with their strengths."""
    label_precision: float = 0.0
    label_has_value: bool = False
    """Whether a number follows that label."""
    references: dict[Reference, float] = field(default_factory=dict)
    """Figures, sections and the like of the question that the page has (1) or mentions (less)."""
    codes: set[str] = field(default_factory=set)
    """Codes of the question that the page contains."""
    is_statement: bool = False
    is_asked_statement: bool = False
    lists_contents: bool = False
    has_kind: bool = False
    """Whether the page has a value of the kind asked for, in a line with a word of the question."""


def read_page_facts(query: Query, page: PageText) -> PageFacts:
    """Compare one page with the question."""
    matcher, kind = query.matcher, query.question.kinds[0]
    weights = matcher.weights
    facts = PageFacts(
        page.number, page.label, edge_numbers(page), [0.0] * len(weights), has_kind=kind is ValueKind.TEXT
    )
    hit_positions: list[tuple[int, int]] = []
    best = 0.0
    awaits_value = False
    heading_height = HEADING_HEIGHT * _median_height(page.lines)
    for line_index, line in enumerate(page.lines):
        text = line.text
        tokens = split_tokens(text)
        covering: dict[int, float] = {}
        previous_hits: Hits = {}
        for hits in matcher.token_hits(tokens):
            for term, strength in hits.items():
                facts.counts[term] += strength
                hit_positions.append((facts.length, term))
                covering[term] = max(covering.get(term, 0.0), strength)
                facts.pairs.update((left, term) for left in previous_hits if (left, term) in query.pairs)
            previous_hits = hits
            facts.length += 1
        digits = sum(token.norm[0].isdigit() for token in tokens)
        facts.numbers += digits
        if awaits_value and (digits or text.strip() not in "$€£¥"):
            facts.label_has_value = 2 * digits >= len(tokens)
            awaits_value = False
        if covering:
            words = [token for token in tokens if not token.norm[0].isdigit()]
            word_terms = {term: value for term, value in covering.items() if not query.question.terms[term].is_number}
            precision = matcher.precision(words) ** 2
            score = precision * sum(weights[term] * strength for term, strength in word_terms.items())
            if score > best:
                best, facts.label_line, facts.label_precision = score, word_terms, precision
                facts.label_has_value, awaits_value = digits > 0, digits == 0
            facts.has_kind = facts.has_kind or bool(find_values(kind, text))
            is_prominent = line_index < TOP_LINES or line.words[0].box.height > heading_height
            if len(tokens) <= MAX_HEADING_TOKENS and is_prominent:
                facts.heading.update(covering)
        facts.codes.update(query.codes.intersection(_CODE.findall(fold_case(text))) if query.codes else ())
        for mention in find_references(text) if query.references else ():
            if mention.reference in query.references:
                known = facts.references.get(mention.reference, 0.0)
                facts.references[mention.reference] = max(mention.fit, known)
    facts.window = _heaviest_window(hit_positions, weights)
    facts.lists_contents = _lists_contents(page)
    titles = frozenset[str]().union(*(concepts_in(line.text) for line in page.lines[: 2 * TOP_LINES])) & _STATEMENTS
    facts.is_statement, facts.is_asked_statement = bool(titles), bool(titles & query.statements)
    return facts


def _median_height(lines: Sequence[Line]) -> float:
    heights = sorted(line.words[0].box.height for line in lines)
    return heights[len(heights) // 2] if heights else 0.0


def _heaviest_window(hit_positions: list[tuple[int, int]], weights: tuple[float, ...]) -> tuple[int, ...]:
    """The terms inside the window of `WINDOW` tokens whose terms weigh most; hits are (token position, term)."""
    best: tuple[int, ...] = ()
    best_weight = 0.0
    first = 0
    inside: dict[int, int] = {}
    for position, term in hit_positions:
        inside[term] = inside.get(term, 0) + 1
        while position - hit_positions[first][0] > WINDOW:
            leaving = hit_positions[first][1]
            inside[leaving] -= 1
            if not inside[leaving]:
                del inside[leaving]
            first += 1
        weight = sum(weights[other] for other in inside)
        if weight > best_weight:
            best, best_weight = tuple(sorted(inside)), weight
    return best


def _lists_contents(page: PageText) -> bool:
    """Whether a page is a table of contents or an index: many lines end with a page number."""
    lines = [line.text for line in page.lines if line.text.strip()]
    if not lines:
        return False
    titled = any(concept_share(text, _CONTENTS) == 1 for text in lines[:8])
    leaders = sum(_LEADER.search(text) is not None for text in lines)
    return (leaders > 0.5 * len(lines) and (titled or leaders > 12)) or (titled and leaders >= 5)


class PageFeatures:
    """Computes the features of pages, once the facts of all of them are known."""

    def __init__(self, query: Query, pages: Sequence[PageFacts]) -> None:
        self._query, self._pages = query, pages
        self._average_length = sum(page.length for page in pages) / max(1, len(pages)) or 1.0
        page_counts = [sum(page.counts[term] > 0 for page in pages) for term in range(len(query.question.terms))]
        rarities = [math.log(1 + (len(pages) - count + 0.5) / (count + 0.5)) for count in page_counts]
        self._weights = [weight * rarity for weight, rarity in zip(query.matcher.weights, rarities, strict=True)]
        self._total = sum(self._weights) or 1.0

    @cached_property
    def _sections(self) -> dict[int, float]:
        """By page: the headings and references of the pages right before it, whose sections may go on."""
        carried, sections = 0.0, {}
        for page in self._pages:
            sections[page.number] = carried
            own = max(self._share(page.heading), *page.references.values(), 0.0)
            carried = max(own, SECTION_DECAY * carried)
        return sections

    @cached_property
    def _pair_total(self) -> float:
        return sum(map(self._pair_weight, self._query.pairs)) or 1.0

    def _pair_weight(self, pair: tuple[int, int]) -> float:
        return self._weights[pair[0]] + self._weights[pair[1]]

    def _share(self, terms: Iterable[int]) -> float:
        return sum(self._weights[term] for term in terms) / self._total

    def of(self, page: PageFacts) -> Features:
        """The features of one page, by the names that `page_ranking.MODEL` has weights for."""
        damping = K1 * (1 - B + B * page.length / self._average_length)
        damped = sum(
            weight * count / (count + damping)
            for weight, count in zip(self._weights, page.counts, strict=True)
            if count
        )
        label = page.label_precision * sum(self._weights[term] * value for term, value in page.label_line.items())
        density = page.numbers / page.length if page.length else 0.0
        asks_number = self._query.asks_number
        return {
            "bm25": damped / self._total,
            "coverage": self._share([term for term, count in enumerate(page.counts) if count]),
            "near": self._share(page.window),
            "pairs": sum(map(self._pair_weight, page.pairs)) / self._pair_total,
            "heading": self._share(page.heading),
            "label": label / self._total,
            "valued-label": label / self._total if page.label_has_value else 0.0,
            "reference": max(page.references.values(), default=0.0),
            "codes": len(page.codes) / len(self._query.codes) if page.codes else 0.0,
            "section": self._sections.get(page.number, 0.0),
            "numbers": min(1.0, 2 * density) if asks_number else 0.0,
            "statement": float(page.is_statement and density > STATEMENT_DENSITY and asks_number),
            "asked-statement": float(page.is_asked_statement and density > STATEMENT_DENSITY),
            "contents": float(page.lists_contents),
            "no-kind": float(not page.has_kind),
            "early": 1 / page.number,
            "whole-document": float(bool(self._query.question.fields) and page.number == 1),
        }
