"""Servers that many tests use, and a small document."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from serving import RunningServer, running_server
from small_pdfs import save_pdf

POCKET = Path(__file__).parents[2] / "samples" / "pocket" / "model"


@pytest.fixture(scope="session")
def server() -> Iterator[RunningServer]:
    """Has the built-in engine. Other tests use it too, and leave jobs and figures behind."""
    with running_server("--engine", "builtin", "--jobs", "1") as server:
        yield server


@pytest.fixture(scope="session")
def model_server() -> Iterator[RunningServer]:
    """Has CogVLM2, the pocket checkpoint."""
    with running_server("--model", POCKET, "--jobs", "1") as server:
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
