"""`cogdoc tables`: the tables of documents, for spreadsheets and programs."""

from __future__ import annotations

import typer

from cogdoc.cli import options as shared

HELP = """Collect the tables of documents.

\b
  cogdoc tables report.pdf
  cogdoc tables report.pdf --to report.xlsx
  cogdoc tables reports/ --out csv,json --to tables/
  cogdoc tables report.pdf --pages 4 --out csv > balance.csv

Numbers are numbers in CSV and XLSX, with the unit in the head of the column. A table that goes on over pages is \
joined, and says so. JSON has each cell with its spans, box and value. A folder gets a CSV file for each table, and \
one that lists them with their pages and captions.
"""


@shared.with_run_options("tables")
def tables(
    sources: shared.Sources = None,
    *,
    options: shared.RunOptions,
) -> None:
    from cogdoc.cli.run_task import run_task
    from cogdoc.tasks.tables import TablesTask

    raise typer.Exit(run_task(TablesTask(options.selection), sources or (), options))
