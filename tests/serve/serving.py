"""Runs the real `cogdoc serve` on a free port, as users run it, and talks to it."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from running import COMMAND, clean_environment, killed_at_end

STARTED = re.compile(r"serves (\S+) on (http://\S+)")
START_SECONDS = 180.0


@dataclass
class RunningServer:
    """A server process and its address."""

    process: subprocess.Popen[str]
    url: str = ""
    model: str = ""
    lines: list[str] = field(default_factory=list)
    """What it printed on standard error."""

    def client(self, **options: Any) -> httpx2.Client:
        return httpx2.Client(base_url=self.url, timeout=180, **options)

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, and wait for the exit code."""
        self.process.send_signal(number)
        return self.process.wait(timeout=180)

    @property
    def err(self) -> str:
        return "".join(self.lines)


@contextmanager
def running_server(
    *arguments: str | Path, cwd: Path | None = None, changes: str = "", **environment: str
) -> Iterator[RunningServer]:
    """`cogdoc serve`, once it listens. It ends with the context.

    Args:
        changes: Python code that runs first, such as to shorten a time limit.
    """
    command = (sys.executable, "-c", f"{changes}\nfrom cogdoc.cli.app import main; main()") if changes else COMMAND
    process = subprocess.Popen(
        [*command, "serve", "--port", "0", *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd=cwd,
        env=clean_environment(**environment),
        text=True,
    )
    with killed_at_end(process):
        server = RunningServer(process)
        _read_address(server)
        reader = threading.Thread(target=server.lines.extend, args=(process.stderr,), daemon=True)
        reader.start()
        try:
            _wait_until_healthy(server)
            yield server
        finally:
            process.kill()
            reader.join()  # it reads to the end


def _read_address(server: RunningServer) -> None:
    assert server.process.stderr is not None
    for line in server.process.stderr:
        server.lines.append(line)
        if started := STARTED.search(line):
            server.model, server.url = started[1], started[2]
            return
    raise AssertionError(f"the server ended with {server.process.wait()}: {server.err}")


def _wait_until_healthy(server: RunningServer) -> None:
    deadline = time.monotonic() + START_SECONDS
    with server.client() as client:
        while client.get("/healthz").status_code != 200:
            assert time.monotonic() < deadline
            time.sleep(0.02)
