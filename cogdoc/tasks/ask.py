"""`ask`: answers questions about a document, with evidence for each answer.

First the text of every page is read, which is quick: of a long document without that of pictures on pages that have a
text layer. Then, for each question, the pages that rank best for it are read closely, and the engine searches them. All
pages are read closely if the question counts something on them, or if the best ones give no likely answer.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, ClassVar

from cogdoc.documents.document import Document
from cogdoc.documents.page_selection import PageSelection
from cogdoc.engines.protocol import Engine
from cogdoc.engines.usage_meter import UsageMeter
from cogdoc.errors import CogdocError, DamagedError
from cogdoc.parsing.page_text import PageText
from cogdoc.parsing.page_text_store import PageTextStore
from cogdoc.results.certainty import Certainty
from cogdoc.results.failures import UnreadPage
from cogdoc.results.flags import Flag
from cogdoc.results.records import Answer, AnswerRecord, Candidate
from cogdoc.results.usage import with_cache_hits
from cogdoc.results.usage_counts import Usage
from cogdoc.tasks.describe import Stopwatch, describe_error, describe_source
from cogdoc.tasks.glanced_pages import CloseReadings, QuestionPages
from cogdoc.tasks.lookahead import map_side_by_side
from cogdoc.tasks.searched_pages import FLAGS_OF_PAGES, SearchedPages, read_texts
from cogdoc.tasks.task import Item
from cogdoc.tasks.withholding import withhold

TOP_PAGES = 5
"""How many pages of a long document the engine searches for one question."""


@dataclass(frozen=True, slots=True)
class AskTask:
    """Answers questions from the selected pages. Implements `cogdoc.tasks.task.Task`; the items are the questions."""

    name: ClassVar[str] = "ask"

    questions: tuple[str, ...]
    selection: PageSelection
    top_pages: int = TOP_PAGES
    min_confidence: float = 0.0
    """Answers with less are withheld."""
    across: str = ""
    """The question across documents that the answers are for, if there is one."""

    @property
    def settings(self) -> Mapping[str, Any]:
        return {
            "pages": (*self.selection.ranges, *self.selection.labels),
            "questions": self.questions,
            "top_pages": self.top_pages,
            "min_confidence": self.min_confidence,
            **({"across": self.across} if self.across else {}),
        }

    def items(self, document: Document) -> Sequence[Item]:  # noqa: ARG002 - the protocol's
        return self.questions

    def run(self, document: Document, engine: Engine, items: Sequence[Item]) -> Iterator[tuple[AnswerRecord]]:
        questions = list(map(str, items))
        for record in answer_questions(
            document, engine, questions, self.selection, self.top_pages, self.min_confidence
        ):
            yield (record,)


def answer_questions(
    document: Document,
    engine: Engine,
    questions: Sequence[str],
    selection: PageSelection,
    top_pages: int = TOP_PAGES,
    min_confidence: float = 0.0,
) -> Iterator[AnswerRecord]:
    """Yield one record for each question, in their order; see `cogdoc.tasks.withholding` for `min_confidence`.

    Raises:
        UsageError: `selection` has a page that does not exist.
    """
    selected = document.select(selection)
    stopwatch = Stopwatch()
    # While worker processes read, this one has nothing else to do.
    ranking = threading.Thread(target=_load_ranking, args=(questions[:1],), name="cogdoc-ranking", daemon=True)
    ranking.start()
    # An engine with a model looks at the pages itself, which takes far longer than to read their pictures.
    at_a_glance = selected.count > top_pages and engine.info.generation is None
    with PageTextStore() as store, PageTextStore() as closer:
        failures: dict[int, CogdocError] = dict(selected.left_out)
        cache_hits, glanced = 0, list[int]()
        with stopwatch.measure("read"):
            for page in read_texts(document, selected.numbers, failures, at_a_glance=at_a_glance):
                text = page.text()
                store.add(text)
                cache_hits += page.cache_hits
                if text.unread_pictures:
                    glanced.append(page.number)
        ranking.join()  # or both threads would fill the same tables
        pages = SearchedPages(document, store, engine.at_a_time, cache_hits)
        readings = CloseReadings(pages, glanced, closer)
        how = _Search(selected.count, top_pages, min_confidence)

        def answer(question: str) -> AnswerRecord:
            return _answer_question(question, readings, engine, how, failures, stopwatch.copy())

        yield from map_side_by_side(answer, questions, engine.at_a_time)


def _load_ranking(questions: Sequence[str]) -> None:
    """Import what ranks pages, and fill its tables of words, which takes as long as reading a short document."""
    with suppress(Exception):  # whoever ranks the pages meets it again
        from cogdoc.query.page_ranking import rank_pages

        for question in questions:
            rank_pages(question, ())


@dataclass(frozen=True, slots=True)
class _Search:
    """How questions are answered."""

    page_count: int
    top_pages: int
    min_confidence: float


def _answer_question(
    question: str,
    readings: CloseReadings,
    engine: Engine,
    how: _Search,
    failures: Mapping[int, CogdocError],
    stopwatch: Stopwatch,
) -> AnswerRecord:
    pages, seen = readings.pages, QuestionPages(readings)
    document = pages.document
    if not len(pages.store):
        return _failed(document, engine, question, stopwatch, failures)
    with stopwatch.measure("rank"):
        if seen.has_glances and _counts(question):
            seen.read_all()
        best = seen.best(question, how.top_pages)
    if not best:
        return _failed(document, engine, question, stopwatch, {**failures, **seen.failures})
    meter = UsageMeter()
    try:
        with stopwatch.measure("answer"), meter.measure():
            answer = engine.answer(question, best, how.page_count)
        if seen.has_glances and answer.certainty in (None, Certainty.UNSURE):
            with stopwatch.measure("rank"):
                seen.read_all()
                others = seen.best(question, how.top_pages)
            if others != best:
                best = others
                with stopwatch.measure("answer"), meter.measure():
                    answer = engine.answer(question, best, how.page_count)
        if not (engine.info.generation is not None and engine.info.generation.raw):
            from cogdoc.tasks.answer_values import with_value

            with stopwatch.measure("answer"):
                answer = _counted(answer, seen.texts())
            answer = with_value(answer, best)
        answer = withhold(answer, how.min_confidence)
    except CogdocError as error:
        usage = with_cache_hits(meter.total, pages.take_cache_hits(best))
        return _failed(document, engine, question, stopwatch, {0: error}, usage)
    page_flags = {flag for page in best for flag in page.text().flags}
    record = _record(document, engine, stopwatch, answer, {**failures, **seen.failures}, page_flags)
    return record.model_copy(update={"usage": with_cache_hits(meter.total, pages.take_cache_hits(best))})


def _counts(question: str) -> bool:
    """Whether a question counts something, perhaps on all pages."""
    from cogdoc.query.question_parser import parse_question
    from cogdoc.query.tree import Aggregate, Aggregation

    tree = parse_question(question).tree
    return isinstance(tree, Aggregate) and tree.function is Aggregation.COUNT


def _counted(answer: Answer, pages: Iterable[PageText]) -> Answer:
    """The engine's answer, or the count of what the question counts on all pages; an engine sees only the best ones.

    A sure answer stands. The count has no confidence: it may miss what pictures print, and how often was not measured.
    """
    from cogdoc.query.document_counts import count_in_document
    from cogdoc.query.question_parser import parse_question

    if answer.certainty is Certainty.SURE:
        return answer
    count = count_in_document(parse_question(answer.question), pages)
    if count is None or answer.text == str(count):
        return answer
    own: tuple[Candidate, ...] = ()
    if answer.text is not None:
        evidence = answer.evidence[0] if answer.evidence else None
        own = (Candidate(text=answer.text, confidence=answer.confidence, evidence=evidence),)
    return Answer(question=answer.question, text=str(count), alternatives=(*own, *answer.alternatives))


def _record(
    document: Document,
    engine: Engine,
    stopwatch: Stopwatch,
    answer: Answer,
    failures: Mapping[int, CogdocError],
    page_flags: Collection[str],
) -> AnswerRecord:
    flags = list(answer.flags)
    if answer.certainty is Certainty.UNSURE:
        flags.append(Flag.LOW_CONFIDENCE.value)
    if failures:
        flags.append(Flag.PAGES_FAILED.value)
    flags.extend(flag.value for flag in FLAGS_OF_PAGES if flag.value in page_flags)
    return AnswerRecord(
        source=describe_source(document),
        engine=engine.info,
        question=answer.question,
        unread_pages=tuple(UnreadPage(page=page, message=error.message) for page, error in sorted(failures.items())),
        flags=tuple(flags),
        timings=dict(stopwatch.seconds),
        answer=answer,
    )


def _failed(
    document: Document,
    engine: Engine,
    question: str,
    stopwatch: Stopwatch,
    failures: Mapping[int, CogdocError],
    usage: Usage | None = None,
) -> AnswerRecord:
    reason = list(failures.values())[-1] if failures else DamagedError("none of its pages can be read")
    return AnswerRecord(
        source=describe_source(document),
        engine=engine.info,
        question=question,
        timings=dict(stopwatch.seconds),
        usage=usage,
        error=describe_error(reason),
    )
