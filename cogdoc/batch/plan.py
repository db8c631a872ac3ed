"""The plan of a run: its files and their output paths, listed before any work begins, and stored on disk."""

from __future__ import annotations

import hashlib
import os
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter

from cogdoc import errors
from cogdoc.batch.journal import origin_of
from cogdoc.documents.remote import RemoteFile
from cogdoc.documents.sources import Source, UnresolvedSource
from cogdoc.errors import CogdocError, OutputExistsError, UsageError
from cogdoc.results.output.destination import Destination, fitting_name
from cogdoc.results.output_formats import OutputFormat
from cogdoc.storage import local_file, plain_address, printable_address

_SHARD = re.compile(r"(\d{1,6})/(\d{1,6})", re.ASCII)


_SAME_SCHEMES = {"s3a": "s3", "gcs": "gs", "abfss": "abfs", "az": "abfs", "adl": "abfs"}


@dataclass(frozen=True, slots=True)
class Shard:
    """One of `count` shares of the files; `index` counts from 1."""

    index: int = 1
    count: int = 1

    def contains(self, relative: Path) -> bool:
        """Whether a file is in this share. Only its own path decides, so other files can come and go."""
        digest = hashlib.sha256(os.fsencode(relative)).digest()
        return int.from_bytes(digest[:8]) % self.count == self.index - 1

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"


def parse_shard(text: str) -> Shard:
    """Parse a share such as `2/5`.

    Raises:
        UsageError: the text is not a share, or its index is not from 1 to its count.
    """
    match = _SHARD.fullmatch(text)
    if match is None or not 1 <= int(match[1]) <= int(match[2]):
        raise UsageError(f"--shard: {text!r} is not a share of the files", "write for example --shard 2/5")
    return Shard(int(match[1]), int(match[2]))


def slurm_shard(environment: Mapping[str, str]) -> Shard | None:
    """The share of this task of a SLURM job array, or of this process of a job step; None outside of SLURM.

    https://slurm.schedmd.com/job_array.html, https://slurm.schedmd.com/srun.html
    """

    def integer(name: str) -> int | None:
        text = environment.get(name, "")
        return int(text) if text.isdecimal() else None

    task, first = integer("SLURM_ARRAY_TASK_ID"), integer("SLURM_ARRAY_TASK_MIN")
    step, count = integer("SLURM_ARRAY_TASK_STEP") or 1, integer("SLURM_ARRAY_TASK_COUNT")
    if task is not None and count is not None and count > 1:
        return Shard((task - (first or 0)) // step + 1, count)
    rank, ranks = integer("SLURM_PROCID"), integer("SLURM_STEP_NUM_TASKS") or integer("SLURM_NTASKS")
    return Shard(rank + 1, ranks) if rank is not None and ranks is not None and ranks > 1 else None


class Plan:
    """The files of a run, in order. Iterating yields the sources of the run's share.

    If two files have the same output path, the second gets a name of its own, with a hash of its path or address: the
    same in every run.
    """

    def __init__(
        self, sources: Iterable[Source | UnresolvedSource], destination: Destination, output: OutputFormat, shard: Shard
    ) -> None:
        # An empty name makes a temporary database, which SQLite keeps in memory while it is small.
        self._database = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        self._database.execute(
            "CREATE TABLE plan (position INTEGER PRIMARY KEY, path BLOB, name TEXT, relative BLOB, target BLOB UNIQUE,"
            " origin BLOB, remote TEXT, kind TEXT, error TEXT, hint TEXT)"
        )
        self._database.execute("CREATE TABLE kept (identity TEXT PRIMARY KEY) WITHOUT ROWID")
        self._database.execute("BEGIN")
        for source in sources:
            if isinstance(source, Source):
                self.keep(identity_of_source(source))  # also of other shares: no share writes over a source of another
            if shard.contains(source.relative if isinstance(source, Source) else Path(source.name)):
                self._add(source, destination, output)
        self._database.execute("COMMIT")

    def keep(self, identity: str | None) -> None:
        """Add a file to those that no result of this run may replace: its sources, and what it has written."""
        if identity is not None:
            self._database.execute("INSERT OR IGNORE INTO kept VALUES (?)", (identity,))

    def keeps(self, identity: str | None) -> bool:
        """Whether a file is one of those that no result may replace."""
        query = "SELECT 1 FROM kept WHERE identity = ?"
        return identity is not None and self._database.execute(query, (identity,)).fetchone() is not None

    def _add(self, source: Source | UnresolvedSource, destination: Destination, output: OutputFormat) -> None:
        if isinstance(source, UnresolvedSource):
            self._add_unresolved(source.name, source.error)
            return
        path, origin = os.fsencode(source.path), origin_of(source)
        remote = _remote_adapter().dump_json(source.remote) if source.remote else None
        for relative in (source.relative, _distinct(source.relative, origin)):
            target = os.fsencode(destination.file_for(relative, output))
            query = "SELECT name, origin FROM plan WHERE target = ?"
            other, other_origin = self._database.execute(query, (target,)).fetchone() or ("", None)
            if other_origin is None:
                self._database.execute(
                    "INSERT INTO plan (path, name, relative, target, origin, remote) VALUES (?, ?, ?, ?, ?, ?)",
                    (path, source.name, os.fsencode(relative), target, origin, remote),
                )
                return
            if other_origin == origin:
                break
        message = f"{os.fsdecode(target)}: {other} and {source.name} would both be written to this path"
        self._add_unresolved(source.name, OutputExistsError(message, "name each file once"))

    def _add_unresolved(self, name: str, error: CogdocError) -> None:
        texts = (name, type(error).__name__, error.message, error.hint)
        self._database.execute(
            "INSERT INTO plan (name, kind, error, hint) VALUES (?, ?, ?, ?)",
            [text.encode("utf-8", "replace").decode() if text else text for text in texts],
        )

    def __iter__(self) -> Iterator[Source | UnresolvedSource]:
        rows = self._database.cursor().execute(
            "SELECT path, name, relative, remote, kind, error, hint FROM plan ORDER BY position"
        )
        for path, name, relative, remote, kind, error, hint in rows:
            if error is not None:
                yield UnresolvedSource(name, getattr(errors, kind)(error, hint))
            else:
                file = _remote_adapter().validate_json(remote) if remote else None
                yield Source(Path(os.fsdecode(path)), name, Path(os.fsdecode(relative)), file)

    @property
    def count(self) -> int:
        """How many files there are in the run's share."""
        (count,) = self._database.execute("SELECT COUNT(*) FROM plan").fetchone()
        return int(count)

    def close(self) -> None:
        self._database.close()


def identity_of_source(source: Source) -> str | None:
    """Equal for all names of the same file; None if the file does not exist."""
    return identity_of_address(source.remote.address) if source.remote else identity_of_path(source.path)


def identity_of_path(path: Path) -> str | None:
    """Equal for all paths to the same file; None if the file does not exist."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return f"{status.st_dev} {status.st_ino}"


def identity_of_address(address: str) -> str | None:
    """Equal for all addresses of the same file, as far as their text tells."""
    if (path := local_file(address)) is not None:
        return identity_of_path(path)
    scheme, _, rest = printable_address(plain_address(address)).partition("://")
    return f"{_SAME_SCHEMES.get(scheme, scheme)}://{'/'.join(part for part in rest.split('/') if part)}"


def _distinct(relative: Path, origin: bytes) -> Path:
    """Another output path for a source, which depends on nothing but the source."""
    digest = hashlib.sha256(origin).hexdigest()[:8]
    return relative.with_name(fitting_name(relative.stem, relative.suffix, digest=digest))


@cache
def _remote_adapter() -> TypeAdapter[RemoteFile]:
    return TypeAdapter(RemoteFile)
