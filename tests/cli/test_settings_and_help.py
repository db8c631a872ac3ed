"""Help with examples that loads nothing heavy, settings from the environment, and `cogdoc doctor`."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from running import COMMAND, clean_environment

HEAVY = {"openai", "mcp", "torch", "transformers", "onnxruntime", "pymupdf", "rapidocr", "cv2"}
SLOW = HEAVY | {"rich", "numpy", "fastapi"}
"""What help, which is to appear at once, does not load either."""

COMMANDS = ("ask", "ocr", "chart", "chat", "mcp", "doctor", "schema")


def modules_imported(*arguments: str) -> set[str]:
    """Top-level names of the modules that Python imports while it runs `arguments`."""
    run = subprocess.run([sys.executable, "-X", "importtime", *arguments], capture_output=True, text=True, check=True)
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in run.stderr.splitlines()}


def plain(text: str) -> str:
    return " ".join(re.sub("\x1b\\[[0-9;]*m", "", text).split())


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_every_command_shows_examples_and_loads_nothing_heavy(cogdoc: Any, command: str) -> None:
    ended = cogdoc(command, "--help")
    assert (ended.code, ended.err) == (0, "")
    assert f"cogdoc {command}" in ended.out
    assert modules_imported("-m", "cogdoc", command, "--help") & SLOW == set()


@pytest.mark.slow
def test_help_lists_the_commands_and_loads_nothing_heavy(cogdoc: Any) -> None:
    ended = cogdoc("--help")
    assert (ended.code, ended.err) == (0, "")
    assert all(command in ended.out for command in COMMANDS)
    assert modules_imported("-m", "cogdoc", "--help") & SLOW == set()


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_help_has_panels_on_a_terminal() -> None:
    import pty

    ours, theirs = pty.openpty()
    environment = clean_environment() | {"TERM": "xterm"}
    with subprocess.Popen([*COMMAND, "--help"], stdin=theirs, stdout=theirs, stderr=theirs, env=environment) as running:
        os.close(theirs)
        shown = b""
        with contextlib.suppress(OSError):  # Linux reports the end of a terminal as an error
            while part := os.read(ours, 1 << 16):
                shown += part
    os.close(ours)
    assert running.returncode == 0
    assert "╭" in shown.decode()


def test_without_a_command_the_help_is_shown_as_a_usage_error(cogdoc: Any) -> None:
    ended = cogdoc()
    assert ended.code == 2
    assert "ask" in ended.out
    assert "Traceback" not in ended.err


def test_importing_the_package_loads_nothing_heavy() -> None:
    names = "cogdoc, cogdoc.errors, cogdoc.results.records"
    assert modules_imported("-c", f"import {names}; cogdoc.CogdocError; cogdoc.PageRecord") & HEAVY == set()


@pytest.mark.slow
def test_reading_a_text_page_never_loads_deep_learning_libraries(bill: Path) -> None:
    loaded = modules_imported("-m", "cogdoc", "ask", str(bill), "total due?")
    assert loaded & HEAVY == set(), "files are opened in children, the command itself needs none of it"


def test_version_is_that_of_the_package(cogdoc: Any) -> None:
    assert cogdoc("--version").out == f"cogdoc {version('cogdoc')}\n"


@pytest.mark.slow
def test_doctor_shows_libraries_and_the_engine(cogdoc: Any) -> None:
    ended = cogdoc("doctor")
    assert (ended.code, ended.err) == (0, "")
    facts = dict(re.split(r"\s{2,}", line, maxsplit=1) for line in ended.out.splitlines())
    assert facts["cogdoc"] == version("cogdoc")
    assert facts["pymupdf"] == version("pymupdf")
    assert facts["engine"].startswith("builtin: ")
    assert {"memory", "GPU", "processor", "Python"} <= set(facts)


@pytest.mark.slow
def test_options_override_the_environment(cogdoc: Any, blank: Path) -> None:
    assert json.loads(cogdoc("ocr", blank, COGDOC_OUT="json").out)["task"] == "ocr"
    assert cogdoc("ocr", blank, "--out", "text", COGDOC_OUT="json").out == ""
    assert cogdoc("ocr", blank, COGDOC_PAGES="7").code == 2
    assert cogdoc("ocr", blank, "--pages", "1", COGDOC_PAGES="7").code == 0


@pytest.mark.slow
def test_a_choice_that_does_not_exist_names_those_that_do(cogdoc: Any, blank: Path) -> None:
    ended = cogdoc("ocr", blank, "--ocr", "nope")
    assert ended.code == 2
    assert ended.err.splitlines()[0].endswith(": 'nope' is not one of 'rapidocr', 'tesseract'.")
    assert "error" not in ended.err.casefold()


def test_limits_and_quiet_come_from_the_environment(cogdoc: Any, blank: Path, samples: Path) -> None:
    ended = cogdoc("ocr", samples / "blank.png", COGDOC_MAX_MEGAPIXELS="0.5")
    assert ended.code == 4
    assert "larger than 0" in ended.err
    assert cogdoc("ask", blank, "who?", COGDOC_QUIET="1").err == ""
    wrong = cogdoc("ocr", blank, COGDOC_JOBS="many")
    assert wrong.code == 2
    assert "COGDOC_JOBS" in wrong.err


@pytest.mark.slow
def test_verbose_shows_the_engine(cogdoc: Any, blank: Path) -> None:
    ended = cogdoc("ocr", blank, "-v")
    assert (ended.code, ended.out) == (0, "")
    assert ended.err.startswith("cogdoc: engine builtin: ")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shell_completion_is_offered(cogdoc: Any, shell: str) -> None:
    ended = cogdoc("--show-completion", shell)
    assert ended.code == 0
    assert "cogdoc" in ended.out


def test_shell_completion_knows_the_commands(cogdoc: Any) -> None:
    ended = cogdoc(_COGDOC_COMPLETE="complete_bash", COMP_WORDS="cogdoc o", COMP_CWORD="1")
    assert ended.out.split() == ["ocr"]
