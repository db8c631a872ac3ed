"""One page as engines see it: its picture, text and layout, each read once, when it is first needed."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING

from cogdoc.documents.document import Document
from cogdoc.documents.open_request import OpenRequest
from cogdoc.documents.reading_cache.cacheable import cacheable
from cogdoc.documents.rendering import PixelSize
from cogdoc.documents.workers import KeptResult
from cogdoc.errors import DamagedError
from cogdoc.parsing.page_text import PageLayout, PageText

if TYPE_CHECKING:
    from cogdoc.documents.pictures import Picture


class Page:
    """Page `number` (1-based) of a document."""

    def __init__(
        self,
        document: Document,
        number: int,
        page_text: PageText | None = None,
        *,
        text_only: bool = False,
        at_a_glance: bool = False,
    ) -> None:
        """
        Args:
            page_text: the page's text, if it is known already.
            at_a_glance: whether its text is to be had quickly, without that of pictures on a page with a text layer.
                Such a page has no layout.
            text_only: whether a transcription of the page is wanted for its text alone, not for its blocks.
        """
        self.document = document
        self.number = number
        self.text_only = text_only
        self._read_text = glance_of if at_a_glance else text_of
        self._known_text = page_text
        self._text: Future[PageText] | None = None
        self._layout: Future[PageLayout] | None = None
        self._ordered: Future[PageLayout] | None = None

    def request_text(self) -> None:
        """Start to read the text in the sandbox, without waiting for it."""
        if not (self._known_text or self._text or self._layout or self._ordered):
            self._text = self.document.sandbox.submit(self._read_text, self.document.request, self.number)

    def request_layout(self) -> None:
        """Start to read the layout in the sandbox. If the text was requested before, wait for it first."""
        if self._layout is None:
            self._layout = self._submit(layout_of)

    def request_ordered_text(self) -> None:
        """As `request_layout`, for `ordered_text`."""
        if self._ordered is None:
            self._ordered = self._submit(ordered_text_of)

    def _submit(self, read: Callable[[OpenRequest, int, PageText | None], PageLayout]) -> Future[PageLayout]:
        page_text = self.text() if self._text or self._known_text else None
        return self.document.sandbox.submit(read, self.document.request, self.number, page_text)

    def text(self) -> PageText:
        """The page's own text, from its text layer or OCR."""
        if self._known_text is None:
            if self._layout is not None:
                self._known_text = self.layout().page_text
            elif self._ordered is not None:
                self._known_text = self.ordered_text().page_text
            else:
                self.request_text()
                assert self._text is not None
                self._known_text = self._of_this_page(self._text.result())
        return self._known_text

    @property
    def cache_hits(self) -> int:
        """How many of its text and layout the reading cache had."""
        return sum(isinstance(future, KeptResult) for future in (self._text, self._layout))

    def layout(self) -> PageLayout:
        """The page's text in blocks, in reading order."""
        self.request_layout()
        assert self._layout is not None
        layout = self._layout.result()
        self._of_this_page(layout.page_text)
        return layout

    def ordered_text(self) -> PageLayout:
        """The page's text in reading order, as in `layout`; its blocks may be larger, with no kinds and no tables."""
        self.request_ordered_text()
        assert self._ordered is not None
        ordered = self._ordered.result()
        self._of_this_page(ordered.page_text)
        return ordered

    def picture(self, size: PixelSize | None = None) -> Picture:
        """The page rendered with a long side of 1344 pixels, or at exactly `size`."""
        return self.document.picture(self.number, size).result()

    def _of_this_page(self, text: PageText) -> PageText:
        if text.number != self.number:
            raise DamagedError("the worker process sent another page")
        return text


# The functions below run in the sandbox. They import parsing inside, so that the parent process does not load it.


@cacheable(lambda _, number: number)
def text_of(request: OpenRequest, number: int) -> PageText:
    from cogdoc.parsing.reading import read_page_text

    return read_page_text(request, number)


@cacheable(lambda _, number: number)
def glance_of(request: OpenRequest, number: int) -> PageText:
    from cogdoc.parsing.reading import read_page_text

    return read_page_text(request, number, pictures=False)


@cacheable(lambda _request, number, _text: number)
def layout_of(request: OpenRequest, number: int, page_text: PageText | None) -> PageLayout:
    from cogdoc.parsing.reading import read_layout

    return read_layout(request, number, page_text)


@cacheable(lambda _request, number, _text: number)
def ordered_text_of(request: OpenRequest, number: int, page_text: PageText | None) -> PageLayout:
    from cogdoc.parsing.reading import read_ordered_text

    return read_ordered_text(request, number, page_text)
