"""How far a run is: the files and pages known so far, those that are done, and what is being read now."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from cogdoc.tasks.page_progress import listening

MIN_PAGES, MIN_FILES, MIN_SECONDS = 3, 3, 2.0
"""What is done before the speed says how long the rest will take."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A run at one moment."""

    seconds: float
    """Since the run began."""
    files: int
    """Known so far."""
    all_files: bool
    """Whether no more will be found."""
    files_done: int
    """With those that failed, and those that an earlier run completed."""
    files_failed: int
    pages: int
    """Of the documents that are open or done."""
    all_pages: bool
    """Whether these are the pages of all files."""
    pages_done: int
    pages_per_second: float | None
    """None until a page is done."""
    seconds_left: float | None
    """None until the number of pages or files is known, and enough of them are done."""
    path: str
    """What is being read now; empty for nothing."""
    page: int | None
    """1-based; None before and after the pages are read."""


class RunProgress:
    """Counts; all methods may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._started = time.monotonic()
        self._reading_since: float | None = None
        self._files = self._files_done = self._files_failed = self._files_read = 0
        self._all_files = False
        self._opened = 0
        self._pages = self._pages_done = 0
        self._path = ""
        self._page: int | None = None

    def file_found(self) -> None:
        with self._lock:
            self._files += 1

    def files_listed(self, count: int | None = None) -> None:
        """No more files will be found; `count` is their number if not all that were found are of this run."""
        with self._lock:
            self._all_files = True
            self._files = self._files if count is None else count

    def file_done(self, *, failed: bool = False, earlier: bool = False) -> None:
        """
        Args:
            earlier: whether an earlier run completed the file.
        """
        with self._lock:
            self._files_done += 1
            self._files_failed += failed
            self._files_read += not earlier
            self._opened += earlier

    @contextmanager
    def document(self, path: str, pages: int) -> Iterator[None]:
        """A document is open, and its pages are read within the context."""
        with self._lock:
            self._opened += 1
            self._pages += pages
            self._path, self._page = path, None
        document = _DocumentProgress(self, path, pages)
        try:
            with listening(document):
                yield
        finally:
            with self._lock:
                self._pages_done += pages - document.done  # also those that an earlier run read, or that failed
                if self._path == path:
                    self._page = None

    def begin_page(self, path: str, number: int) -> None:
        with self._lock:
            self._reading_since = self._reading_since or time.monotonic()
            self._path, self._page = path, number

    def end_page(self) -> None:
        with self._lock:
            self._pages_done += 1

    def snapshot(self) -> Snapshot:
        with self._lock:
            now = time.monotonic()
            reading = now - self._reading_since if self._reading_since is not None else 0.0
            rate = self._pages_done / reading if self._pages_done and reading > 0 else None
            # Files that cannot be opened have no pages.
            all_pages = self._all_files and self._opened + self._files_failed >= self._files
            return Snapshot(
                seconds=now - self._started,
                files=self._files,
                all_files=self._all_files,
                files_done=self._files_done,
                files_failed=self._files_failed,
                pages=self._pages,
                all_pages=all_pages,
                pages_done=self._pages_done,
                pages_per_second=rate,
                seconds_left=self._seconds_left(reading, rate, all_pages=all_pages),
                path=self._path,
                page=self._page,
            )

    def _seconds_left(self, reading: float, rate: float | None, *, all_pages: bool) -> float | None:
        if reading < MIN_SECONDS:
            return None
        left: list[float] = []
        if all_pages and rate and MIN_PAGES <= self._pages_done < self._pages:
            left.append((self._pages - self._pages_done) / rate)
        # Questions take time too, after the pages are read.
        if self._all_files and self._files_read >= MIN_FILES:
            left.append((self._files - self._files_done) * reading / self._files_read)
        return max(left, default=None)


class _DocumentProgress:
    """Implements `cogdoc.tasks.page_progress.PageListener`."""

    def __init__(self, run: RunProgress, path: str, pages: int) -> None:
        self._run = run
        self._path = path
        self._pages = pages
        self._seen: set[int] = set()

    @property
    def done(self) -> int:
        return len(self._seen)

    def page_begun(self, number: int) -> None:
        self._run.begin_page(self._path, number)

    def page_done(self, number: int) -> None:
        # A page may be read once for its text and once for its layout.
        if number not in self._seen and len(self._seen) < self._pages:
            self._seen.add(number)
            self._run.end_page()
