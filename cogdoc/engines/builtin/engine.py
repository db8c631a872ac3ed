"""The built-in engine: answers from a page's own words, OCR and layout, without a model or a GPU."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.metadata import version

from cogdoc.documents.open_request import OpenRequest
from cogdoc.engines.protocol import Transcription
from cogdoc.errors import InputError, TimeLimitError
from cogdoc.parsing.page import Page
from cogdoc.parsing.page_text import BlockKind, PageLayout, TextOrigin, mean_confidence
from cogdoc.results.records import Answer, Chart, EngineInfo, Flag

LAID_OUT_PAGES = 2
"""How many of the best pages are laid out (blocks, tables, charts) for a question, unless the first one gives a sure
answer. The others are searched by their words alone, since the layout models take a third of a second per page."""

MAX_CHART_WORDS = 300
"""A scan with more words is a page of text; charts have a tenth as many."""

MIN_CONFIDENCE = 0.3
"""Answers from charts with a lower confidence are guesses and not given."""

SURE_CONFIDENCE = 0.9
"""An answer with at least this confidence ends the search."""

MIN_PICTURE_SHARE = 0.08
"""A picture below this share of the page's area is not read as a chart."""


class BuiltinEngine:
    """Implements `cogdoc.engines.protocol.Engine`."""

    def __init__(self) -> None:
        self.info = EngineInfo(name="builtin", version=version("cogdoc"))

    def close(self) -> None:
        """Do nothing: the sandbox, which does the work, is owned by the caller."""

    def prepare(self, page: Page) -> None:
        page.request_layout()

    def transcribe(self, page: Page) -> Transcription:
        layout = page.layout()
        return Transcription(layout.blocks, mean_confidence(layout.page_text.words))

    def answer(self, question: str, pages: Sequence[Page], page_count: int) -> Answer:
        from cogdoc.engines.builtin.answering import answer_question

        layouts = [PageLayout(page.text(), ()) for page in pages]
        best = Answer(question=question, text=None, confidence=0.0)
        flags: tuple[str, ...] = ()
        for index, page in enumerate(pages[:LAID_OUT_PAGES]):
            try:
                layouts[index] = page.layout()
            except (InputError, TimeLimitError):
                # The words are already read and answer many questions without a layout.
                flags = (Flag.LAYOUT_FAILED.value,)
            best = answer_question(question, layouts, page_count=page_count)
            if best.found and best.confidence >= SURE_CONFIDENCE:
                return best.model_copy(update={"flags": flags})
        for page, layout in zip(pages, layouts[:LAID_OUT_PAGES], strict=False):
            if not may_show_chart(layout):
                continue
            try:
                answer = self.answer_from_charts(question, self.read_charts(page), page)
            except (InputError, TimeLimitError):
                flags = (Flag.LAYOUT_FAILED.value,)
                continue
            if answer.found and not (best.found and best.confidence >= answer.confidence):
                best = answer
        return best.model_copy(update={"flags": flags})

    def read_charts(self, page: Page) -> tuple[Chart, ...]:
        return page.document.sandbox.run(charts_of, page.document.request, page.layout())

    def answer_from_charts(self, question: str, charts: Iterable[Chart], page: Page) -> Answer:
        from cogdoc.engines.builtin.charts.chart_questions import answer_chart_question

        page_text = page.text()
        answers = [
            answer
            for chart in charts
            if (answer := answer_chart_question(chart, question, page_text.lines))
            and answer.confidence >= MIN_CONFIDENCE
        ]
        not_found = Answer(question=question, text=None, confidence=0.0)
        best = max(answers, key=lambda answer: answer.confidence, default=not_found)
        page_fields = {"page": page_text.number, "label": page_text.label}
        evidence = tuple(item.model_copy(update=page_fields) for item in best.evidence)
        return best.model_copy(update={"evidence": evidence})


def may_show_chart(layout: PageLayout) -> bool:
    """Whether a page may show a chart: it is a scan with few words, or contains a picture of some size."""
    if layout.page_text.origin is TextOrigin.OCR:
        return len(layout.page_text.words) <= MAX_CHART_WORDS
    page_area = layout.page_text.width * layout.page_text.height
    return any(
        block.kind is BlockKind.PICTURE and block.box.area >= MIN_PICTURE_SHARE * page_area for block in layout.blocks
    )


def charts_of(request: OpenRequest, layout: PageLayout) -> tuple[Chart, ...]:
    """Read the charts of a page. Runs in the sandbox, so that the parent process does not import OpenCV."""
    from cogdoc.engines.builtin.chart_pages import read_page_charts

    return read_page_charts(request, layout)
