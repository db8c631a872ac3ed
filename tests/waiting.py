"""Waits for what other processes and threads do."""

from __future__ import annotations

import time
from collections.abc import Callable


def wait_until(happened: Callable[[], object], what: str = "", *, seconds: float = 60) -> None:
    """
    Args:
        seconds: generous, since a machine may be busy; only a failing test waits that long.

    Raises:
        AssertionError: it did not happen; says `what` went wrong.
    """
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, what or f"did not happen within {seconds:.0f} s"
        time.sleep(0.03)
