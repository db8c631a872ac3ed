"""Copies of standard input and of remote files have no name, so that a killed command leaves nothing behind."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from running import COMMAND, clean_environment

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux opens files without a name"),
]


def test_killed_command_leaves_no_copy_of_standard_input(long_pdf: Path, tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    with (
        long_pdf.open("rb") as document,
        subprocess.Popen(
            [*COMMAND, "ocr", "-", "--out", "jsonl", "--engine", "builtin"],
            stdin=document,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=clean_environment(TMPDIR=str(temporary)),
        ) as running,
    ):
        assert running.stdout is not None
        assert running.stdout.readline().startswith(b'{"schema"')
        during = [path.name for path in temporary.rglob("*") if path.is_file()]
        running.send_signal(signal.SIGKILL)
        running.communicate(timeout=60)
    time.sleep(0.2)
    assert during == []
    assert [path for path in temporary.rglob("*") if path.is_file()] == []
