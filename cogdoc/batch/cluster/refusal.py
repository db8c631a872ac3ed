"""A `CogdocError` on its way from a machine of the cluster to the driver."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from cogdoc.documents.open_request import OpenRequest
from cogdoc.errors import CogdocError, InputError, MissingError


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error, where it happened, and the file that is missing there, if one is."""

    error: CogdocError
    host: str
    missing: Path | None = None

    def as_error(self) -> CogdocError:
        """The error as the driver tells it: a file that only the other machine lacks is a matter of the cluster."""
        if self.missing is not None and self.missing.exists():
            return InputError(
                f"not there on {self.host}, a machine of the cluster",
                f"every machine has to see it as {self.missing}",
            )
        return self.error


def refuse(error: CogdocError, arguments: Iterable[object] = ()) -> Refusal:
    """What a worker answers in place of a result."""
    missing = None
    if isinstance(error, InputError):
        requests = (argument for argument in arguments if isinstance(argument, OpenRequest))
        paths = (request.path for request in requests if request.remote is None)
        missing = next((path for path in paths if not path.exists()), None)
    return Refusal(error, host(), missing)


def host() -> str:
    """This machine's name."""
    return socket.gethostname()


def version_error(wanted: str) -> MissingError | None:
    """Why this machine may not work for a driver of another version: results would depend on who read the page."""
    own = version("cogdoc")
    if own == wanted:
        return None
    return MissingError(f"{host()} has cogdoc {own} and not {wanted}", "install the same version on every machine")
