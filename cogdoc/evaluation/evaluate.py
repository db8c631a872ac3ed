"""`evaluate`: a dataset and an engine in, figures out; what is done already is not done again."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path

from cogdoc.documents.sandbox import Sandbox
from cogdoc.engines.protocol import Engine
from cogdoc.errors import InputError
from cogdoc.evaluation.cases import Case, fingerprint
from cogdoc.evaluation.outcomes import Outcome, OutcomeFile
from cogdoc.evaluation.run_folder import RunFolder, open_run_folder
from cogdoc.evaluation.running import run_cases
from cogdoc.evaluation.summary import RunFacts, Summary, summarize
from cogdoc.results.records import Answer


def evaluate(
    cases: Iterable[Case],
    facts: RunFacts,
    engine: Engine,
    sandbox: Sandbox,
    *,
    to: Path | None = None,
    overwrite: bool = False,
    done: Callable[[Outcome], None] = lambda _: None,
) -> tuple[Summary, list[Outcome]]:
    """Put every case to the engine, and sum up.

    Args:
        to: a folder that keeps the outcomes as they come, pictures of failures, and in the end summary and
            report; the same call goes on where a run stopped.
        done: is told of each new outcome.

    Raises:
        InputError: the dataset cannot be read, or holds no case.
        OutputError: the folder holds something else, or cannot be written.
    """
    folder = open_run_folder(to, facts, overwrite=overwrite) if to is not None else None
    kept: AbstractContextManager[OutcomeFile | None] = folder.outcomes() if folder else nullcontext()
    with kept as file:
        outcomes = _outcomes(cases, engine, sandbox, folder, file, done)
    if not outcomes:
        raise InputError(f"{facts.path}: holds no case of {facts.dataset}")
    if file:
        file.arrange(outcomes)
    summary = summarize(facts, outcomes)
    if folder:
        folder.finish(summary, outcomes)
    return summary, outcomes


def _outcomes(
    cases: Iterable[Case],
    engine: Engine,
    sandbox: Sandbox,
    folder: RunFolder | None,
    file: OutcomeFile | None,
    done: Callable[[Outcome], None],
) -> list[Outcome]:
    """One a case, in their order; those that are not known yet are kept as soon as they are there."""
    found = dict(file.known) if file else {}
    order: list[str] = []
    put: deque[str] = deque()

    def missing() -> Iterator[Case]:
        for case in cases:
            order.append(fingerprint(case))
            if order[-1] not in found:
                put.append(order[-1])
                yield case

    def illustrate(outcome: Outcome, case: Case, answer: Answer | None, document: Path) -> Outcome:
        outcome = replace(outcome, fingerprint=put.popleft())
        return folder.with_picture(outcome, case, answer, document, sandbox) if folder else outcome

    for outcome in run_cases(missing(), engine, sandbox, illustrate):
        if file:
            file.add(outcome)
        done(outcome)
        found[outcome.fingerprint] = outcome.without_pages()
    return [found[one] for one in order]
