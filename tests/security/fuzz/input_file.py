"""An input of the fuzzer, and the type of its mutations."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

SAMPLES = Path(__file__).parents[3] / "samples"

Mutation = Callable[[random.Random, bytes], bytes]
"""Returns broken bytes; raises an exception of `NOT_APPLICABLE` if it cannot break these."""

NOT_APPLICABLE = (ValueError, IndexError, KeyError)

EXTREME_NUMBERS = (-1, 0, 1, 2, 255, 256, 65535, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 2**63, 10**30)


@dataclass(frozen=True, slots=True)
class InputFile:
    """The name and the bytes of a file, intact or broken."""

    name: str
    content: bytes

    @property
    def suffix(self) -> str:
        return self.name.rpartition(".")[2]


def extreme_integer(rng: random.Random, size: int) -> int:
    """An unsigned number of `size` bytes, often near a limit."""
    limit = 1 << 8 * size
    return rng.choice((0, 1, limit - 1, limit // 2, limit // 2 - 1, rng.randrange(limit), 0xFFFF % limit))
