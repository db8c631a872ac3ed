"""Lists and downloads documents in object stores and on the web; a file is stored only while it is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from cogdoc.documents.formats import READABLE_SUFFIXES
from cogdoc.documents.natural_order import natural_key
from cogdoc.errors import CogdocError, InputError, TooLargeError
from cogdoc.storage import explain, is_web, open_storage, plain_address

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

MAX_FETCHED = 2 << 30
"""Bytes of the largest file that is downloaded. The temporary folder holds one file for each document being read."""

MAX_DEPTH = 32
"""Levels of nested folders that are searched; a web index can link to itself without end."""

MAX_NAME = 200
"""Bytes of a file's name; the names of results add a suffix."""

VERSION_KEYS = (
    "ETag",
    "etag",
    "Last-Modified",
    "md5Hash",
    "content_md5",
    "LastModified",
    "last_modified",
    "mtime",
    "modify",
)
"""Names under which the back ends report a value that changes with the content."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file, and what identifies the version that was listed."""

    address: str
    relative: Path
    """The path below the folder that the user named; its parts are valid file names on every system."""
    size: int | None = None
    version: str = ""
    """A value from the store that changes with the content: a hash or a time."""


@dataclass(frozen=True, slots=True)
class UnresolvedFolder:
    """A folder that cannot be searched."""

    address: str
    error: CogdocError


@dataclass(frozen=True, slots=True)
class _Storage:
    """A file system, and the prefix that makes its paths addresses."""

    system: AbstractFileSystem
    prefix: str

    def file(self, path: str, relative: Path, info: dict[str, Any]) -> RemoteFile:
        version = next((str(info[key]) for key in VERSION_KEYS if info.get(key)), "")
        return RemoteFile(self.prefix + path, relative, info.get("size"), version)


def find_files(address: str, *, keep_folder: bool = False) -> Iterator[RemoteFile | UnresolvedFolder]:
    """The documents at an address, lazily: the file that it names, or those in a folder and its subfolders.

    Args:
        keep_folder: begin the relative paths with the name of the folder.

    Raises:
        CogdocError: there is nothing at the address, it cannot be reached, or the back end is not installed.
    """
    address = plain_address(address)
    try:
        system, path = open_storage(address)
        path = path.rstrip("/") or "/"
        named = address if is_web(address) else address.rstrip("/")
        prefix = named.removesuffix(path) if named.endswith(path) else system.unstrip_protocol("")
        storage = _Storage(system, "" if is_web(address) else prefix)
        if _is_folder(system, address, path):
            relative = Path(_file_name(path)) if keep_folder else Path()
            yield from _walk(storage, path, relative, 0)
        elif _is_pattern(address, path):
            yield from _match(storage, path)
        else:
            info = _web_info(system, address) if is_web(address) else system.info(path)
            yield storage.file(address if is_web(address) else path, Path(_file_name(path)), info)
    except CogdocError:
        raise
    except Exception as error:  # every back end raises its own errors
        raise InputError(explain(error)) from None


def fetch(file: RemoteFile, path: Path, limit: int = MAX_FETCHED) -> None:
    """Download a file to `path`.

    Raises:
        TooLargeError: it has more than `limit` bytes.
        CogdocError: it no longer exists, cannot be reached, or the connection fails.
    """
    from fsspec.callbacks import Callback

    class Counter(Callback):  # type: ignore[misc]
        def set_size(self, size: int | None) -> None:
            _check_size(size, limit)
            super().set_size(size)

        def relative_update(self, inc: int = 1) -> None:
            super().relative_update(inc)
            _check_size(self.value, limit)

    _check_size(file.size, limit)
    try:
        system, remote = open_storage(file.address)
        system.get_file(remote, str(path), callback=Counter())
    except CogdocError:
        raise
    except Exception as error:
        raise InputError(explain(error)) from None


def _check_size(size: int | None, limit: int) -> None:
    if size is not None and size > limit:
        raise TooLargeError(f"more than the {limit / 2**20:g} MB that cogdoc downloads at most", "download it yourself")


def _web_info(system: AbstractFileSystem, address: str) -> dict[str, Any]:
    """What a web server says about a file without sending it; empty for servers that do not support this."""
    try:
        info: dict[str, Any] = system.info(address)
    except Exception:
        return {}
    return info


def _is_folder(system: AbstractFileSystem, address: str, path: str) -> bool:
    if is_web(address):
        return urlsplit(address).path.endswith("/")
    if _is_pattern(address, path) and not system.exists(path):
        return False
    return bool(system.info(path)["type"] == "directory")


def _is_pattern(address: str, path: str) -> bool:
    return not is_web(address) and any(char in path for char in "*?[")


def _walk(storage: _Storage, folder: str, relative: Path, depth: int) -> Iterator[RemoteFile | UnresolvedFolder]:
    """The documents in a folder and its subfolders, in natural order."""
    try:
        if depth > MAX_DEPTH:
            raise InputError(f"folders more than {MAX_DEPTH} deep are not searched")
        entries = storage.system.ls(folder if folder.endswith("/") else folder + "/", detail=True)
    except Exception as error:
        if not depth:
            raise
        reason = error if isinstance(error, CogdocError) else InputError(f"cannot be searched: {explain(error)}")
        yield UnresolvedFolder(storage.prefix + folder, reason)
        return
    for path, entry in sorted(_children(folder, entries), key=lambda child: natural_key(_file_name(child[0]))):
        name = _file_name(path)
        if entry["type"] == "directory":
            yield from _walk(storage, path, relative / name, depth + 1)
        elif Path(name).suffix.lower() in READABLE_SUFFIXES:
            yield storage.file(path, relative / name, entry)


def _children(folder: str, entries: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The direct children of a folder. A web index also links elsewhere; a store may list the folder itself."""
    inside = folder.rstrip("/") + "/"
    for entry in entries:
        path = entry["name"].rstrip("/")
        name = path.removeprefix(inside)
        if path.startswith(inside) and name and "/" not in name and not name.startswith("."):
            yield path, entry


def _match(storage: _Storage, pattern: str) -> Iterator[RemoteFile]:
    matches: dict[str, dict[str, Any]] = storage.system.glob(pattern, detail=True)
    files = [path for path, info in matches.items() if info["type"] == "file"]
    if not files:
        raise InputError("no file matches")
    for path in sorted(files, key=natural_key):
        yield storage.file(path, Path(_file_name(path)), matches[path])


def _file_name(path: str) -> str:
    """The last part of a path, made a valid file name on every system."""
    name = unquote(PurePosixPath(urlsplit(path).path).name) if is_web(path) else PurePosixPath(path).name
    plain = "".join("_" if char in '/\\:"' or not char.isprintable() else char for char in name)
    while len(plain.encode("utf-8", "replace")) > MAX_NAME:
        plain = plain[1:]
    return plain if plain.strip(". ") else "document"
