"""Finds the files that a user names: files, folders, glob patterns, `-`, lists of files, addresses."""

from __future__ import annotations

import glob
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedIOBase
from pathlib import Path

from cogdoc.documents.formats import READABLE_SUFFIXES
from cogdoc.documents.natural_order import natural_key
from cogdoc.documents.remote import RemoteFile, UnresolvedFolder, fetch, find_files
from cogdoc.errors import CogdocError, InputError
from cogdoc.results.printable import well_formed
from cogdoc.storage import is_address, printable_address

STDIN = "-"


@dataclass(frozen=True, slots=True)
class Source:
    """A file to read."""

    path: Path
    """For a remote file, only a placeholder: `local_copy` downloads the file."""
    name: str
    """What messages and results call the file."""
    relative: Path
    """The path of its result, without the suffix of the format, below an output folder."""
    remote: RemoteFile | None = None


@dataclass(frozen=True, slots=True)
class UnresolvedSource:
    """Something that a user named and that cannot be found or read."""

    name: str
    error: CogdocError


def expand_sources(
    arguments: Iterable[str], stdin_file: Path | InputError | None = None, *, several: bool = False
) -> Iterator[Source | UnresolvedSource]:
    """Yield the sources that `arguments` name, lazily: folders are walked while their files are being read.

    An argument that cannot be found becomes an `UnresolvedSource`, so that the run goes on with the others.

    Args:
        arguments: paths of files and folders, glob patterns, addresses such as `s3://bucket/folder/`, or `-`.
        stdin_file: for `-`, the file that holds the bytes of standard input, or why there is none.
        several: the user named more than one thing, so that the output keeps the names of folders.
    """
    for argument in arguments:
        if argument == STDIN:
            yield _stdin_source(stdin_file or InputError("standard input is not available here"))
            continue
        if is_address(argument):
            yield from _expand_address(argument, several=several)
            continue
        try:
            yield from _expand(argument, several=several)
        except OSError as error:
            yield UnresolvedSource(well_formed(argument), InputError(f"cannot be read: {error.strerror}"))


def _expand(argument: str, *, several: bool) -> Iterator[Source | UnresolvedSource]:
    path = Path(argument)
    if path.is_dir():
        yield from _walk_folder(path, Path(path.resolve().name) if several else Path())
    elif os.path.lexists(path):
        yield _file_source(path)
    elif glob.has_magic(argument):
        yield from _expand_glob(argument)
    else:
        yield UnresolvedSource(well_formed(argument), InputError("no such file or folder"))


@contextmanager
def local_copy(source: Source) -> Iterator[Path]:
    """The file of a source; a remote file is downloaded, and removed at the end.

    Raises:
        TooLargeError: a remote file exceeds the size limit of downloads.
        CogdocError: it cannot be downloaded.
    """
    if source.remote is None:
        yield source.path
        return
    with tempfile.TemporaryDirectory(prefix="cogdoc-") as folder:
        path = Path(folder) / source.relative.name
        fetch(source.remote, path)
        yield path


def _expand_address(address: str, *, several: bool) -> Iterator[Source | UnresolvedSource]:
    name = well_formed(printable_address(address))
    any_file = False
    try:
        for file in find_files(address, keep_folder=several):
            any_file = True
            file_name = well_formed(printable_address(file.address))
            if isinstance(file, UnresolvedFolder):
                yield UnresolvedSource(file_name, file.error)
            else:
                yield Source(Path(file_name), file_name, file.relative, file)
    except CogdocError as error:
        yield UnresolvedSource(name, error)
        return
    if not any_file:
        yield UnresolvedSource(name, _nothing_found())


def _nothing_found() -> InputError:
    return InputError("no documents in this folder", "cogdoc looks for PDF, XPS, EPUB and image files")


def _stdin_source(file: Path | InputError) -> Source | UnresolvedSource:
    return UnresolvedSource(STDIN, file) if isinstance(file, InputError) else Source(file, STDIN, Path("stdin"))


def _file_source(path: Path) -> Source | UnresolvedSource:
    name = well_formed(str(path))
    if path.exists() and not path.is_file():
        # A pipe cannot be read twice, nor by a worker process; a device may have no end.
        return UnresolvedSource(name, InputError("not a regular file", "pipe it into cogdoc, and name it -"))
    return Source(path, name, _relative_to_output(path))


def _walk_folder(folder: Path, output_folder: Path) -> Iterator[Source | UnresolvedSource]:
    any_file = False
    for path in _readable_files(folder):
        any_file = True
        if isinstance(path, UnresolvedSource):
            yield path
        else:
            yield Source(path, well_formed(str(path)), output_folder / path.relative_to(folder))
    if not any_file:
        yield UnresolvedSource(well_formed(str(folder)), _nothing_found())


def _readable_files(folder: Path) -> Iterator[Path | UnresolvedSource]:
    try:
        with os.scandir(folder) as entries:
            ordered = sorted(entries, key=lambda entry: natural_key(entry.name))
    except OSError as error:
        yield UnresolvedSource(well_formed(str(folder)), InputError(f"cannot be searched: {error.strerror}"))
        return
    for entry in ordered:
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _readable_files(Path(entry.path))
        elif Path(entry.name).suffix.lower() in READABLE_SUFFIXES and entry.is_file():
            yield Path(entry.path)


def _expand_glob(pattern: str) -> Iterator[Source | UnresolvedSource]:
    matches = sorted(glob.glob(pattern, recursive=True), key=natural_key)  # noqa: PTH207 - Path.glob takes no absolute patterns
    if not matches:
        yield UnresolvedSource(well_formed(pattern), InputError("no file matches"))
    for match in matches:
        path = Path(match)
        if path.is_dir():
            yield from _walk_folder(path, _relative_to_output(path))
        else:
            yield _file_source(path)


def _relative_to_output(path: Path) -> Path:
    """The path below an output folder for a file that the user named; it never leads out of that folder."""
    parts = [part for part in path.parts if part not in (path.anchor, "..", ".")]
    return Path(*parts) if not path.is_absolute() else Path(path.name)


def read_file_list(file: BufferedIOBase, *, nul_separated: bool) -> Iterator[str]:
    """The paths in a list, one a line or separated by NUL, lazily; empty entries are skipped."""
    separator = b"\0" if nul_separated else b"\n"
    rest = b""
    while chunk := file.read1(1 << 16):  # read1 returns what a pipe has so far, so that work can begin
        *complete, rest = (rest + chunk).split(separator)
        yield from (_decode_path(entry, nul_separated) for entry in complete if entry.strip(b"\r"))
    if rest.strip(b"\r\n"):
        yield _decode_path(rest, nul_separated)


def _decode_path(entry: bytes, nul_separated: bool) -> str:
    return os.fsdecode(entry if nul_separated else entry.removesuffix(b"\r"))


@contextmanager
def keep_stdin() -> Iterator[Path]:
    """Copy standard input to a temporary file, which is removed at the end.

    Raises:
        InputError: standard input is empty, or a terminal.
    """
    if sys.stdin is None or sys.stdin.isatty():
        raise InputError("nothing on standard input", "pipe a document into cogdoc, or name a file")
    with tempfile.TemporaryDirectory(prefix="cogdoc-") as folder:
        path = Path(folder) / "stdin"
        with path.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        if not path.stat().st_size:
            raise InputError("standard input is empty")
        yield path
