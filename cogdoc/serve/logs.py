"""Where the server's log goes: standard error, one line an event."""

from __future__ import annotations

import logging
import sys
import time

from cogdoc.results.printable import printable
from cogdoc.storage import without_secrets


class _OneLine(logging.Formatter):
    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        return printable(without_secrets(super().format(record)), keep_newlines=record.exc_info is not None)


def start_logging(*, quiet: bool) -> None:
    """Log requests and warnings; only errors if `quiet`."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_OneLine("%(asctime)sZ %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.ERROR if quiet else logging.WARNING)
    if not quiet:
        logging.getLogger("cogdoc.serve").setLevel(logging.INFO)
