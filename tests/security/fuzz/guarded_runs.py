"""Runs a command in folders of its own, and reports what it leaves behind: files, changed files, processes, memory."""

from __future__ import annotations

import ctypes
import os
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile

import cogdoc
from benchmarks.endings import Ending
from benchmarks.process import SAMPLE_SECONDS, own_anonymous_memory, process_tree

MAX_PARENT_MEMORY = 700_000_000
"""Bytes. The parent holds a few pages at a time, and the engine's fitted models."""
MAX_WORKER_MEMORY = 2_000_000_000
"""Bytes: the documented limit of a worker process, and of its threads."""

GRACE_SECONDS = 5.0
"""How long processes may take to end after the command has ended."""

PR_SET_CHILD_SUBREAPER = 36
"""From <sys/prctl.h>: orphans of the command become children of this process, whatever session they moved to."""


@dataclass(frozen=True, slots=True)
class GuardedRun:
    """How a command ended, and the rules about its surroundings that it broke."""

    ending: Ending
    faults: tuple[str, ...]


def run_guarded(command: Sequence[str], inputs: Path, kill_after: float) -> GuardedRun:
    """Run a command with an empty home, temporary and current folder. It may change neither these nor `inputs`."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    with TemporaryDirectory(prefix="cogdoc-guarded-") as name:
        folders = {part: Path(name) / part for part in ("home", "temporary", "current")}
        for folder in folders.values():
            folder.mkdir()
        before = _states(inputs)
        others = frozenset(process_tree(os.getpid()))
        ending, peaks = _run(command, folders, kill_after)
        found = [f"leaves the process {one!r}" for one in _left_processes(others)]
        if ending.code is not None:
            for part, folder in folders.items():
                found += [f"leaves {path.relative_to(folder)} in its {part} folder" for path in folder.rglob("*")][:1]
        if _states(inputs) != before:
            found.append("changes its inputs")
    if peaks[0] > MAX_PARENT_MEMORY:
        found.append(f"the parent takes {peaks[0] / 1e6:.0f} MB")
    if peaks[1] > MAX_WORKER_MEMORY:
        found.append(f"a worker process takes {peaks[1] / 1e6:.0f} MB")
    return GuardedRun(ending, tuple(found))


def _run(command: Sequence[str], folders: dict[str, Path], kill_after: float) -> tuple[Ending, list[int]]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("XDG_", "COGDOC_", "HF_"))}
    # Without the reading cache, which is meant to stay.
    environment |= {"HOME": str(folders["home"]), "TMPDIR": str(folders["temporary"]), "COGDOC_CACHE": "off"}
    environment["PYTHONPATH"] = str(Path(cogdoc.__file__).parents[1])
    before, started = os.times(), time.perf_counter()
    with TemporaryFile() as output, TemporaryFile() as errors:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            env=environment,
            cwd=folders["current"],
        )
        ended = threading.Event()
        peaks = [0, 0]

        def sample() -> None:
            while not ended.wait(SAMPLE_SECONDS):
                parent, *workers = map(own_anonymous_memory, process_tree(process.pid))
                peaks[:] = max(peaks[0], parent), max([peaks[1], *workers])

        sampler = threading.Thread(target=sample, daemon=True)
        sampler.start()
        try:
            code: int | None = process.wait(kill_after)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            code = None
        seconds, after = time.perf_counter() - started, os.times()
        ended.set()
        sampler.join()
        output.seek(0)
        errors.seek(0)
        processor_seconds = after.children_user + after.children_system - before.children_user - before.children_system
        return Ending(code, output.read(), errors.read(), seconds, processor_seconds, sum(peaks)), peaks


def _left_processes(others: frozenset[int]) -> Iterator[str]:
    """The command lines of the descendants that outlive the command; they are ended.

    Args:
        others: processes that have nothing to do with the command, such as those of other tests.
    """
    end = time.monotonic() + GRACE_SECONDS
    while children := _live_children(others):
        if time.monotonic() > end:
            for pid, line in children.items():
                yield line
                os.kill(pid, 9)
            return
        time.sleep(0.05)


def _live_children(others: frozenset[int]) -> dict[int, str]:
    """This process's children, without `others`, with their command lines; those that have ended are reaped."""
    children = {}
    for pid in set(process_tree(os.getpid())) - others:
        try:
            if os.waitpid(pid, os.WNOHANG) == (0, 0):
                children[pid] = Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")[:80]
        except (ChildProcessError, OSError):
            continue
    return children


def _states(folder: Path) -> dict[str, tuple[int, int]]:
    return {
        str(path): (path.lstat().st_size, path.lstat().st_mtime_ns) for path in folder.rglob("*") if not path.is_dir()
    }
