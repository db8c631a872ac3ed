"""Stores what a run has done, so that the same command resumes after kill -9.

The journal is an SQLite database (https://sqlite.org/wal.html) beside the output, open in one process at a time. It
has the status of every file, and the results of pages and questions until a complete output file contains them.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import threading
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter

from cogdoc.batch.items import ItemResult
from cogdoc.documents.sources import Source
from cogdoc.errors import OutputError, PlaceLostError
from cogdoc.results.destination import Destination
from cogdoc.results.records import AnyRecord, SourceInfo
from cogdoc.tasks.task import Item

JOURNAL_SUFFIX = ".cogdoc"
"""Name of the folder with the journal and the record inside an output folder; suffix of that folder beside a file."""

JOURNAL_VERSION = 1
SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (key TEXT PRIMARY KEY, finished INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS results (
    key TEXT NOT NULL, source TEXT NOT NULL, sha256 TEXT NOT NULL, item TEXT NOT NULL,
    failed INTEGER NOT NULL, records BLOB NOT NULL,
    PRIMARY KEY (key, source, sha256, item)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS files (
    target BLOB NOT NULL, key TEXT NOT NULL, origin BLOB NOT NULL, size INTEGER NOT NULL, modified INTEGER NOT NULL,
    state TEXT NOT NULL,
    written INTEGER NOT NULL DEFAULT -1, items INTEGER NOT NULL DEFAULT 0, failed INTEGER NOT NULL DEFAULT 0,
    not_found INTEGER NOT NULL DEFAULT 0, exit_code INTEGER NOT NULL DEFAULT 0, message TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (target, key)
) WITHOUT ROWID;
"""


class FileState(StrEnum):
    """How far the work on a file is."""

    WRITING = "writing"
    """The output may exist, complete or not, and belongs to this run."""
    DONE = "done"
    """The output is complete; some of the file's items may have failed."""
    FAILED = "failed"
    """There is no output."""


@dataclass(frozen=True, slots=True)
class FileStatus:
    """The result of the work on one file."""

    state: FileState
    items: int = 0
    failed: int = 0
    not_found: int = 0
    exit_code: int = 0
    message: str = ""


@dataclass(frozen=True, slots=True)
class FileVersion:
    """Identifies the content of a file without reading it; a changed file has another version."""

    size: int
    modified: int
    """Nanoseconds since 1970; for a remote file, a hash of the version that the storage reports."""
    origin: bytes = b""
    """The file's absolute path or address: files of the same name in different folders differ."""

    @staticmethod
    def of(path: Path) -> FileVersion:
        try:
            status = path.stat()
        except OSError:
            return FileVersion(-1, -1)
        return FileVersion(status.st_size, status.st_mtime_ns)

    @staticmethod
    def of_source(source: Source) -> FileVersion:
        if source.remote is None:
            return replace(FileVersion.of(source.path), origin=os.fsencode(source.path.absolute()))
        origin = source.remote.address.encode()
        if not source.remote.version:
            return FileVersion(-1, time.time_ns(), origin)  # equal to no other: the file may have changed
        digest = hashlib.sha256(source.remote.version.encode()).digest()
        return FileVersion(source.remote.size or -1, int.from_bytes(digest[:7]), origin)


def journal_folder(destination: Destination) -> Path | None:
    """The folder of the journal; None for standard output, because such a run cannot be resumed."""
    if destination.path is None:
        return None
    if destination.folder:
        return destination.path / JOURNAL_SUFFIX
    return journal_beside(destination.path)


def journal_beside(path: Path) -> Path:
    """The folder of the journal of a single output file."""
    return path.with_name(f".{path.name}{JOURNAL_SUFFIX}")


class Journal:
    """The journal of all runs with the same output; all methods may be called from any thread."""

    def __init__(self, folder: Path, name: str, key: str, *, restart: bool, retry_failed: bool) -> None:
        """
        Args:
            folder: is created if it does not exist.
            name: the database's name, one for each shard.
            key: identifies the task, its settings and the engine; the journal keeps runs of other keys apart.
            restart: remove the stored results and statuses, unless the last run of this key was cut short.
            retry_failed: remove the stored results and statuses that failed.

        Raises:
            OutputError: the folder cannot be written, or another process has the journal open.
        """
        self._folder = folder
        self._key = key
        self._lock = threading.Lock()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"{folder}: cannot create this folder: {error.strerror}") from None
        with self._database_errors():
            self._database = sqlite3.connect(
                folder / f"{name}.sqlite", check_same_thread=False, isolation_level=None, timeout=0.5
            )
            # With an exclusive lock, SQLite needs no shared memory, which network file systems do not have.
            self._database.execute("PRAGMA locking_mode=EXCLUSIVE")
            self._database.execute("PRAGMA journal_mode=WAL")
            self._database.execute("PRAGMA synchronous=NORMAL")
            (version,) = self._database.execute("PRAGMA user_version").fetchone()
            (tables,) = self._database.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
            if tables and version != JOURNAL_VERSION:
                self._database.close()
                raise OutputError(
                    f"{folder}: the journal was written by another version of cogdoc",
                    "remove it to begin again, or name another place with --to",
                )
            self._database.executescript(f"PRAGMA user_version = {JOURNAL_VERSION}; {SCHEMA}")
        self._begin(restart=restart, retry_failed=retry_failed)

    def _begin(self, *, restart: bool, retry_failed: bool) -> None:
        with self._transaction() as database:
            row = database.execute("SELECT finished FROM runs WHERE key = ?", (self._key,)).fetchone()
            if restart and row is not None and row[0]:
                database.execute("DELETE FROM files WHERE key = ?", (self._key,))
                database.execute("DELETE FROM results WHERE key = ?", (self._key,))
            if retry_failed:
                database.execute("DELETE FROM results WHERE key = ? AND failed", (self._key,))
                database.execute("DELETE FROM files WHERE key = ? AND state = ?", (self._key, FileState.FAILED))
                database.execute("UPDATE files SET state = ? WHERE key = ? AND failed", (FileState.WRITING, self._key))
            database.execute("INSERT OR REPLACE INTO runs VALUES (?, 0)", (self._key,))

    def items(self, source: SourceInfo) -> set[str]:
        """The items stored for a file with these bytes, as text."""
        with self._transaction() as database:
            rows = database.execute(
                "SELECT item FROM results WHERE key = ? AND source = ? AND sha256 = ?",
                (self._key, source.path, source.sha256),
            ).fetchall()
        return {item for (item,) in rows}

    def find(self, source: SourceInfo, item: Item) -> tuple[AnyRecord, ...]:
        """The records of a stored item."""
        with self._transaction() as database:
            (packed,) = database.execute(
                "SELECT records FROM results WHERE key = ? AND source = ? AND sha256 = ? AND item = ?",
                (self._key, source.path, source.sha256, str(item)),
            ).fetchone()
        return tuple(_record_adapter().validate_json(zlib.decompress(packed)))

    def store(self, source: SourceInfo, result: ItemResult) -> None:
        """Store an item's records; once this returns, they survive a crash of the process."""
        packed = zlib.compress(_record_adapter().dump_json(list(result.records), by_alias=True), 1)
        with self._transaction() as database:
            database.execute(
                "INSERT OR REPLACE INTO results VALUES (?, ?, ?, ?, ?, ?)",
                (self._key, source.path, source.sha256, str(result.item), result.failed, packed),
            )

    def owns(self, target: Path, origin: bytes = b"") -> bool:
        """Whether a run of this key wrote `target` from the file at `origin`, and nobody has changed it since."""
        with self._transaction() as database:
            query = "SELECT state, written FROM files WHERE target = ? AND key = ? AND origin = ?"
            row = database.execute(query, (os.fsencode(target), self._key, origin)).fetchone()
        return row is not None and (row[0] == FileState.WRITING or FileVersion.of(target).size == row[1] >= 0)

    def status(self, target: Path, version: FileVersion) -> FileStatus | None:
        """The status of the file whose output is `target`; None if it is not completed, or one of the two changed."""
        with self._transaction() as database:
            row = database.execute(
                "SELECT state, written, items, failed, not_found, exit_code, message FROM files"
                " WHERE target = ? AND key = ? AND origin = ? AND size = ? AND modified = ?",
                (os.fsencode(target), self._key, version.origin, version.size, version.modified),
            ).fetchone()
        if row is None or row[0] == FileState.WRITING:
            return None
        if row[0] == FileState.DONE and FileVersion.of(target).size != row[1]:
            return None
        return FileStatus(FileState(row[0]), *row[2:])

    def begin_file(self, target: Path, version: FileVersion) -> None:
        """Claim `target`, so that an incomplete output can be replaced after a loss of power."""
        with self._transaction(durable=True) as database:
            # The output of another key is about to be replaced, and no longer belongs to that key.
            database.execute("DELETE FROM files WHERE target = ?", (os.fsencode(target),))
            database.execute(
                "INSERT INTO files (target, key, origin, size, modified, state) VALUES (?, ?, ?, ?, ?, ?)",
                (os.fsencode(target), self._key, version.origin, version.size, version.modified, FileState.WRITING),
            )

    def end_file(self, target: Path, version: FileVersion, status: FileStatus) -> None:
        """Store the status of a file. If the file failed, an existing `target` keeps its owner."""
        owned = status.state is FileState.DONE or self.owns(target, version.origin)
        written = FileVersion.of(target).size if owned else -1
        with self._transaction() as database:
            database.execute(
                "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    os.fsencode(target),
                    self._key,
                    version.origin,
                    version.size,
                    version.modified,
                    status.state,
                    written,
                    status.items,
                    status.failed,
                    status.not_found,
                    status.exit_code,
                    status.message,
                ),
            )

    def remove_results(self, source: SourceInfo) -> None:
        """Remove the stored results of a file whose output is complete."""
        with self._transaction() as database:
            database.execute("DELETE FROM results WHERE key = ? AND source = ?", (self._key, source.path))

    def finish(self, *, keep: bool) -> None:
        """Mark the run as finished, whatever failed; without `keep`, remove the journal."""
        with self._transaction() as database:
            database.execute("UPDATE runs SET finished = 1 WHERE key = ?", (self._key,))
        if not keep:
            self.close()
            shutil.rmtree(self._folder, ignore_errors=True)

    def close(self) -> None:
        with self._lock:
            self._database.close()

    @contextmanager
    def _transaction(self, *, durable: bool = False) -> Iterator[sqlite3.Connection]:
        with self._lock, self._database_errors():
            if durable:
                self._database.execute("PRAGMA synchronous=FULL")
            try:
                self._database.execute("BEGIN IMMEDIATE")
                with self._database:
                    yield self._database
            finally:
                if durable:
                    self._database.execute("PRAGMA synchronous=NORMAL")

    @contextmanager
    def _database_errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise OutputError(f"{self._folder}: another cogdoc is using this folder") from None
            raise PlaceLostError(f"{self._folder}: the journal cannot be written: {error}") from None
        except sqlite3.DatabaseError as error:
            raise OutputError(
                f"{self._folder}: the journal is damaged: {error}", "remove this folder to begin again"
            ) from None


@cache
def _record_adapter() -> TypeAdapter[Sequence[AnyRecord]]:
    return TypeAdapter(list[AnyRecord])
