"""One page as the engines see it: its picture, words and layout, each read when first asked for, and once."""

from __future__ import annotations

from concurrent.futures import Future, wait
from typing import TYPE_CHECKING

from cogdoc.documents.document import Document
from cogdoc.documents.open_request import OpenRequest
from cogdoc.documents.rendering import PixelSize
from cogdoc.parsing.page_text import PageLayout, PageText

if TYPE_CHECKING:
    from cogdoc.documents.pictures import Picture


class Page:
    """Page `number` (1-based) of a document."""

    def __init__(self, document: Document, number: int, words: PageText | None = None) -> None:
        """`words` where they were read before."""
        self.document = document
        self.number = number
        self._known_words = words
        self._words: Future[PageText] | None = None
        self._layout: Future[PageLayout] | None = None

    def request_text(self) -> None:
        """Have the words read, without waiting for them."""
        if self._known_words is None and self._words is None and self._layout is None:
            self._words = self.document.sandbox.submit(text_of, self.document.request, self.number)

    def request_layout(self) -> None:
        """Have the layout read, without waiting for it (but for words that are being read already)."""
        if self._layout is None:
            words = self.text() if self._words or self._known_words else None
            self._layout = self.document.sandbox.submit(layout_of, self.document.request, self.number, words)

    def text(self) -> PageText:
        """What the page literally says."""
        if self._known_words is None:
            if self._layout is not None:
                self._known_words = self._layout.result().page_text
            else:
                self.request_text()
                assert self._words is not None
                self._known_words = self._words.result()
        return self._known_words

    def has_text_within(self, seconds: float) -> bool:
        """Whether the words are read, or reading them has failed, in so short a time."""
        if self._known_words is not None:
            return True
        self.request_text()
        assert self._words is not None
        return self._words in wait([self._words], seconds).done

    def layout(self) -> PageLayout:
        """The words in blocks, in reading order."""
        self.request_layout()
        assert self._layout is not None
        return self._layout.result()

    def picture(self, size: PixelSize | None = None) -> Picture:
        """The page drawn with a long side of 1344 pixels, or at exactly `size`."""
        return self.document.picture(self.number, size).result()


# What follows runs in the sandbox, and imports there what the parent need not load.


def text_of(request: OpenRequest, number: int) -> PageText:
    from cogdoc.parsing.reading import read_page_text

    return read_page_text(request, number)


def layout_of(request: OpenRequest, number: int, words: PageText | None) -> PageLayout:
    from cogdoc.parsing.reading import read_layout

    return read_layout(request, number, words)
