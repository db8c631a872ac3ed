"""Runs the command: its arguments, its environment and its result."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass

COMMAND = (sys.executable, "-m", "cogdoc")


@dataclass(frozen=True)
class CommandResult:
    """The result of a command."""

    code: int
    out: str
    err: str


Cogdoc = Callable[..., CommandResult]
"""The type of the fixture `cogdoc`: takes arguments, returns the result."""


def clean_environment(**settings: str) -> dict[str, str]:
    """The environment with `settings` but no other settings of cogdoc, no cache, and a terminal 100 columns wide."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COGDOC_")}
    return kept | {"COGDOC_CACHE": "off", "COLUMNS": "100", "PYTHONPATH": "", **settings}
