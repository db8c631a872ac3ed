"""Finds the pages of a document that match words or a question, with the lines that match."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from cogdoc.documents.document import Document
from cogdoc.documents.page_selection import PageSelection
from cogdoc.errors import CogdocError
from cogdoc.parsing.page import Page
from cogdoc.parsing.page_text import Line, PageText
from cogdoc.parsing.page_text_store import PageTextStore
from cogdoc.query.question_parser import parse_question
from cogdoc.query.terms import match_strength, split_words
from cogdoc.results.record_model import BoxTuple
from cogdoc.tasks.lookahead import look_ahead

MATCHING = 0.8
"""Strength from which on a printed word is one of the query's; see `cogdoc.query.terms.match_strength`."""

MIN_WEIGHT = 0.5
"""Words of a question that weigh less only say what kind of value it asks for, such as "number"."""

MAX_SNIPPETS = 3
SNIPPET_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class Snippet:
    """A line of a page that has words of the query."""

    text: str
    box: BoxTuple
    """On the page as displayed, in points."""


@dataclass(frozen=True, slots=True)
class PageMatch:
    """A page that has words of the query."""

    page: int
    label: str
    snippets: tuple[Snippet, ...]
    """The lines with most of the query's words, the best first."""


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The matching pages, the most promising first, and how many pages could not be read."""

    matches: tuple[PageMatch, ...]
    unread: int


def search_pages(document: Document, query: str, selection: PageSelection) -> SearchResult:
    """Rank the selected pages by how well they match words or a question; pages without any of its words are left out.

    Raises:
        UsageError: `selection` has a page that does not exist.
    """
    from cogdoc.query.page_ranking import rank_pages

    selected = document.select(selection)
    unread = len(selected.left_out)
    with PageTextStore() as store:
        pages = (Page(document, number) for number in selected.numbers)
        for page in look_ahead(pages, 2 * document.sandbox.jobs, Page.request_text):
            try:
                store.add(page.text())
            except CogdocError:
                unread += 1
        words = query_words(query)
        ranked = (store.get(page.number) for page in rank_pages(query, store)) if len(store) else iter(())
        return SearchResult(tuple(_matches(ranked, words)), unread)


def matched_weight(query: str, page: PageText) -> float:
    """The weights of the query's words that a page prints."""
    words = {term.norm: term.weight for term in parse_question(query).terms}
    found = {word for line in page.lines for word in _found(line, words)}
    return sum(words[word] for word in found)


def query_words(query: str) -> dict[str, float]:
    """The words to find, with their weights; all of them if none weighs much."""
    terms = {term.norm: term.weight for term in parse_question(query).terms}
    heavy = {norm: weight for norm, weight in terms.items() if weight >= MIN_WEIGHT}
    return heavy or terms or dict.fromkeys(split_words(query), 1.0)


def _matches(pages: Iterator[PageText], words: Mapping[str, float]) -> Iterator[PageMatch]:
    for page in pages:
        scored = [(score, -index) for index, line in enumerate(page.lines) if (score := _score(line, words))]
        if scored:
            best = [page.lines[-index] for _, index in sorted(scored, reverse=True)[:MAX_SNIPPETS]]
            yield PageMatch(page.number, page.label, tuple(_snippet(line, page) for line in best))


def _score(line: Line, words: Mapping[str, float]) -> float:
    """The weights of the query's words in a line."""
    return sum(words[word] for word in _found(line, words))


def _found(line: Line, words: Iterable[str]) -> list[str]:
    """Those of the query's words that a line has."""
    printed = split_words(line.text)
    return [word for word in words if any(match_strength(word, other) >= MATCHING for other in printed)]


def _snippet(line: Line, page: PageText) -> Snippet:
    x0, y0, x1, y1 = page.displayed(line.box)
    text = line.text if len(line.text) <= SNIPPET_CHARACTERS else f"{line.text[:SNIPPET_CHARACTERS]}..."
    return Snippet(text, (x0, y0, x1, y1))
