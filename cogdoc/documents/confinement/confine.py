"""Confines the process that calls it, and reports which parts of the confinement this system has."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cogdoc.documents.confinement.landlock import restrict_files
from cogdoc.documents.confinement.limits import Limits, limit_resources
from cogdoc.documents.confinement.privileges import drop_privileges, end_with_parent, hide_memory
from cogdoc.documents.confinement.program_files import ProgramFiles
from cogdoc.documents.confinement.system_calls import refuse_other_system_calls


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the confinement, and whether it holds here."""

    name: str
    holds: bool
    needs: str
    """What a system must have for it."""


def confine(limits: Limits, files: ProgramFiles) -> None:
    """Limit this process for the rest of its life. Call it first: threads that already run are not all covered.

    Each part that the system lacks is left out; `try_confinement` tells which.
    """
    # Ctrl-C and service managers signal all processes of a run; the parent decides when worker processes end.
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    end_with_parent()
    hide_memory()
    limit_resources(limits)
    drop_privileges()
    restrict_files(files.readable)
    refuse_other_system_calls()


def try_confinement() -> tuple[Part, ...]:
    """The parts of the confinement of this worker process, found by trying to break them."""
    seccomp = "Linux on x86_64 or aarch64, with seccomp"
    attempts = (
        ("files", _read_own_status, "Linux 5.13 or later, with Landlock"),
        ("network", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM), seccomp),
        ("processes", lambda: os.getpriority(os.PRIO_PROCESS, os.getppid()), seccomp),
        ("shared memory", lambda: os.memfd_create("cogdoc"), seccomp),
        ("memory", _exceed_memory, "Linux"),
    )
    return tuple(Part(name, _is_refused(attempt), needs) for name, attempt, needs in attempts)


def _is_refused(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except (PermissionError, MemoryError):
        return True
    except (OSError, AttributeError):  # this system does not even have it, or failed for another reason
        return False
    return False


def _read_own_status() -> None:
    """Read a file that only Landlock refuses: access rights may refuse others already."""
    Path("/proc/self/status").read_bytes()


def _exceed_memory() -> None:
    if sys.platform != "win32":
        import resource

        limit, _ = resource.getrlimit(resource.RLIMIT_DATA)
        if limit > 0:
            bytes(limit)
