"""`chart`: reads the charts on pages as tables, and answers questions about them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, ClassVar

from cogdoc.documents.document import Document
from cogdoc.documents.page_selection import PageSelection
from cogdoc.engines.protocol import Engine
from cogdoc.engines.usage_meter import UsageMeter
from cogdoc.errors import CogdocError
from cogdoc.parsing.page import Page
from cogdoc.results.flags import Flag
from cogdoc.results.records import ChartRecord
from cogdoc.results.usage import with_cache_hits
from cogdoc.results.usage_counts import Usage
from cogdoc.tasks.describe import Stopwatch, describe_error, describe_page, describe_source, failed_page
from cogdoc.tasks.lookahead import look_ahead
from cogdoc.tasks.page_progress import page_in_work
from cogdoc.tasks.task import Item
from cogdoc.tasks.withholding import withhold


@dataclass(frozen=True, slots=True)
class ChartTask:
    """Reads the charts of the selected pages. Implements `cogdoc.tasks.task.Task`; the items are page numbers."""

    name: ClassVar[str] = "chart"

    selection: PageSelection
    questions: tuple[str, ...] = ()
    min_confidence: float = 0.0
    """Answers with less are withheld."""

    @property
    def settings(self) -> Mapping[str, Any]:
        return {
            "pages": (*self.selection.ranges, *self.selection.labels),
            "questions": self.questions,
            "min_confidence": self.min_confidence,
        }

    def items(self, document: Document) -> Sequence[Item]:
        return document.select(self.selection).items

    def run(self, document: Document, engine: Engine, items: Sequence[Item]) -> Iterator[tuple[ChartRecord, ...]]:
        # Only the first record of the next page shows that a page has no more charts.
        records = read_charts(document, engine, self.selection, self.questions, items, self.min_confidence)
        for _, charts in groupby(records, key=_page_number):
            yield tuple(charts)


def read_charts(
    document: Document,
    engine: Engine,
    selection: PageSelection,
    questions: Sequence[str] = (),
    items: Sequence[Item] | None = None,
    min_confidence: float = 0.0,
) -> Iterator[ChartRecord]:
    """Yield one record for each chart; a page without one yields a single record with the flag `not-a-chart`.

    Args:
        items: only these of the selected pages.
        min_confidence: answers with less are withheld, see `cogdoc.tasks.withholding`.

    Raises:
        UsageError: `selection` has a page that does not exist.
    """
    selected = document.select(selection)
    if items is not None:
        selected = selected.only(items)
    pages = (Page(document, number) for number in selected.numbers)
    for page in look_ahead(pages, 2 * document.sandbox.jobs, engine.prepare):
        with page_in_work(page.number):
            records = list(_read_page(page, engine, questions))
        for record in records:
            answers = tuple(withhold(answer, min_confidence) for answer in record.answers)
            yield record.model_copy(update={"answers": answers})
    for number, error in selected.left_out.items():
        yield _failed(document, engine, number, error)


def _failed(
    document: Document, engine: Engine, number: int, error: CogdocError, usage: Usage | None = None
) -> ChartRecord:
    return ChartRecord(
        source=describe_source(document),
        engine=engine.info,
        page=failed_page(number),
        usage=usage,
        error=describe_error(error),
    )


def _read_page(page: Page, engine: Engine, questions: Sequence[str]) -> Iterator[ChartRecord]:
    source = describe_source(page.document)
    stopwatch, meter = Stopwatch(), UsageMeter()
    try:
        with stopwatch.measure("read"), meter.measure():
            text = page.text()
            charts = engine.read_charts(page)
            answers = tuple(engine.answer_from_charts(question, charts, page) for question in questions)
        if answers:
            from cogdoc.tasks.answer_values import with_chart_value

            answers = tuple(with_chart_value(answer, charts) for answer in answers)
    except CogdocError as error:
        yield _failed(page.document, engine, page.number, error, with_cache_hits(meter.total, page.cache_hits))
        return
    info, usage = describe_page(text), with_cache_hits(meter.total, page.cache_hits)
    if not charts:
        yield ChartRecord(
            source=source,
            engine=engine.info,
            page=info,
            flags=(*text.flags, Flag.NOT_A_CHART.value),
            timings=stopwatch.seconds,
            usage=usage,
            answers=answers,
        )
    for index, chart in enumerate(charts):
        yield ChartRecord(
            source=source,
            engine=engine.info,
            page=info,
            flags=(*text.flags, *((Flag.MEASURED.value,) if chart.measured else ())),
            timings=stopwatch.seconds,
            usage=usage if index == 0 else None,
            chart=chart,
            answers=answers if index == 0 else (),
        )


def _page_number(record: ChartRecord) -> int:
    assert record.page is not None
    return record.page.number
