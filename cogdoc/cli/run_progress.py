"""How far a run is, on standard error: a line on a terminal, or a line of JSON a second for programs."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

from cogdoc.batch.progress import RunProgress, Snapshot
from cogdoc.results.printable import printable

if TYPE_CHECKING:
    from rich.progress import Progress

ProgressMode = Literal["auto", "json", "none"]

DELAY = 0.7
"""Seconds until a line appears, and until it comes back after results: a short run shows none."""

JSON_SECONDS = 1.0
MAX_PATH = 40


class ProgressDisplay:
    """Shows nothing until `start`, and nothing while results are written to the same terminal."""

    def __init__(self, progress: RunProgress, *, beside_results: bool) -> None:
        """
        Args:
            beside_results: whether results are written to the terminal that shows the line.
        """
        self._progress = progress
        self._beside_results = beside_results
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        self._line: Progress | None = None
        self._ended = False

    def start(self) -> None:
        with self._lock:
            if not self._ended and self._timer is None and self._line is None:
                self._timer = threading.Timer(DELAY, self._show)
                self._timer.daemon = True
                self._timer.start()

    def writing(self) -> None:
        """Results are about to be written: the line leaves their terminal, and comes back if they stop coming."""
        if self._beside_results:
            self._hide()
            self.start()

    def end(self) -> None:
        with self._lock:
            self._ended = True
        self._hide()

    def _hide(self) -> None:
        with self._lock:
            timer, self._timer = self._timer, None
            line, self._line = self._line, None
        if timer is not None:
            timer.cancel()
        if line is not None:
            line.stop()

    def _show(self) -> None:
        line = _line(self._progress)
        with self._lock:
            if self._ended or self._timer is None:
                return
            self._timer, self._line = None, line
            line.start()


def _line(progress: RunProgress) -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, Task, TextColumn
    from rich.table import Column
    from rich.text import Text

    class Counts(TextColumn):
        def render(self, task: Task) -> Text:
            now = progress.snapshot()
            task.total = now.pages if now.all_pages and now.pages else None
            task.completed = now.pages_done
            return Text(describe_counts(now))

    class Speed(TextColumn):
        def render(self, task: Task) -> Text:  # noqa: ARG002 - rich's
            return Text(describe_speed(progress.snapshot()), no_wrap=True, overflow="ellipsis")

    line = Progress(
        SpinnerColumn(),
        Counts(""),
        BarColumn(bar_width=20),
        Speed("", table_column=Column(ratio=1, no_wrap=True)),
        console=Console(stderr=True),
        transient=True,
        redirect_stdout=False,
        expand=True,
    )
    line.add_task("", total=None)
    return line


def describe_counts(now: Snapshot) -> str:
    """Such as "3 of 12 files, 27 of 104 pages"; a plus sign is behind what is only known so far."""
    parts = []
    if now.files > 1 or not now.all_files:
        total = f"{now.files}{'' if now.all_files else '+'}"
        parts.append(f"{now.files_done} of {total} files" if now.pages or now.files_done else f"{total} files found")
    if now.pages:
        parts.append(f"{now.pages_done} of {now.pages}{'' if now.all_pages else '+'} pages")
    return ", ".join(parts)


def describe_speed(now: Snapshot) -> str:
    """Such as "2.1 pages/s, 0:36 left, report.pdf page 4"."""
    parts = []
    if now.pages_per_second is not None:
        rate = now.pages_per_second
        parts.append(f"{rate:.1f} pages/s" if rate >= 1 else f"{1 / rate:.1f} s a page")
    if now.seconds_left is not None:
        parts.append(f"{_clock(now.seconds_left)} left")
    if now.path:
        path = printable(now.path)
        short = path if len(path) <= MAX_PATH else f"…{path[1 - MAX_PATH :]}"
        parts.append(short if now.page is None else f"{short} page {now.page}")
    return ", ".join(parts)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(max(1, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def progress_event(now: Snapshot, *, ended: bool) -> dict[str, Any]:
    """A line of `--progress json`."""
    rate, left = now.pages_per_second, now.seconds_left
    return {
        "event": "end" if ended else "progress",
        "seconds": round(now.seconds, 1),
        "files": {
            "known": now.files,
            "all_known": now.all_files,
            "done": now.files_done,
            "failed": now.files_failed,
        },
        "pages": {"known": now.pages, "all_known": now.all_pages, "done": now.pages_done},
        "pages_per_second": None if rate is None else round(rate, 3),
        "seconds_left": None if left is None else round(left, 1),
        "reading": {"path": now.path, "page": now.page} if now.path and not ended else None,
    }


@contextmanager
def shown_progress(
    progress: RunProgress, mode: ProgressMode, *, quiet: bool, beside_results: bool
) -> Iterator[ProgressDisplay]:
    """Show progress within the context: as JSON if asked for, else on a terminal unless `quiet`."""
    display = ProgressDisplay(progress, beside_results=beside_results)
    if mode == "json":
        display.end()
        with _json_lines(progress):
            yield display
        return
    if mode == "none" or quiet or not sys.stderr.isatty():
        display.end()
    display.start()
    try:
        yield display
    finally:
        display.end()


@contextmanager
def _json_lines(progress: RunProgress) -> Iterator[None]:
    ended = threading.Event()

    def write(*, last: bool) -> None:
        line = json.dumps(progress_event(progress.snapshot(), ended=last))
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()

    def run() -> None:
        while not ended.wait(JSON_SECONDS):
            write(last=False)

    write(last=False)
    thread = threading.Thread(target=run, name="cogdoc-progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        write(last=True)
