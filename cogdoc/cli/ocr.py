"""`cogdoc ocr`: writes documents as text."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cogdoc.cli import options as shared
from cogdoc.cli.output_choice import check_images

HELP = """Convert documents to text.

\b
  cogdoc ocr scan.png
  cogdoc ocr scans/ --out md,json --to text/
  cogdoc ocr scan.pdf --to searchable.pdf
  cogdoc ocr report.pdf --to report.md --images figures/
  cogdoc ocr report.pdf --pages 3-5 --to pages.jsonl
  find . -name '*.tiff' -print0 | cogdoc ocr --files-from - -0 --out text

Takes the text layer of a page if it has a good one, else runs OCR; pages can have both. Prints Markdown with \
headings, lists and tables in reading order.
"""

Images = Annotated[
    str | None,
    typer.Option(
        "--images",
        envvar="COGDOC_IMAGES",
        metavar="FOLDER",
        help="Write each picture of a page as a file in this folder, and link it in Markdown; JSON names the files.",
    ),
]


@shared.with_run_options("ocr")
def ocr(
    sources: shared.Sources = None,
    *,
    overlay: Annotated[
        bool,
        typer.Option(
            "--overlay",
            envvar="COGDOC_OVERLAY",
            help="With --out pdf, draw the blocks, lines and cells over the pages, and the order in which they are "
            "read, as a layer.",
            rich_help_panel="Results",
        ),
    ] = False,
    images: Images = None,
    options: shared.RunOptions,
) -> None:
    from cogdoc.cli.run_task import run_task
    from cogdoc.errors import UsageError
    from cogdoc.tasks.ocr import OcrTask

    formats = options.formats("ocr")
    searchable = any(output.searchable for output in formats)
    if overlay and not searchable:
        raise UsageError("--overlay draws over the pages of a PDF file", "add --out pdf")
    folder = None
    if images is not None:
        from cogdoc.tasks.picture_folder import PictureFolder

        check_images(images, [output.name for output in formats], options.to)
        folder = PictureFolder(Path(images), overwrite=options.overwrite)
    task = OcrTask(
        options.selection,
        text_only=[output.name for output in formats] == ["text"],
        text_layers=searchable,
        overlays=overlay,
        images=folder,
    )
    raise typer.Exit(run_task(task, sources or (), options, images=folder))
