"""A server with the built-in engine, and a small document."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from serving import RunningServer, running_server
from small_pdfs import save_pdf


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with running_server("--engine", "builtin", "--jobs", "1") as server:
        yield server


@pytest.fixture
def client(server: RunningServer) -> Iterator[httpx2.Client]:
    with server.client() as client:
        yield client


@pytest.fixture(scope="session")
def bill(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bill of two pages."""
    pages = ("Harbour Chandlery\nInvoice number: A-1047\nTotal due: $98.76", "Thank you\nfor your custom")
    return save_pdf(tmp_path_factory.mktemp("bill") / "bill.pdf", *pages)
