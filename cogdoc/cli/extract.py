"""`cogdoc extract`: finds the values of fields in documents."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cogdoc.cli import options as shared
from cogdoc.cli.option_files import read_lines
from cogdoc.errors import UsageError
from cogdoc.results.printable import well_formed

if TYPE_CHECKING:
    from cogdoc.fields.field import FieldList

HELP = """Find the values of fields, as JSON or as rows for a spreadsheet.

\b
  cogdoc extract receipt.jpg --fields "shop, date:date, total:money"
  cogdoc extract receipt.jpg invoice-zh.png --fields "date:date, total:money" --out csv --to all.csv
  cogdoc extract invoice-zh.png --fields "发票号码, 价税合计:money" --out text
  cogdoc extract receipt.jpg --fields "lines:table(description, amount:money)" --out md
  cogdoc extract form.png --preset auto

A field is a name, and a type after a colon: text (the default), number, integer, money, percent, date, time, boolean, \
choice(a, b), list, list(date) or table(column, column:type). After =, labels that documents print: \
"no=Rechnungsnr.|Invoice #". --schema takes a JSON Schema instead. Every value comes with its page, box and \
confidence, a missing one with the reason.
"""


@shared.with_run_options("extract")
def extract(
    sources: shared.Sources = None,
    fields: Annotated[
        str | None,
        typer.Option("--fields", metavar="LIST", help='What to find: "invoice no, date:date, total:money".'),
    ] = None,
    schema: Annotated[
        Path | None,
        typer.Option("--schema", metavar="FILE", help="A JSON Schema of what to find, instead of --fields."),
    ] = None,
    preset: Annotated[
        Literal["invoice", "receipt", "form", "auto"] | None,
        typer.Option(
            "--preset",
            help="A ready list instead of --fields; form and auto find all labels with their values, the fields of "
            "fillable forms, and the data of electronic invoices.",
        ),
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
    from cogdoc.tasks.extract import ExtractTask

    task = ExtractTask(_wanted(fields, schema, preset), options.selection, top_pages)
    raise typer.Exit(run_task(task, sources or (), options, strict=strict, input_files={"--schema": schema}))


def _wanted(fields: str | None, schema: Path | None, preset: str | None) -> FieldList:
    from cogdoc.fields.json_schema import parse_schema
    from cogdoc.fields.language import parse_fields
    from cogdoc.fields.presets import load_preset

    options = {"--fields": fields, "--schema": schema, "--preset": preset}
    given = [name for name, value in options.items() if value is not None]
    if len(given) > 1:
        raise UsageError(f"{' and '.join(given)} say what to find", "use one of them")
    if fields is not None:
        return parse_fields(well_formed(fields))
    if schema is not None:
        return parse_schema("\n".join(read_lines("--schema", schema)), f"--schema: {schema}")
    if preset is not None:
        return load_preset(preset)
    raise UsageError(
        "which fields?", 'for example: cogdoc extract receipt.jpg --fields "date:date, total:money", or --preset auto'
    )
