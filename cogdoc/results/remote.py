"""Results in object stores: written here first, then sent, so that an object is whole or absent.

What has been written stays in the user's state folder: by it and the journal beside it, a run that was cut short goes
on without asking the store for every file.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path

from cogdoc.errors import CogdocError, OutputError, OutputExistsError, PlaceLostError
from cogdoc.storage import explain, is_web, open_storage, printable_address

ATOMIC = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "adl", "oss", "oci", "memory"})
"""Stores in which an object appears with its last byte; elsewhere it is sent under another name, and renamed."""


def staging_place(address: str) -> Path:
    """Where results are kept on their way to an address: a folder, in which a file has the same name as there."""
    state = Path(os.environ.get("XDG_STATE_HOME") or "~/.local/state").expanduser()
    folder = state / "cogdoc" / "results" / hashlib.sha256(address.rstrip("/").encode()).hexdigest()[:16]
    return folder / "files"


def check_place(address: str, *, folder: bool, overwrite: bool) -> None:
    """Find out before any work is done whether an address may be written, as far as that can be told without writing.

    Raises:
        OutputExistsError, OutputError: it cannot.
        MissingError: what it takes is not installed.
    """
    place = printable_address(address)
    if is_web(address):
        raise OutputError(f"{place}: results cannot be written to the web", "name a folder, or an s3:// address")
    try:
        system, path = open_storage(address)
        if ATOMIC.isdisjoint(_protocols(system)):
            if folder:
                system.makedirs(path, exist_ok=True)
        else:
            # Folders are not made there, but buckets are made by their owners. Who may write need not be able to list.
            with suppress(PermissionError):
                system.info(path.strip("/").partition("/")[0])
    except CogdocError:
        raise
    except Exception as error:  # every back end has errors of its own
        raise OutputError(f"{place}: cannot be written: {explain(error)}") from None
    if not folder and not overwrite:
        check_absent(address)


def is_remote_folder(address: str) -> bool:
    """Whether there is a folder already; False where that cannot be told."""
    try:
        system, path = open_storage(address)
        return bool(system.isdir(path))
    except Exception:
        return False


def check_absent(address: str) -> None:
    """
    Raises:
        OutputExistsError: something is there.
    """
    place = printable_address(address)
    try:
        system, path = open_storage(address)
        exists = system.exists(path)
    except PermissionError:
        return
    except CogdocError:
        raise
    except Exception as error:
        raise PlaceLostError(f"{place}: cannot be written: {explain(error)}") from None
    if exists:
        raise OutputExistsError(f"{place}: exists already", "add --overwrite to replace it")


def send(file: Path, address: str) -> None:
    """Send a file, whole or not at all.

    Raises:
        PlaceLostError: it cannot be sent. The back ends have tried several times, so that the next would fail as well.
    """
    try:
        system, path = open_storage(address)
        if not ATOMIC.isdisjoint(_protocols(system)):
            system.put_file(str(file), path)
            return
        folder, _, name = path.rpartition("/")
        if folder:
            system.makedirs(folder, exist_ok=True)
        part = f"{folder}/.{name}.part"
        try:
            system.put_file(str(file), part)
            system.mv(part, path)
        except BaseException:
            with suppress(Exception):
                system.rm_file(part)
            raise
    except CogdocError:
        raise
    except Exception as error:
        raise PlaceLostError(f"{printable_address(address)}: cannot be written: {explain(error)}") from None


def _protocols(system: object) -> set[str]:
    named: str | tuple[str, ...] = getattr(system, "protocol", ())
    return {named} if isinstance(named, str) else set(named)
