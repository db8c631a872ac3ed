"""Limits a worker process: memory, processor time, files, network, where the system can enforce it.

Windows enforces none of these; there, only the parent's time limit applies.
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
"""Bytes that a worker process may allocate. OCR and layout of the densest page take half; large pictures the rest."""

THREAD_MEMORY = 128 * 2**20
"""Bytes that each thread may allocate in addition, for the stacks and buffers of the OCR and layout models."""

OPEN_FILES = 256
WRITTEN_FILE = 16 * 2**20
"""Bytes of the largest file that a worker process may write. It only ever writes Python's cache of compiled modules."""

SPARE_SECONDS = 10

PR_SET_PDEATHSIG = 1
"""From <sys/prctl.h>."""

_OUT_OF_MEMORY = re.compile(
    r"[mc]alloc\b|realloc\b|bad.alloc|\ballocat|(out of|insufficient|enough) memory", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one worker process."""

    memory: int = DEFAULT_MEMORY
    """Bytes, without `THREAD_MEMORY`."""
    processor_seconds: float | None = None
    """Processor time of each call, all threads together."""
    threads: int = 1


def memory_for(megapixels: float) -> int:
    """Bytes that a worker process needs for pictures of this size: four copies of one, and the process itself."""
    return max(DEFAULT_MEMORY, int(megapixels * 12e6) + (300 << 20))


def confine(limits: Limits) -> None:
    """Limit this process for the rest of its life. Call it first: threads that already run are not all covered."""
    # Ctrl-C reaches the whole process group; the parent decides when worker processes end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        # The kernel kills this process when its parent is killed, even in the middle of native code.
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if sys.platform != "win32":
        import resource

        # Writable memory only: address space that is reserved or mapped from files takes no memory.
        _lower_limit(resource.RLIMIT_DATA, limits.memory + THREAD_MEMORY * limits.threads)
        _lower_limit(resource.RLIMIT_NOFILE, OPEN_FILES)
        _lower_limit(resource.RLIMIT_FSIZE, WRITTEN_FILE)
        _lower_limit(resource.RLIMIT_CORE, 0)
    refuse_system_calls()


def allow_processor_time(limits: Limits) -> None:
    """Grant a call its processor time. The kernel kills the process when that is used up.

    The parent's time limit expires earlier; this one is for a worker process whose parent can no longer kill it.
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
    """Whether a refused allocation caused an error; native libraries report it in different words."""
    return any(isinstance(cause, MemoryError) or _OUT_OF_MEMORY.search(str(cause)) for cause in _causes(error))


def describe_confinement() -> str:
    """The limits that work on this system, found by trying to break them. Runs in a worker process."""
    memory, network = _try_memory(), _try_network()
    return f"memory {memory}, network {network}"


def _try_memory() -> str:
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


def _try_network() -> str:
    import socket

    try:
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close()
    except PermissionError:
        return "refused"
    except OSError:
        return "unavailable"
    return "not refused"


def _lower_limit(kind: int, limit: int) -> None:
    """Set a soft and a hard limit, unless the hard limit is lower already."""
    import resource

    _, hard = resource.getrlimit(kind)
    lowest = limit if hard < 0 else min(limit, hard)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(kind, (lowest, lowest))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error, then the errors that led to it."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
