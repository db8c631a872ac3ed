"""Decides where results go (standard output, a file, or a folder with a file for each source) and writes them there.

An output file is complete or absent: it is written under a temporary name beside its final path, synchronized, and
renamed. Output for an address such as `s3://bucket/out/` is uploaded before the rename. The folder that the user names
may be a symbolic link; below it none is followed, and a file is never written through one.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from cogdoc.errors import OutputError, OutputExistsError, PlaceLostError, UsageError
from cogdoc.results.output.folders import PRIVATE_FOLDER, Folder, open_folder
from cogdoc.results.output_formats import OutputFormat
from cogdoc.storage import is_address, local_file

_PART_END = re.compile(r"[0-9a-z_]{8}\.part")

MAX_NAME = 255
"""Bytes of the longest name that common file systems take."""


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
        name = os.fsencode(path.relative_to(self.path).as_posix()).decode("utf-8", "backslashreplace")
        return f"{self.address.rstrip('/')}/{name}"

    def file_for(self, relative: Path, output: OutputFormat) -> Path:
        """The output file of a source in a folder: `a.pdf.md`, so that a.pdf and a.png never collide."""
        assert self.path is not None
        return self.path / relative.parent / fitting_name(relative.name, f".{output.suffix}")


def part_of(path: Path, name: str) -> Path:
    """A further file of the source whose output is `path`: `a.pdf.csv` has the part `a.pdf.page-1-table-1.csv`."""
    return path.with_name(fitting_name(path.stem, f".{name}{path.suffix}"))


def fitting_name(name: str, suffix: str, prefix: str = "", digest: str = "") -> str:
    """The name between a prefix and a suffix; if it would be too long, it is cut and its hash keeps it unique.

    Args:
        digest: is added before the suffix in any case.
    """
    ending = f"-{digest}{suffix}" if digest else suffix
    if len(os.fsencode(prefix + name + ending)) > MAX_NAME:
        ending = f"-{digest or hashlib.sha256(os.fsencode(name)).hexdigest()[:8]}{suffix}"
    return prefix + _beginning(name, MAX_NAME - len(os.fsencode(prefix + ending))) + ending


def _beginning(name: str, room: int) -> str:
    """The first characters of a name that have at most `room` bytes."""
    while name and len(os.fsencode(name)) > room:
        name = name[:-1]
    return name


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Identifies the content of an output file."""

    size: int
    sha256: str


def names_folder(to: str) -> bool:
    """Whether `--to` names a folder in any case: it ends with a slash, or is a folder on this machine."""
    if to.endswith(("/", os.sep)):
        return True
    path = local_file(to) if is_address(to) else Path(to)
    return path is not None and path.is_dir()


def choose_destination(to: str | None, *, several: bool, overwrite: bool, unfinished: bool = False) -> Destination:
    """The destination that `--to` names.

    It is a folder if `to` is an existing folder, ends with a slash, or has no suffix and there may be several results.

    Args:
        several: whether there may be more than one source, or one format.
        unfinished: an interrupted run may have left the file there; the caller checks later whether it did.

    Raises:
        UsageError: it is an address with a space in front.
        OutputError: the destination cannot be written.
        OutputExistsError: the file exists, and `overwrite` is False.
    """
    if to is None:
        return Destination(None, folder=False, overwrite=overwrite)
    if not is_address(to) and is_address(to.strip()):
        raise UsageError(f"--to: {to!r} is not an address, because of the space at its beginning", "remove the space")
    if is_address(to) and local_file(to) is None:
        return _choose_address(to, several=several, overwrite=overwrite, unfinished=unfinished)
    path = local_path(to)
    folder = names_folder(to) or (several and not path.suffix)
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
    file = local_file(to) if is_address(to) else Path(to)
    if file is not None:
        return file
    from cogdoc.results.output.remote import staging_folder

    return staging_folder(to)


def _choose_address(to: str, *, several: bool, overwrite: bool, unfinished: bool) -> Destination:
    from cogdoc.results.output.remote import check_address, create_staging_folder, is_remote_folder

    name = to.rstrip("/").rpartition("/")[2]
    folder = to.endswith("/") or (several and not Path(name).suffix) or is_remote_folder(to)
    check_address(to, folder=folder, overwrite=overwrite or unfinished)
    return Destination(create_staging_folder(to, folder=folder), folder, overwrite, address=to)


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
    if not path.parent.is_dir():
        raise OutputError(f"{path}: the folder {path.parent} does not exist")
    with suppress(FileNotFoundError):
        check_replaceable(path, path.lstat(), overwrite=overwrite)
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise OutputError(f"{path}: no permission to write to its folder")


def check_replaceable(path: Path, existing: os.stat_result | None, *, overwrite: bool) -> None:
    """Check whether a result may be written to `path`, which is `existing` now.

    Raises:
        OutputExistsError, OutputError: it may not.
    """
    if existing is None:
        return
    if stat.S_ISLNK(existing.st_mode):
        kind = OutputError if overwrite else OutputExistsError
        raise kind(f"{path}: is a symbolic link, which cogdoc does not follow", "name the file that it leads to")
    if not stat.S_ISREG(existing.st_mode):
        raise OutputError(f"{path}: is not a regular file")
    if not overwrite:
        raise OutputExistsError(f"{path}: exists already", "add --overwrite to replace it")


class DiscardOutput(Exception):  # noqa: N818 - a signal, not an error
    """Raised inside `open_output` to discard what was written. It passes through all outputs that are open."""


@contextmanager
def open_output(
    path: Path | None,
    *,
    root: Path | None = None,
    overwrite: bool = False,
    address: str | None = None,
    before_rename: Callable[[Fingerprint], None] | None = None,
) -> Iterator[TextIO]:
    """A stream whose content becomes `path` if no exception is raised, and is discarded otherwise.

    Args:
        path: None for standard output.
        root: the folder that the user named, which contains `path`, perhaps in subfolders that do not exist yet;
            by default the folder of `path`.
        address: where the content is uploaded to first; `path` is then only a local copy, and may be overwritten.
        before_rename: is called with what `path` will contain, before it contains it.

    Raises:
        OutputExistsError, OutputError: the file cannot be written.
    """
    if path is None:
        yield sys.stdout
        return
    if root is None:
        root = path.parent
        with suppress(OSError):
            root.mkdir(parents=True, exist_ok=True)
    overwrite_local = overwrite or address is not None
    if address is not None and not overwrite:
        from cogdoc.results.output.remote import check_absent

        check_absent(address)
    try:
        with open_folder(root, path.parent.relative_to(root), 0o777 if address is None else PRIVATE_FOLDER) as folder:
            check_replaceable(path, folder.status(path.name), overwrite=overwrite_local)
            part = f"{_part_prefix(path)}{secrets.token_hex(4)}.part"
            handle = folder.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL)
            try:
                with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
                    yield stream
                    stream.flush()
                    os.fsync(stream.fileno())
                    if address is None and sys.platform != "win32":
                        os.fchmod(stream.fileno(), 0o666 & ~_umask())
                if address is not None:
                    from cogdoc.results.output.remote import upload

                    upload(folder.path / part, address)
                if before_rename is not None:
                    before_rename(fingerprint_of(folder, part))
                check_replaceable(path, folder.status(path.name), overwrite=overwrite_local)
                folder.rename(part, path.name)
                folder.synchronize()
            finally:
                folder.remove(part)
    except OSError as error:
        raise write_error(path, error) from None


def fingerprint_of(folder: Folder, name: str) -> Fingerprint:
    """
    Raises:
        OSError: the file cannot be read.
    """
    with os.fdopen(folder.open(name, os.O_RDONLY), "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return Fingerprint(file.tell(), digest)


def _part_prefix(path: Path) -> str:
    """The prefix of the temporary names for `path`, unique to it; long names are cut."""
    return f".{_beginning(path.name, 80)}.{hashlib.sha256(os.fsencode(path.name)).hexdigest()[:8]}."


def remove_parts(path: Path, root: Path | None = None) -> None:
    """Remove temporary files for `path` that a killed process left behind."""
    root = root or path.parent
    prefix = _part_prefix(path)
    if not path.parent.is_dir():
        return
    with suppress(OSError, OutputError), open_folder(root, path.parent.relative_to(root)) as folder:
        for name in folder.names():
            if name.startswith(prefix) and _PART_END.fullmatch(name, len(prefix)):
                folder.remove(name)


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
