"""The SQLite database of a journal: created for its owner only, recognized by content, and removed."""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache

from cogdoc.errors import OutputError, PlaceLostError
from cogdoc.results.output.destination import write_error
from cogdoc.results.output.folders import Folder, is_unused, make_private, open_regular_file

JOURNAL_VERSION = 2
APPLICATION_ID = 0x63676463
"""Marks an SQLite database as a journal (https://sqlite.org/pragma.html#pragma_application_id)."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (key TEXT PRIMARY KEY, finished INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS results (
    key TEXT NOT NULL, source TEXT NOT NULL, sha256 TEXT NOT NULL, item TEXT NOT NULL,
    failed INTEGER NOT NULL, records BLOB NOT NULL,
    PRIMARY KEY (key, source, sha256, item)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS files (
    target BLOB NOT NULL, key TEXT NOT NULL, origin BLOB NOT NULL, version TEXT NOT NULL, state TEXT NOT NULL,
    size TEXT NOT NULL DEFAULT '', sha256 TEXT NOT NULL DEFAULT '', next_sha256 TEXT NOT NULL DEFAULT '',
    items INTEGER NOT NULL DEFAULT 0, failed INTEGER NOT NULL DEFAULT 0,
    not_found INTEGER NOT NULL DEFAULT 0, exit_code INTEGER NOT NULL DEFAULT 0, message TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (target, key)
) WITHOUT ROWID;
"""


REMOVE_HINT = "remove this folder to begin again"

_COMPANIONS = ("-wal", "-shm", "-journal")
"""Suffixes of the files that SQLite writes beside a database, with the permissions of the database."""


class JournalDatabase:
    """An open database; its methods may be called from any thread."""

    def __init__(self, folder: Folder, name: str) -> None:
        """
        Raises:
            OutputError: the folder cannot be written, the file is something else, or another process has it open.
        """
        self._folder = folder
        self._name = name
        self._lock = threading.Lock()
        prepared = _prepare(folder, name)
        with self._errors():
            self._connection = sqlite3.connect(
                folder.path / name, check_same_thread=False, isolation_level=None, timeout=0.5
            )
            self._connection.text_factory = lambda text: text.decode("utf-8", "replace")
            try:
                if not os.path.samestat(prepared, (folder.path / name).stat()):
                    raise OutputError(f"{folder.path}: was exchanged while it was opened")
                self._set_up()
            except BaseException:
                self._connection.close()
                raise

    def _set_up(self) -> None:
        # With an exclusive lock, SQLite needs no shared memory, which network file systems do not have.
        self._connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        (tables,) = self._connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        if tables and version != JOURNAL_VERSION:
            raise OutputError(
                f"{self._folder.path}: the journal was written by another version of cogdoc",
                "remove it to begin again, or name another place with --to",
            )
        # Views and triggers that cogdoc did not create could compute without end.
        if not _schema_of(self._connection) <= _own_schema():
            raise OutputError(f"{self._folder.path}: the journal is damaged: its tables are not cogdoc's", REMOVE_HINT)
        if not tables:
            # Before anything else is written, so that the file is recognized after any interruption.
            self._connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.executescript(f"PRAGMA user_version = {JOURNAL_VERSION}; {SCHEMA}")

    @contextmanager
    def transaction(self, *, durable: bool = False) -> Iterator[sqlite3.Connection]:
        with self._lock, self._errors():
            if durable:
                self._connection.execute("PRAGMA synchronous=FULL")
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                with self._connection:
                    yield self._connection
            finally:
                if durable:
                    self._connection.execute("PRAGMA synchronous=NORMAL")

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise OutputError(f"{self._folder.path}: another cogdoc is using this folder") from None
            raise PlaceLostError(f"{self._folder.path}: the journal cannot be written: {error}") from None
        except sqlite3.DatabaseError as error:
            raise OutputError(f"{self._folder.path}: the journal is damaged: {error}", REMOVE_HINT) from None

    def remove(self) -> None:
        """Close the database and remove its files."""
        self.close()
        for suffix in ("", *_COMPANIONS):
            self._folder.remove(f"{self._name}{suffix}")

    def close(self) -> None:
        with self._lock:
            self._connection.close()


def _schema_of(connection: sqlite3.Connection) -> set[tuple[str, str, str | None]]:
    return set(connection.execute("SELECT type, name, sql FROM sqlite_master"))


@cache
def _own_schema() -> set[tuple[str, str, str | None]]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(SCHEMA)
        return _schema_of(connection)


def _prepare(folder: Folder, name: str) -> os.stat_result:
    """Create the database's file for its owner only, or check that it is a journal; return its status.

    Raises:
        OutputError: it is something else.
    """
    path = folder.path / name
    try:
        for suffix in _COMPANIONS:
            status = folder.status(f"{name}{suffix}")
            if status is not None and not (stat.S_ISREG(status.st_mode) and status.st_nlink == 1):
                raise OutputError(f"{path}{suffix}: is not a regular file", "remove it")
        with os.fdopen(open_regular_file(folder, name), "rb") as file:
            header = file.read(72)
            magic, application = header[:16], header[68:72]
            is_journal = magic == b"SQLite format 3\0" and application == APPLICATION_ID.to_bytes(4)
            if not is_journal and not is_unused(file.fileno()):
                raise OutputError(
                    f"{path}: is not a journal of this version of cogdoc",
                    "remove it to begin again, or name another place with --to",
                )
            make_private(file.fileno())
            return os.fstat(file.fileno())
    except OSError as error:
        raise write_error(path, error) from None
