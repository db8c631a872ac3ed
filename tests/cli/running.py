"""How tests run the command: its words, its environment, and how it ended."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass

COMMAND = (sys.executable, "-m", "cogdoc")


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


Cogdoc = Callable[..., Ended]
"""What the fixture `cogdoc` is: arguments in, how the command ended out."""


def clean_environment(**settings: str) -> dict[str, str]:
    """The environment without cogdoc's own settings but `settings`, on a terminal of ordinary width."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COGDOC_")}
    return kept | {"COLUMNS": "100", "PYTHONPATH": "", **settings}
