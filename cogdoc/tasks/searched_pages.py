"""The pages of a document that a task searches: all of their texts, and the best of them for each question."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Sequence
from weakref import WeakSet, WeakValueDictionary

from cogdoc.documents.document import Document
from cogdoc.errors import CogdocError
from cogdoc.parsing.page import Page
from cogdoc.parsing.page_text_store import PageTextStore
from cogdoc.results.flags import Flag
from cogdoc.tasks.lookahead import look_ahead
from cogdoc.tasks.page_progress import page_in_work

FLAGS_OF_PAGES = (
    Flag.UNSUPPORTED_SCRIPT,
    Flag.HIDDEN_TEXT,
    Flag.HIDDEN_TEXT_INCLUDED,
    Flag.COVERED_TEXT,
    Flag.REPAIRED_FILE,
)
"""Flags of pages that concern answers from the whole document."""


class SearchedPages:
    """The pages of a document, by number. Questions that are answered together or one after the other share them, with
    what was read of them. Thread-safe."""

    def __init__(self, document: Document, store: PageTextStore, kept: int, cache_hits: int) -> None:
        """
        Args:
            kept: of how many questions pages are kept.
            cache_hits: how many of their texts the reading cache had.
        """
        self.document = document
        self.store = store
        self._lock = threading.Lock()
        self._pages: WeakValueDictionary[int, Page] = WeakValueDictionary()
        self._recent: deque[list[Page]] = deque(maxlen=kept)
        self._cache_hits = cache_hits
        self._counted: WeakSet[Page] = WeakSet()
        """Pages whose hits are told already."""

    def get(self, numbers: Sequence[int], closer: PageTextStore | None = None) -> list[Page]:
        """
        Args:
            closer: texts that replace those of `store`.
        """
        with self._lock:
            pages = [self._pages.get(number) or self._page(number, closer) for number in numbers]
            self._pages.update(zip(numbers, pages, strict=True))
            self._recent.append(pages)
        return pages

    def _page(self, number: int, closer: PageTextStore | None) -> Page:
        store = closer if closer is not None and number in closer else self.store
        return Page(self.document, number, store.get(number))

    def rank(self, question: str, top_pages: int) -> list[int]:
        """The numbers of the pages that match a question best."""
        from cogdoc.query.page_ranking import rank_pages

        with self._lock:
            return [page.number for page in rank_pages(question, self.store)[:top_pages]]

    def add_cache_hits(self, hits: int) -> None:
        with self._lock:
            self._cache_hits += hits

    def take_cache_hits(self, pages: Sequence[Page]) -> int:
        """The hits of the reading cache that no question was told yet: of all texts, and of the layouts of `pages`."""
        with self._lock:
            hits, self._cache_hits = self._cache_hits, 0
            for page in pages:
                if page.cache_hits and page not in self._counted:
                    self._counted.add(page)
                    hits += page.cache_hits
        return hits


def read_texts(
    document: Document, numbers: Sequence[int], failures: dict[int, CogdocError], *, at_a_glance: bool = False
) -> Iterator[Page]:
    """Yield all pages in order, with their text; adds the error of each page that fails to `failures`.

    `at_a_glance` leaves out the text of pictures on pages that have a text layer.
    """
    document.sandbox.expect(len(numbers))
    pages = (Page(document, number, at_a_glance=at_a_glance) for number in numbers)
    for page in look_ahead(pages, 2 * document.sandbox.jobs, Page.request_text):
        try:
            with page_in_work(page.number):
                page.text()
        except CogdocError as error:
            failures[page.number] = error
        else:
            yield page
