"""`cogdoc chart`"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

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


@shared.with_run_options("chart")
def chart(
    sources: shared.Sources = None,
    question: Annotated[
        list[str] | None,
        typer.Option("-q", "--question", metavar="TEXT", help="A question about the chart; may be repeated."),
    ] = None,
    *,
    options: shared.RunOptions,
) -> None:
    from cogdoc.batch.work import Work, chart_work
    from cogdoc.cli.run import Command, run_command
    from cogdoc.documents.page_selection import PageSelection
    from cogdoc.engines.protocol import Engine

    questions = tuple(map(well_formed, question or ()))

    def make_work(engine: Engine, selection: PageSelection, settings: Mapping[str, Any]) -> Work:
        return chart_work(engine, selection, settings, questions)

    command = Command("chart", make_work, questions=questions)
    raise typer.Exit(run_command(command, sources or (), options))
