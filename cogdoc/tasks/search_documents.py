"""Searches documents for words or a question, and ranks their pages together.

Words match by stem and abbreviation, and in spite of misread letters; Chinese by pairs of characters.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar

from cogdoc.documents.document import Document
from cogdoc.documents.geometry import Box, bounding_box
from cogdoc.documents.page_selection import PageSelection
from cogdoc.engines.protocol import Engine
from cogdoc.errors import CogdocError
from cogdoc.parsing.page_text import Line, PageText
from cogdoc.query.terms import match_strength, split_tokens, split_words
from cogdoc.results.failures import ErrorInfo, UnreadPage
from cogdoc.results.records import AnyRecord, SearchRecord, SourceInfo
from cogdoc.results.search_matches import FailedSource, PageMatch, RankedMatch, SearchResult, Snippet
from cogdoc.tasks.describe import describe_error, describe_source
from cogdoc.tasks.search import MATCHING, query_words
from cogdoc.tasks.searched_pages import read_texts
from cogdoc.tasks.task import Item

MIN_SHARE = 0.5
"""Share of the query's words, by weight, that a page has at least."""

MAX_MATCHES = 50
"""Pages of one document that are kept: the memory of a search does not grow with the length of documents."""

MAX_SNIPPETS = 3
MAX_CHARACTERS = 300
MAX_CELL = 60
"""Characters of texts that are shown with those beside them."""

SAME_ROW = 0.6
"""Share of the height that two texts of one row have in common."""

CONTEXT = 60
"""Characters before the first word in a line that is cut."""

PAGE_SHARE, LINE_SHARE, COUNT_SHARE = 0.6, 0.3, 0.1
"""What counts in a page's score: the words on the page, those close together, and how often it has them."""

HALF = 3.0
"""How often a page has a word that counts half as much as one that it has without end."""


@dataclass(frozen=True, slots=True)
class SearchTask:
    """Searches the selected pages. Implements `cogdoc.tasks.task.Task`; the only item is the query."""

    name: ClassVar[str] = "search"
    questions: ClassVar[tuple[str, ...]] = ()

    query: str
    selection: PageSelection

    @property
    def settings(self) -> Mapping[str, Any]:
        return {"pages": (*self.selection.ranges, *self.selection.labels), "query": self.query}

    def items(self, document: Document) -> Sequence[Item]:  # noqa: ARG002 - the protocol's
        return (self.query,)

    def run(self, document: Document, engine: Engine, items: Sequence[Item]) -> Iterator[tuple[SearchRecord]]:
        for _ in items:
            yield (self._search(document, engine),)

    def _search(self, document: Document, engine: Engine) -> SearchRecord:
        words = query_words(self.query)
        selected = document.select(self.selection)
        failures: dict[int, CogdocError] = dict(selected.left_out)
        matches: list[PageMatch] = []
        have = Counter[str]()
        count = 0
        for page in read_texts(document, selected.numbers, failures):
            count += 1
            match = match_page(page.text(), words)
            if match is not None:
                have.update(match.words.keys())
                if _share(match.words, words) >= MIN_SHARE:
                    matches = sorted((*matches, match), key=lambda one: (-one.score, one.page))[:MAX_MATCHES]
        return SearchRecord(
            source=describe_source(document),
            engine=engine.info,
            query=self.query,
            page_count=count,
            pages_with=dict(have),
            unread_pages=tuple(
                UnreadPage(page=number, message=error.message) for number, error in sorted(failures.items())
            ),
            matches=tuple(matches),
            error=None if count or not failures else describe_error(list(failures.values())[-1]),
        )


def match_page(page: PageText, words: Mapping[str, float]) -> PageMatch | None:
    """The lines of a page that have words of the query, scored as if all words were equally rare; None without any.

    Args:
        words: those of the query, in the form of `cogdoc.query.terms.Token.norm`, with their weights.
    """
    lines = [(line, split_words(line.text)) for line in page.lines]
    printed = {word for _, line_words in lines for word in line_words}
    meant = {word: [asked for asked in words if match_strength(asked, word) >= MATCHING] for word in printed}
    counts = Counter(asked for _, line_words in lines for word in line_words for asked in meant[word])
    if not counts:
        return None
    found = [{asked for word in line_words for asked in meant[word]} for _, line_words in lines]
    # A name may go on in the next line.
    close = [one | two for one, two in pairwise(found)] or found
    best = max(_share(one, words) for one in close)
    scored = [(_share(one, words), -index) for index, one in enumerate(found) if one]
    shown: list[Sequence[Line]] = []
    for _, index in sorted(scored, reverse=True):
        row = _row_of(page.lines, -index)
        if len(shown) < MAX_SNIPPETS and row not in shown:
            shown.append(row)
    return PageMatch(
        page=page.number,
        label=page.label,
        score=_score(counts, best, words),
        words=dict(counts),
        closest=best,
        snippets=tuple(_snippet(row, page, meant) for row in shown),
    )


def _share(found: Mapping[str, int] | set[str], weights: Mapping[str, float]) -> float:
    total = sum(weights.values())
    return min(1.0, sum(weights[word] for word in found) / total) if total else 0.0


def _score(counts: Mapping[str, int], closest: float, weights: Mapping[str, float]) -> float:
    often = sum(count / (count + HALF) for count in counts.values()) / len(weights)
    return min(1.0, PAGE_SHARE * _share(counts, weights) + LINE_SHARE * closest + COUNT_SHARE * often)


def _row_of(lines: Sequence[Line], index: int) -> Sequence[Line]:
    """A line with those beside it if all of them are short, as in a table or form; else the line alone."""
    box = lines[index].box
    first = last = index
    while first and _beside(lines[first - 1], box):
        first -= 1
    while last + 1 < len(lines) and _beside(lines[last + 1], box):
        last += 1
    row = sorted(lines[first : last + 1], key=lambda line: line.box.x0)
    return row if all(len(line.text) <= MAX_CELL for line in row) else [lines[index]]


def _beside(line: Line, box: Box) -> bool:
    return line.box.vertical_overlap(box) > SAME_ROW and not line.direction


def _snippet(row: Sequence[Line], page: PageText, meant: Mapping[str, Sequence[str]]) -> Snippet:
    text = "  ".join(line.text for line in row)
    found: list[tuple[int, int]] = []
    for token in split_tokens(text):
        if meant.get(token.norm):
            # Pairs of Chinese characters overlap.
            start = found.pop()[0] if found and found[-1][1] >= token.start else token.start
            found.append((start, token.end))
    cut = 0
    if len(text) > MAX_CHARACTERS and found and found[0][0] > CONTEXT:
        cut = min(found[0][0] - CONTEXT, len(text) - MAX_CHARACTERS)
    end = min(len(text), cut + MAX_CHARACTERS)
    inside = [(start - cut, min(stop, end) - cut) for start, stop in found if cut <= start < end]
    x0, y0, x1, y1 = page.displayed(bounding_box(line.box for line in row))
    return Snippet(text=text[cut:end], box=(x0, y0, x1, y1), found=tuple(inside))


class SearchCollector:
    """Ranks the pages of all documents, in the calls of `cogdoc.results.renderers.renderer.Renderer`.

    How rare a word is on all pages that were searched decides how much it counts.
    """

    def __init__(self, query: str, limit: int, write: Callable[[SearchResult], None]) -> None:
        """
        Args:
            limit: how many matches the result has at most.
            write: called with the result by `close`, when all documents are read.
        """
        self._query = query
        self._limit = limit
        self._write = write
        self._matches: list[tuple[SourceInfo, PageMatch]] = []
        self._pages_with = Counter[str]()
        self._pages = 0
        self._sources: list[SourceInfo] = []
        self._failed: list[FailedSource] = []

    @property
    def found(self) -> bool:
        return bool(self._matches)

    def begin(self, task: str, source: SourceInfo) -> None:  # noqa: ARG002 - part of the protocol
        self._sources.append(source)

    def write(self, record: AnyRecord) -> None:
        if not isinstance(record, SearchRecord):
            return
        self._pages += record.page_count
        self._pages_with.update(record.pages_with)
        self._matches += [(record.source, match) for match in record.matches]
        self._failed += [
            FailedSource(source=record.source.path, page=unread.page, message=unread.message)
            for unread in record.unread_pages
        ]

    def end(self, error: ErrorInfo | None) -> None:
        if error is not None:
            self._failed.append(FailedSource(source=self._sources[-1].path, message=error.message))

    def close(self) -> None:
        self._write(self._result())

    def _result(self) -> SearchResult:
        weights = {
            word: weight * math.log(1 + (self._pages - self._pages_with[word] + 0.5) / (self._pages_with[word] + 0.5))
            for word, weight in query_words(self._query).items()
        }
        scored = [
            (_score(match.words, match.closest, weights), index, source, match)
            for index, (source, match) in enumerate(self._matches)
        ]
        best = sorted(scored, key=lambda one: (-one[0], one[1]))[: self._limit]
        return SearchResult(
            query=self._query,
            documents=len(self._sources),
            pages=self._pages,
            matching=len(self._matches),
            matches=tuple(
                RankedMatch(
                    **(match.model_dump() | {"score": score}), rank=rank, source=source.path, sha256=source.sha256
                )
                for rank, (score, _, source, match) in enumerate(best, start=1)
            ),
            failed=tuple(self._failed),
        )
