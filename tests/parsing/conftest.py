"""Fixtures that several tests of parsing use: layouts of the samples, each read once for all tests.

OCR takes seconds per page. Layouts are stored in files, so that several pytest processes share them too.
"""

from __future__ import annotations

import fcntl
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import numpy as np
import pymupdf
import pytest

from cogdoc.documents.document import Document, open_path
from cogdoc.documents.geometry import Box
from cogdoc.documents.rendering import fit_long_side
from cogdoc.documents.sandbox import Sandbox
from cogdoc.parsing.page import Page
from cogdoc.parsing.page_text import PageLayout, PageText

OpenFile = Callable[..., Document]
ReadSample = Callable[..., PageLayout]
ReadFile = Callable[[Path], PageText]
Ink = Callable[[Document, int, Box], "tuple[float, float]"]

SENTENCE = "The harbour master counted forty small boats"


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(jobs=2) as shared:  # two worker processes, each on half of the cores
        yield shared


@pytest.fixture(scope="session")
def open_file(sandbox: Sandbox) -> OpenFile:
    return lambda path, password=None: open_path(path, sandbox, password)


@pytest.fixture(scope="session")
def read_sample(
    samples: Path, open_file: OpenFile, tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> ReadSample:
    """Read the layout of a page of a sample, by the sample's name."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "layouts"
    folder.mkdir(exist_ok=True)

    def read(name: str, number: int = 1) -> PageLayout:
        stored = folder / f"{name.replace('/', '-')}-{number}"
        with stored.open("a+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            if content := file.read():
                return cast(PageLayout, pickle.loads(content))
            layout = Page(open_file(samples / name), number).layout()
            file.write(pickle.dumps(layout))
        return layout

    return read


@pytest.fixture(scope="session")
def read_file(open_file: OpenFile) -> ReadFile:
    """Read the text of the first page of a file."""
    return lambda path: Page(open_file(path), 1).text()


@pytest.fixture(scope="session")
def ink() -> Ink:
    """Measure the share of dark pixels in a displayed box of the rendered page, and the highest share at its sides."""

    def measure(document: Document, number: int, box: Box) -> tuple[float, float]:
        width, height = Page(document, number).text().displayed_size
        size = fit_long_side(width, height, 2400)
        dark = document.picture(number, size).result().mean(axis=2) < 128
        scale = size.width / width

        def share(x0: float, y0: float, x1: float, y1: float) -> float:
            part = dark[max(0, round(y0 * scale)) : round(y1 * scale), max(0, round(x0 * scale)) : round(x1 * scale)]
            return float(part.mean())

        inside = share(*box)
        edges = [
            share(box.x0 - 2, box.y0, box.x0 - 1, box.y1),
            share(box.x1 + 1, box.y0, box.x1 + 2, box.y1),
        ]
        return inside, float(np.max(edges))

    return measure


@pytest.fixture(scope="session")
def text_pdf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with six lines of plain text, from which tests make other files."""
    file = pymupdf.open()
    page = file.new_page()
    for index in range(6):
        page.insert_text((72, 100 + 40 * index), f"{SENTENCE} {index}", fontsize=16)
    path = tmp_path_factory.mktemp("made") / "text.pdf"
    file.save(path)
    return path
