"""`ask`: questions to a document in, answers with their places out.

A short document is looked at whole. Of a long one the words of every page are read first, which is quick;
only the pages that rank best for a question are then laid out and searched for the answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cogdoc.documents.document import Document
from cogdoc.documents.page_selection import PageSelection
from cogdoc.engines.protocol import Engine
from cogdoc.errors import CogdocError, DamagedError
from cogdoc.results.types import AnswerRecord, Flag
from cogdoc.tasks.lookahead import look_ahead
from cogdoc.tasks.records import Stopwatch, describe_error, describe_source
from cogdoc.words.page import Page
from cogdoc.words.types import PageWords

TOP_PAGES = 5
"""How many pages of a long document are looked at closely for one question."""

LOW_CONFIDENCE = 0.35
"""Answers below are flagged: fewer than half of them are right."""


def answer_questions(
    document: Document,
    engine: Engine,
    questions: Sequence[str],
    selection: PageSelection,
    top_pages: int = TOP_PAGES,
) -> Iterator[AnswerRecord]:
    """One record a question, in their order.

    Raises:
        UsageError: a page was asked for that does not exist.
    """
    numbers = list(document.numbers(selection))
    watch = Stopwatch()
    rankings: Sequence[Sequence[int]] = [numbers] * len(questions)
    failures: list[int] = []
    if len(numbers) > top_pages:
        from cogdoc.engines.builtin.answering import rank_pages

        with watch.measure("rank"):
            ranked = rank_pages(questions, _words(document, numbers, failures))
        rankings = [[page.number for page in best[:top_pages]] for best in ranked]
    kept: dict[int, Page] = {}
    for question, best in zip(questions, rankings, strict=True):
        # Pages that the next question needs too are not laid out twice; all others are let go.
        kept = {number: kept.get(number) or Page(document, number) for number in best}
        yield _answer(document, engine, question, list(kept.values()), len(numbers), failures, watch)


def _words(document: Document, numbers: Sequence[int], failures: list[int]) -> Iterator[PageWords]:
    """The words of all pages in order; those that cannot be read go to `failures`."""
    pages = (Page(document, number) for number in numbers)
    for page in look_ahead(pages, 2 * document.sandbox.jobs, Page.request_words):
        try:
            yield page.words()
        except CogdocError:
            failures.append(page.number)


def _answer(
    document: Document,
    engine: Engine,
    question: str,
    pages: Sequence[Page],
    page_count: int,
    failures: Sequence[int],
    watch: Stopwatch,
) -> AnswerRecord:
    source = describe_source(document)
    readable: list[Page] = []
    first_error: CogdocError | None = None
    with watch.measure("read"):
        for page in pages:
            engine.prepare(page)
        for page in pages:
            try:
                page.layout()
            except CogdocError as error:
                first_error = first_error or error
            else:
                readable.append(page)
    if not readable:
        failure = first_error or DamagedError("none of its pages can be read")
        return AnswerRecord(source=source, engine=engine.info, timings=watch.seconds, error=describe_error(failure))
    with watch.measure("answer"):
        answer = engine.answer(question, readable, page_count)
    flags = [Flag.LOW_CONFIDENCE.value] if answer.found and answer.confidence < LOW_CONFIDENCE else []
    if failures or first_error:
        flags.append(Flag.PAGES_FAILED.value)
    return AnswerRecord(
        source=source, engine=engine.info, flags=tuple(flags), timings=dict(watch.seconds), answer=answer
    )
