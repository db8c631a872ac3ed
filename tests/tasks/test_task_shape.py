"""All tasks have one shape: one tuple of records for each item, and items can also be run on their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from small_pdfs import save_pdf

from cogdoc.documents.document import Document, open_path
from cogdoc.documents.page_selection import PageSelection, parse_page_selection
from cogdoc.documents.sandbox import Sandbox
from cogdoc.engines.builtin.engine import BuiltinEngine
from cogdoc.errors import UsageError
from cogdoc.results.records import AnyRecord
from cogdoc.tasks.ask import AskTask
from cogdoc.tasks.chart import ChartTask
from cogdoc.tasks.ocr import OcrTask
from cogdoc.tasks.task import Task

ALL_PAGES = PageSelection()
QUESTIONS = ("invoice number?", "total due?", "invoice number?")
TASKS = [OcrTask(ALL_PAGES), ChartTask(ALL_PAGES, QUESTIONS[:1]), AskTask(QUESTIONS, ALL_PAGES)]


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Document]:
    texts = ("Invoice number: A-1047", "Total due: $98.76", "Thank you")
    path = save_pdf(tmp_path_factory.mktemp("tasks") / "bill.pdf", *texts)
    with Sandbox() as sandbox:
        yield open_path(path, sandbox)


def without_timings(results: Iterator[tuple[AnyRecord, ...]]) -> list[list[AnyRecord]]:
    return [[record.model_copy(update={"timings": {}}) for record in records] for records in results]


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_each_item_has_one_tuple_of_records(task: Task, document: Document) -> None:
    items = task.items(document)
    results = without_timings(task.run(document, BuiltinEngine(), items))
    assert len(results) == len(items) == 3
    assert all(record.task == task.name for records in results for record in records)
    assert without_timings(task.run(document, BuiltinEngine(), items[1:2])) == results[1:2]


def test_settings_tell_tasks_apart() -> None:
    some_pages = parse_page_selection("2-")
    others = [
        OcrTask(some_pages),
        OcrTask(ALL_PAGES, text_only=True),
        ChartTask(some_pages),
        ChartTask(ALL_PAGES),
        AskTask(QUESTIONS, ALL_PAGES, top_pages=1),
    ]
    settings = [(task.name, str(task.settings)) for task in (*TASKS, *others)]
    assert len(set(settings)) == len(settings)


@pytest.mark.parametrize("task", [OcrTask, ChartTask])
def test_items_of_a_page_that_does_not_exist_are_a_usage_error(
    task: type[OcrTask | ChartTask], document: Document
) -> None:
    with pytest.raises(UsageError, match="page 9 is out of range"):
        task(parse_page_selection("9")).items(document)
