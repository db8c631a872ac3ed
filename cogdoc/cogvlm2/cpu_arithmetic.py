"""Whether this CPU computes in bf16. Imports no torch.

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
    """Whether this machine's CPU multiplies matrices of bf16 numbers; assumed where the system does not tell."""
    try:
        facts = CPU_FACTS.read_text(encoding="ascii", errors="replace")
    except OSError:
        return True
    return bool(BF16_FLAGS & listed_flags(facts))


def listed_flags(facts: str) -> set[str]:
    """The flags of the CPU in the text of `/proc/cpuinfo`."""
    lines = (line.partition(":") for line in facts.splitlines())
    return {flag for name, _, flags in lines if name.strip() in ("flags", "Features") for flag in flags.split()}
