"""The built-in engine: answers from a page's own words, OCR and layout, without a model or a GPU."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from importlib.metadata import version

from cogdoc.documents.open_request import OpenRequest
from cogdoc.documents.reading_cache.cacheable import cacheable
from cogdoc.engines.protocol import FieldCandidate, Transcription
from cogdoc.errors import InputError, TimeLimitError
from cogdoc.fields.field import Field
from cogdoc.parsing.page import Page
from cogdoc.parsing.page_text import BlockKind, PageLayout, TextOrigin, mean_confidence
from cogdoc.results.flags import Flag
from cogdoc.results.records import Answer, Chart, EngineInfo

LAID_OUT_PAGES = 2
"""How many of the best pages are laid out (blocks, tables, charts) for a question, unless the first one gives a sure
answer. The others are searched by their words alone, since the layout models take a third of a second per page."""

MAX_CHART_WORDS = 300
"""A scan with more words is a page of text; charts have a tenth as many."""

SURE_CONFIDENCE = 0.92
"""An answer with at least this confidence ends the search."""

MIN_PICTURE_SHARE = 0.08
"""A picture below this share of the page's area is not read as a chart."""


class BuiltinEngine:
    """Implements `cogdoc.engines.protocol.Engine`."""

    def __init__(self) -> None:
        self.info = EngineInfo(name="builtin", version=version("cogdoc"))
        self.at_a_time = 1  # what it waits for, the sandbox has at a time

    def close(self) -> None:
        """Do nothing: the sandbox, which does the work, is owned by the caller."""

    def prepare(self, page: Page) -> None:
        if page.text_only:
            page.request_ordered_text()
        else:
            page.request_layout()

    def transcribe(self, page: Page) -> Transcription:
        layout = page.ordered_text() if page.text_only else page.layout()
        return Transcription(layout.blocks, mean_confidence(layout.page_text.words))

    def answer(self, question: str, pages: Sequence[Page], page_count: int) -> Answer:
        layouts = [PageLayout(page.text(), ()) for page in pages]  # needed where a layout fails, so they are read first
        with suppress(InputError, TimeLimitError):  # which are met again below
            for page in pages[:1]:
                page.request_layout()  # while this process imports what answers
        from cogdoc.engines.builtin.answering import answer_question

        best = Answer(question=question, text=None)
        flags: tuple[str, ...] = ()
        for index, page in enumerate(pages[:LAID_OUT_PAGES]):
            try:
                layouts[index] = page.layout()
            except (InputError, TimeLimitError):
                # The words are already read and answer many questions without a layout.
                flags = (Flag.LAYOUT_FAILED.value,)
            best = answer_question(question, layouts, page_count=page_count)
            if best.confidence is not None and best.confidence >= SURE_CONFIDENCE:
                return best.model_copy(update={"flags": flags})
        charts: dict[int, tuple[Chart, ...]] = {}
        for page, layout in zip(pages, layouts[:LAID_OUT_PAGES], strict=False):
            if may_show_chart(layout):
                try:
                    charts[page.number] = self.read_charts(page)
                except (InputError, TimeLimitError):
                    flags = (Flag.LAYOUT_FAILED.value,)
        if any(charts.values()):
            best = answer_question(question, layouts, page_count=page_count, charts=charts)
        return best.model_copy(update={"flags": flags})

    def find_field(self, field: Field, pages: Sequence[Page], page_count: int) -> tuple[FieldCandidate, ...]:  # noqa: ARG002
        from cogdoc.engines.builtin.answering.field_values import find_field_values

        layouts = [PageLayout(page.text(), ()) for page in pages]
        candidates: tuple[FieldCandidate, ...] = ()
        flags: tuple[str, ...] = ()
        for index, page in enumerate(pages[:LAID_OUT_PAGES]):
            try:
                layouts[index] = page.layout()
            except (InputError, TimeLimitError):
                flags = (Flag.LAYOUT_FAILED.value,)
            candidates = find_field_values(field, layouts)
            if candidates and (candidates[0].confidence or 0.0) >= SURE_CONFIDENCE:
                break
        return tuple(replace(one, flags=flags) for one in candidates) if flags else candidates

    def read_charts(self, page: Page) -> tuple[Chart, ...]:
        return page.document.sandbox.run(charts_of, page.document.request, page.layout())

    def answer_from_charts(self, question: str, charts: Iterable[Chart], page: Page) -> Answer:
        from cogdoc.engines.builtin.answering import answer_question

        return answer_question(question, [PageLayout(page.text(), ())], charts={page.number: tuple(charts)})


def may_show_chart(layout: PageLayout) -> bool:
    """Whether a page may show a chart: it is a scan with few words, or contains a picture of some size."""
    if layout.page_text.origin is TextOrigin.OCR:
        return len(layout.page_text.words) <= MAX_CHART_WORDS
    page_area = layout.page_text.width * layout.page_text.height
    return any(
        block.kind is BlockKind.PICTURE and block.box.area >= MIN_PICTURE_SHARE * page_area for block in layout.blocks
    )


@cacheable(lambda _, layout: layout.page_text.number)
def charts_of(request: OpenRequest, layout: PageLayout) -> tuple[Chart, ...]:
    """Read the charts of a page. Runs in the sandbox, so that the parent process does not import OpenCV."""
    from cogdoc.engines.builtin.chart_pages import read_page_charts

    return read_page_charts(request, layout)
