"""`chart`: pages in, the tables behind their charts out, and answers to questions about them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cogdoc.documents.document import Document
from cogdoc.documents.page_selection import PageSelection
from cogdoc.engines.protocol import Engine
from cogdoc.errors import CogdocError
from cogdoc.parsing.page import Page
from cogdoc.results.records import ChartRecord, Flag
from cogdoc.tasks.describe import Stopwatch, describe_error, describe_page, describe_source, unread_page
from cogdoc.tasks.lookahead import look_ahead


def read_charts(
    document: Document, engine: Engine, selection: PageSelection, questions: Sequence[str] = ()
) -> Iterator[ChartRecord]:
    """One record a chart; a page without one yields a single record that is flagged `not-a-chart`.

    Raises:
        UsageError: a page was asked for that does not exist.
    """
    pages = (Page(document, number) for number in document.numbers(selection))
    for page in look_ahead(pages, 2 * document.sandbox.jobs, engine.prepare):
        yield from _read_page(page, engine, questions)


def _read_page(page: Page, engine: Engine, questions: Sequence[str]) -> Iterator[ChartRecord]:
    source = describe_source(page.document)
    watch = Stopwatch()
    try:
        with watch.measure("read"):
            words = page.text()
            charts = engine.read_charts(page)
            answers = tuple(engine.answer_from_charts(question, charts, page) for question in questions)
    except CogdocError as error:
        yield ChartRecord(source=source, engine=engine.info, page=unread_page(page.number), error=describe_error(error))
        return
    info = describe_page(words)
    if not charts:
        yield ChartRecord(
            source=source,
            engine=engine.info,
            page=info,
            flags=(*words.flags, Flag.NOT_A_CHART.value),
            timings=watch.seconds,
            answers=answers,
        )
    for place, chart in enumerate(charts):
        yield ChartRecord(
            source=source,
            engine=engine.info,
            page=info,
            flags=(*words.flags, *((Flag.MEASURED.value,) if chart.measured else ())),
            timings=watch.seconds,
            chart=chart,
            answers=answers if place == 0 else (),
        )
