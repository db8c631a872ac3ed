"""Messages for people, one line each, on standard error: standard output has only results."""

from __future__ import annotations

import sys
import traceback
from typing import TYPE_CHECKING

from cogdoc.errors import CogdocError
from cogdoc.results.printable import printable
from cogdoc.storage import without_secrets

if TYPE_CHECKING:
    from cogdoc.engines.selection import EngineSelection


def warn(message: str) -> None:
    """Print one line on standard error."""
    sys.stderr.write(f"cogdoc: {printable(without_secrets(message))}\n")
    sys.stderr.flush()


def announce(selection: EngineSelection, *, verbose: bool, quiet: bool) -> None:
    """Say which engine was selected, where that matters, and on a terminal how it loads faster."""
    if verbose or (selection.announce and not quiet):
        warn(f"engine {selection.name}: {selection.reason}")
    if selection.settings.notice is not None and not quiet:
        warn(selection.settings.notice)
    if selection.settings.advice is not None and not quiet and sys.stderr.isatty():
        warn(selection.settings.advice)


def report(error: CogdocError, path: str = "") -> None:
    """Print an error in one line, and its hint in a second."""
    warn(f"{path}: {error.message}" if path else error.message)
    if error.hint:
        sys.stderr.write(f"        {printable(without_secrets(error.hint))}\n")
        sys.stderr.flush()


def report_traceback(error: BaseException) -> None:
    """Print where an error comes from."""
    sys.stderr.write(printable(without_secrets("".join(traceback.format_exception(error))), keep_newlines=True))
    sys.stderr.flush()
