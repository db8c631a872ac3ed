"""`cogdoc ocr`: writes documents as text."""

from __future__ import annotations

import typer

from cogdoc.cli import options as shared

HELP = """Convert documents to text.

\b
  cogdoc ocr scan.png
  cogdoc ocr scans/ --out md,json --to text/
  cogdoc ocr scan.pdf --to searchable.pdf
  cogdoc ocr report.pdf --pages 3-5 --to pages.jsonl
  find . -name '*.tiff' -print0 | cogdoc ocr --files-from - -0 --out text

Takes the text layer of a page if it has a good one, else runs OCR; pages can have both. Prints Markdown with \
headings, lists and tables in reading order.
"""


@shared.with_run_options("ocr")
def ocr(
    sources: shared.Sources = None,
    *,
    options: shared.RunOptions,
) -> None:
    from cogdoc.cli.run_task import run_task
    from cogdoc.tasks.ocr import OcrTask

    formats = options.formats("ocr")
    task = OcrTask(
        options.selection,
        text_only=[output.name for output in formats] == ["text"],
        text_layers=any(output.searchable for output in formats),
    )
    raise typer.Exit(run_task(task, sources or (), options))
