"""Functions that the tests run on a cluster, in a module that the machines can import."""

from __future__ import annotations

import signal
import time

from cogdoc.errors import EncryptedError


def add(one: int, other: int) -> int:
    return one + other


def nap(seconds: float) -> str:
    time.sleep(seconds)
    return "rested"


def nap_between(seconds: float) -> tuple[float, float]:
    """Sleep; when that began and when it ended, on a clock that all processes of a machine share."""
    begun = time.monotonic()
    time.sleep(seconds)
    return begun, time.monotonic()


def die(signal_number: int) -> None:
    signal.raise_signal(signal_number)
    time.sleep(60)


def refuse() -> None:
    raise EncryptedError("the message", "the hint")
