"""Pages of a long document that is read at a glance first, and closely where a question needs it.

A glance leaves out what takes longest: the text of pictures on pages that have a text layer. Each question starts from
the glances alone. So its answer depends neither on the questions before it nor on what a cache or an earlier run knows;
what was read closely for one question is only read sooner for another.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping

from cogdoc.errors import CogdocError
from cogdoc.parsing.page import Page
from cogdoc.parsing.page_text import PageText
from cogdoc.parsing.page_text_store import PageTextStore
from cogdoc.tasks.searched_pages import SearchedPages, read_texts


class CloseReadings:
    """The texts of the pages that any question had read closely. Thread-safe."""

    def __init__(self, pages: SearchedPages, glanced: Iterable[int], store: PageTextStore) -> None:
        """
        Args:
            pages: the document's pages, with the texts of their glances.
            glanced: the numbers of those whose pictures are not read.
            store: where the closer texts are kept.
        """
        self.pages = pages
        self.glanced = frozenset(glanced)
        self.store = store
        self.failures: dict[int, CogdocError] = {}
        """Of the pages that could not be read closely."""
        self._lock = threading.Lock()

    def read(self, numbers: Iterable[int]) -> None:
        """Read those pages closely that are not read yet."""
        with self._lock:
            unread = [number for number in sorted(numbers) if number not in self.store and number not in self.failures]
            for page in read_texts(self.pages.document, unread, self.failures) if unread else ():
                self.store.add(page.text())
                self.pages.add_cache_hits(page.cache_hits)


class QuestionPages:
    """The pages as one question sees them: glances, but for those that were read closely for it."""

    def __init__(self, readings: CloseReadings) -> None:
        self._readings = readings
        self._closely: set[int] = set()

    @property
    def has_glances(self) -> bool:
        """Whether pictures of any page are unread."""
        return not self._readings.glanced <= self._closely

    @property
    def failures(self) -> Mapping[int, CogdocError]:
        """The errors of pages that could not be read closely for this question."""
        failed = self._readings.failures
        return {number: failed[number] for number in sorted(self._closely) if number in failed}

    def texts(self) -> Iterator[PageText]:
        """The texts of all pages but those that could not be read closely."""
        for text in self._readings.pages.store:
            if text.number not in self._closely:
                yield text
            elif text.number in self._readings.store:
                yield self._readings.store.get(text.number)

    def read_all(self) -> None:
        """Read the pictures of all pages."""
        self._read(self._readings.glanced)

    def best(self, question: str, top_pages: int) -> list[Page]:
        """The pages that match a question best, read closely. With their pictures they may rank elsewhere."""
        from cogdoc.query.page_ranking import rank_pages

        while True:
            best = [page.number for page in rank_pages(question, self.texts())[:top_pages]]
            glanced = self._readings.glanced.difference(self._closely).intersection(best)
            if not glanced:
                return self._readings.pages.get(best, self._readings.store)
            self._read(glanced)

    def _read(self, numbers: Iterable[int]) -> None:
        self._readings.read(numbers)
        self._closely.update(numbers)
