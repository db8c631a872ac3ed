"""Write the gallery in `docs/gallery/`: samples of ten kinds, each with its picture, outputs, and a page to look at.

Run as `python docs/make_gallery.py [NAME...]` from the project's root, with cogdoc installed beside that Python.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pymupdf
from PIL import Image

GALLERY = Path("docs/gallery")
WIDTH = 640
"""Pixels of a picture."""
LINES = 36
"""How many lines of an output are shown."""
LANGUAGES = {"md": "markdown", "json": "json", "csv": "text", "text": "text", "values": "text", "jsonl": "json"}


@dataclass(frozen=True)
class Example:
    """A document, what to notice about it, and the arguments of the commands that are shown."""

    document: str
    title: str
    text: str
    commands: tuple[str, ...]
    looked_at: str
    """The arguments of the command whose result is a page to look at."""
    page: int = 1

    @property
    def name(self) -> str:
        return Path(self.document).stem


EXAMPLES = (
    Example(
        "report.pdf",
        "An annual report",
        "Eight pages: labels of their own, tables, a chart. The scale of a table is stated once, in its head.",
        (
            'ask {} "What was the total revenue in 2024?" --out values',
            'ask {} "By how much did net income grow from 2023 to 2024?" --out md',
            'ask {} "Who is the chair of the board?" --out json',
            "tables {} --pages 5 --out csv",
            'search {} "net income" --limit 2',
        ),
        'ask {} -q "By how much did net income grow from 2023 to 2024?" -q "Who is the chair of the board?"',
        page=5,
    ),
    Example(
        "receipt.jpg",
        "A receipt, photographed",
        "OCR finds the words, the layout finds the table; line items come with their types.",
        (
            'extract {} --fields "shop, date:date, total:money" --out text',
            "extract {} --preset receipt --out csv",
            "ocr {} --out md",
        ),
        "extract {} --preset receipt",
    ),
    Example(
        "letter.pdf",
        "A scanned letter",
        "A PDF that is only a picture, a little skewed.",
        ('ask {} "When does the lease end?" --out text', "ocr {} --out md"),
        "ocr {}",
    ),
    Example(
        "letter-sideways.png",
        "The same letter, sideways",
        "Turned upright before it is read; boxes are those of the upright page.",
        ('ask {} "What is the annual rent?" --out values', "ocr {} --out text"),
        'ask {} "What is the annual rent?"',
    ),
    Example(
        "invoice-zh.png",
        "An invoice in Chinese",
        "Labels in one language, fields in another if you like.",
        (
            'ask {} "发票号码是多少？" --out text',
            'extract {} --fields "date:date, total:money, seller, buyer" --out csv',
            "ocr {} --out md",
        ),
        "extract {} --preset invoice",
    ),
    Example(
        "form.png",
        "A form with boxes",
        "Labels with their values, ticked and blank boxes.",
        ("extract {} --preset auto --out text", "ocr {} --out md"),
        "extract {} --preset auto",
    ),
    Example("fax.tiff", "A fax of two pages", "One bit per pixel, with noise.", ("ocr {} --out md",), "ocr {}"),
    Example(
        "screenshot.png",
        "A long screenshot",
        "Read in overlapping bands, so that small letters stay large enough.",
        ("ocr {} --out text",),
        "ocr {}",
    ),
    Example(
        "charts/line.png",
        "A line chart without printed values",
        "Values are measured against the axis, and the output says so.",
        ("chart {} --out md", "chart {} --out csv"),
        "chart {}",
    ),
    Example(
        "charts/stacked-bar.png",
        "Stacked bars",
        "One column for each series.",
        ("chart {} --out csv", 'chart {} -q "Which category has the largest total?" --out text'),
        "chart {}",
    ),
)


def main(names: list[str]) -> None:
    """Write the pages of the examples, all by default, and the list of them."""
    for folder in ("pictures", "looked-at"):
        (GALLERY / folder).mkdir(parents=True, exist_ok=True)
    for example in EXAMPLES:
        if not names or example.name in names:
            picture_of(example).save(GALLERY / "pictures" / f"{example.name}.webp", quality=70)
            output_of(f"{html_command(example)} --to {GALLERY / 'looked-at' / example.name}.html --overwrite --quiet")
            (GALLERY / f"{example.name}.md").write_text(page_of(example), encoding="utf-8")
    links = "\n".join(
        f"- [{example.title}]({example.name}.md) ([to look at](looked-at/{example.name}.html)): {example.text}"
        for example in EXAMPLES
    )
    (GALLERY / "index.md").write_text(
        "# Gallery\n\n"
        "Ten documents, all made for this project, and what the built-in engine makes of them on a CPU. Each has a "
        "page to look at as well, which `--out html` writes: one file, with the document beside what was read "
        "([more](../html.md)).\n\n"
        f"{links}\n",
        encoding="utf-8",
    )


def page_of(example: Example) -> str:
    """A page in Markdown: the picture, then each command with its output."""
    looked_at = f"[A page to look at](looked-at/{example.name}.html), written by `{html_command(example)}`."
    parts = [f"# {example.title}", example.text, f"![{example.title}](pictures/{example.name}.webp)", looked_at]
    for arguments in example.commands:
        command = "cogdoc " + arguments.format(f"samples/{example.document}")
        language = LANGUAGES.get(command.rpartition("--out ")[2], "text")
        parts += [f"```sh\n{command}\n```", f"````{language}\n{output_of(command)}\n````"]
    return "\n\n".join(parts) + "\n"


def html_command(example: Example) -> str:
    return f"cogdoc {example.looked_at.format(f'samples/{example.document}')} --out html"


def output_of(command: str) -> str:
    """What a command prints; seconds differ from run to run, so none are shown."""
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(command, shell=True, env=environment, capture_output=True, text=True, check=True)
    lines = [line.rstrip() for line in done.stdout.splitlines()]
    return "\n".join(lines if len(lines) <= LINES else [*lines[:LINES], "..."])


def picture_of(example: Example) -> Image.Image:
    """The page of an example that its commands are about."""
    path = Path("samples") / example.document
    if path.suffix == ".pdf":
        with pymupdf.open(path) as file:
            pixels = file[example.page - 1].get_pixmap(dpi=110)
            picture = Image.frombytes("RGB", (pixels.width, pixels.height), pixels.samples)
    else:
        picture = Image.open(path).convert("RGB")
    picture.thumbnail((WIDTH, 3 * WIDTH))
    return picture


if __name__ == "__main__":
    main(sys.argv[1:])
