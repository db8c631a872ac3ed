"""Measures searchable PDF files of given documents: their size, the words that pdfium finds in them, and the time.

python -m benchmarks.searchable_pdf scans/*.pdf photos/*.jpg --pages 3
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pypdfium2

from benchmarks.report import markdown_table
from cogdoc.documents.document import Document, open_path
from cogdoc.documents.page_selection import PageSelection
from cogdoc.documents.sandbox import Sandbox
from cogdoc.documents.searchable_pdf.pdf_file import TextLayers, searchable_pdf
from cogdoc.engines.builtin.engine import BuiltinEngine
from cogdoc.errors import CogdocError
from cogdoc.tasks.ocr import OcrTask

HEAD = ("document", "pages read", "text added to", "kB before", "kB after", "ratio", "words found", "ms to write")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a row for each document; 1 if one fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--pages", type=int, default=3, help="how many pages of each are read")
    options = parser.parse_args(arguments)
    rows: list[Sequence[str]] = []
    failed = False
    with Sandbox() as sandbox:
        for path in options.files:
            try:
                rows.append(measure(open_path(path, sandbox), path, options.pages))
            except CogdocError as error:
                print(f"{path}: {error}", file=sys.stderr)
                failed = True
    print(markdown_table(HEAD, rows))
    return int(failed)


def measure(document: Document, path: Path, pages: int) -> Sequence[str]:
    """The row of a document."""
    task = OcrTask(PageSelection(), text_layers=True)
    layers = TextLayers()
    texts: dict[int, str] = {}
    numbers = task.items(document)[:pages]
    for (record,) in task.run(document, BuiltinEngine(), numbers):
        if record.text_layer is not None:
            layers.add(record.text_layer)
            texts[record.text_layer.number] = record.text
    started = time.perf_counter()
    with searchable_pdf(document, layers) as file:
        seconds = time.perf_counter() - started
        content = file.read()
    before, after = path.stat().st_size, len(content)
    share = f"{_found(content, texts):.3f}" if texts else "-"
    sizes = (f"{before / 1000:.1f}", f"{after / 1000:.1f}", f"{after / before:.3f}")
    return (path.name, str(len(numbers)), str(len(layers)), *sizes, share, f"{1000 * seconds:.0f}")


def _found(content: bytes, texts: dict[int, str]) -> float:
    """The share of the words of the records' texts that pdfium extracts from their pages."""
    found = total = 0
    file = pypdfium2.PdfDocument(content)
    for number, text in texts.items():
        wanted = _words(text)
        found += (_words(file[number - 1].get_textpage().get_text_range()) & wanted).total()
        total += wanted.total()
    file.close()
    return found / max(1, total)


def _words(text: str) -> Counter[str]:
    return Counter(re.findall(r"\w+", text))


if __name__ == "__main__":
    sys.exit(main())
