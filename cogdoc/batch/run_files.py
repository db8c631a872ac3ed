"""The journal and the record of a run: what they are called, and where they are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cogdoc.batch.items import run_key
from cogdoc.batch.journal import Journal
from cogdoc.batch.plan import Shard, identity_of_path
from cogdoc.errors import OutputError
from cogdoc.results.output.folders import Folder

if TYPE_CHECKING:
    from cogdoc.batch.job import Job


def open_journal(job: Job, folder: Folder | None) -> Journal | None:
    path = job.destination.path
    if folder is None or path is None:
        return None
    key = run_key(job.task, job.engine, job.options)
    restart = job.destination.overwrite and not job.retry_failed
    return Journal(
        folder,
        shard_name("journal", job.shard),
        key,
        path if job.destination.folder else path.parent,
        restart=restart,
        retry_failed=job.retry_failed,
    )


def record_path_of(job: Job, folder: Folder | None) -> Path | None:
    default = f"{shard_name('record', job.shard)}.jsonl"
    if folder is None or job.record_path is None:
        return job.record_path or (folder.path / default if folder else None)
    if job.record_path.name != default and identity_of_path(job.record_path.parent) == identity_of_path(folder.path):
        raise OutputError(f"{job.record_path}: is in the folder of the journal", "name another file with --log-json")
    return job.record_path


def shard_name(name: str, shard: Shard) -> str:
    return name if shard.count == 1 else f"{name}-{shard.index}-of-{shard.count}"
