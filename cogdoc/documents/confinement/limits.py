"""Limits the memory, processor time and files of a worker process, where the system can enforce it.

Windows enforces none of these; there, only the parent's time limit applies.
"""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from cogdoc.errors import ResourceError

DEFAULT_MEMORY = 1536 * 2**20
"""Bytes that a worker process may allocate. OCR and layout of the densest page take half; large pictures the rest."""

THREAD_MEMORY = 128 * 2**20
"""Bytes that each thread may allocate in addition, for the stacks and buffers of the OCR and layout models."""

MAPPED_FILES = 8 * 2**30
"""Bytes of address space in addition, for documents, libraries and models that are mapped, and memory never touched.

Pages that were written and then made read-only no longer count as memory, only as address space.
"""

STACK = 8 * 2**20
OPEN_FILES = 256
SPARE_SECONDS = 10
MAX_THREADS = 256
"""Many times what the libraries start. RLIMIT_NPROC would count all processes of the user, and not limit root."""

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

    @property
    def total_memory(self) -> int:
        """Bytes of all memory that the process may write."""
        return self.memory + THREAD_MEMORY * self.threads

    @property
    def memory_message(self) -> str:
        """What a user is told about a page that exceeds the memory limit."""
        return f"needs more than {self.memory >> 20} MB of memory"


def memory_for(megapixels: float) -> int:
    """Bytes that a worker process needs for pictures of this size: four copies of one, and the process itself."""
    return max(DEFAULT_MEMORY, int(megapixels * 12e6) + (300 << 20))


def limit_resources(limits: Limits) -> None:
    """Limit what this process can use for the rest of its life."""
    if sys.platform == "win32":
        return
    import resource

    # Writable memory only: address space that is reserved or mapped from files takes no memory.
    _lower_limit(resource.RLIMIT_DATA, limits.total_memory)
    _lower_limit(resource.RLIMIT_AS, limits.total_memory + MAPPED_FILES)
    _lower_limit(resource.RLIMIT_STACK, STACK)
    _lower_limit(resource.RLIMIT_NOFILE, OPEN_FILES)
    _lower_limit(resource.RLIMIT_FSIZE, 0)
    _lower_limit(resource.RLIMIT_CORE, 0)


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


def open_status(process: int) -> BinaryIO | None:
    """What Linux tells about a process; None elsewhere. Open it before the process hides its memory."""
    try:
        return Path(f"/proc/{process}/status").open("rb", buffering=0)
    except OSError:
        return None


def check_status(status: BinaryIO, limits: Limits) -> None:
    """Check what the kernel does not limit, such as pages that were written and then made read-only.

    Raises:
        ResourceError: the process holds too much memory, or has too many threads.
        ProcessLookupError: it has ended, or its main thread has, without which Linux does not tell its memory.
    """
    status.seek(0)
    lines = (line.split(":", 1) for line in status.read(1 << 16).decode("utf-8", "replace").splitlines() if ":" in line)
    facts = {name: value.split() for name, value in lines}
    if facts.get("State", [""])[0] in ("Z", "X"):
        raise ProcessLookupError

    def size(name: str) -> int:
        return int(facts.get(name, ["0"])[0]) << 10

    written = size("RssAnon" if "RssAnon" in facts else "VmRSS")
    if written + size("RssShmem") + size("VmSwap") + size("VmPTE") > limits.total_memory:
        raise ResourceError(limits.memory_message)
    if int(facts.get("Threads", ["1"])[0]) > MAX_THREADS:
        raise ResourceError(f"needs more than {MAX_THREADS} threads")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a refused allocation caused an error; native libraries report it in different words."""
    return any(isinstance(cause, MemoryError) or _OUT_OF_MEMORY.search(str(cause)) for cause in _causes(error))


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
