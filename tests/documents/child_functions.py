"""What the tests have done in a child process. Plain functions of a module that the child can import."""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
from pathlib import Path

import numpy as np

from cogdoc.documents.document import OpenRequest, draw_page
from cogdoc.documents.rendering import PixelSize
from cogdoc.errors import EncryptedError


def add(one: int, other: int) -> int:
    return one + other


def process_id() -> int:
    return os.getpid()


def die(signal_number: int) -> None:
    os.kill(os.getpid(), signal_number)
    time.sleep(60)


def leave(code: int) -> None:
    os._exit(code)


def hang() -> None:
    while True:
        time.sleep(1)


def fail() -> None:
    raise ZeroDivisionError("by\nzero")


def refuse() -> None:
    raise EncryptedError("the message", "the hint")


def make_array(side: int) -> np.ndarray:  # type: ignore[type-arg]
    return np.arange(side * side, dtype=np.float64).reshape(side, side)


def print_loudly() -> str:
    print("from Python")  # noqa: T201
    os.write(1, b"from the descriptor")
    os.system("echo from a child of the child")
    sys.stdout.flush()
    return sys.stdin.read()


def ignore_interrupts_for(seconds: float) -> str:
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(seconds)
    return "still here"


def bytes_read_while_drawing(request: OpenRequest, number: int) -> int:
    """How many bytes this process reads from files to open a document and draw one of its pages."""
    draw_page(request, 1, PixelSize(8, 8))  # libraries are loaded by now
    before = _bytes_read()
    draw_page(request, number, PixelSize(64, 64))
    return _bytes_read() - before


def memory_growth_while_drawing(warm: OpenRequest, request: OpenRequest, size: PixelSize) -> int:
    """By how many bytes the peak memory of this process grows while page 1 is drawn."""
    draw_page(warm, 1, size)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    draw_page(request, 1, size)
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024


def _bytes_read() -> int:
    fields = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(fields["rchar"])
