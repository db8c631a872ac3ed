"""`cogdoc ocr`"""

from __future__ import annotations

import typer

from cogdoc.cli import options as shared

HELP = """Write documents down as text.

\b
  cogdoc ocr scan.png
  cogdoc ocr scans/ --out md --to text/
  cogdoc ocr report.pdf --pages 3-5 --out jsonl
  find . -name '*.tiff' -print0 | cogdoc ocr --files-from - -0 --out text

Pages with sound text of their own are read from it, scans by OCR, and pages with both from both. Markdown is
printed, with headings, lists and tables, in reading order.
"""


@shared.with_run_options("ocr")
def ocr(
    sources: shared.Sources = None,
    *,
    options: shared.RunOptions,
) -> None:
    from cogdoc.batch.work import ocr_work
    from cogdoc.cli.run import Command, run_command

    command = Command("ocr", ocr_work)
    raise typer.Exit(run_command(command, sources or (), options))
