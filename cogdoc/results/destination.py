"""Where results go: standard output, a file, or a folder with a file for each source.

An output file is whole or absent: it is written beside its place, synchronized, and renamed; what goes to an address
such as `s3://bucket/out/` is sent before it is renamed here.
"""

from __future__ import annotations

import errno
import glob
import hashlib
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from cogdoc.errors import OutputError, OutputExistsError, PlaceLostError
from cogdoc.results.output_formats import OutputFormat
from cogdoc.storage import is_address


@dataclass(frozen=True, slots=True)
class Destination:
    """What `--to` and `--overwrite` say; `folder` where every source gets a file of its own."""

    path: Path | None
    folder: bool
    overwrite: bool
    address: str | None = None
    """Where results are sent, if not here; `path` then is where they are kept on the way, and afterwards."""

    def address_for(self, path: Path) -> str | None:
        """Where the result that is written to `path` is sent, if anywhere."""
        if self.address is None or self.path is None or not self.folder:
            return self.address
        return f"{self.address.rstrip('/')}/{path.relative_to(self.path).as_posix()}"

    def file_for(self, relative: Path, output: OutputFormat) -> Path:
        """The file below the folder that a source's result goes to; a.pdf and a.png never collide."""
        assert self.path is not None
        return self.path / relative.parent / f"{relative.name}.{output.suffix}"


def choose_destination(to: str | None, *, several: bool, overwrite: bool, unfinished: bool = False) -> Destination:
    """A folder where `to` is one, ends like one, or several sources could go to it and it has no suffix.

    Args:
        unfinished: a run that was cut short may have left a file there; it is looked at later whether it did.

    Raises:
        OutputError: the place cannot be written.
        OutputExistsError: it is a file that exists, and overwriting was not asked for.
    """
    if to is None:
        return Destination(None, folder=False, overwrite=overwrite)
    if is_address(to):
        return _choose_address(to, several=several, overwrite=overwrite, unfinished=unfinished)
    path = Path(to)
    folder = path.is_dir() or to.endswith(("/", os.sep)) or (several and not path.suffix)
    if folder:
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"{to}: cannot make this folder: {error.strerror}") from None
        if not os.access(path, os.W_OK | os.X_OK):
            raise OutputError(f"{to}: this folder may not be written to")
    else:
        check_writable(path, overwrite=overwrite or unfinished)
    return Destination(path, folder=folder, overwrite=overwrite)


def local_place(to: str) -> Path:
    """Where on this machine results for `to` are written, and where the journal is."""
    if not is_address(to):
        return Path(to)
    from cogdoc.results.remote import staging_place

    return staging_place(to)


def _choose_address(to: str, *, several: bool, overwrite: bool, unfinished: bool) -> Destination:
    from cogdoc.results.remote import check_place, is_remote_folder

    name = to.rstrip("/").rpartition("/")[2]
    folder = to.endswith("/") or (several and not Path(name).suffix) or is_remote_folder(to)
    check_place(to, folder=folder, overwrite=overwrite or unfinished)
    path = local_place(to)
    try:
        (path if folder else path.parent).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{path}: cannot make this folder: {error.strerror}") from None
    return Destination(path, folder, overwrite, address=to)


def check_writable(path: Path, *, overwrite: bool) -> None:
    """Find out before any work is done whether `path` can be written.

    Raises:
        OutputExistsError, OutputError: it cannot.
    """
    try:
        _check_writable(path, overwrite=overwrite)
    except OSError as error:  # such as a name that is too long
        raise write_error(path, error) from None


def _check_writable(path: Path, *, overwrite: bool) -> None:
    if path.exists() and not path.is_file():
        raise OutputError(f"{path}: is not a regular file")
    if path.exists() and not overwrite:
        raise OutputExistsError(f"{path}: exists already", "add --overwrite to replace it")
    if not path.parent.is_dir():
        raise OutputError(f"{path}: no such folder as {path.parent}")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise OutputError(f"{path}: the folder may not be written to")


class DiscardOutput(Exception):  # noqa: N818 - not an error: there is nothing to keep
    """Raised inside of `open_output`: leave the place as it was."""


@contextmanager
def open_output(path: Path | None, *, overwrite: bool = False, address: str | None = None) -> Iterator[TextIO]:
    """A stream that becomes `path` when all went well and leaves nothing behind otherwise; None: standard output.

    Args:
        address: where it is sent before it becomes `path`, which counts for nothing then.

    Raises:
        OutputExistsError, OutputError: the file cannot be written.
    """
    if path is None:
        with suppress(DiscardOutput):
            yield sys.stdout
        return
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
    check_writable(path, overwrite=overwrite or address is not None)
    if address is not None and not overwrite:
        from cogdoc.results.remote import check_absent

        check_absent(address)
    try:
        handle, name = tempfile.mkstemp(prefix=_part_prefix(path), suffix=".part", dir=path.parent)
    except OSError as error:
        raise write_error(path, error) from None
    part = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        if address is not None:
            from cogdoc.results.remote import send

            send(part, address)
        part.chmod(0o666 & ~_umask())
        part.replace(path)
        _synchronize(path.parent)
    except DiscardOutput:
        return
    except OSError as error:
        raise write_error(path, error) from None
    finally:
        part.unlink(missing_ok=True)


def _part_prefix(path: Path) -> str:
    """What names of attempts to write `path`, and of no other file, begin with; long names are cut."""
    return f".{path.name[:80]}.{hashlib.sha256(os.fsencode(path.name)).hexdigest()[:8]}."


def remove_parts(path: Path) -> None:
    """Remove what a killed process left of its attempts to write `path`."""
    for part in path.parent.glob(f"{glob.escape(_part_prefix(path))}*.part"):
        part.unlink(missing_ok=True)


def _synchronize(folder: Path) -> None:
    """Have the folder remember a rename over a loss of power, where the system can be asked for it."""
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


_PLACE_LOST = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.ESTALE})
"""A full disk and the like: no other file can be written either."""


def write_error(path: Path, error: OSError) -> OutputError:
    """What a failed attempt to write `path` means."""
    kind = PlaceLostError if error.errno in _PLACE_LOST else OutputError
    return kind(f"{path}: cannot be written: {error.strerror}")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
