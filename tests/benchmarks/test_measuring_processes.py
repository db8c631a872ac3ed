"""Measured commands include their child processes, and generated documents have the promised content."""

from __future__ import annotations

import sys
from pathlib import Path

import pymupdf
import pytest

from benchmarks.process import CommandFailedError, run
from cogdoc.measuring.generated_documents import write_scan_pdf, write_text_pdf

ALLOCATES_IN_CHILD = """
import subprocess, sys
subprocess.run([sys.executable, "-c", "x = bytearray(150_000_000); import time; time.sleep(1)"])
print("done")
"""


def test_memory_includes_child_processes() -> None:
    finished = run([sys.executable, "-c", ALLOCATES_IN_CHILD])
    assert finished.output == "done\n"
    assert finished.seconds > 1
    assert 150_000_000 < finished.peak_memory < 300_000_000
    assert finished.peak_memory_between(0, finished.seconds) == finished.peak_memory


def test_a_failed_command_is_an_error_with_its_standard_error() -> None:
    with pytest.raises(CommandFailedError, match="ended with 3: no such page"):
        run([sys.executable, "-c", "import sys; print('no such page', file=sys.stderr); sys.exit(3)"])


def test_each_page_of_the_generated_report_has_a_number_and_its_scan_has_no_text(tmp_path: Path) -> None:
    write_text_pdf(tmp_path / "text.pdf", 5)
    write_scan_pdf(tmp_path / "scan.pdf", tmp_path / "text.pdf", 2)
    with pymupdf.open(tmp_path / "text.pdf") as pdf, pymupdf.open(tmp_path / "scan.pdf") as scan:
        assert [f"CD-{number:04d}" in pdf[number - 1].get_text() for number in range(1, 6)] == [True] * 5
        assert "in thousands" in pdf[4].get_text()
        assert [page.get_text() for page in scan] == ["", ""]
