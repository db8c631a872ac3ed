"""Functions that tests call in a worker process, in a module that it can import."""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import signal
import socket
import stat
import sys
import threading
import time

import numpy as np

from cogdoc.documents.confinement.limits import OPEN_FILES
from cogdoc.documents.document import draw_page
from cogdoc.documents.open_request import OpenRequest
from cogdoc.documents.pictures import Picture
from cogdoc.documents.rendering import PixelSize
from cogdoc.errors import DamagedError, EncryptedError

LEAKED: list[bytearray] = []


def add(one: int, other: int) -> int:
    return one + other


def process_id() -> int:
    return os.getpid()


def compute_for(seconds: float) -> int:
    """Take processor time, and tell which process did."""
    while time.process_time() < seconds:
        pass
    return os.getpid()


def die(signal_number: int) -> None:
    signal.raise_signal(signal_number)
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


def make_picture(height: int, width: int) -> Picture:
    return (np.arange(height * width * 3) % 251).astype(np.uint8).reshape(height, width, 3)


def print_loudly() -> str:
    print("from Python")  # noqa: T201
    os.write(1, b"from the descriptor")
    os.system("echo from a child of the child")
    sys.stdout.flush()
    return sys.stdin.read()


def echo(text: str) -> str:
    return text


def long_text(length: int) -> str:
    return "x" * length


def exhaust_memory(caught: bool) -> str:
    """Allocate until memory runs out; if `caught`, raise another error then, as wrappers of native libraries do."""
    chunks = []
    try:
        while True:
            chunks.append(bytearray(64 * 2**20))
    except MemoryError:
        if not caught:
            raise
        raise DamagedError("damaged page: code=1: malloc (67108864 bytes) failed") from None


def leak_memory(size: int) -> int:
    """Leak `size` bytes; returns the bytes leaked so far."""
    LEAKED.append(bytearray(size))
    return sum(map(len, LEAKED))


def limit_processor_time(seconds: int) -> None:
    """Run until the processor time limit, as a worker process whose parent cannot kill it."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + seconds, resource.RLIM_INFINITY))
    while True:
        pass


def processor_seconds_left() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return resource.getrlimit(resource.RLIMIT_CPU)[0] - used.ru_utime - used.ru_stime


def open_files(count: int) -> int:
    return len([os.dup(2) for _ in range(count)])


def core_size() -> int:
    return resource.getrlimit(resource.RLIMIT_CORE)[1]


def reach_network(family: int) -> str:
    try:
        socket.socket(family, socket.SOCK_DGRAM).close()
    except OSError as error:
        return errno.errorcode[error.errno or 0]
    return "reached"


def start_process(how: str) -> str:
    try:
        if how == "fork":
            if not os.fork():
                os._exit(0)
        elif how == "spawn":
            os.posix_spawn("/bin/true", ["true"], {})
        else:
            os.execv("/bin/true", ["true"])
    except OSError as error:
        return errno.errorcode[error.errno or 0]
    return "started"


def start_thread() -> str:
    messages: list[str] = []
    thread = threading.Thread(target=lambda: messages.append("from a thread"))
    thread.start()
    thread.join()
    return messages[0]


def send_instead(message: bytes) -> int:
    """Write to every descriptor that may be the channel, as hijacked native code could."""
    for number in range(OPEN_FILES):
        with contextlib.suppress(OSError):
            if stat.S_ISFIFO(os.fstat(number).st_mode):
                os.write(number, message)
    return 0


def flood_channel() -> int:
    while True:
        send_instead(bytes(range(256)) * 256)


def flood_output() -> str:
    for _ in range(200):
        os.write(1, bytes(2**20))
        os.write(2, bytes(2**20))
    return "still here"


def ignore_interrupts_for(seconds: float) -> str:
    signal.raise_signal(signal.SIGINT)
    time.sleep(seconds)
    return "still here"


def memory_growth_while_drawing(warm: OpenRequest, request: OpenRequest, size: PixelSize) -> int:
    """The growth of this process's peak memory in bytes while it renders page 1."""
    draw_page(warm, 1, size)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    draw_page(request, 1, size)
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024


def reads_denormals_as_zeros() -> bool:
    from cogdoc.parsing.ocr.ocr_engine import recognize

    recognize(np.full((400, 400, 3), 255, np.uint8))
    return float(np.float32(1e-30) * np.float32(1e-10)) == 0.0


def faults_of_repeated_work() -> int:
    """The page faults of taking 48 MB ten times."""
    np.ones(48 << 17).sum()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        np.ones(48 << 17).sum()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
