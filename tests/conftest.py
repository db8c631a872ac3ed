"""The project's samples, the real `cogdoc` command, run as users run it, and small documents."""

from __future__ import annotations

import compileall
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from PIL import Image, ImageDraw
from running import COMMAND, Cogdoc, CommandResult, clean_environment, killed_at_end
from small_pdfs import save_pdf
from template_runs import COMMAND_LINE, DEEP_READER, Template

# A test must not find what an earlier one has read.
os.environ["COGDOC_CACHE"] = "off"
# Nor a model that another test, or a user, keeps loaded.
os.environ["COGDOC_WARM"] = "off"
# Tests run side by side and their models are small, so more threads would only wait for each other.
os.environ["OMP_NUM_THREADS"] = "1"

# The same examples in each run, however slow the machine is. `--hypothesis-profile=default` draws others.
settings.load_profile("ci")

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "samples"
OF_THE_DEEP_READER = {"--model", "cogvlm2", "verify", "quantize", "merge"}
"""Words of commands that import what it needs."""
SECONDS = 300
"""A command that takes longer hangs."""


def pytest_configure(config: pytest.Config) -> None:
    """Compile cogdoc as pip does when it installs it: a worker process writes no bytecode, nor does any process where
    PYTHONDONTWRITEBYTECODE is set, and would compile all that it imports."""
    if not hasattr(config, "workerinput"):
        compileall.compile_dir(ROOT / "cogdoc", quiet=2)


@pytest.fixture(scope="session")
def samples() -> Path:
    return SAMPLES


@pytest.fixture(scope="session")
def facts() -> dict[str, dict[str, Any]]:
    """The known facts of each sample, by its file name."""
    entries = json.loads((SAMPLES / "facts.json").read_text(encoding="utf-8"))
    return {entry["file"]: entry for entry in entries}


@pytest.fixture(scope="session")
def templates() -> Iterator[dict[bool, Template]]:
    """Processes that become commands; that under True has imported what the deep reader needs, too."""
    started: dict[bool, Template] = {}
    yield started
    for template in started.values():
        template.close()


@pytest.fixture(scope="session")
def readings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A reading cache for tests that are not about reading: a page is read once for all of them."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # all processes of the run have folders there
    (folder / "readings").mkdir(exist_ok=True)
    return folder / "readings"


@pytest.fixture
def cogdoc(tmp_path: Path, templates: dict[bool, Template]) -> Cogdoc:
    """Runs the command in a temporary folder and waits until it ends."""

    def run(*arguments: str | Path, stdin: bytes = b"", **environment: str) -> CommandResult:
        words, variables = [*map(str, arguments)], clean_environment(**environment)
        deep = bool(OF_THE_DEEP_READER & {*words})
        if sys.platform == "linux":
            template = templates.get(deep) or templates.setdefault(
                deep, Template(*(DEEP_READER if deep else COMMAND_LINE))
            )
            if template.can_run_in(variables):
                return template.run(words, tmp_path, variables, stdin, SECONDS)
        ended = subprocess.run(
            [*COMMAND, *words],
            input=stdin,
            capture_output=True,
            cwd=tmp_path,
            env=variables,
            timeout=SECONDS,
            check=False,
        )
        return CommandResult(ended.returncode, ended.stdout.decode(), ended.stderr.decode())

    return run


@pytest.fixture
def start_cogdoc(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts the command as the leader of its own process group, as a shell does. After the test it does not run."""
    with ExitStack() as started:

        def start(*arguments: str | Path) -> subprocess.Popen[bytes]:
            process = subprocess.Popen(
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
            return started.enter_context(killed_at_end(process))

        yield start


@pytest.fixture
def blank(tmp_path: Path) -> Path:
    """An empty page: the cheapest document there is."""
    return save_pdf(tmp_path / "blank.pdf", "")


@pytest.fixture(scope="session")
def long_pdf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A document long enough for a test to act while it is being read."""
    pages = [f"Page {number}\nof a long document" for number in range(1, 401)]
    return save_pdf(tmp_path_factory.mktemp("long") / "long.pdf", *pages)


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
