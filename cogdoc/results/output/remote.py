"""Results in object stores: written on this machine first, then uploaded, so that an object is complete or absent.

The local copies stay in the user's state folder: with them and the journal beside them, an interrupted run resumes
without asking the store about every file.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from contextlib import suppress
from pathlib import Path

from cogdoc.errors import CogdocError, OutputError, OutputExistsError, PlaceLostError, TimeLimitError
from cogdoc.results.output.folders import PRIVATE_FOLDER, open_folder
from cogdoc.storage import explain, is_web, open_storage, printable_address
from cogdoc.transfers import Transfer, TransferLimits, run_call, run_transfer

LIMITS = TransferLimits()

MIN_UPLOAD_RATE = 16 * 1024
"""Bytes a second below which an upload is given up."""

ATOMIC = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "adl", "oss", "oci", "memory"})
"""Stores in which an object appears when its upload completes; other stores need a temporary name and a rename."""


def staging_folder(address: str) -> Path:
    """The local folder for results of an address; a file has the same name there as at the address."""
    return _state_home() / _staging_parts(address)


def create_staging_folder(address: str, *, folder: bool) -> Path:
    """Create the local folder, for its owner only, and return it; for a single result, only the folders around it.

    Raises:
        OutputError: it cannot be created, or a part of it is a symbolic link.
    """
    state, parts = _state_home(), _staging_parts(address)
    try:
        state.mkdir(parents=True, exist_ok=True)
        with open_folder(state, parts if folder else parts.parent, PRIVATE_FOLDER):
            return state / parts
    except OSError as error:
        raise OutputError(f"{state / parts}: cannot create this folder: {error.strerror}") from None


def _state_home() -> Path:
    return Path(os.environ.get("XDG_STATE_HOME") or "~/.local/state").expanduser()


def _staging_parts(address: str) -> Path:
    # Without credentials, so that a run resumes with new ones.
    name = printable_address(address).rstrip("/")
    return Path("cogdoc", "results", hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:16], "files")


def check_address(address: str, *, folder: bool, overwrite: bool) -> None:
    """Check before any work whether an address can be written, without writing a result.

    Raises:
        OutputExistsError, OutputError: it cannot be written.
        MissingError: its back end is not installed.
    """
    name = printable_address(address)
    if is_web(address):
        raise OutputError(f"{name}: results cannot be written to the web", "name a folder, or an s3:// address")

    def check() -> None:
        system, path = open_storage(address)
        if ATOMIC.isdisjoint(_protocols(system)):
            if folder:
                system.makedirs(path, exist_ok=True)
        else:
            # Object stores have no folders to make, but the bucket must exist. Write access need not include listing.
            with suppress(PermissionError):
                system.info(path.strip("/").partition("/")[0])

    try:
        run_call(check, LIMITS)
    except TimeLimitError as error:
        raise OutputError(f"{name}: cannot be written: {error}") from None
    except CogdocError:
        raise
    except Exception as error:  # every back end raises its own errors
        raise OutputError(f"{name}: cannot be written: {explain(error)}") from None
    if not folder and not overwrite:
        check_absent(address)


def is_remote_folder(address: str) -> bool:
    """Whether the address is an existing folder; False if that is unknown."""

    def is_folder() -> bool:
        system, path = open_storage(address)
        return bool(system.isdir(path))

    try:
        return run_call(is_folder, LIMITS)
    except Exception:
        return False


def check_absent(address: str) -> None:
    """Check that nothing exists at an address.

    Raises:
        OutputExistsError: the address exists.
        PlaceLostError: the store cannot be reached.
    """
    name = printable_address(address)

    def exists() -> bool:
        system, path = open_storage(address)
        return bool(system.exists(path))

    try:
        found = run_call(exists, LIMITS)
    except PermissionError:
        return
    except TimeLimitError as error:
        raise PlaceLostError(f"{name}: cannot be written: {error}") from None
    except CogdocError:
        raise
    except Exception as error:
        raise PlaceLostError(f"{name}: cannot be written: {explain(error)}") from None
    if found:
        raise OutputExistsError(f"{name}: exists already", "add --overwrite to replace it")


def upload(file: Path, address: str) -> None:
    """Upload a file, completely or not at all.

    Raises:
        PlaceLostError: it cannot be uploaded. The back ends retry, so further files would fail as well.
    """
    seconds = LIMITS.idle + file.stat().st_size / MIN_UPLOAD_RATE
    try:
        run_transfer(lambda transfer: _upload(file, address, transfer), TransferLimits(seconds), seconds)
    except TimeLimitError as error:
        raise PlaceLostError(f"{printable_address(address)}: cannot be written: {error}") from None
    except CogdocError:
        raise
    except Exception as error:
        raise PlaceLostError(f"{printable_address(address)}: cannot be written: {explain(error)}") from None


def _upload(file: Path, address: str, transfer: Transfer) -> None:
    system, path = open_storage(address)
    if not ATOMIC.isdisjoint(_protocols(system)):
        system.put_file(str(file), path)
        return
    folder, _, name = path.rpartition("/")
    if folder:
        system.makedirs(folder, exist_ok=True)
    part = f"{folder}/.{name[:80]}.{secrets.token_hex(4)}.part"
    try:
        system.put_file(str(file), part)
        with transfer.advance(0):  # not once the run has given up
            system.mv(part, path)
    except BaseException:
        with suppress(Exception):
            system.rm_file(part)
        raise


def _protocols(system: object) -> set[str]:
    names: str | tuple[str, ...] = getattr(system, "protocol", ())
    return {names} if isinstance(names, str) else set(names)
