"""Recognizes that memory ran out, whoever says so, and gives back what a failed computation held."""

from __future__ import annotations

import errno
import gc
import re

import torch
from safetensors import SafetensorError

_SIGNS = (
    "out of memory",
    "can't allocate memory",  # torch's allocator for CPUs
    "Cannot allocate memory",  # the system
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_ALLOC_FAILED",
)
_TRIED = re.compile(r"tried to allocate ([\d.]+ \w+)", re.IGNORECASE)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error means that a device or the machine has too little memory.

    On CUDA torch raises `torch.OutOfMemoryError`, libraries below it a RuntimeError, as torch does on CPUs.
    """
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    return isinstance(error, (RuntimeError, SafetensorError)) and any(sign in str(error) for sign in _SIGNS)


def wanted_memory(error: BaseException) -> str | None:
    """The size of the allocation that failed, in words; None if the error does not tell."""
    match = _TRIED.search(str(error))
    return match[1] if match else None


def release_memory() -> None:
    """Give memory that nothing refers to any more back to the device.

    Call it after the `except` block: until then the traceback keeps all tensors of the failed frames alive.
    """
    gc.collect()
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        torch.cuda.empty_cache()
