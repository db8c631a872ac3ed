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
from cogdoc.documents.remote import RemoteFile
from cogdoc.documents.sources import Source, UnresolvedSource
from cogdoc.errors import OutputExistsError, UsageError
from cogdoc.results.destination import Destination
from cogdoc.results.output_formats import OutputFormat

_SHARD = re.compile(r"(\d{1,6})/(\d{1,6})", re.ASCII)


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
    """The files of a run, in order. Iterating yields the sources of the run's share."""

    def __init__(
        self, sources: Iterable[Source | UnresolvedSource], destination: Destination, output: OutputFormat, shard: Shard
    ) -> None:
        """
        Raises:
            OutputExistsError: two files have the same output path.
        """
        # An empty name makes a temporary database, which SQLite keeps in memory while it is small.
        self._database = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        self._database.execute(
            "CREATE TABLE plan (position INTEGER PRIMARY KEY, path BLOB, name TEXT, relative BLOB, target BLOB UNIQUE,"
            " remote TEXT, kind TEXT, error TEXT, hint TEXT)"
        )
        self._database.execute("BEGIN")
        for source in sources:
            if shard.contains(source.relative if isinstance(source, Source) else Path(source.name)):
                self._add(source, destination, output)
        self._database.execute("COMMIT")

    def _add(self, source: Source | UnresolvedSource, destination: Destination, output: OutputFormat) -> None:
        insert = (
            "INSERT INTO plan (path, name, relative, target, remote, kind, error, hint) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        )
        if isinstance(source, UnresolvedSource):
            values = (
                None,
                source.name,
                None,
                None,
                None,
                type(source.error).__name__,
                source.error.message,
                source.error.hint,
            )
            self._database.execute(insert, values)
            return
        target = os.fsencode(destination.file_for(source.relative, output))
        path, relative = os.fsencode(source.path), os.fsencode(source.relative)
        remote = _remote_adapter().dump_json(source.remote) if source.remote else None
        try:
            self._database.execute(
                "INSERT INTO plan (path, name, relative, target, remote) VALUES (?, ?, ?, ?, ?)",
                (path, source.name, relative, target, remote),
            )
        except sqlite3.IntegrityError:
            (other,) = self._database.execute("SELECT name FROM plan WHERE target = ?", (target,)).fetchone()
            raise OutputExistsError(
                f"{os.fsdecode(target)}: {other} and {source.name} would both be written to this path",
                "name the folder that contains both, or read them in two runs",
            ) from None

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

    def close(self) -> None:
        self._database.close()


@cache
def _remote_adapter() -> TypeAdapter[RemoteFile]:
    return TypeAdapter(RemoteFile)
