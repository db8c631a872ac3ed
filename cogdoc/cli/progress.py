"""Progress on standard error, if it is a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cogdoc.results.printable import printable

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class ProgressLine:
    """Counts pages and answers. It appears with the second one, because a single page needs no progress."""

    def __init__(self, *, shown: bool) -> None:
        self._shown = shown
        self._done = 0
        self._progress: Progress | None = None
        self._task: TaskID | None = None

    def advance(self, source: str) -> None:
        """Count one more page or answer of `source`."""
        self._done += 1
        if not self._shown or self._done < 2:
            return
        if self._progress is None:
            self._start()
        assert self._progress is not None
        assert self._task is not None
        self._progress.update(self._task, completed=self._done, description=printable(source)[-60:])

    def stop(self) -> None:
        if self._progress is not None:
            self._progress.stop()

    def _start(self) -> None:
        from rich.console import Console
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.completed:.0f} done"),
            TextColumn("{task.description}", markup=False),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            transient=True,
            redirect_stdout=False,
        )
        self._task = self._progress.add_task("", total=None)
        self._progress.start()


@contextmanager
def progress_line(*, quiet: bool) -> Iterator[ProgressLine]:
    """Show progress within the context, if standard error is a terminal."""
    line = ProgressLine(shown=not quiet and sys.stderr.isatty())
    try:
        yield line
    finally:
        line.stop()


@contextmanager
def loading_line(*, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """Yield a function that shows a progress bar for loading a model: it takes the steps done and their total."""
    progress: Progress | None = None
    task: TaskID | None = None

    def advance(done: int, total: int) -> None:
        nonlocal progress, task
        if quiet or not sys.stderr.isatty():
            return
        if progress is None:
            from rich.console import Console
            from rich.progress import Progress as Bar

            progress = Bar(console=Console(stderr=True), transient=True, redirect_stdout=False)
            task = progress.add_task("loading the model", total=total)
            progress.start()
        assert task is not None
        progress.update(task, completed=done)

    try:
        yield advance
    finally:
        if progress is not None:
            progress.stop()


@contextmanager
def count_progress(description: str, *, quiet: bool) -> Iterator[Callable[[int, int], None] | None]:
    """A progress bar of tensors, if standard error is a terminal."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True, redirect_stdout=False) as bar:
        task = bar.add_task(description, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
