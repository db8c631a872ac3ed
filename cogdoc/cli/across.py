"""`cogdoc ask --across`: one answer from all documents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from cogdoc.cli.messages import warn
from cogdoc.errors import ExitCode, UsageError
from cogdoc.results.across import AcrossResult
from cogdoc.results.certainty import Certainty

if TYPE_CHECKING:
    from cogdoc.cli.options import RunOptions
    from cogdoc.results.output_formats import OutputFormat
    from cogdoc.results.renderers.renderer import Renderer

MAX_NAMED = 5
"""Documents that a message names."""


def run_across(
    question: str,
    arguments: Sequence[str],
    options: RunOptions,
    top_pages: int,
    min_confidence: float,
    *,
    strict: bool,
) -> ExitCode:
    """
    Raises:
        CogdocError: as `cogdoc.cli.run_task.run_task` does.
        UsageError: the question does not say what to compute, or the format has no place for such a result.
    """
    from cogdoc.cli.run_task import run_task
    from cogdoc.query.across_question import parse_across
    from cogdoc.results.renderers.across import ACROSS_FORMATS, write_across
    from cogdoc.tasks.across import AcrossCollector
    from cogdoc.tasks.ask import AskTask

    parsed = parse_across(question)
    unfit = next((output.name for output in options.formats("ask") if output.name not in ACROSS_FORMATS), None)
    if unfit is not None:
        raise UsageError(f"--across: cannot be written as {unfit}", f"formats: {', '.join(ACROSS_FORMATS)}")
    if options.verbose:
        warn(f"--across: {parsed.operation.value} of what each document answers to: {'; '.join(parsed.questions)}")

    def combine(stream: TextIO, output: OutputFormat) -> Renderer:
        def write(result: AcrossResult) -> None:
            write_across(result, output.name, stream)
            if not options.quiet:
                _tell(result, shown=output.bare)

        return AcrossCollector(parsed, write)

    task = AskTask(parsed.questions, options.selection, top_pages, min_confidence, across=question)
    return run_task(task, arguments, options, strict=strict, combine=combine)


def _tell(result: AcrossResult, *, shown: bool) -> None:
    """Say on standard error what the bare answer leaves out."""
    if not shown:
        return
    for note in result.notes:
        warn(note)
    if result.missing:
        warn(f"left out, without a value: {_listed([one.source for one in result.missing])}")
    doubtful = [one.source for one in result.operands if one.certainty is Certainty.UNSURE]
    if doubtful:
        warn(f"doubtful: {_listed(doubtful)}")


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return ", ".join(names[:MAX_NAMED]) + more
