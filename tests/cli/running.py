"""Runs the command: its arguments, its environment and its result."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeVar

Process = TypeVar("Process", bound="subprocess.Popen[Any]")

COMMAND = (sys.executable, "-m", "cogdoc")


@dataclass(frozen=True)
class CommandResult:
    """The result of a command."""

    code: int
    out: str
    err: str


Cogdoc = Callable[..., CommandResult]
"""The type of the fixture `cogdoc`: takes arguments, returns the result."""


def clean_environment(**settings: str) -> dict[str, str]:
    """The environment with `settings` but no other settings of cogdoc, no cache, and a terminal 100 columns wide.

    It is the same in all tests, since it leaves out pytest's variables: one names the test.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("COGDOC_", "PYTEST_"))}
    return kept | {"COGDOC_CACHE": "off", "COGDOC_WARM": "off", "COLUMNS": "100", "PYTHONPATH": "", **settings}


@contextmanager
def killed_at_end(process: Process) -> Iterator[Process]:
    """Kills the process at the end of the context if it still runs, whatever the test came to, and closes its pipes."""
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                with suppress(OSError):  # what was not sent yet cannot be sent anymore
                    stream.close()


def run_at_a_terminal(*arguments: str, typed: str = "", **settings: str) -> tuple[int, str]:
    """Run the command with a terminal of its own; the exit code, and what the terminal shows."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        ["setsid", "--ctty", "--wait", *COMMAND, *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=clean_environment(**settings),
    )
    os.close(theirs)
    with killed_at_end(process):
        shown = b""
        # A Linux terminal gives an error, not an end of file, once no process has it open.
        with suppress(OSError):
            while chunk := os.read(ours, 65536):
                shown += chunk
                if typed and b"password: " in shown:
                    os.write(ours, typed.encode())
                    typed = ""
        os.close(ours)
        return process.wait(60), shown.decode()
