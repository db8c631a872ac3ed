"""Lists the CUDA devices by asking the driver directly: importing torch for that would take seconds."""

from __future__ import annotations

import ctypes
import ctypes.util
import sys
from dataclasses import dataclass
from functools import cache

NAME_BYTES = 100


@dataclass(frozen=True, slots=True)
class Card:
    """A CUDA device and its total memory in bytes."""

    name: str
    memory: int


@cache
def cuda_cards() -> tuple[Card, ...]:
    """The devices that the CUDA driver reports, in its order; empty if there is no driver."""
    try:
        driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return ()
    count = ctypes.c_int()
    if driver.cuInit(0) != 0 or driver.cuDeviceGetCount(ctypes.byref(count)) != 0:
        return ()
    cards = (_card(driver, index) for index in range(count.value))
    return tuple(card for card in cards if card is not None)


def _card(driver: ctypes.CDLL, index: int) -> Card | None:
    device = ctypes.c_int()
    memory = ctypes.c_size_t()
    name = ctypes.create_string_buffer(NAME_BYTES)
    failed = (
        driver.cuDeviceGet(ctypes.byref(device), index)
        or driver.cuDeviceTotalMem_v2(ctypes.byref(memory), device)
        or driver.cuDeviceGetName(name, NAME_BYTES, device)
    )
    return None if failed else Card(name.value.decode(errors="replace"), memory.value)
