"""`cogdoc samples`: copies documents to try cogdoc with."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

from cogdoc.cli.messages import warn
from cogdoc.errors import MissingError, OutputExistsError
from cogdoc.results.output.destination import write_error

HELP = """Copy documents to try cogdoc with: a report, scans, a receipt, an invoice in Chinese, charts.

\b
  cogdoc samples
  cogdoc ask cogdoc-samples/report.pdf "What was the total revenue in 2024?"
  cogdoc ocr cogdoc-samples/receipt.jpg
  cogdoc chart cogdoc-samples/charts/pie.png --out csv

All companies and people in them are made up.
"""

DOCUMENTS = ("*.pdf", "*.png", "*.jpg", "*.tiff", "*.webp", "charts/*.png")
INSTALLED = Path(__file__).parents[1] / "sample_documents"
IN_THE_REPOSITORY = Path(__file__).parents[2] / "samples"


def samples(
    folder: Annotated[Path, typer.Argument(metavar="[FOLDER]", help="Where to; it must not exist.")] = Path(
        "cogdoc-samples"
    ),
) -> None:
    origin = INSTALLED if INSTALLED.is_dir() else IN_THE_REPOSITORY
    documents = sorted(path for pattern in DOCUMENTS for path in origin.glob(pattern))
    if not documents:
        raise MissingError("the sample documents are not part of this installation", "install cogdoc again")
    try:
        folder.mkdir(parents=True)
        for document in documents:
            copy = folder / document.relative_to(origin)
            copy.parent.mkdir(exist_ok=True)
            shutil.copyfile(document, copy)
    except FileExistsError:
        raise OutputExistsError(f"{folder}: exists", "name another folder") from None
    except OSError as error:
        raise write_error(folder, error) from None
    sys.stdout.write(f"{folder}\n")
    warn(f'{len(documents)} documents; try: cogdoc ask {folder / "report.pdf"} "What was the total revenue in 2024?"')
