"""Runs an evaluation: puts the cases to an engine, document by document, and scores its replies.

Documents go through the same pipeline as those of users. Cases whose outcome the run's folder already has are skipped.
"""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from cogdoc.batch.document_threads import OpenOptions, RunningSource, run_sources
from cogdoc.documents.document import Document
from cogdoc.documents.page_selection import PageSelection
from cogdoc.documents.sources import Source, UnresolvedSource
from cogdoc.documents.workers import Workers
from cogdoc.engines.protocol import Engine
from cogdoc.errors import InputError
from cogdoc.evaluation.cases import Case, Task, fingerprint, reading
from cogdoc.evaluation.outcomes import Outcome, Reply
from cogdoc.evaluation.run_folder import OutcomeFile, RunFolder, open_run_folder
from cogdoc.evaluation.scoring import GRADED_ELSEWHERE, score
from cogdoc.evaluation.summary import RunFacts, Summary, summarize
from cogdoc.results.records import Answer, AnswerRecord, AnyRecord, ChartRecord, PageRecord
from cogdoc.results.usage import total_usage
from cogdoc.tasks.ask import answer_questions
from cogdoc.tasks.chart import read_charts
from cogdoc.tasks.ocr import transcribe

AfterScoring = Callable[[Outcome, Case, Answer | None, Path], Outcome]
"""Called with each outcome while its document still exists; returns the outcome to record."""


@dataclass(frozen=True, slots=True)
class _Group:
    """Consecutive cases of one document."""

    cases: tuple[Case, ...]
    file: Path
    source: Source | UnresolvedSource
    temporary: bool


class _FailedReplyError(Exception):
    """The engine replied with an error."""


def evaluate(
    cases: Iterable[Case],
    facts: RunFacts,
    engine: Engine,
    sandbox: Workers,
    *,
    to: Path | None = None,
    overwrite: bool = False,
    done: Callable[[Outcome], None] = lambda _: None,
) -> tuple[Summary, list[Outcome]]:
    """Put every case to the engine and summarize the outcomes.

    Args:
        to: a folder for the outcomes, which are written as they come, for pictures of failures, and for the final
            summary and report. The same call resumes a run that was stopped.
        done: called with each new outcome.

    Raises:
        InputError: the dataset cannot be read, or has no case.
        OutputError: the folder contains something else, or cannot be written.
    """
    folder = open_run_folder(to, facts, overwrite=overwrite) if to is not None else None
    opened: AbstractContextManager[OutcomeFile | None] = folder.outcomes() if folder else nullcontext()
    with opened as file:
        outcomes = _outcomes(cases, engine, sandbox, folder, file, done)
    if not outcomes:
        raise InputError(f"{facts.path}: contains no case of {facts.dataset}")
    if file:
        file.arrange(outcomes)
    summary = summarize(facts, outcomes)
    if folder:
        folder.finish(summary, outcomes)
    return summary, outcomes


def _outcomes(
    cases: Iterable[Case],
    engine: Engine,
    sandbox: Workers,
    folder: RunFolder | None,
    file: OutcomeFile | None,
    done: Callable[[Outcome], None],
) -> list[Outcome]:
    """One outcome a case, in order; new outcomes are written to `file` at once."""
    known = dict(file.known) if file else {}
    order: list[str] = []
    running: deque[str] = deque()

    def missing() -> Iterator[Case]:
        for case in cases:
            order.append(fingerprint(case))
            if order[-1] not in known:
                running.append(order[-1])
                yield case

    def illustrate(outcome: Outcome, case: Case, answer: Answer | None, document: Path) -> Outcome:
        outcome = replace(outcome, fingerprint=running.popleft())
        return folder.with_picture(outcome, case, answer, document, sandbox) if folder else outcome

    for outcome in run_cases(missing(), engine, sandbox, illustrate):
        if file:
            file.add(outcome)
        done(outcome)
        known[outcome.fingerprint] = outcome.without_pages()
    return [known[name] for name in order]


def run_cases(cases: Iterable[Case], engine: Engine, sandbox: Workers, after: AfterScoring) -> Iterator[Outcome]:
    """Yield one outcome a case, in order; if a document cannot be read, its cases fail.

    Consecutive cases of one document are read together. Pictures that a dataset itself contains are written to
    temporary files while they are read.
    """
    with TemporaryDirectory(prefix="cogdoc-eval-") as folder:
        waiting: deque[_Group] = deque()

        def sources() -> Iterator[Source | UnresolvedSource]:
            for group in _groups(cases, Path(folder)):
                waiting.append(group)
                yield group.source

        def work(document: Document) -> Iterator[AnyRecord]:
            # By identity and not by path: two groups of the same file may be waiting.
            group = next(group for group in tuple(waiting) if group.source is document.source)
            return _records(group.cases, document, engine)

        for running in run_sources(sources(), OpenOptions(), work, sandbox, engine.at_a_time):
            running.wait_until_open()
            records = list(running.results())
            group = waiting[0]
            for case in group.cases:
                outcome, answer = _outcome(case, records, running)
                yield after(outcome, case, answer, group.file)
            waiting.popleft()
            if group.temporary:
                group.file.unlink()


def _groups(cases: Iterable[Case], folder: Path) -> Iterator[_Group]:
    for index, (document, group) in enumerate(groupby(cases, key=lambda case: case.document)):
        temporary = not isinstance(document, Path)
        file = document if isinstance(document, Path) else _write_pictures(document, folder / f"{index}")
        yield _Group(tuple(group), file, _source_of(file), temporary)


def _source_of(file: Path) -> Source | UnresolvedSource:
    if not file.is_file():
        return UnresolvedSource(str(file), InputError("no such file"))
    return Source(file, str(file), Path(file.name))


def _write_pictures(pictures: tuple[bytes, ...], path: Path) -> Path:
    """Write one picture as it is, or several as the frames of a TIFF file."""
    if len(pictures) == 1:
        path.write_bytes(pictures[0])
        return path
    first, *others = (Image.open(io.BytesIO(picture)).convert("RGB") for picture in pictures)
    first.save(path, format="TIFF", compression="tiff_lzw", save_all=True, append_images=others)
    return path


def _records(cases: tuple[Case, ...], document: Document, engine: Engine) -> Iterator[AnyRecord]:
    """Answers to the questions in order, then the pages' text if any case needs it, then the charts."""
    tasks = {case.task for case in cases}
    questions = [case.question for case in cases if case.task is Task.ASK]
    if questions:
        yield from answer_questions(document, engine, questions, PageSelection())
    if tasks & {Task.OCR, Task.TABLES}:
        yield from transcribe(document, engine, PageSelection())
    if Task.CHARTS in tasks:
        yield from read_charts(document, engine, PageSelection())


def _outcome(case: Case, records: list[AnyRecord], running: RunningSource[AnyRecord]) -> tuple[Outcome, Answer | None]:
    usage = total_usage(record.usage for record in records if _belongs_to(record, case))
    score_of_failure = None if case.metric == GRADED_ELSEWHERE else 0.0
    outcome = Outcome(
        case.id,
        case.group,
        case.language,
        case.metric,
        case.unit or case.id,
        case.question,
        score=score_of_failure,
        measures={},
        usage=usage.model_dump(mode="json") if usage is not None else None,
        reading=reading(case) if usage is not None else "",
    )
    try:
        reply, seconds = _reply(case, records, running)
        scored = score(case, reply)
    except _FailedReplyError as error:
        return replace(outcome, error=str(error)), None
    return (
        replace(
            outcome,
            score=scored.score,
            measures=scored.measures,
            prediction=scored.prediction,
            expected=scored.expected,
            confidence=scored.confidence,
            seconds=round(seconds, 3),
        ),
        reply.answer,
    )


def _reply(case: Case, records: list[AnyRecord], running: RunningSource[AnyRecord]) -> tuple[Reply, float]:
    """The records of a document that belong to the case, and the seconds they took."""
    if running.error is not None:
        raise _FailedReplyError(running.error.message)
    own = [record for record in records if _belongs_to(record, case)]
    error = next((record.error for record in own if record.error is not None), None)
    if error is not None:
        raise _FailedReplyError(error.message)
    seconds = sum(sum(record.timings.values()) for record in own)
    return (
        Reply(
            answer=next((record.answer for record in own if isinstance(record, AnswerRecord)), None),
            pages=tuple(record for record in own if isinstance(record, PageRecord)),
            charts=tuple(record.chart for record in own if isinstance(record, ChartRecord) and record.chart),
        ),
        seconds,
    )


def _belongs_to(record: AnyRecord, case: Case) -> bool:
    match record:
        case AnswerRecord():
            return case.task is Task.ASK and record.question == case.question
        case PageRecord():
            return case.task in (Task.OCR, Task.TABLES)
        case _:
            return case.task is Task.CHARTS
