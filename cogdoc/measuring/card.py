"""The card, its measured memory bandwidth, and clocks and memory that work on the CPU too."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from importlib.metadata import version

import torch

COPIED_BYTES = 1 << 30
SUMMED_BYTES = 1 << 28
"""More than the caches of a CPU hold."""

REPEATS = 10

PRODUCT_ROWS = 1024
"""On a CPU, where more take long and are no faster."""


def describe(device: torch.device) -> dict[str, str | int]:
    """What identifies the machine in a report."""
    facts: dict[str, str | int] = {
        "device": "CPU",
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "torch": torch.__version__,
        "bitsandbytes": version("bitsandbytes"),
    }
    if device.type == "cuda":
        properties = torch.cuda.get_device_properties(device)
        free, total = torch.cuda.mem_get_info(device)
        facts |= {
            "device": properties.name,
            "compute capability": f"{properties.major}.{properties.minor}",
            "memory, bytes": total,
            "free memory, bytes": free,
            "CUDA of torch": str(torch.version.cuda),
        }
    return facts


def free_memory(device: torch.device) -> int:
    """Free bytes of the card; 0 on the CPU, where nothing depends on it."""
    return torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else 0


def synchronize(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def seconds_of(work: Callable[[], object], device: torch.device, repeats: int = 1) -> float:
    """Mean seconds of a call, after one that does not count."""
    work()
    synchronize(device)
    started = time.perf_counter()
    for _ in range(repeats):
        work()
    synchronize(device)
    return (time.perf_counter() - started) / repeats


def bandwidth(device: torch.device, toy: bool = False) -> float:
    """Bytes a second: on a card those that a copy reads and writes, on the CPU those that a sum reads.

    The best of several, since it is the limit that others are compared with.
    """
    if device.type == "cuda":
        source = torch.empty(COPIED_BYTES, dtype=torch.uint8, device=device)
        target = torch.empty_like(source)
        return 2 * COPIED_BYTES / best_seconds(lambda: target.copy_(source), device)
    numbers = torch.ones((SUMMED_BYTES >> 5 if toy else SUMMED_BYTES) // 4)
    return numbers.nbytes / best_seconds(numbers.sum, device)


def product(device: torch.device, dtype: torch.dtype, rows: int, inner: int, columns: int) -> float:
    """Operations a second of a matrix product (rows, inner) x (inner, columns); 2 for each multiplication and sum.

    The best of several, as for `bandwidth`.
    """
    rows = min(rows, PRODUCT_ROWS) if device.type == "cpu" else rows
    left = torch.randn(rows, inner, device=device).to(dtype)
    right = torch.randn(inner, columns, device=device).to(dtype)
    return 2 * rows * inner * columns / best_seconds(lambda: left @ right, device)


def best_seconds(work: Callable[[], object], device: torch.device) -> float:
    """The fewest seconds of several calls, after one that does not count."""
    work()
    synchronize(device)
    times = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        work()
        synchronize(device)
        times.append(time.perf_counter() - started)
    return min(times)


def start_peak(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)


def peak_memory(device: torch.device) -> int | None:
    """The most bytes of tensors since `start_peak`; None on the CPU, where PyTorch does not count them."""
    return torch.cuda.max_memory_allocated(device) if device.type == "cuda" else None
