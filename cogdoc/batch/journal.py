"""Stores what a run has done, so that the same command resumes after kill -9.

The journal is an SQLite database (https://sqlite.org/wal.html) beside the output, open in one process at a time. It
has the status of every file, and the results of pages and questions until a complete output file contains them. Entries
that are damaged count as missing, so that their files are read again.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from cogdoc.batch.items import ItemResult
from cogdoc.batch.journal_database import JournalDatabase
from cogdoc.documents.file_hash import file_hash
from cogdoc.documents.sources import Source, UnresolvedSource
from cogdoc.errors import ExitCode, OutputError
from cogdoc.results.output.destination import Destination, Fingerprint, fingerprint_of, fitting_name
from cogdoc.results.output.folders import Folder, open_folder
from cogdoc.results.records import AnyRecord, PageRecord, SourceInfo
from cogdoc.results.text_layer import TextLayer
from cogdoc.storage import printable_address, without_secrets
from cogdoc.tasks.task import Item

MAX_RECORDS = 256 << 20
"""Bytes of the records of one item: several times what a worker process may send for a page."""

JOURNAL_SUFFIX = ".cogdoc"
"""Name of the folder with the journal and the record inside an output folder; suffix of that folder beside a file."""


class FileState(StrEnum):
    """How far the work on a file is."""

    WRITING = "writing"
    """The output is about to be replaced, or to be written again."""
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
    """Identifies the content of a source without reading it; a changed file has another version."""

    text: str
    """Size and time of the last change; for a remote file, what the storage reports. Both may have any value."""
    origin: bytes = b""
    """The file's path or address: files of the same name in different folders differ."""

    @staticmethod
    def of_source(source: Source) -> FileVersion:
        origin = origin_of(source)
        if source.remote is None:
            try:
                status = source.path.stat()
            except OSError:
                return FileVersion("", origin)
            return FileVersion(f"{status.st_size} {status.st_mtime_ns}", origin)
        if not source.remote.version:
            return FileVersion(str(time.time_ns()), origin)  # equal to no other: the file may have changed
        digest = hashlib.sha256(source.remote.version.encode("utf-8", "surrogatepass")).hexdigest()
        return FileVersion(f"{source.remote.size} {digest}", origin)


@dataclass(frozen=True, slots=True)
class _StoredItem:
    """The records of an item, and the text layers, which records leave out when they are written."""

    records: tuple[AnyRecord, ...]
    text_layers: tuple[TextLayer | None, ...] = ()
    """One for each record, or none at all."""


def origin_of(source: Source) -> bytes:
    """The path or address of a source, the same in every spelling, and without credentials."""
    if source.remote is not None:
        return printable_address(source.remote.address).encode("utf-8", "surrogateescape")
    folder = _real_path(source.path.parent.absolute())
    return os.fsencode(os.path.join(folder, source.path.name))  # noqa: PTH118 - quicker


def journal_folder(destination: Destination) -> Path | None:
    """The folder of the journal; None for standard output, because such a run cannot be resumed."""
    if destination.path is None:
        return None
    if destination.folder:
        return destination.path / JOURNAL_SUFFIX
    return journal_beside(destination.path)


def journal_beside(path: Path) -> Path:
    """The folder of the journal of a single output file."""
    return path.with_name(fitting_name(path.name, JOURNAL_SUFFIX, prefix="."))


class Journal:
    """The journal of all runs with the same output; all methods may be called from any thread."""

    def __init__(self, folder: Folder, name: str, key: str, root: Path, *, restart: bool, retry_failed: bool) -> None:
        """
        Args:
            folder: where the journal is.
            name: the database's name, one for each shard.
            key: identifies the task, its settings and the engine; the journal keeps runs of other keys apart.
            root: the folder that contains the outputs; the journal has their paths below it, however it is spelled.
            restart: remove the stored results and statuses, unless the last run of this key was cut short.
            retry_failed: remove the stored results and statuses that failed.

        Raises:
            OutputError: the folder cannot be written, has a database of something else, or another process has the
                journal open.
        """
        self._key = key
        self._root = root
        self._database = JournalDatabase(folder, f"{name}.sqlite")
        self._begin(restart=restart, retry_failed=retry_failed)

    def _begin(self, *, restart: bool, retry_failed: bool) -> None:
        with self._database.transaction() as database:
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
        """The items stored for a file with these bytes, as text; not those that are damaged."""
        with self._database.transaction() as database:
            rows = database.execute(
                "SELECT item FROM results WHERE key = ? AND source = ? AND sha256 = ?",
                (self._key, source.path, source.sha256),
            ).fetchall()
        return {item for (item,) in rows if self._records(source, item) is not None}

    def find(self, source: SourceInfo, item: Item) -> tuple[AnyRecord, ...]:
        """The records of an item that `items` names."""
        records = self._records(source, str(item))
        assert records is not None
        return records

    def _records(self, source: SourceInfo, item: str) -> tuple[AnyRecord, ...] | None:
        with self._database.transaction() as database:
            row = database.execute(
                "SELECT records FROM results WHERE key = ? AND source = ? AND sha256 = ? AND item = ?",
                (self._key, source.path, source.sha256, item),
            ).fetchone()
        try:
            stored = _item_adapter().validate_json(_unpacked(row[0]))
            layers = stored.text_layers or (None,) * len(stored.records)
            records = tuple(map(_with_text_layer, stored.records, layers))
        except (zlib.error, ValueError, TypeError):
            return None
        return records if records and all(record.source == source for record in records) else None

    def store(self, source: SourceInfo, result: ItemResult) -> None:
        """Store an item's records; once this returns, they survive a crash of the process."""
        layers = tuple(record.text_layer if isinstance(record, PageRecord) else None for record in result.records)
        stored = _StoredItem(result.records, layers if any(layers) else ())
        packed = zlib.compress(_item_adapter().dump_json(stored, by_alias=True), 1)
        with self._database.transaction() as database:
            database.execute(
                "INSERT OR REPLACE INTO results VALUES (?, ?, ?, ?, ?, ?)",
                (self._key, source.path, source.sha256, str(result.item), result.failed, packed),
            )

    def owns(self, target: Path, origin: bytes = b"") -> bool:
        """Whether a run of this key wrote `target`, as it is now, from the file at `origin`."""
        row = self._file_row("origin, sha256, next_sha256", target)
        if row is None or not _same_file(row[0], origin):
            return False
        try:
            with open_folder(self._root, target.parent.relative_to(self._root)) as folder:
                status = folder.status(target.name)
                if status is None or not stat.S_ISREG(status.st_mode):
                    return False
                return fingerprint_of(folder, target.name).sha256 in row[1:]
        except (OSError, OutputError):
            return False

    def without_outputs(self, sources: Iterable[Source | UnresolvedSource]) -> Iterator[Source | UnresolvedSource]:
        """The sources, without files that runs wrote: a folder may be read and written, and PDF files are both."""
        for source in sources:
            if not isinstance(source, Source) or source.remote is not None or not self._is_output(source.path):
                yield source

    def _is_output(self, path: Path) -> bool:
        """Whether a run of any key wrote a file as it is now."""
        folder, root = (Path(_real_path(of.absolute())) for of in (path.parent, self._root))
        if not folder.is_relative_to(root):
            return False
        target = self._root / folder.relative_to(root) / path.name
        with self._database.transaction() as database:
            rows = database.execute(
                "SELECT sha256, next_sha256 FROM files WHERE target = ?", (self._name(target),)
            ).fetchall()
        digests = {digest for row in rows for digest in row if digest}
        return bool(digests) and file_hash(path).hex() in digests

    def status(self, target: Path, version: FileVersion) -> FileStatus | None:
        """The status of the file whose output is `target`; None if it is not completed, or one of the two changed."""
        row = self._file_row("origin, version, size, state, items, failed, not_found, exit_code, message", target)
        if row is None or row[1] != version.text or not _same_file(row[0], version.origin):
            return None
        size, state, items, failed, not_found, exit_code, message = row[2:]
        if state not in (FileState.DONE, FileState.FAILED):
            return None
        if not all(isinstance(count, int) for count in (items, failed, not_found)) or not isinstance(message, str):
            return None
        if exit_code not in ExitCode.__members__.values():
            return None
        if state == FileState.DONE and _size(target) != size:
            return None
        return FileStatus(FileState(state), items, failed, not_found, exit_code, message)

    def begin_file(self, target: Path, version: FileVersion, content: Fingerprint) -> None:
        """Claim `target`, which will have this content, so that it is recognized after a loss of power."""
        with self._database.transaction(durable=True) as database:
            name = self._name(target)
            row = database.execute(
                "SELECT sha256 FROM files WHERE target = ? AND key = ?", (name, self._key)
            ).fetchone()
            # The output of another key is about to be replaced, and no longer belongs to that key.
            database.execute("DELETE FROM files WHERE target = ?", (name,))
            database.execute(
                "INSERT INTO files (target, key, origin, version, state, sha256, next_sha256)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    name,
                    self._key,
                    version.origin,
                    version.text,
                    FileState.WRITING,
                    row[0] if row else "",
                    content.sha256,
                ),
            )

    def end_file(self, target: Path, version: FileVersion, status: FileStatus) -> None:
        """Store the status of a file. If the file failed, an existing `target` keeps its owner."""
        done = status.state is FileState.DONE
        keeps_owner = done or self.owns(target, version.origin)
        row = self._file_row("sha256, next_sha256", target) if keeps_owner else None
        digest, next_digest = row or ("", "")
        with self._database.transaction() as database:
            database.execute(
                "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    self._name(target),
                    self._key,
                    version.origin,
                    version.text,
                    status.state,
                    _size(target) if done else "",
                    next_digest if done else digest,
                    "" if done else next_digest,
                    status.items,
                    status.failed,
                    status.not_found,
                    status.exit_code,
                    without_secrets(status.message).encode("utf-8", "replace").decode(),
                ),
            )

    def _file_row(self, columns: str, target: Path) -> tuple[Any, ...] | None:
        with self._database.transaction() as database:
            row: tuple[Any, ...] | None = database.execute(
                f"SELECT {columns} FROM files WHERE target = ? AND key = ?", (self._name(target), self._key)
            ).fetchone()
        return row

    def _name(self, target: Path) -> bytes:
        return os.fsencode(target.relative_to(self._root))

    def remove_results(self, source: SourceInfo) -> None:
        """Remove the stored results of a file whose output is complete."""
        with self._database.transaction() as database:
            database.execute("DELETE FROM results WHERE key = ? AND source = ?", (self._key, source.path))

    def finish(self, *, keep: bool) -> None:
        """Mark the run as finished, whatever failed; without `keep`, remove the journal."""
        with self._database.transaction() as database:
            database.execute("UPDATE runs SET finished = 1 WHERE key = ?", (self._key,))
        if not keep:
            self._database.remove()

    def close(self) -> None:
        self._database.close()


def _unpacked(packed: bytes) -> bytes:
    """
    Raises:
        zlib.error, TypeError, ValueError: this is not what `store` packed.
    """
    unpacking = zlib.decompressobj()
    data = unpacking.decompress(packed, MAX_RECORDS)
    if not unpacking.eof:
        raise ValueError("incomplete, or larger than the records of any page")
    return data


def _size(path: Path) -> str:
    try:
        return str(path.stat().st_size)
    except OSError:
        return ""


@lru_cache(64)
def _real_path(folder: Path) -> str:
    """The path of an absolute folder without symbolic links."""
    return os.path.realpath(folder)


def _same_file(stored_origin: bytes, origin: bytes) -> bool:
    """Whether two origins are the same file, perhaps in different spelling."""
    if stored_origin == origin:
        return True
    try:
        return Path(os.fsdecode(stored_origin)).samefile(os.fsdecode(origin))
    except (OSError, ValueError, TypeError):
        return False


@cache
def _item_adapter() -> TypeAdapter[_StoredItem]:
    return TypeAdapter(_StoredItem)


def _with_text_layer(record: AnyRecord, layer: TextLayer | None) -> AnyRecord:
    return record if layer is None else record.model_copy(update={"text_layer": layer})
