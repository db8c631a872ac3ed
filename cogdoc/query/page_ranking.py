"""Ranks the pages of a long document by how likely they contain the answer to a question.

Pages are streamed: only counts of the question's words are stored, so memory does not grow with the text of thousands
of pages. The score is a weighted sum of features, among them Okapi BM25 over stems and meanings (Robertson and
Zaragoza, "The Probabilistic Relevance Framework", 2009) and how many of the question's words are close together or
adjacent (Metzler and Croft, "A Markov random field model for term dependencies", 2005), in headings, or in the
label of a value.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from cogdoc.parsing.page_text import PageText
from cogdoc.query.document_outline import CAPTIONED
from cogdoc.query.document_places import Reference, asked_references, edge_numbers, named_pages, names_pages
from cogdoc.query.fitted_model import Features, load_model
from cogdoc.query.page_features import PageFacts, PageFeatures, Query, query_of, read_page_facts
from cogdoc.query.question import Question
from cogdoc.query.question_parser import parse_question

NAMED_BONUS = 100.0
"""Added to the score of a page that the question names by its number or label."""

CAPTION_BONUS = 50.0
"""The same for a page with the caption of a table or figure that the question names."""

MODEL_PATH = Path(__file__).parent / "weights" / "page_ranking.json"
MODEL = load_model(MODEL_PATH)
"""Fitted by `training.page_weights`. The odds of being the right page grow by e with each point."""


@dataclass(frozen=True, slots=True)
class RankedPage:
    """A page, 1-based, and its score, which compares with those of other pages for the same question only."""

    number: int
    score: float


@dataclass(frozen=True, slots=True)
class PageEvidence:
    """What speaks against an answer on the given pages: shares from 0 to 1, larger for questions they do not answer."""

    words_nowhere: float
    """Share of the question's weight in words that no page contains."""
    numbers_nowhere: float
    """Share of the question's numbers and years that no page contains."""
    codes_nowhere: float
    """Share of its words of letters and digits ("AR03") that no page contains."""
    pairs_nowhere: float
    """Share of the question's pairs of adjacent words that are not adjacent on any page: "down button"."""
    scattered: float
    """Share of the weight of printed words that even the page with most of them lacks."""
    places_nowhere: float
    """Share of the named figures, sections, pages and the like that the pages do not have."""
    undecided: float
    """The probability that the ranking gives to other pages than the first."""

    def features(self) -> Features:
        return {name.replace("_", "-"): value for name, value in asdict(self).items()}


def rank_pages(question: str, pages: Iterable[PageText]) -> list[RankedPage]:
    """All pages, the most promising first; pages with equal scores in page order."""
    query = query_of(parse_question(question))
    return _rank(query, [read_page_facts(query, page) for page in pages])


def find_page_evidence(question: Question, pages: Iterable[PageText]) -> PageEvidence:
    """The evidence of all pages, or of the most promising ones, which come close to it."""
    query = query_of(question)
    facts = [read_page_facts(query, page) for page in pages]
    weights, numbers = query.matcher.weights, [i for i, term in enumerate(question.terms) if term.is_number]
    printed = [{index for index, count in enumerate(page.counts) if count} for page in facts]
    anywhere = set[int]().union(*printed)
    weight = sum(weights[index] for index in anywhere)
    best = max((sum(weights[index] for index in found) for found in printed), default=0.0)
    pairs = frozenset[tuple[int, int]]().union(*(page.pairs for page in facts))
    places = frozenset[Reference]().union(*(page.references for page in facts))
    lacks_page = names_pages(question) and not _named(question, facts)
    ranked = _rank(query, facts)
    odds = sum(math.exp(page.score - ranked[0].score) for page in ranked)
    return PageEvidence(
        words_nowhere=1 - _share(weight, sum(weights)),
        numbers_nowhere=1 - _share(len(anywhere.intersection(numbers)), len(numbers)),
        codes_nowhere=1 - _share(len(set[str]().union(*(page.codes for page in facts))), len(query.codes)),
        pairs_nowhere=1 - _share(len(pairs), len(query.pairs)),
        scattered=1 - _share(best, weight),
        places_nowhere=float(lacks_page) or 1 - _share(len(places), len(query.references)),
        undecided=1 - _share(1.0, odds),
    )


def find_named_pages(question: Question, pages: Sequence[PageText], last: int) -> frozenset[int]:
    """The numbers of those of `pages` that the question names by number or label, if it names any.

    `last` is the number of the document's last page.
    """
    fits = named_pages(question, {page.number: (page.label, edge_numbers(page)) for page in pages}, last)
    return frozenset(number for number, fit in fits.items() if fit == max(fits.values()))


def _rank(query: Query, facts: Sequence[PageFacts]) -> list[RankedPage]:
    features, named = PageFeatures(query, facts), _named(query.question, facts)
    ranked = [
        RankedPage(
            page.number,
            MODEL.score(features.of(page))
            + NAMED_BONUS * named.get(page.number, 0.0)
            + CAPTION_BONUS * _has_caption(page),
        )
        for page in facts
    ]
    ranked.sort(key=lambda page: (-page.score, page.number))
    leading = _pages_of_each(query, facts, ranked)
    return [*leading, *(page for page in ranked if page not in leading)]


def _pages_of_each(query: Query, facts: Sequence[PageFacts], ranked: Sequence[RankedPage]) -> list[RankedPage]:
    """The best page of each of several things that the question names by number: "Unit 1 and Unit 2"."""
    asked = asked_references(query.question.text)
    if len(asked) < 2:
        return []
    with_heading = {
        reference: {page.number for page in facts if page.references.get(reference) == 1.0 and not page.lists_contents}
        for reference in asked
    }
    best = (next((page for page in ranked if page.number in numbers), None) for numbers in with_heading.values())
    return list(dict.fromkeys(page for page in best if page is not None))


def _has_caption(page: PageFacts) -> bool:
    """Whether a page has the caption of a table or figure that the question names, and does not just list it."""
    found = (fit == 1.0 and reference[0] in CAPTIONED for reference, fit in page.references.items())
    return not page.lists_contents and any(found)


def _named(question: Question, facts: Sequence[PageFacts]) -> dict[int, float]:
    last = max((page.number for page in facts), default=0)
    return named_pages(question, {page.number: (page.label, page.edges) for page in facts}, last)


def _share(part: float, total: float) -> float:
    """`part / total`; everything of nothing."""
    return part / total if total else 1.0
