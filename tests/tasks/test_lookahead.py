"""Working on several items at a time gives what one after the other gives, and nobody waits for what is not needed."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cogdoc.engines.abandonment import abandonment
from cogdoc.tasks.lookahead import map_side_by_side


@given(st.lists(st.integers(0, 3), max_size=12), st.integers(1, 5))
def test_results_come_in_the_order_of_the_items(items: list[int], at_a_time: int) -> None:
    def slow(item: int) -> int:
        time.sleep(item / 2000)
        return item * 10

    assert list(map_side_by_side(slow, items, at_a_time)) == [item * 10 for item in items]


def test_no_more_than_so_many_are_in_work() -> None:
    together, most, lock = 0, 0, threading.Lock()

    def count(_: int) -> None:
        nonlocal together, most
        with lock:
            together += 1
            most = max(most, together)
        time.sleep(0.01)
        with lock:
            together -= 1

    list(map_side_by_side(count, range(20), 3))
    assert 1 < most <= 3


def test_an_error_comes_where_its_result_would() -> None:
    divide: Callable[[int], float] = lambda item: 1 / item  # noqa: E731
    results = map_side_by_side(divide, [2, 0, 4], 3)
    assert next(results) == 0.5
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_whoever_leaves_early_gives_up_what_is_in_work() -> None:
    given_up: list[int] = []

    def wait(item: int) -> int:
        abandoned, deadline = abandonment(), time.monotonic() + 30
        while item and not abandoned() and time.monotonic() < deadline:
            time.sleep(0.001)
        if abandoned():
            given_up.append(item)
        return item

    def in_turn(item: int) -> int:
        """The threads of threads are given up too."""
        return next(map_side_by_side(wait, [5, 6], 2)) if item else 0

    for function, expected in ((wait, [1, 2]), (in_turn, [5, 5, 6, 6])):
        given_up.clear()
        results = map_side_by_side(function, [0, 1, 2, 3], 3)
        assert next(results) == 0
        results.close()  # type: ignore[attr-defined]  it is a generator
        deadline = time.monotonic() + 30
        while len(given_up) < len(expected) and time.monotonic() < deadline:
            time.sleep(0.001)
        assert sorted(given_up) == expected


def test_a_program_that_stops_early_ends_at_once() -> None:
    program = """
import time
from cogdoc.tasks.lookahead import map_side_by_side
next(map_side_by_side(time.sleep, [0, 300, 300], 3))
"""
    assert subprocess.run([sys.executable, "-c", program], timeout=60, check=False).returncode == 0
