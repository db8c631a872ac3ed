"""Small documents to run the command on."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from running import Cogdoc
from small_pdfs import save_pdf


@pytest.fixture
def bill(tmp_path: Path) -> Path:
    """A bill of one page in the command's folder."""
    return save_pdf(tmp_path / "bill.pdf", "Harbour Chandlery\nInvoice number: A-1047\nTotal due: $98.76")


@pytest.fixture
def other_bill(tmp_path: Path) -> Path:
    return save_pdf(tmp_path / "other.pdf", "Lowmere Boatyard\nInvoice number: B-2290\nTotal due: $12.05")


@pytest.fixture
def cogdoc(cogdoc: Cogdoc, readings: Path) -> Cogdoc:
    """Runs the command as tests elsewhere do, with a reading cache, as users do."""
    return partial(cogdoc, COGDOC_CACHE=str(readings))
