"""Ranks the pages of a long document by how likely they contain the answer to a question.

Pages are streamed: only counts of the question's words are stored, so memory does not grow with the text of thousands
of pages. The score is a weighted sum of features, among them Okapi BM25 over stems and synonyms (Robertson and
Zaragoza, "The Probabilistic Relevance Framework", 2009) and how many of the question's words are close together or
adjacent (Metzler and Croft, "A Markov random field model for term dependencies", 2005), in headings, or in the
label of a value.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cogdoc.parsing.page_text import PageText
from cogdoc.query.fitted_model import load_model
from cogdoc.query.page_features import PageFeatures, query_of, read_page_facts
from cogdoc.query.question_analysis import Question, analyze

NAMED_NUMBER_BONUS = 100.0
"""Added to the score of a page that the question names by its number in the document."""

NAMED_LABEL_BONUS = 50.0
"""Added if the number that the question names is the page's printed label."""

MODEL_PATH = Path(__file__).parent / "weights" / "page_ranking.json"
MODEL = load_model(MODEL_PATH)
"""Fitted by `training.page_weights`. The odds of being the right page grow by e with each point."""


@dataclass(frozen=True, slots=True)
class RankedPage:
    """A page, 1-based, and its score, which compares with those of other pages for the same question only."""

    number: int
    score: float


def rank_pages(question: str, pages: Iterable[PageText]) -> list[RankedPage]:
    """All pages, the most promising first; pages with equal scores in page order."""
    asked = analyze(question)
    query = query_of(asked)
    facts = [read_page_facts(query, page) for page in pages]
    features = PageFeatures(query, facts)
    last = max((page.number for page in facts), default=0)
    ranked = [
        RankedPage(page.number, MODEL.score(features.of(page)) + _named_bonus(asked, page.number, page.label, last))
        for page in facts
    ]
    return sorted(ranked, key=lambda page: (-page.score, page.number))


def _named_bonus(asked: Question, number: int, label: str, last: int) -> float:
    """The bonus of a page that the question names."""
    named = {last if page == -1 else page for page in asked.pages}
    if number in named:
        return NAMED_NUMBER_BONUS
    return NAMED_LABEL_BONUS if label.isdecimal() and int(label) in named else 0.0
