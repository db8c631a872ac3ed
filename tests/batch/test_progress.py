"""How far a run is: what is known so far, what is done, and how long the rest takes once that can be told."""

from __future__ import annotations

import time

import pytest

from cogdoc.batch import progress as module
from cogdoc.batch.progress import RunProgress, Snapshot
from cogdoc.cli.run_progress import describe_counts, describe_speed, progress_event
from cogdoc.tasks.page_progress import page_in_work


@pytest.fixture(autouse=True)
def no_minimum_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MIN_SECONDS", 0.0)


def run_of(files: int) -> RunProgress:
    progress = RunProgress()
    for _ in range(files):
        progress.file_found()
    progress.files_listed()
    return progress


def test_files_are_known_so_far_until_all_are_listed() -> None:
    progress = RunProgress()
    assert describe_counts(progress.snapshot()) == "0+ files found"
    for _ in range(3):
        progress.file_found()
    assert describe_counts(progress.snapshot()) == "3+ files found"
    progress.files_listed(2)
    assert describe_counts(progress.snapshot()) == "2 files found"


def test_time_left_is_told_once_all_pages_are_known_and_some_are_done() -> None:
    progress = run_of(2)
    with progress.document("a.pdf", 8):
        for number in range(1, 5):
            with page_in_work(number):
                time.sleep(0.001)
                assert (progress.snapshot().path, progress.snapshot().page) == ("a.pdf", number)
            now = progress.snapshot()
            assert (now.all_pages, now.seconds_left) == (False, None), "the other file is not open"
        with progress.document("b.pdf", 2):
            now = progress.snapshot()
            assert (now.pages, now.pages_done, now.all_pages) == (10, 4, True)
            assert now.pages_per_second is not None
            assert now.seconds_left == pytest.approx(6 / now.pages_per_second)
    now = progress.snapshot()
    assert now.pages_done == 10, "pages that failed or were stored are done with their document"
    assert now.seconds_left is None, "nobody knows how long the rest of the work on these files takes"


def test_files_that_fail_and_that_an_earlier_run_completed_count_as_done() -> None:
    progress = run_of(3)
    progress.file_done(earlier=True)
    progress.file_done(failed=True)
    with progress.document("c.pdf", 2):
        now = progress.snapshot()
    assert (now.files_done, now.files_failed, now.all_pages, now.pages) == (2, 1, True, 2)


def test_a_page_that_is_read_twice_counts_once() -> None:
    progress = run_of(1)
    with progress.document("a.pdf", 3):
        for number in (1, 1, 2):
            with page_in_work(number):
                pass
        assert progress.snapshot().pages_done == 2


NOW = Snapshot(75.0, 12, False, 3, 1, 104, False, 27, 2.13, 36.2, "scans/b.pdf", 4)


def test_people_and_programs_are_told_the_same() -> None:
    assert describe_counts(NOW) == "3 of 12+ files, 27 of 104+ pages"
    assert describe_speed(NOW) == "2.1 pages/s, 0:36 left, scans/b.pdf page 4"
    assert progress_event(NOW, ended=False) == {
        "event": "progress",
        "seconds": 75.0,
        "files": {"known": 12, "all_known": False, "done": 3, "failed": 1},
        "pages": {"known": 104, "all_known": False, "done": 27},
        "pages_per_second": 2.13,
        "seconds_left": 36.2,
        "reading": {"path": "scans/b.pdf", "page": 4},
    }
