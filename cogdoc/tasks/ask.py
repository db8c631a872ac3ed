"""`ask`: questions to a document in, answers with their places out.

The words of every page are read first, which is quick; the pages that rank best for a question are then looked
at closely and searched for the answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from cogdoc.documents.document import Document
from cogdoc.documents.page_selection import PageSelection
from cogdoc.engines.protocol import Engine
from cogdoc.errors import CogdocError, DamagedError
from cogdoc.parsing.page import Page
from cogdoc.parsing.page_text import PageText
from cogdoc.parsing.page_text_store import PageTextStore
from cogdoc.results.records import Answer, AnswerRecord, Flag, UnreadPage
from cogdoc.tasks.describe import Stopwatch, describe_error, describe_source
from cogdoc.tasks.lookahead import look_ahead

TOP_PAGES = 5
"""How many pages of a long document are looked at closely for one question."""

SHORT_DOCUMENT = 40
"""Pages."""

QUICK_PAGE = 0.25
"""Seconds; a page with a text layer takes a hundredth, one that needs OCR several."""

LOW_CONFIDENCE = 0.5
"""Answers below are flagged: they are more often wrong than right."""


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
    with PageTextStore() as spool:
        failures: dict[int, CogdocError] = {}
        with watch.measure("read"):
            for words in _read_words(document, numbers, failures):
                spool.add(words)
        kept: dict[int, Page] = {}
        for question in questions:
            if not len(spool):
                yield _failed(document, engine, question, watch, failures)
                continue
            with watch.measure("rank"):
                best = _best_pages(question, spool, top_pages)
            # What the question before had laid out, and this one needs too, is not laid out again.
            kept = {number: kept.get(number) or Page(document, number, spool.get(number)) for number in best}
            try:
                with watch.measure("answer"):
                    answer = engine.answer(question, list(kept.values()), len(numbers))
            except CogdocError as error:
                yield _failed(document, engine, question, watch, {0: error})
            else:
                yield _record(document, engine, watch, answer, failures)


def _read_words(document: Document, numbers: Sequence[int], failures: dict[int, CogdocError]) -> Iterator[PageText]:
    """The words of all pages in order; why some cannot be read goes to `failures`."""
    first, *others = numbers
    first_page = Page(document, first)
    # Starting a second reader takes longer than reading a short document that has text of its own.
    quick = len(numbers) <= SHORT_DOCUMENT and first_page.has_text_within(QUICK_PAGE)
    pages = chain([first_page], (Page(document, number) for number in others))
    for page in look_ahead(pages, 0 if quick else 2 * document.sandbox.jobs, Page.request_text):
        try:
            yield page.text()
        except CogdocError as error:
            failures[page.number] = error


def _best_pages(question: str, spool: PageTextStore, top_pages: int) -> list[int]:
    from cogdoc.query.page_ranking import rank_pages

    return [page.number for page in rank_pages(question, spool)[:top_pages]]


def _record(
    document: Document, engine: Engine, watch: Stopwatch, answer: Answer, failures: Mapping[int, CogdocError]
) -> AnswerRecord:
    flags = list(answer.flags)
    if answer.found and answer.confidence < LOW_CONFIDENCE:
        flags.append(Flag.LOW_CONFIDENCE.value)
    if failures:
        flags.append(Flag.PAGES_FAILED.value)
    return AnswerRecord(
        source=describe_source(document),
        engine=engine.info,
        question=answer.question,
        unread_pages=tuple(UnreadPage(page=page, message=error.message) for page, error in failures.items()),
        flags=tuple(flags),
        timings=dict(watch.seconds),
        answer=answer,
    )


def _failed(
    document: Document, engine: Engine, question: str, watch: Stopwatch, failures: Mapping[int, CogdocError]
) -> AnswerRecord:
    reason = list(failures.values())[-1] if failures else DamagedError("no page of it can be read")
    return AnswerRecord(
        source=describe_source(document),
        engine=engine.info,
        question=question,
        timings=dict(watch.seconds),
        error=describe_error(reason),
    )
