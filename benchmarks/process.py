"""Runs a command as a user would, and measures its time and the memory of it and its children."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

SAMPLE_SECONDS = 0.05


class CommandFailedError(Exception):
    """A measured command failed."""


@dataclass(frozen=True, slots=True)
class Run:
    """A finished command; all times in seconds from its start, memory in bytes."""

    seconds: float
    processor_seconds: float
    """Of the process and the children that it has waited for."""
    output: str
    memory: tuple[tuple[float, int], ...]
    """Anonymous resident memory of the process and all its descendants, sampled while it ran."""

    @property
    def peak_memory(self) -> int:
        return max((size for _, size in self.memory), default=0)

    def peak_memory_between(self, start: float, end: float) -> int:
        return max((size for moment, size in self.memory if start <= moment <= end), default=0)


def as_users_run() -> dict[str, str]:
    """The environment, in which Python keeps compiled modules: without, each start would compile all of cogdoc anew."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def run(command: Sequence[str], **environment: str) -> Run:
    """Run `command` to its end, with these variables beside those of this process.

    Raises:
        CommandFailedError: it failed; the message ends with the end of its standard error.
    """
    started = time.perf_counter()
    memory: list[tuple[float, int]] = []
    ended = threading.Event()
    with TemporaryFile() as errors:
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            encoding="utf-8",
            env=as_users_run() | environment,
        )

        def sample() -> None:
            while not ended.wait(SAMPLE_SECONDS):
                memory.append((time.perf_counter() - started, anonymous_memory(process.pid)))

        sampler = threading.Thread(target=sample, daemon=True)
        sampler.start()
        assert process.stdout is not None
        output = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        process.stdout.close()
        seconds = time.perf_counter() - started
        ended.set()
        sampler.join()
        if process.returncode:
            errors.seek(0)
            message = errors.read().decode("utf-8", "replace").strip()
            raise CommandFailedError(f"{' '.join(command)} ended with {process.returncode}: {message[-500:]}")
    return Run(seconds, used.ru_utime + used.ru_stime, output, tuple(memory))


def anonymous_memory(pid: int) -> int:
    """Bytes of anonymous resident memory of a process and all its descendants.

    File-backed pages, such as mapped models, are not counted, since the system can drop them at any time.
    """
    return sum(own_anonymous_memory(one) for one in process_tree(pid))


def process_tree(pid: int) -> Iterator[int]:
    """A process and all its descendants."""
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            pids = children.read_text().split()
        except OSError:
            continue
        for child in pids:
            yield from process_tree(int(child))


def own_anonymous_memory(pid: int) -> int:
    """Bytes of anonymous and shared resident memory (RssAnon, RssShmem) of one process; 0 if it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    lines = [line.split() for line in status.splitlines() if line.startswith(("RssAnon:", "RssShmem:"))]
    return sum(int(kilobytes) for _, kilobytes, _ in lines) * 1024
