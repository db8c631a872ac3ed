"""What a child may take of the machine: memory, processor time, files, network; as far as the system has limits.

On Windows there are none of these, and the wall clock, which the parent holds, has to do.
"""

from __future__ import annotations

import contextlib
import ctypes
import re
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from cogdoc.documents.system_calls import refuse_system_calls

DEFAULT_MEMORY = 1536 * 2**20
"""Bytes a child may allocate. OCR and layout of the densest page take half of it; the rest is for large pictures."""

THREAD_MEMORY = 128 * 2**20
"""Bytes that each thread may have on top, for the stacks and buffers of the OCR and layout models."""

OPEN_FILES = 256
WRITTEN_FILE = 16 * 2**20
"""Bytes of the largest file a child may write. All it ever writes is Python's own cache of compiled modules."""

SPARE_SECONDS = 10

PR_SET_PDEATHSIG = 1
"""From <sys/prctl.h>."""

_OUT_OF_MEMORY = re.compile(
    r"[mc]alloc\b|realloc\b|bad.alloc|\ballocat|(out of|insufficient|enough) memory", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one child may take."""

    memory: int = DEFAULT_MEMORY
    """Bytes, threads not counted."""
    processor_seconds: float | None = None
    """Of all threads, for each call."""
    threads: int = 1


def memory_for(megapixels: float) -> int:
    """What a child needs for pictures of so many megapixels: the picture four times over, and itself."""
    return max(DEFAULT_MEMORY, int(megapixels * 12e6) + (300 << 20))


def confine(limits: Limits) -> None:
    """Limit this process, for good. Threads that run already are not all covered, so this comes first."""
    # Ctrl-C reaches the whole process group; the parent decides what becomes of the children.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        # The kernel ends this process when its parent is killed, even in the middle of native code.
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if sys.platform != "win32":
        import resource

        # The writable part of the address space: what is only reserved or mapped from files takes no memory.
        _lower(resource.RLIMIT_DATA, limits.memory + THREAD_MEMORY * limits.threads)
        _lower(resource.RLIMIT_NOFILE, OPEN_FILES)
        _lower(resource.RLIMIT_FSIZE, WRITTEN_FILE)
        _lower(resource.RLIMIT_CORE, 0)
    refuse_system_calls()


def allow_processor_time(limits: Limits) -> None:
    """Give a call its processor time; the kernel ends the process when it is used up.

    The parent's clock runs out before. This is for the child whose parent cannot end it any more.
    """
    if sys.platform == "win32" or limits.processor_seconds is None:
        return
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    seconds = int(used.ru_utime + used.ru_stime + limits.processor_seconds) + SPARE_SECONDS
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CPU, (seconds if hard < 0 else min(seconds, hard), hard))


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory that was refused is behind an error; native libraries each say it in words of their own."""
    return any(isinstance(each, MemoryError) or _OUT_OF_MEMORY.search(str(each)) for each in _chain(error))


def describe_confinement() -> str:
    """What holds on this system, found out by trying. Runs in the sandbox."""
    memory, network = _tries_memory(), _tries_network()
    return f"memory {memory}, network {network}"


def _tries_memory() -> str:
    if sys.platform == "win32":
        return "not limited"
    import resource

    limit, _ = resource.getrlimit(resource.RLIMIT_DATA)
    if limit < 0:
        return "not limited"
    try:
        bytes(limit)
    except MemoryError:
        return f"limited to {limit >> 20} MB"
    return "not limited"


def _tries_network() -> str:
    import socket

    try:
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close()
    except PermissionError:
        return "refused"
    except OSError:
        return "not there"
    return "not refused"


def _lower(kind: int, limit: int) -> None:
    """Set a limit and its upper bound, where it is not lower already."""
    import resource

    _, hard = resource.getrlimit(kind)
    lowest = limit if hard < 0 else min(limit, hard)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(kind, (lowest, lowest))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
