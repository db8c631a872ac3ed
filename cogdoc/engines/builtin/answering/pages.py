"""Which pages of a long document to look at for a question.

Pages are streamed: of each only how often it holds the question's words is kept, so that memory does not grow
with the words of thousands of pages. The score is Okapi BM25 over stems and synonyms (Robertson and Zaragoza,
"The Probabilistic Relevance Framework", 2009), raised where the question's words stand close together.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cogdoc.engines.builtin.answering.labels import Matcher
from cogdoc.engines.builtin.answering.questions import analyze
from cogdoc.engines.builtin.answering.terms import Token, folded, split_tokens
from cogdoc.engines.builtin.answering.values import ValueKind, find_values
from cogdoc.engines.builtin.answering.vocabulary import CONTENTS_TITLES
from cogdoc.words.types import PageWords

K1 = 1.2
B = 0.5
"""BM25's saturation and length correction; pages differ in length less than documents do."""

WINDOW = 24
"""Tokens within which words count as standing together."""

PROXIMITY = 0.8
LABEL = 2.0
"""What a line adds that says the label that the question means, and nothing else."""

NAMED_PAGE = 100.0
CONTENTS_PENALTY = 0.6

_LEADER = re.compile(r"(?:\.\s?){4,}\s*\d+\s*$|…+\s*\d+\s*$|\s\d{1,3}\s*$")


@dataclass(frozen=True, slots=True)
class RankedPage:
    """A page, 1-based, and how much it promises; scores compare within one question only."""

    number: int
    score: float


@dataclass(frozen=True, slots=True)
class _PageCounts:
    number: int
    length: int
    counts: tuple[float, ...]
    near: tuple[int, ...]
    """Places of the question's words in the window that holds the weightiest of them."""
    label: float
    """How well the line does that names the value best: weight of the question's words, times its precision."""
    lists_contents: bool
    has_kind: bool


def rank_pages(question: str, pages: Iterable[PageWords]) -> list[RankedPage]:
    """All pages, the most promising first; equal ones in page order."""
    asked = analyze(question)
    matcher = Matcher(asked, ())
    weights = tuple(term.weight for term in asked.terms)
    kept = [_count(matcher, page, weights, asked.kinds[0]) for page in pages]
    if not kept:
        return []
    average = sum(page.length for page in kept) / len(kept) or 1.0
    held = [sum(page.counts[place] > 0 for page in kept) for place in range(len(weights))]
    rarity = [math.log(1 + (len(kept) - count + 0.5) / (count + 0.5)) for count in held]
    last = max(page.number for page in kept)
    named = {last if number == -1 else number for number in asked.pages}
    scored = [
        RankedPage(page.number, _score(page, weights, rarity, average) + NAMED_PAGE * (page.number in named))
        for page in kept
    ]
    if asked.fields and not named:
        scored = [
            RankedPage(page.number, page.score + (0.5 * sum(rarity) if page.number == 1 else 0.0)) for page in scored
        ]
    return sorted(scored, key=lambda page: (-page.score, page.number))


def _count(matcher: Matcher, page: PageWords, weights: tuple[float, ...], kind: ValueKind) -> _PageCounts:
    counts = [0.0] * len(weights)
    struck: list[tuple[int, int]] = []
    length = 0
    label = 0.0
    has_kind = kind is ValueKind.TEXT
    for line in page.lines:
        tokens = split_tokens(line.text)
        hit = False
        for token in tokens:
            for place, strength in matcher.hits(token.norm):
                counts[place] += strength
                struck.append((length, place))
                hit = True
            length += 1
        if hit:
            label = max(label, _as_label(matcher, tokens))
        has_kind = has_kind or (hit and bool(find_values(kind, line.text)))
    near = _nearest(struck, weights)
    return _PageCounts(page.number, length, tuple(counts), near, label, _lists_contents(page), has_kind)


def _as_label(matcher: Matcher, tokens: Sequence[Token]) -> float:
    """Weight of the question's words in a line, times the share of its words (numbers apart) that they make up."""
    words = [token for token in tokens if not token.norm[0].isdigit()]
    covering = matcher.covered(words)
    weight = sum(matcher.question.terms[place].weight * value for place, value in covering.items())
    return weight * matcher.precision(words) ** 2


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


def _lists_contents(page: PageWords) -> bool:
    lines = [line.text for line in page.lines if line.text.strip()]
    if not lines:
        return False
    titled = any(folded(text).strip(" .:") in CONTENTS_TITLES for text in lines[:8])
    leaders = sum(_LEADER.search(text) is not None for text in lines)
    return (leaders > 0.5 * len(lines) and (titled or leaders > 12)) or (titled and leaders >= 5)


def _score(page: _PageCounts, weights: tuple[float, ...], rarity: list[float], average: float) -> float:
    score = 0.0
    for count, weight, rare in zip(page.counts, weights, rarity, strict=True):
        if count:
            damped = count * (K1 + 1) / (count + K1 * (1 - B + B * page.length / average))
            score += weight * rare * damped
    score += PROXIMITY * sum(weights[place] * rarity[place] for place in page.near)
    score += LABEL * page.label * sum(rarity) / max(1, len(rarity))
    if page.lists_contents:
        score *= CONTENTS_PENALTY
    return score * (1.0 if page.has_kind else 0.85)
