"""A run leaves nothing behind but its output: no file, no process, no report to anyone."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.endings import COGDOC
from tests.security.fuzz.guarded_runs import run_guarded

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", ["receipt.jpg", "letter.pdf"])
def test_reading_leaves_no_file_and_no_process(name: str, samples: Path, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes((samples / name).read_bytes())
    run = run_guarded([COGDOC, "ocr", str(tmp_path / name), "--engine", "builtin"], tmp_path, kill_after=300)
    assert run.ending.code == 0, run.ending.errors
    assert not run.faults
