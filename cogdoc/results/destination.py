"""Where results go: standard output, a file, or a folder with a file for each source.

An output file is whole or absent: it is written beside its place, synchronized, and renamed.
"""

from __future__ import annotations

import errno
import glob
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from cogdoc.errors import OutputError, OutputExistsError, PlaceLostError
from cogdoc.results.writers import Format


@dataclass(frozen=True, slots=True)
class Destination:
    """What `--to` and `--overwrite` say; `folder` where every source gets a file of its own."""

    path: Path | None
    folder: bool
    overwrite: bool

    def file_for(self, relative: Path, output: Format) -> Path:
        """The file below the folder that a source's result goes to; a.pdf and a.png never collide."""
        assert self.path is not None
        suffix = "txt" if output is Format.TEXT else str(output)
        return self.path / relative.parent / f"{relative.name}.{suffix}"


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


def check_writable(path: Path, *, overwrite: bool) -> None:
    """Find out before any work is done whether `path` can be written.

    Raises:
        OutputExistsError, OutputError: it cannot.
    """
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
def open_output(path: Path | None, *, overwrite: bool = False) -> Iterator[TextIO]:
    """A stream that becomes `path` when all went well and leaves nothing behind otherwise; None: standard output.

    Raises:
        OutputExistsError, OutputError: the file cannot be written.
    """
    if path is None:
        with suppress(DiscardOutput):
            yield sys.stdout
        return
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
    check_writable(path, overwrite=overwrite)
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name[:80]}.", suffix=".part", dir=path.parent)
    except OSError as error:
        raise write_error(path, error) from None
    part = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        part.chmod(0o666 & ~_umask())
        part.replace(path)
    except DiscardOutput:
        return
    except OSError as error:
        raise write_error(path, error) from None
    finally:
        part.unlink(missing_ok=True)


def remove_parts(path: Path) -> None:
    """Remove what a killed process left of its attempts to write `path`."""
    for part in path.parent.glob(f".{glob.escape(path.name[:80])}.*.part"):
        part.unlink(missing_ok=True)


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
