"""The built-in engine: a page's own words, OCR and layout. No model to download, no GPU, the same result every time."""

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
"""How many of the best pages have their blocks, tables and charts found when a question is asked, unless the first
gives a sure answer; of the others the words have to do, since the layout models take a third of a second a page."""

MAX_CHART_WORDS = 300
"""A scan with more words is a page of text; charts have a tenth of it."""

MIN_CONFIDENCE = 0.3
"""Less sure answers from charts are guesses, and not given."""

SURE = 0.9
"""With an answer of this confidence the search ends."""

MIN_PICTURE_SHARE = 0.08
"""A picture below this share of the page is no chart worth reading."""


class BuiltinEngine:
    """Implements `cogdoc.engines.protocol.Engine`."""

    def __init__(self) -> None:
        self.info = EngineInfo(name="builtin", version=version("cogdoc"))

    def close(self) -> None:
        """Nothing is held: the sandbox, which does the work, is somebody else's."""

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
        for place, page in enumerate(pages[:LAID_OUT_PAGES]):
            try:
                layouts[place] = page.layout()
            except (InputError, TimeLimitError):
                # The words, which are read already, still hold many answers.
                flags = (Flag.LAYOUT_FAILED.value,)
            best = answer_question(question, layouts, page_count=page_count)
            if best.found and best.confidence >= SURE:
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

        words = page.text()
        answers = [
            answer
            for chart in charts
            if (answer := answer_chart_question(chart, question, words.lines)) and answer.confidence >= MIN_CONFIDENCE
        ]
        not_found = Answer(question=question, text=None, confidence=0.0)
        best = max(answers, key=lambda answer: answer.confidence, default=not_found)
        placed = tuple(one.model_copy(update={"page": words.number, "label": words.label}) for one in best.evidence)
        return best.model_copy(update={"evidence": placed})


def may_show_chart(layout: PageLayout) -> bool:
    """Whether a page is worth searching for charts: it is a picture, or has one of some size."""
    if layout.page_text.origin is TextOrigin.OCR:
        return len(layout.page_text.words) <= MAX_CHART_WORDS
    page_area = layout.page_text.width * layout.page_text.height
    return any(
        block.kind is BlockKind.PICTURE and block.box.area >= MIN_PICTURE_SHARE * page_area for block in layout.blocks
    )


def charts_of(request: OpenRequest, layout: PageLayout) -> tuple[Chart, ...]:
    """Runs in the sandbox, and imports there what the parent need not load."""
    from cogdoc.engines.builtin.chart_pages import read_page_charts

    return read_page_charts(request, layout)
