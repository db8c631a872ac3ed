"""Runs a command that may fail in any way, and checks that it ended as cogdoc promises."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from benchmarks.process import SAMPLE_SECONDS, anonymous_memory
from cogdoc.errors import ExitCode

COGDOC = str(Path(sys.executable).with_name("cogdoc"))
KILL_AFTER = 120.0
"""Seconds after which a command on one file counts as hung."""

CONTROLS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Characters that can control a terminal, except the harmless line feed."""

DOCUMENTED_CODES = {int(code) for code in ExitCode} - {int(ExitCode.BUG)}


@dataclass(frozen=True, slots=True)
class Ending:
    """A command that has ended or was killed."""

    code: int | None
    """Exit code; None if it had to be killed."""
    output: bytes
    errors: bytes
    seconds: float
    processor_seconds: float
    """Processor time of the command and its descendants."""
    memory: int
    """Peak of the anonymous resident memory of the command and all its descendants, in bytes."""

    @property
    def error_lines(self) -> list[str]:
        return self.errors.decode("utf-8", "replace").split("\n")[:-1]


def run_to_end(command: Sequence[str], kill_after: float = KILL_AFTER) -> Ending:
    """Run a command, killing it after `kill_after` seconds."""
    before = os.times()
    started = time.perf_counter()
    ended = threading.Event()
    peak = 0
    with TemporaryFile() as output, TemporaryFile() as errors:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=errors)

        def sample() -> None:
            nonlocal peak
            while not ended.wait(SAMPLE_SECONDS):
                peak = max(peak, anonymous_memory(process.pid))

        sampler = threading.Thread(target=sample, daemon=True)
        sampler.start()
        try:
            code: int | None = process.wait(kill_after)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            code = None
        seconds = time.perf_counter() - started
        after = os.times()
        processor_seconds = after.children_user + after.children_system - before.children_user - before.children_system
        ended.set()
        sampler.join()
        output.seek(0)
        errors.seek(0)
        return Ending(code, output.read(), errors.read(), seconds, processor_seconds, peak)


def faults(ending: Ending) -> Iterator[str]:
    """The rules for all commands that an ending breaks."""
    if ending.code is None:
        yield f"hung for {ending.seconds:.0f} s"
    elif ending.code not in DOCUMENTED_CODES:
        yield f"exit code {ending.code}"
    for line in ending.error_lines:
        if "Traceback" in line or not line.startswith(("cogdoc: ", "        ")):
            yield f"prints {line[:80]!r}"
            break
    if CONTROLS.search("".join(ending.error_lines)):
        yield "control characters on standard error"
    try:
        ending.output.decode()
    except UnicodeDecodeError:
        yield "output is not UTF-8"


def json_output(ending: Ending) -> Any:
    """The output of a command with `--out json`; None if it is not valid JSON."""
    try:
        return json.loads(ending.output, parse_constant=_refuse)
    except ValueError:
        return None


def shown_on_terminal(command: Sequence[str]) -> str:
    """Everything a command writes to a terminal, on standard output and standard error."""
    master, terminal = pty.openpty()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=terminal, stderr=terminal)
    os.close(terminal)
    parts = []
    try:
        while part := os.read(master, 1 << 16):
            parts.append(part)
    except OSError:  # Linux raises this when the other end is closed
        pass
    os.close(master)
    process.wait()
    return b"".join(parts).decode("utf-8", "replace").replace("\r\n", "\n")


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
