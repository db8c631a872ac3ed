"""`cogdoc ask`"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from cogdoc.cli import options as shared
from cogdoc.errors import InputError, UsageError
from cogdoc.results.printable import well_formed

HELP = """Answer questions from documents.

\b
The last argument is the question, unless -q or --questions-from asks it:
  cogdoc ask report.pdf "total revenue?"
  cogdoc ask receipts/ "What is the total?" --out csv
  cogdoc ask scan.png -q "Who signed it?" -q "When?" --out json
  curl -s https://example.org/report.pdf | cogdoc ask - "net income in 2023?"

The bare answer is printed, with path:page: in front of it as soon as there is more than one source. An answer
that is not in the document prints nothing (exit code 0, or 10 with --strict).
"""


@shared.with_run_options("ask")
def ask(
    sources: Annotated[
        list[str] | None, typer.Argument(metavar="SOURCE... [QUESTION]", help="Files, folders, patterns, or -.")
    ] = None,
    question: Annotated[
        list[str] | None,
        typer.Option("-q", "--question", metavar="TEXT", help="A question; may be given several times."),
    ] = None,
    questions_from: Annotated[
        Path | None, typer.Option("--questions-from", metavar="FILE", help="Questions, one a line.")
    ] = None,
    top_pages: Annotated[
        int,
        typer.Option("--top-pages", envvar="COGDOC_TOP_PAGES", min=1, metavar="N", help="Pages to look at closely."),
    ] = 5,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 10 where an answer is not found.")] = False,
    *,
    options: shared.RunOptions,
) -> None:
    from cogdoc.batch.work import Work, ask_work
    from cogdoc.cli.run import Command, run_command
    from cogdoc.documents.page_selection import PageSelection
    from cogdoc.engines.protocol import Engine

    named = list(sources or ())
    questions = [*map(well_formed, question or ()), *_read_questions(questions_from)]
    if not questions:
        if len(named) < (1 if options.files_from else 2):
            raise UsageError("what is the question?", 'for example: cogdoc ask report.pdf "total revenue?"')
        questions = [well_formed(named.pop())]

    def make_work(engine: Engine, selection: PageSelection, settings: Mapping[str, Any]) -> Work:
        return ask_work(engine, selection, settings, questions, top_pages)

    command = Command(
        "ask",
        make_work,
        questions=tuple(questions),
        strict=strict,
    )
    raise typer.Exit(run_command(command, named, options))


def _read_questions(file: Path | None) -> list[str]:
    if file is None:
        return []
    try:
        questions = [line.strip() for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"--questions-from: {file} cannot be read: {error}") from None
    if not questions:
        raise UsageError(f"--questions-from: no question in {file}")
    return questions
