"""Keeps jobs in SQLite, with their documents beside it, so that neither a crash nor a restart loses one."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from cogdoc.errors import OutputError, PlaceLostError
from cogdoc.serve.document_work import DocumentWork
from cogdoc.serve.jobs.job import Job, JobStatus, dump_work, load_work

_TABLES = """
create table if not exists jobs (
    number integer primary key autoincrement, id text unique not null, owner text not null, name text not null,
    work text not null, status text not null, created real not null, finished real, source text, total integer,
    error text
);
create table if not exists items (
    job text not null references jobs (id) on delete cascade, position integer not null, item text not null,
    records text not null, primary key (job, position)
);
"""

_JOB = """
select id, owner, name, work, status, created, finished, source, total,
       (select count(*) from items where job = jobs.id), error from jobs
"""


class JobStore:
    """A folder that only this user may read, of one server at a time. Thread-safe."""

    def __init__(self, folder: Path) -> None:
        """
        Raises:
            OutputError: the folder cannot be used, or another server uses it.
        """
        self._lock = threading.Lock()
        self._documents = folder / "documents"
        try:
            self._documents.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.chmod(0o700)
            self._in_use = FileLock(folder / "lock")
            self._in_use.acquire(blocking=False)
            self._database = sqlite3.connect(folder / "jobs.sqlite", check_same_thread=False, isolation_level=None)
            self._database.executescript(
                "pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on;"
            )
            self._database.executescript(_TABLES)
            # Those that ran when the last server ended go on where they were.
            self._database.execute("update jobs set status = ? where status = ?", (JobStatus.QUEUED, JobStatus.RUNNING))
            self._remove_strays()
        except Timeout:
            raise OutputError(f"{folder}: another server keeps its jobs there", "--jobs-folder names another") from None
        except (OSError, sqlite3.Error) as error:
            raise OutputError(f"{folder}: jobs cannot be kept there: {error}", "--jobs-folder names another") from None

    def close(self) -> None:
        with self._lock:
            self._database.close()
        self._in_use.release()

    def add(self, owner: str, name: str, work: DocumentWork, document: Path) -> Job:
        """Keep a copy of a document, and what to do with it.

        Raises:
            PlaceLostError: the disk does not take it.
        """
        job_id = uuid.uuid4().hex
        kept = self.document(job_id)
        try:
            with document.open("rb") as source, kept.open("xb") as copy:
                shutil.copyfileobj(source, copy)
                copy.flush()
                os.fsync(copy.fileno())
            with self._transaction() as database:
                database.execute(
                    "insert into jobs (id, owner, name, work, status, created) values (?, ?, ?, ?, ?, ?)",
                    (job_id, owner, name, dump_work(work), JobStatus.QUEUED, time.time()),
                )
        except (OSError, sqlite3.Error) as error:
            kept.unlink(missing_ok=True)
            raise PlaceLostError(f"the job cannot be stored: {error}") from None
        job = self.find(job_id)
        assert job is not None
        return job

    def document(self, job_id: str) -> Path:
        """Where the document of a job is kept, under no name of the client."""
        return self._documents / job_id

    def find(self, job_id: str) -> Job | None:
        found = self._query(f"{_JOB} where id = ?", job_id)
        return _job(found[0]) if found else None

    def of_owner(self, owner: str, most: int) -> list[Job]:
        """The latest jobs of a key, the latest first."""
        return list(map(_job, self._query(f"{_JOB} where owner = ? order by number desc limit ?", owner, most)))

    def count_open(self) -> int:
        """How many jobs are waiting or running."""
        ((count,),) = self._query(
            "select count(*) from jobs where status in (?, ?)", JobStatus.QUEUED, JobStatus.RUNNING
        )
        return int(count)

    def take(self) -> Job | None:
        """Begin with the oldest job that waits."""
        found = self._query(f"{_JOB} where status = ? order by number limit 1", JobStatus.QUEUED)
        if not found:
            return None
        with self._transaction() as database:
            database.execute("update jobs set status = ? where id = ?", (JobStatus.RUNNING, found[0][0]))
        return _job(found[0])

    def put_back(self, job_id: str) -> None:
        """Let a running job wait again."""
        with self._transaction() as database:
            database.execute(
                "update jobs set status = ? where id = ? and status = ?", (JobStatus.QUEUED, job_id, JobStatus.RUNNING)
            )

    def opened(self, job_id: str, source: dict[str, Any], total: int) -> None:
        """Store what is known of a job's document once it is open."""
        with self._transaction() as database:
            database.execute("update jobs set source = ?, total = ? where id = ?", (json.dumps(source), total, job_id))

    def add_item(self, job_id: str, item: str, records: Sequence[str]) -> None:
        """Store the records of an item, as JSON texts."""
        with self._transaction() as database:
            database.execute(
                "insert into items select ?, count(*), ?, ? from items where job = ?",
                (job_id, item, json.dumps(records), job_id),
            )

    def items(self, job_id: str) -> list[str]:
        """The items that are done."""
        return [item for (item,) in self._query("select item from items where job = ? order by position", job_id)]

    def records(self, job_id: str, start: int = 0) -> Iterator[tuple[int, list[str]]]:
        """Yield the records of the items that are done, from position `start` on, with their positions."""
        while found := self._query(
            "select position, records from items where job = ? and position >= ? order by position limit 1",
            job_id,
            start,
        ):
            position, records = found[0]
            yield position, json.loads(records)
            start = position + 1

    def finish(self, job_id: str, status: JobStatus, error: dict[str, Any] | None = None) -> None:
        """Store how a job ended, unless it has ended already, and delete its document and password."""
        with self._transaction() as database:
            database.execute(
                "update jobs set status = ?, finished = ?, error = ?, work = json_set(work, '$.password', null) "
                "where id = ? and status in (?, ?)",
                (status, time.time(), error and json.dumps(error), job_id, JobStatus.QUEUED, JobStatus.RUNNING),
            )
        self.document(job_id).unlink(missing_ok=True)

    def remove(self, job_id: str) -> None:
        with self._transaction() as database:
            database.execute("delete from jobs where id = ?", (job_id,))
        self.document(job_id).unlink(missing_ok=True)

    def remove_finished(self, before: float) -> None:
        """Remove the jobs that ended before a time."""
        with self._transaction() as database:
            database.execute("delete from jobs where finished < ?", (before,))

    def _query(self, statement: str, *values: Any) -> list[Any]:
        with self._lock:
            return self._database.execute(statement, values).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._database.execute("begin immediate")
            try:
                yield self._database
            except BaseException:
                self._database.execute("rollback")
                raise
            self._database.execute("commit")

    def _remove_strays(self) -> None:
        """Delete documents of no job: the server was killed before it could store the job, or after it ended."""
        open_jobs = {
            job for (job,) in self._database.execute("select id from jobs where status = ?", (JobStatus.QUEUED,))
        }
        for file in self._documents.iterdir():
            if file.name not in open_jobs:
                with suppress(OSError):
                    file.unlink()


def _job(row: tuple[Any, ...]) -> Job:
    job_id, owner, name, work, status, created, finished, source, total, done, error = row
    return Job(
        job_id,
        owner,
        name,
        load_work(work),
        JobStatus(status),
        created,
        finished,
        json.loads(source) if source else None,
        total,
        done,
        json.loads(error) if error else None,
    )
