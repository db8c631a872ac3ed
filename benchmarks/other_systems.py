"""Other systems that turn a document into text, to compare cogdoc with.

Each reads the same file as its own users would have it read. Systems that are slow to start stay loaded for the life of
the process.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

RENDER_DPI = 200
"""Resolution at which PDF pages are rendered for systems that read only pictures."""


def read_with_rapidocr(document: Path) -> str:
    """RapidOCR without its line direction classifier, which turns some upright long lines upside down."""
    return _rapidocr_text(document, use_cls=False)


def read_with_rapidocr_as_shipped(document: Path) -> str:
    """RapidOCR with all its defaults."""
    return _rapidocr_text(document, use_cls=True)


def read_with_tesseract(document: Path) -> str:
    """The `tesseract` program with its English and simplified Chinese models."""
    texts = []
    for page in _pages(document):
        command = ["tesseract", "stdin", "stdout", "-l", "eng+chi_sim"]
        png = _png(page)
        # Its threads wait in a busy loop, which makes it several times slower on a shared machine.
        environment = {**os.environ, "OMP_THREAD_LIMIT": "1"}
        finished = subprocess.run(command, input=png, capture_output=True, check=True, env=environment)
        texts.append(finished.stdout.decode("utf-8"))
    return "\n".join(texts)


def read_with_pymupdf(document: Path) -> str:
    """The Markdown of PyMuPDF's own layout analysis and OCR."""
    import pymupdf4llm

    return str(pymupdf4llm.to_markdown(str(document)))


READERS: dict[str, Callable[[Path], str]] = {
    "rapidocr": read_with_rapidocr,
    "rapidocr as shipped": read_with_rapidocr_as_shipped,
    "tesseract": read_with_tesseract,
    "pymupdf4llm": read_with_pymupdf,
}
BASELINES = {
    "rapidocr": ("rapidocr", "rapidocr as shipped"),
    "tesseract": ("tesseract",),
    "pymupdf": ("pymupdf4llm",),
}
MARKDOWN_WRITERS = frozenset({"pymupdf4llm"})


def missing(system: str) -> str | None:
    """Why `system` cannot run on this machine, or None if it can."""
    if system == "tesseract" and shutil.which("tesseract") is None:
        return "the tesseract program is not installed"
    return None


@cache
def _rapidocr() -> Any:
    from rapidocr import RapidOCR

    threads = int(os.environ.get("OMP_THREAD_LIMIT", "0")) or -1
    return RapidOCR(
        params={
            "Global.log_level": "critical",
            "EngineConfig.onnxruntime.intra_op_num_threads": threads,
        }
    )


def _rapidocr_text(document: Path, *, use_cls: bool) -> str:
    lines: list[str] = []
    for page in _pages(document):
        bgr = np.ascontiguousarray(np.asarray(page)[:, :, ::-1])
        lines.extend(_rapidocr()(bgr, use_cls=use_cls).txts or ())
    return "\n".join(lines)


def _pages(document: Path) -> Iterator[Image.Image]:
    """Each page of a PDF rendered, or the picture itself, in RGB."""
    if document.suffix.lower() != ".pdf":
        with Image.open(document) as picture:
            yield picture.convert("RGB")
        return
    import pymupdf

    with pymupdf.open(document) as pdf:
        for page in pdf:
            pixmap = page.get_pixmap(dpi=RENDER_DPI)
            yield Image.frombytes("RGB", (pixmap.width, pixmap.height), pixmap.samples)


def _png(page: Image.Image) -> bytes:
    buffer = BytesIO()
    page.save(buffer, "PNG")
    return buffer.getvalue()
