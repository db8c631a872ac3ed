"""Which engine reads: what was asked for by name, or the best that this machine can run."""

from __future__ import annotations

from dataclasses import dataclass

from cogdoc.engines.protocol import Engine
from cogdoc.errors import UsageError

ENGINES = ("auto", "builtin")


@dataclass(frozen=True, slots=True)
class Choice:
    """An engine's name, and why it was taken."""

    name: str
    reason: str


def choose_engine(wanted: str = "auto") -> Choice:
    """Decide without loading anything.

    Raises:
        UsageError: there is no engine of that name.
    """
    match wanted:
        case "auto":
            return Choice("builtin", "the only engine of this version: it needs no GPU and no download")
        case "builtin":
            return Choice("builtin", "asked for")
        case _:
            raise UsageError(f"--engine: there is no engine named {wanted!r}", f"engines: {', '.join(ENGINES)}")


def load_engine(choice: Choice) -> Engine:
    """Make the chosen engine ready to read."""
    assert choice.name == "builtin"
    from cogdoc.engines.builtin.engine import BuiltinEngine

    return BuiltinEngine()
