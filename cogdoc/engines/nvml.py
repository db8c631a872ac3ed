"""Asks NVML, the management library of NVIDIA's driver, for the free memory of a card and for who holds the rest.

Unlike the CUDA driver it needs no context, which would itself take half a gigabyte, and it counts the cards that
`CUDA_VISIBLE_DEVICES` hides.
"""

from __future__ import annotations

import ctypes
import os
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

INSUFFICIENT_SIZE = 7
MAX_PROCESSES = 1024
UNKNOWN_BYTES = 2**64 - 1
"""What NVML states where the system does not tell it, as on Windows."""

NAME_BYTES = 256


class _Memory(ctypes.Structure):
    _fields_ = (("total", ctypes.c_ulonglong), ("free", ctypes.c_ulonglong), ("used", ctypes.c_ulonglong))


class _Process(ctypes.Structure):
    _fields_ = (
        ("pid", ctypes.c_uint),
        ("memory", ctypes.c_ulonglong),
        ("gpu_instance", ctypes.c_uint),
        ("compute_instance", ctypes.c_uint),
    )


@dataclass(frozen=True, slots=True)
class CardProcess:
    """A process that computes on a card, and the bytes that it holds there; None if NVML does not know them."""

    pid: int
    name: str
    memory: int | None


@dataclass(frozen=True, slots=True)
class CardMemory:
    """The free bytes of a card, and the other processes on it, the largest first."""

    free: int
    processes: tuple[CardProcess, ...]


def card_memory(device: uuid.UUID) -> CardMemory | None:
    """The memory of a card or MIG instance; None if NVML does not know it."""
    with _library() as library:
        if library is None:
            return None
        handle = _handle(library, device)
        memory = _Memory()
        if handle is None or library.nvmlDeviceGetMemoryInfo(handle, ctypes.byref(memory)):
            return None
        processes = sorted(_processes(library, handle), key=lambda process: -(process.memory or 0))
        return CardMemory(memory.free, tuple(processes))


def count_cards() -> int:
    """The number of cards in the machine, the hidden ones too; 0 without NVML."""
    count = ctypes.c_uint()
    with _library() as library:
        return count.value if library is not None and library.nvmlDeviceGetCount_v2(ctypes.byref(count)) == 0 else 0


@contextmanager
def _library() -> Iterator[ctypes.CDLL | None]:
    try:
        library = ctypes.CDLL("nvml.dll" if sys.platform == "win32" else "libnvidia-ml.so.1")
    except OSError:
        yield None
        return
    if library.nvmlInit_v2():
        yield None
        return
    try:
        yield library
    finally:
        library.nvmlShutdown()


def _handle(library: ctypes.CDLL, device: uuid.UUID) -> ctypes.c_void_p | None:
    handle = ctypes.c_void_p()
    for kind in ("GPU", "MIG"):
        if library.nvmlDeviceGetHandleByUUID(f"{kind}-{device}".encode(), ctypes.byref(handle)) == 0:
            return handle
    return None


def _processes(library: ctypes.CDLL, handle: ctypes.c_void_p) -> Iterator[CardProcess]:
    names = (f"nvmlDeviceGetComputeRunningProcesses_v{version}" for version in (3, 2))  # older drivers have v2 only
    function = next((getattr(library, name) for name in names if hasattr(library, name)), None)
    if function is None:
        return
    count = ctypes.c_uint(0)
    if function(handle, ctypes.byref(count), None) not in (0, INSUFFICIENT_SIZE):
        return
    # More may have started since they were counted.
    count = ctypes.c_uint(min(2 * count.value + 8, MAX_PROCESSES))
    entries = (_Process * count.value)()
    if function(handle, ctypes.byref(count), entries):
        return
    for entry in entries[: count.value]:
        if entry.pid != os.getpid():
            memory = None if entry.memory == UNKNOWN_BYTES else int(entry.memory)
            yield CardProcess(int(entry.pid), _name(library, entry.pid), memory)


def _name(library: ctypes.CDLL, pid: int) -> str:
    buffer = ctypes.create_string_buffer(NAME_BYTES)
    if library.nvmlSystemGetProcessName(pid, buffer, NAME_BYTES):
        return "a process"
    path = buffer.value.decode(errors="replace").split(" ", 1)[0]
    return path.replace("\\", "/").rpartition("/")[2] or "a process"
