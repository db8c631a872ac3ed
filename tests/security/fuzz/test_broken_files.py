"""The command line accounts for every broken file; `python -m tests.security.fuzz` tries many more."""

from __future__ import annotations

from pathlib import Path

import pytest

from .__main__ import main


@pytest.mark.slow
def test_every_broken_file_ends_in_a_record_or_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["--count", "6", "--seed", "0", "--keep", str(tmp_path)])
    captured = capsys.readouterr()
    assert status == 0, captured.err
    assert "6 files, 0 of 1 batches failed" in captured.out
