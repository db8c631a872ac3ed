"""Which pages of a long document to look at for a question.

Pages are streamed: of each only how often it holds the question's words is kept, so that memory does not grow
with the words of thousands of pages. The score is a weighted sum of measures, among them Okapi BM25 over stems and
synonyms (Robertson and Zaragoza, "The Probabilistic Relevance Framework", 2009), the question's words that stand
close together or side by side (Metzler and Croft, "A Markov random field model for term dependencies", 2005), in
headings, and as the label of a value.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cogdoc.parsing.page_text import PageText
from cogdoc.query.page_features import PageFeatures, count_page, query_of
from cogdoc.query.question_analysis import Question, analyze, broadened

NAMED_PAGE = 100.0
NAMED_LABEL = 50.0
"""Of a page that bears the number on its face, where another one is the document's page of that number."""

WEIGHTS: dict[str, float] = {
    "bm25": 7.96,
    "coverage": 2.11,
    "near": 3.86,
    "pairs": 2.54,
    "heading": 0.74,
    "label": 4.56,
    "valued-label": 2.69,
    "reference": 3.15,
    "numbers": 1.48,
    "words": 0.18,
    "statement": 3.29,
    "asked-statement": 3.02,
    "contents": -3.00,
    "no-kind": -0.88,
    "early": 1.12,
    "whole-document": 2.00,
}
"""Fitted by `benchmarks/page_weights.py`: a page's odds of being the one grow by e for each point."""


@dataclass(frozen=True, slots=True)
class RankedPage:
    """A page, 1-based, and how much it promises; scores compare within one question only."""

    number: int
    score: float


def rank_pages(question: str, pages: Iterable[PageText]) -> list[RankedPage]:
    """All pages, the most promising first; equal ones in page order."""
    asked = analyze(broadened(question))
    query = query_of(asked)
    counted = [count_page(query, page) for page in pages]
    measures = PageFeatures(query, counted)
    last = max((page.number for page in counted), default=0)
    ranked = [
        RankedPage(
            page.number,
            sum(WEIGHTS[name] * value for name, value in measures.of(page).items())
            + _named(asked, page.number, page.label, last),
        )
        for page in counted
    ]
    return sorted(ranked, key=lambda page: (-page.score, page.number))


def _named(asked: Question, number: int, label: str, last: int) -> float:
    """What a page gains because the question names it by its place or by the number printed on it."""
    named = {last if page == -1 else page for page in asked.pages}
    if number in named:
        return NAMED_PAGE
    return NAMED_LABEL if label.isdecimal() and int(label) in named else 0.0
