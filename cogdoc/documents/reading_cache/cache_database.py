"""A bounded SQLite database of results by key, shared by processes; what was not used for longest is dropped first.

It never fails a run: where it cannot be read or written, results are read anew, as without it.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
import zlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cogdoc.errors import OutputError

APPLICATION_ID = 0x63676472
"""Marks an SQLite database as a reading cache (https://sqlite.org/pragma.html#pragma_application_id)."""

CACHE_VERSION = 2

MAGIC = b"SQLite format 3\0"
HEADER_BYTES = 72
"""The bytes of an SQLite database that tell what it is (https://sqlite.org/fileformat.html#the_database_header)."""

SCHEMA = (
    "CREATE TABLE readings (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, document BLOB NOT NULL, "
    "result BLOB NOT NULL, used INTEGER NOT NULL)",
    "CREATE INDEX readings_by_use ON readings (used)",
    "CREATE INDEX readings_by_document ON readings (document)",
)

BUSY_SECONDS = 2.0
"""How long to wait for another process that writes."""

USE_PRECISION = 3600
"""Seconds; the time of the last use is not written more often."""

KEPT_SHARE = 0.9
"""What is kept of the limit when results are dropped, so that this does not happen at every write."""

MAX_RESULT = 64 * 2**20
"""Bytes of a result, as of the reply of a worker process."""

_COMPANIONS = ("", "-wal", "-shm", "-journal")
"""Suffixes of the database's files."""


@dataclass(frozen=True, slots=True)
class CacheContent:
    """What a cache holds."""

    documents: int
    results: int
    size: int
    """Bytes on disk."""


class CacheDatabase:
    """An open database; its methods may be called from any thread."""

    def __init__(self, path: Path, limit: int) -> None:
        """
        Args:
            limit: bytes on disk that it may take.
        """
        self.path = path
        self.limit = limit
        self.problem: str | None = None
        """Why it keeps nothing."""
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        try:
            self._open()
        except (OSError, sqlite3.Error) as error:
            self.problem = f"{path}: cannot be used: {getattr(error, 'strerror', None) or error}"

    def get(self, key: bytes) -> bytes | None:
        """The result of a key; None if it is not there, damaged, or cannot be read."""
        with self._lock:
            row = self._rows("SELECT id, result, used FROM readings WHERE key = ?", key)
            if not row:
                return None
            number, packed, used = row[0]
            now = int(time.time())
            if not isinstance(used, int) or abs(now - used) > USE_PRECISION:
                self._rows("UPDATE readings SET used = ? WHERE id = ?", now, number)
        try:
            return _unpack(packed, key)
        except (zlib.error, TypeError):
            self.remove(key)
            return None

    def put(self, key: bytes, document: bytes, result: bytes) -> None:
        """Keep a result of the document with this hash."""
        packed = zlib.compress(key + result, 1)
        if len(packed) > self.limit * KEPT_SHARE:
            return
        with self._lock:
            self._rows(
                "INSERT OR REPLACE INTO readings (key, document, result, used) VALUES (?, ?, ?, ?)",
                key,
                document,
                packed,
                int(time.time()),
            )
            if self._used_bytes() > self.limit:
                self._drop_oldest()

    def remove(self, key: bytes) -> None:
        """Remove a result that turned out to be useless."""
        with self._lock:
            self._rows("DELETE FROM readings WHERE key = ?", key)

    def remove_document(self, document: bytes) -> int:
        """Remove all results of the document with this hash, and overwrite what they said; returns how many.

        Raises:
            OutputError: another process writes for long, or the disk is full.
        """
        with self._lock:
            return self._forget("DELETE FROM readings WHERE document = ?", document)

    def content(self) -> CacheContent:
        """What it holds; nothing if it cannot be read."""
        with self._lock:
            rows = self._rows("SELECT COUNT(DISTINCT document), COUNT(*) FROM readings")
            documents, results = rows[0] if rows else (0, 0)
            sizes = (_file_size(self.path.with_name(f"{self.path.name}{suffix}")) for suffix in _COMPANIONS)
            return CacheContent(documents, results, sum(sizes))

    def clear(self) -> None:
        """Remove all results, and overwrite what they said.

        Raises:
            OutputError: another process writes for long, or the disk is full.
        """
        with self._lock:
            self._forget("DELETE FROM readings")

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _forget(self, statement: str, *values: object) -> int:
        """Delete for a user, who must know if it fails; returns the number of results. Call it with the lock held."""
        if self._connection is None:
            return 0
        try:
            removed = self._connection.execute(statement, values).rowcount
        except sqlite3.OperationalError as error:
            raise OutputError(f"{self.path}: nothing was removed: {error}") from None
        except sqlite3.DatabaseError:
            try:
                self._begin_again()
            except (OSError, sqlite3.Error) as error:
                raise OutputError(f"{self.path}: is damaged, and cannot be removed: {error}") from None
            return 0
        self._shrink()
        return removed

    def _open(self) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Created here, since SQLite would let others read it.
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
        with os.fdopen(descriptor, "rb") as file:
            header = file.read(HEADER_BYTES)
        if header and (header[:16] != MAGIC or header[68:72] != APPLICATION_ID.to_bytes(4)):
            self.problem = f"{self.path}: is not a reading cache of cogdoc"
            return
        try:
            self._connection = _connect(self.path)
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:
            self._begin_again()

    def _begin_again(self) -> None:
        """Replace a damaged database, or one of another version, by an empty one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        for suffix in _COMPANIONS:
            self.path.with_name(f"{self.path.name}{suffix}").unlink(missing_ok=True)
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        self._connection = _connect(self.path)

    def _rows(self, statement: str, *values: object) -> list[Any]:
        """The rows of a statement; none where it fails. Call it with the lock held."""
        if self._connection is None:
            return []
        try:
            return self._connection.execute(statement, values).fetchall()
        except sqlite3.OperationalError:  # another process writes, or the disk is full
            return []
        except sqlite3.DatabaseError:
            with suppress(OSError, sqlite3.Error):
                self._begin_again()
            return []

    def _pragma(self, name: str) -> int:
        rows = self._rows(f"PRAGMA {name}")
        return int(rows[0][0]) if rows else 0

    def _used_bytes(self) -> int:
        return self._pragma("page_size") * (self._pragma("page_count") - self._pragma("freelist_count"))

    def _drop_oldest(self) -> None:
        while self._used_bytes() > KEPT_SHARE * self.limit and self._rows(
            "DELETE FROM readings WHERE id IN (SELECT id FROM readings ORDER BY used, id "
            "LIMIT (SELECT 1 + COUNT(*) / 20 FROM readings)) RETURNING id"
        ):
            pass
        self._shrink()

    def _shrink(self) -> None:
        self._rows("PRAGMA incremental_vacuum")
        self._rows("PRAGMA wal_checkpoint(TRUNCATE)")


def _connect(path: Path) -> sqlite3.Connection:
    """
    Raises:
        sqlite3.DatabaseError: it is damaged, or of another version.
        sqlite3.OperationalError: it cannot be opened or written now.
    """
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA secure_delete = ON")  # what is removed is overwritten
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("BEGIN IMMEDIATE")
        with connection:
            if not connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0]:
                for statement in (*SCHEMA, f"PRAGMA application_id = {APPLICATION_ID}"):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {CACHE_VERSION}")
            (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version != CACHE_VERSION:
            raise sqlite3.DatabaseError("of another version")
        # Only now, so that the file itself says at once what it is, not the log beside it.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
    except BaseException:
        connection.close()
        raise
    return connection


def _unpack(packed: bytes, key: bytes) -> bytes:
    """
    Raises:
        zlib.error: it is damaged, or that of another key, as a damaged index of the database can give it.
    """
    unpacker = zlib.decompressobj()
    result = unpacker.decompress(packed, len(key) + MAX_RESULT)
    if not unpacker.eof or not result.startswith(key):
        raise zlib.error("cut short, or of another key")
    return result[len(key) :]


def _file_size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
