"""The real `cogdoc` command, run as users run it, and small documents to run it on."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from running import COMMAND, Cogdoc, CommandResult, clean_environment
from small_pdfs import save_pdf


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
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    return start


@pytest.fixture
def bill(tmp_path: Path) -> Path:
    """A bill of one page in the command's folder."""
    return save_pdf(tmp_path / "bill.pdf", "Harbour Chandlery\nInvoice number: A-1047\nTotal due: $98.76")


@pytest.fixture
def other_bill(tmp_path: Path) -> Path:
    return save_pdf(tmp_path / "other.pdf", "Lowmere Boatyard\nInvoice number: B-2290\nTotal due: $12.05")


@pytest.fixture
def blank(tmp_path: Path) -> Path:
    """An empty page: the cheapest document there is."""
    return save_pdf(tmp_path / "blank.pdf", "")


@pytest.fixture(scope="session")
def slow_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A scan of small print that takes OCR many seconds."""
    path = tmp_path_factory.mktemp("slow") / "small-print.png"
    sheet = Image.new("L", (3000, 4200), 255)
    draw = ImageDraw.Draw(sheet)
    for row in range(100):
        draw.text((60, 40 + 41 * row), " ".join(f"word{row * 40 + n}" for n in range(40)), fill=0, font_size=24)
    sheet.save(path)
    return path


@pytest.fixture(scope="session")
def long_pdf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A document long enough for a test to act while it is being read."""
    pages = [f"Page {number}\nof a long document" for number in range(1, 401)]
    return save_pdf(tmp_path_factory.mktemp("long") / "long.pdf", *pages)
