"""Asks the CUDA driver for its devices, by ctypes: importing torch for that would take seconds.

The driver itself applies `CUDA_VISIBLE_DEVICES` (indices, UUIDs and MIG instances), so that its devices are those of
torch, in the same order.
"""

from __future__ import annotations

import ctypes
import os
import sys
import uuid
from dataclasses import dataclass
from functools import cache

NAME_BYTES = 100
VISIBLE = "CUDA_VISIBLE_DEVICES"

NO_DEVICE = 100
CAPABILITY_MAJOR, CAPABILITY_MINOR = 75, 76
"""`CUdevice_attribute` values."""

UUID_FUNCTIONS = ("cuDeviceGetUuid_v2", "cuDeviceGetUuid")
"""The first one returns the UUID of a MIG instance, and is missing in drivers older than 11.4."""


@dataclass(frozen=True, slots=True)
class DriverDevice:
    """A device as the driver describes it; `memory` is its total memory in bytes."""

    index: int
    name: str
    memory: int
    capability: tuple[int, int]
    uuid: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class DriverReport:
    """What the driver says: its devices, the newest CUDA version that it supports, and why it does not start."""

    devices: tuple[DriverDevice, ...] = ()
    version: tuple[int, int] | None = None
    failure: str | None = None


def hidden_by_environment() -> bool:
    """Whether `CUDA_VISIBLE_DEVICES` hides all devices, which is how a user asks for the CPU."""
    return os.environ.get(VISIBLE, "0").strip() in ("", "-1")


@cache
def ask_driver() -> DriverReport:
    """What the CUDA driver reports; nothing if there is no driver, or the environment hides all devices."""
    if hidden_by_environment():
        return DriverReport()
    try:
        driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return DriverReport()
    number = ctypes.c_int()
    version = None
    if driver.cuDriverGetVersion(ctypes.byref(number)) == 0:
        version = number.value // 1000, number.value % 1000 // 10
    error = driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(number))
    if error == NO_DEVICE:
        return DriverReport(version=version)
    if error:
        return DriverReport(version=version, failure=f"error {error}{_error_text(driver, error)}")
    found = (_describe(driver, index) for index in range(number.value))
    return DriverReport(tuple(device for device in found if device is not None), version)


def _describe(driver: ctypes.CDLL, index: int) -> DriverDevice | None:
    device, major, minor = ctypes.c_int(), ctypes.c_int(), ctypes.c_int()
    memory = ctypes.c_size_t()
    name = ctypes.create_string_buffer(NAME_BYTES)
    failed = (
        driver.cuDeviceGet(ctypes.byref(device), index)
        or driver.cuDeviceTotalMem_v2(ctypes.byref(memory), device)
        or driver.cuDeviceGetName(name, NAME_BYTES, device)
        or driver.cuDeviceGetAttribute(ctypes.byref(major), CAPABILITY_MAJOR, device)
        or driver.cuDeviceGetAttribute(ctypes.byref(minor), CAPABILITY_MINOR, device)
    )
    if failed:
        return None
    shown = name.value.decode(errors="replace")
    return DriverDevice(index, shown, memory.value, (major.value, minor.value), _uuid(driver, device))


def _uuid(driver: ctypes.CDLL, device: ctypes.c_int) -> uuid.UUID | None:
    content = ctypes.create_string_buffer(16)
    for name in UUID_FUNCTIONS:
        function = getattr(driver, name, None)
        if function is not None and function(content, device) == 0:
            return uuid.UUID(bytes=content.raw)
    return None


def _error_text(driver: ctypes.CDLL, error: int) -> str:
    text = ctypes.c_char_p()
    if driver.cuGetErrorString(error, ctypes.byref(text)) or text.value is None:
        return ""
    return f", {text.value.decode(errors='replace')}"
