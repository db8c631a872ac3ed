"""Messages for people, one line each, on standard error: standard output has only results."""

from __future__ import annotations

import sys
import traceback

from cogdoc.errors import CogdocError
from cogdoc.results.printable import printable
from cogdoc.storage import without_secrets


def warn(message: str) -> None:
    """Print one line on standard error."""
    sys.stderr.write(f"cogdoc: {printable(without_secrets(message))}\n")
    sys.stderr.flush()


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
