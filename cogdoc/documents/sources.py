"""Turns what a user names (files, folders, patterns, addresses, `-`) into sources."""

from __future__ import annotations

import glob
import os
import stat
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from cogdoc.documents.folder_walk import (
    UnreadablePath,
    is_folder,
    match_pattern,
    not_a_regular_file,
    unreadable,
    walk_folder,
)
from cogdoc.documents.remote import DEFAULT_LIMITS, MAX_FETCHED, RemoteFile, UnresolvedFolder, fetch, find_files
from cogdoc.errors import CogdocError, InputError, OutputError, TooLargeError
from cogdoc.results.printable import well_formed
from cogdoc.storage import is_address, printable_address
from cogdoc.transfers import TransferLimits

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
    arguments: Iterable[str | UnresolvedSource],
    stdin_file: Path | CogdocError | None = None,
    *,
    several: bool = False,
    limits: TransferLimits = DEFAULT_LIMITS,
) -> Iterator[Source | UnresolvedSource]:
    """Yield the sources that `arguments` name, lazily: folders are walked while their files are being read.

    An argument that cannot be found becomes an `UnresolvedSource`, so that the run goes on with the others.

    Args:
        arguments: paths of files and folders, glob patterns, addresses such as `s3://bucket/folder/`, or `-`; and
            entries of a list that cannot be names.
        stdin_file: for `-`, the file that holds the bytes of standard input, or why there is none.
        several: the user named more than one thing, so that the output keeps the names of folders.
        limits: those of listing addresses.
    """
    for argument in arguments:
        if isinstance(argument, UnresolvedSource):
            yield argument
        elif argument == STDIN:
            yield _stdin_source(stdin_file or InputError("standard input is not available here"))
        elif is_address(argument):
            yield from _expand_address(argument, limits, several=several)
        else:
            yield from _expand(argument, several=several)


def _expand(argument: str, *, several: bool) -> Iterator[Source | UnresolvedSource]:
    name, path = well_formed(argument), Path(argument)
    if "\0" in argument:
        yield UnresolvedSource(name, InputError("a name with a NUL byte in it names no file"))
    elif is_folder(path):
        yield from _walk_folder(path, Path(path.resolve().name) if several else Path())
    elif os.path.lexists(path):
        yield _file_source(path)
    elif glob.has_magic(argument):
        yield from _expand_pattern(argument)
    else:
        yield UnresolvedSource(name, _not_found(path))


def _not_found(path: Path) -> InputError:
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return InputError("no such file or folder")
    except OSError as error:
        return unreadable(path, error).error
    return InputError("no such file or folder")


@contextmanager
def local_copy(source: Source, limits: TransferLimits = DEFAULT_LIMITS) -> Iterator[Path]:
    """The file of a source; a remote file is downloaded, and removed at the end.

    Raises:
        TooLargeError: a remote file exceeds the size limit of downloads.
        CogdocError: it cannot be downloaded.
    """
    if source.remote is None:
        yield source.path
        return
    with nameless_file() as (_, path):
        fetch(source.remote, path, limits=limits)
        yield path


def _expand_address(address: str, limits: TransferLimits, *, several: bool) -> Iterator[Source | UnresolvedSource]:
    name = well_formed(printable_address(address))
    any_file = False
    try:
        for file in find_files(address, keep_folder=several, limits=limits):
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


def _stdin_source(file: Path | CogdocError) -> Source | UnresolvedSource:
    return UnresolvedSource(STDIN, file) if isinstance(file, CogdocError) else Source(file, STDIN, Path("stdin"))


def _file_source(path: Path) -> Source | UnresolvedSource:
    name = well_formed(str(path))
    try:
        regular = stat.S_ISREG(path.stat().st_mode)
    except OSError as error:
        return _unresolved(unreadable(path, error))
    return Source(path, name, _relative_to_output(path)) if regular else _unresolved(not_a_regular_file(path))


def _walk_folder(folder: Path, output_folder: Path) -> Iterator[Source | UnresolvedSource]:
    any_file = False
    for found in walk_folder(folder):
        any_file = True
        if isinstance(found, UnreadablePath):
            yield _unresolved(found)
        else:
            yield Source(found, well_formed(str(found)), output_folder / found.relative_to(folder))
    if not any_file:
        yield UnresolvedSource(well_formed(str(folder)), _nothing_found())


def _expand_pattern(pattern: str) -> Iterator[Source | UnresolvedSource]:
    """The sources that match, each once: `**` matches a folder and also the files in it."""
    seen: set[str] = set()
    for path in match_pattern(pattern):
        for source in _expand_match(path):
            if source.name not in seen:
                seen.add(source.name)
                yield source
    if not seen:
        yield UnresolvedSource(well_formed(pattern), InputError("no file matches"))


def _expand_match(path: Path | UnreadablePath) -> Iterator[Source | UnresolvedSource]:
    if isinstance(path, UnreadablePath):
        yield _unresolved(path)
    elif is_folder(path):
        yield from _walk_folder(path, _relative_to_output(path))
    else:
        yield _file_source(path)


def _unresolved(path: UnreadablePath) -> UnresolvedSource:
    return UnresolvedSource(well_formed(str(path.path)), path.error)


def _relative_to_output(path: Path) -> Path:
    """The path below an output folder for a file that the user named; it never leads out of that folder."""
    parts = [part for part in path.parts if part not in (path.anchor, "..", ".")]
    return Path(*parts) if not path.is_absolute() else Path(path.name)


@contextmanager
def keep_stdin() -> Iterator[Path]:
    """Copy standard input to a temporary file, which is removed at the end.

    Raises:
        InputError: standard input is empty, a terminal, or cannot be read.
        TooLargeError: it is larger than files that are downloaded may be.
        OutputError: the temporary folder cannot take it.
    """
    if sys.stdin is None or sys.stdin.isatty():
        raise InputError("nothing on standard input", "pipe a document into cogdoc, or name a file")
    with nameless_file() as (file, path):
        size = 0
        for chunk in _stdin_chunks():
            size += len(chunk)
            if size > MAX_FETCHED:
                raise TooLargeError(f"standard input has more than {MAX_FETCHED >> 20} MB", "name a file instead")
            _write_copy(file.fileno(), chunk)
        if not size:
            raise InputError("standard input is empty")
        yield path


def _stdin_chunks() -> Iterator[bytes]:
    try:
        while chunk := sys.stdin.buffer.read(1 << 20):
            yield chunk
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}") from None


def _write_copy(descriptor: int, chunk: bytes) -> None:
    # Without a buffer, whose content the file would try to write again when it is closed.
    try:
        while chunk:
            chunk = chunk[os.write(descriptor, chunk) :]
    except OSError as error:
        message = f"cannot be copied to the temporary folder {tempfile.gettempdir()}: {error.strerror}"
        raise OutputError(message, "TMPDIR names another folder") from None


@contextmanager
def nameless_file() -> Iterator[tuple[IO[bytes], Path]]:
    """A temporary file, and a path under which this process can open it.

    On Linux it has no name, so that nothing remains if the process is killed.
    """
    if sys.platform == "linux":
        with tempfile.TemporaryFile(prefix="cogdoc-") as file:
            # The process is named by number, because worker processes of a cluster on this machine open it as well.
            yield file, Path(f"/proc/{os.getpid()}/fd/{file.fileno()}")
    else:
        with tempfile.TemporaryDirectory(prefix="cogdoc-") as folder:
            path = Path(folder) / "copy"
            with path.open("w+b") as file:
                yield file, path
