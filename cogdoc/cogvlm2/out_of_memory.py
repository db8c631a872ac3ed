"""What to tell after memory ran out, and how to give back what the failed computation held."""

from __future__ import annotations

import gc
import re

import torch

_TRIED = re.compile(r"tried to allocate ([\d.]+ \w+)", re.IGNORECASE)


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
