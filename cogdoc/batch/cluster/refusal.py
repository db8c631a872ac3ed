"""`Refusal`: what an actor returns instead of a result when it meets a `CogdocError`; the driver then raises it."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from cogdoc.documents.open_request import OpenRequest
from cogdoc.errors import CogdocError, InputError, MissingError, as_cogdoc_error


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error, the machine it happened on, and the file that is missing there, if any."""

    error: CogdocError
    host: str
    missing: Path | None = None

    def as_error(self) -> CogdocError:
        """The error to raise in the driver. If only the actor's machine lacks the file, the error states that."""
        if self.missing is not None and self.missing.exists():
            return InputError(
                f"does not exist on {self.host}, a machine of the cluster",
                f"every machine must have it at {self.missing}",
            )
        return self.error


def refuse(error: BaseException, arguments: Iterable[object] = ()) -> Refusal:
    """Describe `error` for the driver; `arguments` are those of the call that failed."""
    error = as_cogdoc_error(error)
    missing = None
    if isinstance(error, InputError):
        requests = (argument for argument in arguments if isinstance(argument, OpenRequest))
        paths = (request.path for request in requests if request.remote is None)
        missing = next((path for path in paths if not path.exists()), None)
    return Refusal(error, host(), missing)


def refuse_panic(error: BaseException) -> Refusal:
    """Describe the panic of a Rust library, which is no `Exception`: Ray would end the actor. Raises other errors."""
    if isinstance(error, (Exception, KeyboardInterrupt, SystemExit)):
        raise error
    return refuse(error)


def host() -> str:
    """This machine's name."""
    return socket.gethostname()


def version_error(driver_version: str) -> MissingError | None:
    """An error if this machine has another version than the driver: results would depend on the machine."""
    own = version("cogdoc")
    if own == driver_version:
        return None
    return MissingError(
        f"{host()} has cogdoc {own} and not {driver_version}", "install the same version on every machine"
    )
