"""Finds documents in folders and by patterns; what cannot be read is listed in its place, and the search goes on."""

from __future__ import annotations

import fnmatch
import glob
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath

from cogdoc.documents.formats import READABLE_SUFFIXES
from cogdoc.documents.natural_order import natural_key
from cogdoc.errors import InputError

ANY_FOLDERS = "**"


@dataclass(frozen=True, slots=True)
class UnreadablePath:
    """A file that cannot be read or a folder that cannot be searched, and why."""

    path: Path
    error: InputError


@dataclass(frozen=True, slots=True)
class _Subfolder:
    path: Path


def walk_folder(folder: Path) -> Iterator[Path | UnreadablePath]:
    """The documents in a folder and its subfolders, in natural order.

    Hidden files and folders, and links to folders, are skipped.
    """
    # A stack of its own, since folders may be nested more deeply than Python functions.
    unfinished = [_search(folder)]
    while unfinished:
        found = next(unfinished[-1], None)
        if found is None:
            unfinished.pop()
        elif isinstance(found, _Subfolder):
            unfinished.append(_search(found.path))
        else:
            yield found


def match_pattern(pattern: str) -> list[Path | UnreadablePath]:
    """What a pattern matches, in natural order, and the folders on the way that cannot be searched.

    The rules are those of `glob.glob(pattern, recursive=True)`, but `**` skips links to folders.
    """
    anchor, *parts = _parts(pattern)
    paths, unreadable = [Path(anchor)], dict[Path, UnreadablePath]()
    for part in parts:
        found: list[Path | UnreadablePath] = []
        for path in paths:
            found += _match_part(path, part)
        paths = list(dict.fromkeys(path for path in found if isinstance(path, Path)))
        unreadable |= {error.path: error for error in found if isinstance(error, UnreadablePath)}
    exists = is_folder if pattern.endswith(("/", os.sep)) else os.path.lexists
    matches = {path: path for path in paths if path != Path() and exists(path)}
    return [found for _, found in sorted((unreadable | matches).items(), key=lambda item: natural_key(str(item[0])))]


def is_folder(path: str | os.PathLike[str]) -> bool:
    """Whether this is a folder; unlike `Path.is_dir`, False for names that are too long or in unreadable folders."""
    return os.path.isdir(path)  # noqa: PTH112


def unreadable(path: str | os.PathLike[str], error: OSError, *, what: str = "cannot be read") -> UnreadablePath:
    return UnreadablePath(Path(path), InputError(f"{what}: {error.strerror or error}"))


def not_a_regular_file(path: str | os.PathLike[str]) -> UnreadablePath:
    """A pipe cannot be read twice, nor by a worker process; a device may have no end."""
    return UnreadablePath(Path(path), InputError("not a regular file", "pipe it into cogdoc, and name it -"))


def _search(folder: Path) -> Iterator[Path | UnreadablePath | _Subfolder]:
    """The documents and subfolders directly in a folder, in natural order."""
    entries, failure = _entries(folder)
    for entry in entries:
        if not entry.name.startswith("."):
            yield from _describe(entry)
    if failure is not None:
        yield failure


def _describe(entry: os.DirEntry[str]) -> Iterator[Path | UnreadablePath | _Subfolder]:
    is_document = Path(entry.name).suffix.lower() in READABLE_SUFFIXES
    try:
        if entry.is_dir(follow_symlinks=False):
            yield _Subfolder(Path(entry.path))
        elif entry.is_dir() or not is_document:
            return
        elif entry.is_file():
            yield Path(entry.path)
        elif not Path(entry.path).exists():
            yield UnreadablePath(Path(entry.path), InputError("a link to a file that does not exist"))
        else:
            yield not_a_regular_file(entry.path)
    except OSError as error:
        yield unreadable(entry.path, error)


def _entries(folder: Path) -> tuple[list[os.DirEntry[str]], UnreadablePath | None]:
    """What is in a folder, in natural order, and why the listing is incomplete, if it is."""
    entries: list[os.DirEntry[str]] = []
    failure = None
    try:
        with os.scandir(folder) as scanned:
            entries.extend(scanned)  # keeps what was listed if it fails in the middle
    except OSError as error:
        failure = unreadable(folder, error, what="cannot be searched")
    return sorted(entries, key=lambda entry: natural_key(entry.name)), failure


def _parts(pattern: str) -> list[str]:
    """The anchor of a pattern, which may be empty, and its parts; consecutive `**` are one."""
    path = PurePath(pattern)
    parts = [path.anchor]
    for part in path.parts[bool(path.anchor) :]:
        if part != ANY_FOLDERS or parts[-1] != ANY_FOLDERS:
            parts.append(part)
    return parts


def _match_part(folder: Path, part: str) -> Iterable[Path | UnreadablePath]:
    """What one part of a pattern matches in a folder."""
    if part == ANY_FOLDERS:
        return _everything_below(folder) if is_folder(folder) else ()
    if not glob.has_magic(part):
        path = folder / part
        return (path,) if os.path.lexists(path) else ()
    if not is_folder(folder):
        return ()
    entries, failure = _entries(folder)
    names = fnmatch.filter((entry.name for entry in entries), part)
    if not part.startswith("."):
        names = [name for name in names if not name.startswith(".")]
    return [*(folder / name for name in names), *([failure] if failure else [])]


def _everything_below(folder: Path) -> Iterator[Path | UnreadablePath]:
    """A folder, and all files and folders below it that are not hidden."""
    yield folder
    pending = [folder]
    while pending:
        current = pending.pop()
        entries, failure = _entries(current)
        if failure is not None:
            yield failure
        for entry in entries:
            if entry.name.startswith("."):
                continue
            path = current / entry.name
            try:
                if entry.is_dir(follow_symlinks=False):
                    pending.append(path)
                elif entry.is_dir():
                    continue
            except OSError:
                pass  # such as a link to itself: if the rest of the pattern matches it, reading it fails
            yield path
