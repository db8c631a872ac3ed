"""Lists and downloads documents in object stores and on the web; a file is stored only while it is read."""

from __future__ import annotations

import io
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from cogdoc.documents.formats import READABLE_SUFFIXES
from cogdoc.documents.natural_order import natural_key
from cogdoc.documents.web_index import web_links
from cogdoc.errors import CogdocError, InputError, TooLargeError
from cogdoc.storage import explain, is_web, open_storage, plain_address
from cogdoc.transfers import Transfer, TransferLimits, run_call, run_transfer

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

MAX_FETCHED = 2 << 30
"""Bytes of the largest file that is downloaded. The temporary folder holds one file for each document being read."""

MAX_DEPTH = 32
"""Levels of nested folders that are searched; a web index can link to itself without end."""

MAX_FOLDERS = 10_000
"""Folders that are searched below one address; a server can invent them without end."""

MAX_WEB_PAGE = 16 << 20
"""Bytes of the largest index page of a folder on the web."""

MAX_NAME = 200
"""Bytes of a file's name; the names of results add a suffix."""

DEFAULT_LIMITS = TransferLimits()

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
    """A file system, the prefix that makes its paths addresses, and the limits of calls to it."""

    system: AbstractFileSystem
    prefix: str
    limits: TransferLimits

    def file(self, path: str, relative: Path, info: dict[str, Any]) -> RemoteFile:
        version = next((str(info[key]) for key in VERSION_KEYS if info.get(key)), "")
        size = info.get("size")
        return RemoteFile(self.prefix + path, relative, size if isinstance(size, int) else None, version)

    def info(self, path: str) -> dict[str, Any]:
        return dict(run_call(lambda: self.system.info(path), self.limits))

    def web_info(self, address: str) -> dict[str, Any]:
        """What a web server says about a file without sending it; empty for servers that do not support this."""
        try:
            return self.info(address)
        except CogdocError:
            raise
        except Exception:
            return {}

    def exists(self, path: str) -> bool:
        return bool(run_call(lambda: self.system.exists(path), self.limits))

    def match(self, pattern: str) -> dict[str, dict[str, Any]]:
        matches = run_call(lambda: self.system.glob(pattern, detail=True), self.limits, self.limits.listing)
        return dict(matches)

    def list(self, folder: str) -> list[dict[str, Any]]:
        """What is in a folder."""
        folder = folder if folder.endswith("/") else folder + "/"
        if is_web(folder):
            return web_links(run_transfer(lambda transfer: self._web_page(folder, transfer), self.limits), folder)
        entries = run_call(lambda: self.system.ls(folder, detail=True), self.limits, self.limits.listing)
        return list(entries)

    def _web_page(self, address: str, transfer: Transfer) -> bytes:
        page = io.BytesIO()
        self.system.get_file(address, page, callback=_counter(transfer, MAX_WEB_PAGE))
        return page.getvalue()


def find_files(
    address: str, *, keep_folder: bool = False, limits: TransferLimits = DEFAULT_LIMITS
) -> Iterator[RemoteFile | UnresolvedFolder]:
    """The documents at an address, lazily: the file that it names, or those in a folder and its subfolders.

    Args:
        keep_folder: begin the relative paths with the name of the folder.

    Raises:
        CogdocError: there is nothing at the address, it cannot be reached, or the back end is not installed.
    """
    address = plain_address(address)
    try:
        storage, path = _open(address, limits)
        if _is_folder(storage, address, path):
            relative = Path(_file_name(path)) if keep_folder else Path()
            yield from _walk(storage, path, relative)
        elif _is_pattern(address, path):
            yield from _match(storage, path)
        else:
            path = address if is_web(address) else path
            info = storage.web_info(address) if is_web(address) else storage.info(path)
            yield storage.file(path, Path(_file_name(path)), info)
    except CogdocError:
        raise
    except Exception as error:  # every back end raises its own errors
        raise InputError(explain(error)) from None


def fetch(file: RemoteFile, path: Path, limit: int = MAX_FETCHED, limits: TransferLimits = DEFAULT_LIMITS) -> None:
    """Download a file to `path`.

    Raises:
        TooLargeError: it has more than `limit` bytes.
        TimeLimitError: the server sends too slowly.
        CogdocError: it no longer exists, cannot be reached, or the connection fails.
    """
    _check_size(file.size, limit)
    # The thread has a descriptor of its own: one that outlives this call must write into no other file.
    handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)

    def download(transfer: Transfer) -> None:
        try:
            system, remote = open_storage(file.address)
            target = f"/proc/self/fd/{handle}" if sys.platform == "linux" else str(path)
            system.get_file(remote, target, callback=_counter(transfer, limit))
        finally:
            os.close(handle)

    try:
        run_transfer(download, limits)
    except CogdocError:
        raise
    except Exception as error:
        raise InputError(explain(error)) from None


def _counter(transfer: Transfer, limit: int) -> Any:
    """A callback of fsspec that ends a transfer of too many bytes, or for which nobody waits."""
    from fsspec.callbacks import Callback

    class Counter(Callback):  # type: ignore[misc]
        def set_size(self, size: int | None) -> None:
            _check_size(size, limit)
            super().set_size(size)

        def relative_update(self, inc: int = 1) -> None:
            with transfer.advance(inc):
                super().relative_update(inc)
            _check_size(self.value, limit)

    return Counter()


def _check_size(size: int | None, limit: int) -> None:
    if size is not None and size > limit:
        raise TooLargeError(f"more than the {limit / 2**20:g} MB that cogdoc downloads at most", "download it yourself")


def _open(address: str, limits: TransferLimits) -> tuple[_Storage, str]:
    """The storage of an address, and the path in it."""
    system, path = run_call(lambda: open_storage(address), limits)
    path = path.rstrip("/") or "/"
    named = address if is_web(address) else address.rstrip("/")
    prefix = named.removesuffix(path) if named.endswith(path) else system.unstrip_protocol("")
    return _Storage(system, "" if is_web(address) else prefix, limits), path


def _is_folder(storage: _Storage, address: str, path: str) -> bool:
    if is_web(address):
        return urlsplit(address).path.endswith("/")
    if _is_pattern(address, path) and not storage.exists(path):
        return False
    return bool(storage.info(path)["type"] == "directory")


def _is_pattern(address: str, path: str) -> bool:
    return not is_web(address) and any(char in path for char in "*?[")


def _walk(storage: _Storage, folder: str, relative: Path) -> Iterator[RemoteFile | UnresolvedFolder]:
    """The documents in a folder and its subfolders, in natural order."""
    started, searched = time.monotonic(), 0
    waited = 0.0
    pending: list[tuple[str, Path, int, dict[str, Any] | None]] = [(folder, relative, 0, None)]
    while pending:
        path, relative, depth, entry = pending.pop()
        if entry is not None:
            suspended = time.monotonic()
            yield storage.file(path, relative, entry)
            waited += time.monotonic() - suspended
            continue
        searched += 1
        try:
            if depth > MAX_DEPTH:
                raise InputError(f"folders more than {MAX_DEPTH} deep are not searched")
            if searched > MAX_FOLDERS or time.monotonic() - started - waited > storage.limits.total:
                raise TooLargeError(
                    f"the search ends here, after {searched - 1:,} folders; {len(pending):,} entries remain"
                )
            entries = storage.list(path)
        except Exception as error:
            if not depth:
                raise
            reason = error if isinstance(error, CogdocError) else InputError(f"cannot be searched: {explain(error)}")
            yield UnresolvedFolder(storage.prefix + path, reason)
            if isinstance(error, TooLargeError):
                return
            continue
        children = sorted(_children(path, entries), key=lambda child: natural_key(_file_name(child[0])), reverse=True)
        for child, info in children:
            name = _file_name(child)
            if info["type"] == "directory":
                pending.append((child, relative / name, depth + 1, None))
            elif Path(name).suffix.lower() in READABLE_SUFFIXES:
                pending.append((child, relative / name, depth, info))


def _children(folder: str, entries: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The direct children of a folder. A web index also links elsewhere; a store may list the folder itself."""
    inside = folder.rstrip("/") + "/"
    for entry in entries:
        path = entry["name"].rstrip("/")
        name = path.removeprefix(inside)
        if path.startswith(inside) and name and "/" not in name and not name.startswith("."):
            yield path, entry


def _match(storage: _Storage, pattern: str) -> Iterator[RemoteFile]:
    matches = storage.match(pattern)
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
