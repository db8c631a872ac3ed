"""What a run has done, kept as it goes: after kill -9 the same command goes on where it stopped.

An SQLite database (https://sqlite.org/wal.html) beside the output, held by one process at a time: results of pages and
questions until they stand in a whole output file, and the fate of every file.
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

from cogdoc.batch.work import Item, ItemResult
from cogdoc.documents.sources import Source
from cogdoc.errors import OutputError, PlaceLostError
from cogdoc.results.records import AnyRecord, SourceInfo

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


class State(StrEnum):
    """How far a file has come."""

    WRITING = "writing"
    """Its output may be there, whole or not, and is this run's own."""
    DONE = "done"
    """Its output is whole; some of its pages may have failed."""
    FAILED = "failed"
    """It has no output."""


@dataclass(frozen=True, slots=True)
class FileStatus:
    """What became of one file."""

    state: State
    items: int = 0
    failed: int = 0
    not_found: int = 0
    exit_code: int = 0
    message: str = ""


@dataclass(frozen=True, slots=True)
class Version:
    """What tells that a file is still the one that was read."""

    size: int
    modified: int
    """Nanoseconds since 1970; of a remote file, a digest of what its store calls its version."""
    origin: bytes = b""
    """Where the file is: two of one name that lie in different folders are not versions of each other."""

    @staticmethod
    def of(path: Path) -> Version:
        try:
            status = path.stat()
        except OSError:
            return Version(-1, -1)
        return Version(status.st_size, status.st_mtime_ns)

    @staticmethod
    def of_source(source: Source) -> Version:
        if source.remote is None:
            return replace(Version.of(source.path), origin=os.fsencode(source.path.absolute()))
        origin = source.remote.address.encode()
        if not source.remote.version:
            return Version(-1, time.time_ns(), origin)  # nothing tells whether it is the same
        digest = hashlib.sha256(source.remote.version.encode()).digest()
        return Version(source.remote.size or -1, int.from_bytes(digest[:7]), origin)


class Journal:
    """The journal of runs into one place; all methods may be called from any thread."""

    def __init__(self, folder: Path, name: str, key: str, *, restart: bool, retry_failed: bool) -> None:
        """
        Args:
            folder: made if need be.
            name: of this share of the work, where several machines work into one place.
            key: the work; results and files of other work are left alone.
            restart: forget what was done, unless a run of this work was cut short.
            retry_failed: forget what failed.

        Raises:
            OutputError: the place cannot be written, or another process is at work there.
        """
        self._place = folder
        self._key = key
        self._lock = threading.Lock()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"{folder}: cannot make this folder: {error.strerror}") from None
        with self._database_errors():
            self._database = sqlite3.connect(
                folder / f"{name}.sqlite", check_same_thread=False, isolation_level=None, timeout=0.5
            )
            # Held alone, the database needs no memory shared between processes, which network file systems lack.
            self._database.execute("PRAGMA locking_mode=EXCLUSIVE")
            self._database.execute("PRAGMA journal_mode=WAL")
            self._database.execute("PRAGMA synchronous=NORMAL")
            (found,) = self._database.execute("PRAGMA user_version").fetchone()
            (tables,) = self._database.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
            if tables and found != JOURNAL_VERSION:
                self._database.close()
                raise OutputError(
                    f"{folder}: the journal is of another version of cogdoc",
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
                database.execute("DELETE FROM files WHERE key = ? AND state = ?", (self._key, State.FAILED))
                database.execute("UPDATE files SET state = ? WHERE key = ? AND failed", (State.WRITING, self._key))
            database.execute("INSERT OR REPLACE INTO runs VALUES (?, 0)", (self._key,))

    def items(self, source: SourceInfo) -> set[str]:
        """What an earlier run made of a file with these bytes, each item as text."""
        with self._transaction() as database:
            rows = database.execute(
                "SELECT item FROM results WHERE key = ? AND source = ? AND sha256 = ?",
                (self._key, source.path, source.sha256),
            ).fetchall()
        return {item for (item,) in rows}

    def find(self, source: SourceInfo, item: Item) -> tuple[AnyRecord, ...]:
        """The records of an item that is kept."""
        with self._transaction() as database:
            (packed,) = database.execute(
                "SELECT records FROM results WHERE key = ? AND source = ? AND sha256 = ? AND item = ?",
                (self._key, source.path, source.sha256, str(item)),
            ).fetchone()
        return tuple(_record_adapter().validate_json(zlib.decompress(packed)))

    def keep(self, source: SourceInfo, result: ItemResult) -> None:
        """Keep an item's records; once this returns, they outlive the process."""
        packed = zlib.compress(_record_adapter().dump_json(list(result.records), by_alias=True), 1)
        with self._transaction() as database:
            database.execute(
                "INSERT OR REPLACE INTO results VALUES (?, ?, ?, ?, ?, ?)",
                (self._key, source.path, source.sha256, str(result.item), result.failed, packed),
            )

    def owns(self, target: Path, origin: bytes = b"") -> bool:
        """Whether what stands at `target` was written by this work from the file at `origin`, and by nobody since."""
        with self._transaction() as database:
            query = "SELECT state, written FROM files WHERE target = ? AND key = ? AND origin = ?"
            row = database.execute(query, (os.fsencode(target), self._key, origin)).fetchone()
        return row is not None and (row[0] == State.WRITING or Version.of(target).size == row[1] >= 0)

    def fate(self, target: Path, version: Version) -> FileStatus | None:
        """What became of the file whose output is `target`, if it is the same file and its output is as it was left."""
        with self._transaction() as database:
            row = database.execute(
                "SELECT state, written, items, failed, not_found, exit_code, message FROM files"
                " WHERE target = ? AND key = ? AND origin = ? AND size = ? AND modified = ?",
                (os.fsencode(target), self._key, version.origin, version.size, version.modified),
            ).fetchone()
        if row is None or row[0] == State.WRITING:
            return None
        if row[0] == State.DONE and Version.of(target).size != row[1]:
            return None
        return FileStatus(State(row[0]), *row[2:])

    def begin_file(self, target: Path, version: Version) -> None:
        """Claim `target`, so that a half-finished output is known as this work's own after a loss of power."""
        with self._transaction(durable=True) as database:
            # What other work wrote there is about to be replaced, and no longer that work's.
            database.execute("DELETE FROM files WHERE target = ?", (os.fsencode(target),))
            database.execute(
                "INSERT INTO files (target, key, origin, size, modified, state) VALUES (?, ?, ?, ?, ?, ?)",
                (os.fsencode(target), self._key, version.origin, version.size, version.modified, State.WRITING),
            )

    def end_file(self, target: Path, version: Version, fate: FileStatus) -> None:
        """State what became of a file.

        A failed file claims nothing: what stands at `target` stays whose it was.
        """
        written = Version.of(target).size if fate.state is State.DONE or self.owns(target, version.origin) else -1
        with self._transaction() as database:
            database.execute(
                "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    os.fsencode(target),
                    self._key,
                    version.origin,
                    version.size,
                    version.modified,
                    fate.state,
                    written,
                    fate.items,
                    fate.failed,
                    fate.not_found,
                    fate.exit_code,
                    fate.message,
                ),
            )

    def let_go(self, source: SourceInfo) -> None:
        """Forget the results of a file that all stand in a whole output."""
        with self._transaction() as database:
            database.execute("DELETE FROM results WHERE key = ? AND source = ?", (self._key, source.path))

    def finish(self, *, keep: bool) -> None:
        """The run went through to its end, whatever failed on the way; without `keep` its traces are removed."""
        with self._transaction() as database:
            database.execute("UPDATE runs SET finished = 1 WHERE key = ?", (self._key,))
        if not keep:
            self.close()
            shutil.rmtree(self._place, ignore_errors=True)

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
                raise OutputError(f"{self._place}: another cogdoc is at work here") from None
            raise PlaceLostError(f"{self._place}: the journal cannot be written: {error}") from None
        except sqlite3.DatabaseError as error:
            raise OutputError(
                f"{self._place}: the journal is damaged: {error}", "remove this folder to begin again"
            ) from None


@cache
def _record_adapter() -> TypeAdapter[Sequence[AnyRecord]]:
    return TypeAdapter(list[AnyRecord])
