"""Decides where results go (standard output, a file, or a folder with a file for each source) and writes them there.

An output file is complete or absent: it is written under a temporary name beside its final path, synchronized, and
renamed. Output for an address such as `s3://bucket/out/` is uploaded before the rename.
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
    """What `--to` and `--overwrite` mean."""

    path: Path | None
    """The file or folder; None for standard output."""
    folder: bool
    """Whether every source gets its own file."""
    overwrite: bool
    address: str | None = None
    """Where results are uploaded to, if anywhere; `path` then keeps the local copies."""

    def address_for(self, path: Path) -> str | None:
        """Where the result in `path` is uploaded to, if anywhere."""
        if self.address is None or self.path is None or not self.folder:
            return self.address
        return f"{self.address.rstrip('/')}/{path.relative_to(self.path).as_posix()}"

    def file_for(self, relative: Path, output: OutputFormat) -> Path:
        """The output file of a source in a folder: `a.pdf.md`, so that a.pdf and a.png never collide."""
        assert self.path is not None
        return self.path / relative.parent / f"{relative.name}.{output.suffix}"


def choose_destination(to: str | None, *, several: bool, overwrite: bool, unfinished: bool = False) -> Destination:
    """The destination that `--to` names.

    It is a folder if `to` is an existing folder, ends with a slash, or has no suffix and there may be several sources.

    Args:
        several: whether there may be more than one source.
        unfinished: an interrupted run may have left the file there; the caller checks later whether it did.

    Raises:
        OutputError: the destination cannot be written.
        OutputExistsError: the file exists, and `overwrite` is False.
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
            raise OutputError(f"{to}: cannot create this folder: {error.strerror}") from None
        if not os.access(path, os.W_OK | os.X_OK):
            raise OutputError(f"{to}: no permission to write to this folder")
    else:
        check_writable(path, overwrite=overwrite or unfinished)
    return Destination(path, folder=folder, overwrite=overwrite)


def local_path(to: str) -> Path:
    """Where results for `to` are written on this machine, with the journal beside them."""
    if not is_address(to):
        return Path(to)
    from cogdoc.results.remote_output import staging_folder

    return staging_folder(to)


def _choose_address(to: str, *, several: bool, overwrite: bool, unfinished: bool) -> Destination:
    from cogdoc.results.remote_output import check_address, is_remote_folder

    name = to.rstrip("/").rpartition("/")[2]
    folder = to.endswith("/") or (several and not Path(name).suffix) or is_remote_folder(to)
    check_address(to, folder=folder, overwrite=overwrite or unfinished)
    path = local_path(to)
    try:
        (path if folder else path.parent).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{path}: cannot create this folder: {error.strerror}") from None
    return Destination(path, folder, overwrite, address=to)


def check_writable(path: Path, *, overwrite: bool) -> None:
    """Check before any work whether `path` can be written.

    Raises:
        OutputExistsError, OutputError: it cannot be written.
    """
    try:
        _check_writable(path, overwrite=overwrite)
    except OSError as error:  # for example, the name is too long
        raise write_error(path, error) from None


def _check_writable(path: Path, *, overwrite: bool) -> None:
    if path.exists() and not path.is_file():
        raise OutputError(f"{path}: is not a regular file")
    if path.exists() and not overwrite:
        raise OutputExistsError(f"{path}: exists already", "add --overwrite to replace it")
    if not path.parent.is_dir():
        raise OutputError(f"{path}: the folder {path.parent} does not exist")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise OutputError(f"{path}: no permission to write to its folder")


class DiscardOutput(Exception):  # noqa: N818 - a signal, not an error
    """Raised inside `open_output` to discard what was written."""


@contextmanager
def open_output(path: Path | None, *, overwrite: bool = False, address: str | None = None) -> Iterator[TextIO]:
    """A stream whose content becomes `path` if no exception is raised, and is discarded otherwise.

    Args:
        path: None for standard output.
        address: where the content is uploaded to first; `path` is then only a local copy, and may be overwritten.

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
        from cogdoc.results.remote_output import check_absent

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
            from cogdoc.results.remote_output import upload

            upload(part, address)
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
    """The prefix of the temporary names for `path`, unique to it; long names are cut."""
    return f".{path.name[:80]}.{hashlib.sha256(os.fsencode(path.name)).hexdigest()[:8]}."


def remove_parts(path: Path) -> None:
    """Remove temporary files for `path` that a killed process left behind."""
    for part in path.parent.glob(f"{glob.escape(_part_prefix(path))}*.part"):
        part.unlink(missing_ok=True)


def _synchronize(folder: Path) -> None:
    """Make a rename in `folder` survive a power loss, where the system supports it."""
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


_PLACE_LOST = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.ESTALE})
"""Errors such as a full disk, after which no other file can be written either."""


def write_error(path: Path, error: OSError) -> OutputError:
    """The error that a failed attempt to write `path` becomes."""
    kind = PlaceLostError if error.errno in _PLACE_LOST else OutputError
    return kind(f"{path}: cannot be written: {error.strerror}")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
