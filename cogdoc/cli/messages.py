"""What cogdoc says to people: on standard error, one line each, never in the way of results."""

from __future__ import annotations

import sys

from cogdoc.errors import CogdocError
from cogdoc.results.printable import printable


def warn(message: str) -> None:
    """A line on standard error."""
    sys.stderr.write(f"cogdoc: {printable(message)}\n")
    sys.stderr.flush()


def report(error: CogdocError, place: str = "") -> None:
    """An error in one line, with what to do about it in a second."""
    warn(f"{place}: {error.message}" if place else error.message)
    if error.hint:
        sys.stderr.write(f"        {printable(error.hint)}\n")
        sys.stderr.flush()
