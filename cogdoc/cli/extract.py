"""`cogdoc extract`: finds the values of fields in documents."""

from __future__ import annotations

from typing import Annotated

import typer

from cogdoc.cli import options as shared
from cogdoc.errors import UsageError
from cogdoc.results.printable import well_formed

HELP = """Find the values of fields, as JSON or as rows for a spreadsheet.

\b
  cogdoc extract receipt.jpg --fields "shop, date:date, total:money"
  cogdoc extract invoices/ --fields "invoice no, total:money" --out csv --to invoices.csv
  cogdoc extract invoice.png --fields "发票号码, 金额:money"
  cogdoc extract invoice.pdf --fields "lines:table(description, quantity:number, amount:money)"

A field is a name, and a type after a colon: text (the default), number, integer, money, percent, date, time, boolean, \
choice(a, b), list, list(date) or table(column, column:type). After =, labels that documents print: \
"no=Rechnungsnr.|Invoice #". Every value comes with its page, box and confidence, a missing one with the reason.
"""


@shared.with_run_options("extract")
def extract(
    sources: shared.Sources = None,
    fields: Annotated[
        str | None,
        typer.Option("--fields", metavar="LIST", help='What to find: "invoice no, date:date, total:money".'),
    ] = None,
    top_pages: Annotated[
        int,
        typer.Option(
            "--top-pages", envvar="COGDOC_TOP_PAGES", min=1, metavar="N", help="How many pages to search for a field."
        ),
    ] = 5,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with code 10 if a field is not found.")] = False,
    *,
    options: shared.RunOptions,
) -> None:
    from cogdoc.cli.run_task import run_task
    from cogdoc.fields.language import parse_fields
    from cogdoc.tasks.extract import ExtractTask

    if fields is None:
        raise UsageError("which fields?", 'for example: cogdoc extract receipt.jpg --fields "date:date, total:money"')
    task = ExtractTask(parse_fields(well_formed(fields)), options.selection, top_pages)
    raise typer.Exit(run_task(task, sources or (), options, strict=strict))
