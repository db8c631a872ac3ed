"""`cogdoc ask`: answers questions from documents."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cogdoc.cli import options as shared
from cogdoc.cli.misplaced_questions import refuse_questions, refuse_swapped
from cogdoc.cli.option_files import read_lines
from cogdoc.errors import UsageError
from cogdoc.results.printable import well_formed

HELP = """Answer questions from documents.

\b
The last argument is the question, unless you give it with -q or --questions-from:
  cogdoc ask report.pdf "total revenue?"
  cogdoc ask receipts/ "What is the total?" --out csv
  cogdoc ask scan.png -q "Who signed it?" -q "When?" --out json
  cogdoc ask receipts/ "Which receipt has the highest total?" --across
  curl -s https://example.org/report.pdf | cogdoc ask - "net income in 2023?"

Prints the bare answer, with path:page: in front if there is more than one source. On a terminal, an answer that is \
more likely wrong than right is marked (unsure). Prints nothing if the answer is not in the document, or if its \
confidence is below --min-confidence (exit code 0, or 10 with --strict).
"""


@shared.with_run_options("ask")
def ask(
    sources: Annotated[
        list[str] | None, typer.Argument(metavar="SOURCE... [QUESTION]", help="Files, folders, patterns, or -.")
    ] = None,
    question: Annotated[
        list[str] | None,
        typer.Option("-q", "--question", metavar="TEXT", help="A question; can be repeated."),
    ] = None,
    questions_from: Annotated[
        Path | None, typer.Option("--questions-from", metavar="FILE", help="A file with one question per line.")
    ] = None,
    top_pages: Annotated[
        int,
        typer.Option(
            "--top-pages", envvar="COGDOC_TOP_PAGES", min=1, metavar="N", help="How many pages to search for an answer."
        ),
    ] = 5,
    min_confidence: shared.MinConfidence = 0.0,
    across: Annotated[
        bool,
        typer.Option(
            "--across",
            help="Answer one question about all documents together: sums, averages, counts, lists, the highest, "
            "the earliest, or the difference between two.",
        ),
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with code 10 if an answer is not found.")] = False,
    *,
    options: shared.RunOptions,
) -> None:
    from cogdoc.cli.run_task import run_task
    from cogdoc.tasks.ask import AskTask

    arguments = list(sources or ())
    questions = [*map(well_formed, question or ()), *_read_questions(questions_from)]
    if not questions:
        if len(arguments) < (1 if options.files_from else 2):
            raise UsageError("what is the question?", 'for example: cogdoc ask report.pdf "total revenue?"')
        questions = [well_formed(arguments.pop())]
        refuse_swapped(questions[0], arguments)
        refuse_questions(arguments, "ask", questions[0])

    if across:
        from cogdoc.cli.across import run_across

        if len(questions) > 1:
            raise UsageError("--across takes one question")
        raise typer.Exit(run_across(questions[0], arguments, options, top_pages, min_confidence, strict=strict))
    task = AskTask(tuple(questions), options.selection, top_pages, min_confidence)
    raise typer.Exit(
        run_task(task, arguments, options, strict=strict, input_files={"--questions-from": questions_from})
    )


def _read_questions(file: Path | None) -> list[str]:
    if file is None:
        return []
    questions = [line.strip() for line in read_lines("--questions-from", file) if line.strip()]
    if not questions:
        raise UsageError(f"--questions-from: no question in {file}")
    return questions
