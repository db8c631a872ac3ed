"""`cogdoc chart`"""

from __future__ import annotations

from typing import Annotated

import typer

from cogdoc.cli import options as shared
from cogdoc.results.printable import well_formed

HELP = """Turn charts back into tables.

\b
  cogdoc chart sales.png
  cogdoc chart sales.png --out csv > sales.csv
  cogdoc chart report.pdf --pages 6 --out json
  cogdoc chart sales.png -q "Which year had the highest revenue?"

Bars (also grouped and stacked), lines and pies. Values come from printed labels where there are any, else they
are measured against the axis, which the output says.
"""


@shared.with_run_options
def chart(
    sources: shared.Sources = None,
    question: Annotated[
        list[str] | None,
        typer.Option("-q", "--question", metavar="TEXT", help="A question about the chart; may be repeated."),
    ] = None,
    *,
    options: shared.RunOptions,
) -> None:
    from cogdoc.batch.run import Task
    from cogdoc.cli.run import Job, run_job
    from cogdoc.engines.protocol import Engine
    from cogdoc.results.writers import Format
    from cogdoc.tasks.chart import read_charts

    questions = tuple(map(well_formed, question or ()))

    def make_task(loaded: Engine) -> Task:
        return lambda document, selection: read_charts(document, loaded, selection, questions)

    job = Job("chart", (Format.MD, Format.TEXT, Format.CSV, Format.JSON, Format.JSONL), make_task, questions=questions)
    raise typer.Exit(run_job(job, sources or (), options))
