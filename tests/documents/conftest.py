"""Fixtures for opening documents: sandboxes, and PDF files made for a test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pymupdf
import pytest
from sent_functions import SendingSandbox

from cogdoc.documents.document import Document, open_path
from cogdoc.documents.sandbox import Sandbox

Open = Callable[..., Document]
MakePdf = Callable[..., Path]


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as shared:
        yield shared


@pytest.fixture
def fresh_sandbox() -> Iterator[Sandbox]:
    """A sandbox for one test, which can run `worker_functions`."""
    with SendingSandbox(timeout=60) as own:
        yield own


@pytest.fixture(scope="session")
def open_file(sandbox: Sandbox) -> Open:
    """Opens a file by its path, optionally with a password."""
    return lambda path, password=None: open_path(path, sandbox, password)


@pytest.fixture
def make_pdf(tmp_path: Path) -> MakePdf:
    """Writes a PDF with a page for each size, and "Page N" in the corner of each."""

    def make(*sizes: tuple[float, float], name: str = "made.pdf") -> Path:
        document = pymupdf.open()
        for number, (width, height) in enumerate(sizes, 1):
            document.new_page(width=width, height=height).insert_text((10, 20), f"Page {number}")
        path = tmp_path / name
        document.save(path)
        return path

    return make
