"""Standard input of any size and kind is read or one clear error, and the other files are read."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from running import COMMAND, clean_environment

from cogdoc.documents import sources
from cogdoc.documents.sources import keep_stdin
from cogdoc.errors import OutputError, TooLargeError

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="uses devices of Linux")


def test_standard_input_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MAX_FETCHED", 5 << 20)
    with Path("/dev/zero").open(encoding="utf-8") as endless:
        monkeypatch.setattr(sys, "stdin", endless)
        with pytest.raises(TooLargeError, match="more than 5 MB"), keep_stdin():
            pass


def test_full_temporary_folder_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()
    os.write(write, b"%PDF")
    os.close(write)
    with os.fdopen(read) as pipe, Path("/dev/full").open("wb") as full:
        monkeypatch.setattr(sys, "stdin", pipe)
        monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: full)
        with pytest.raises(OutputError, match="temporary folder") as caught, keep_stdin():
            pass
    assert caught.value.exit_code == 5


@pytest.mark.slow
def test_standard_input_that_cannot_be_read_stops_no_other_file(blank: Path) -> None:
    with (blank.parent / "only-written").open("wb") as written:
        ended = subprocess.run(
            [*COMMAND, "ocr", "-", str(blank)], stdin=written, capture_output=True, check=False, env=clean_environment()
        )
    assert ended.returncode == 1
    assert ended.stderr.decode().splitlines()[0] == "cogdoc: -: cannot be read: Bad file descriptor"
