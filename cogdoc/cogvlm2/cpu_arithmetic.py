"""Whether this CPU computes in bf16. Imports torch only where the system does not tell.

Without such instructions each bf16 product is computed by way of fp32, so that an image takes several times longer.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

CPU_FACTS = Path("/proc/cpuinfo")

BF16_FLAGS = frozenset({"avx512_bf16", "amx_bf16", "bf16", "svebf16"})
"""How Linux names the instructions: two of x86 CPUs, two of ARM CPUs."""


@cache
def has_bf16_instructions() -> bool:
    """Whether this machine's CPU multiplies matrices of bf16 numbers."""
    try:
        facts = CPU_FACTS.read_text(encoding="ascii", errors="replace")
    except OSError:
        return _torch_knows_bf16()
    return bool(BF16_FLAGS & listed_flags(facts))


def listed_flags(facts: str) -> set[str]:
    """The flags of the CPU in the text of `/proc/cpuinfo`."""
    lines = (line.partition(":") for line in facts.splitlines())
    return {flag for name, _, flags in lines if name.strip() in ("flags", "Features") for flag in flags.split()}


def _torch_knows_bf16() -> bool:
    import torch

    known = torch.cpu.get_capabilities()
    return any(known.get(flag, False) for flag in ("avx512_bf16", "amx_bf16", "bf16", "sve_bf16"))
