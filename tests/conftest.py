"""The project's samples, the real `cogdoc` command, run as users run it, and small documents."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from running import COMMAND, Cogdoc, CommandResult, clean_environment
from small_pdfs import save_pdf

# A test must not find what an earlier one has read.
os.environ["COGDOC_CACHE"] = "off"
# Nor a model that another test, or a user, keeps loaded.
os.environ["COGDOC_WARM"] = "off"

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "samples"


@pytest.fixture(scope="session")
def samples() -> Path:
    return SAMPLES


@pytest.fixture(scope="session")
def facts() -> dict[str, dict[str, Any]]:
    """The known facts of each sample, by its file name."""
    entries = json.loads((SAMPLES / "facts.json").read_text(encoding="utf-8"))
    return {entry["file"]: entry for entry in entries}


@pytest.fixture
def cogdoc(tmp_path: Path) -> Cogdoc:
    """Runs the command in a temporary folder and waits until it ends."""

    def run(*arguments: str | Path, stdin: bytes = b"", **environment: str) -> CommandResult:
        ended = subprocess.run(
            [*COMMAND, *map(str, arguments)],
            input=stdin,
            capture_output=True,
            cwd=tmp_path,
            env=clean_environment(**environment),
            timeout=120,
            check=False,
        )
        return CommandResult(ended.returncode, ended.stdout.decode(), ended.stderr.decode())

    return run


@pytest.fixture
def start_cogdoc(tmp_path: Path) -> Callable[..., subprocess.Popen[bytes]]:
    """Starts the command as the leader of its own process group, as a shell does."""

    def start(*arguments: str | Path) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*COMMAND, *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=tmp_path,
            env=clean_environment(),
            start_new_session=True,
            # A background job of a script inherits an ignored SIGINT; a foreground job does not.
            # The same goes for SIGHUP below nohup.
            preexec_fn=lambda: [signal.signal(number, signal.SIG_DFL) for number in (signal.SIGINT, signal.SIGHUP)],
        )

    return start


@pytest.fixture
def blank(tmp_path: Path) -> Path:
    """An empty page: the cheapest document there is."""
    return save_pdf(tmp_path / "blank.pdf", "")


@pytest.fixture(scope="session")
def long_pdf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A document long enough for a test to act while it is being read."""
    pages = [f"Page {number}\nof a long document" for number in range(1, 401)]
    return save_pdf(tmp_path_factory.mktemp("long") / "long.pdf", *pages)
