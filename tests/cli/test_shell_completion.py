"""Shells complete commands, options, their values and file names, after `cogdoc --install-completion`."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

import pytest
from running import clean_environment

ROOT = Path(__file__).parent.parent.parent
SECONDS = 60.0
STARTS = {
    "bash": ("bash", "-i"),
    "zsh": ("zsh", "-i"),
    "fish": ("fish", "-i", "--features", "no-query-term"),
}

COMPLETED = (
    ("cogdoc oc", "ocr"),
    ("cogdoc ask --min-conf", "--min-confidence"),
    ("cogdoc ask --engine cog", "cogvlm2"),
    ("cogdoc extract --preset rec", "receipt"),
    ("cogdoc ask --out=va", "values"),
    ("cogdoc ask --out va", "values"),
    ("cogdoc ask --model chinese-", "chinese-int4"),
    ("cogdoc ocr --password-file pag", r"page\\ one\.pdf"),
)
"""What is typed before Tab, and what its last word becomes. The last three are tried in every shell."""


class Shell:
    """A shell at a terminal of its own, whose `cogdoc` is the one under test."""

    def __init__(self, name: str, home: Path) -> None:
        folder = home / "bin"
        folder.mkdir(exist_ok=True)
        command = folder / "cogdoc"
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m cogdoc "$@"\n')
        command.chmod(0o755)
        (home / ".zshrc").touch()  # without one, zsh asks new users questions
        environment = clean_environment(
            HOME=str(home),
            PATH=f"{folder}{os.pathsep}{os.environ['PATH']}",
            PYTHONPATH=str(ROOT),
            PS1="$ ",
            TERM="dumb" if name == "bash" else "xterm",
            COLUMNS="400",
        )
        for variable in ("ZDOTDIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "BASH_ENV", "ENV"):
            environment.pop(variable, None)
        self.terminal, theirs = pty.openpty()
        self.process = subprocess.Popen(
            ["setsid", "--ctty", *STARTS[name]], stdin=theirs, stdout=theirs, stderr=theirs, cwd=home, env=environment
        )
        os.close(theirs)

    def __enter__(self) -> Shell:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.terminal)

    def type(self, text: str, until: str) -> str:
        """Type, and wait until the terminal shows what matches; what it shows by then."""
        os.write(self.terminal, text.encode())
        shown, end = "", time.monotonic() + SECONDS
        while not re.search(until, shown):
            ready, _, _ = select.select([self.terminal], [], [], max(0.0, end - time.monotonic()))
            assert ready, f"{text!r} shows no {until!r}: {shown!r}"
            shown += os.read(self.terminal, 65536).decode(errors="replace")
        return shown


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_shells_complete_what_options_take(name: str, tmp_path: Path) -> None:
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    (tmp_path / "page one.pdf").touch()
    with Shell(name, tmp_path) as shell:
        shell.type("cogdoc --install-completion\n", "completion installed in")
    with Shell(name, tmp_path) as shell:
        if name == "zsh":  # whose first completion only loads typer's function
            shell.type("cogdoc oc\t", "\x07")
            shell.type("\x15", "")
        for typed, completed in COMPLETED if name == "bash" else COMPLETED[-3:]:
            last = typed.replace("=", " ").rpartition(" ")[2]
            shell.type(f"{typed}\t", completed.removeprefix(last) if name == "bash" else completed)
            shell.type("\x15", "")
