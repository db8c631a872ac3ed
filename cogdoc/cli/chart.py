"""`cogdoc chart`: turns charts back into tables."""

from __future__ import annotations

from typing import Annotated

import typer

from cogdoc.cli import options as shared
from cogdoc.cli.misplaced_questions import refuse_questions
from cogdoc.results.printable import well_formed

HELP = """Turn charts back into tables.

\b
  cogdoc chart sales.png
  cogdoc chart sales.png --out csv > sales.csv
  cogdoc chart report.pdf --pages 6 --out json
  cogdoc chart sales.png -q "Which year had the highest revenue?"

Reads bar charts (also grouped and stacked), line charts and pie charts. Values come from printed labels if there \
are any. Otherwise they are measured against the axis, and the output says so.
"""


@shared.with_run_options("chart")
def chart(
    sources: shared.Sources = None,
    question: Annotated[
        list[str] | None,
        typer.Option("-q", "--question", metavar="TEXT", help="A question about the chart; can be repeated."),
    ] = None,
    min_confidence: shared.MinConfidence = 0.0,
    *,
    options: shared.RunOptions,
) -> None:
    from cogdoc.cli.run_task import run_task
    from cogdoc.tasks.chart import ChartTask

    refuse_questions(sources or (), "chart")
    task = ChartTask(options.selection, tuple(map(well_formed, question or ())), min_confidence)
    raise typer.Exit(run_task(task, sources or (), options))
