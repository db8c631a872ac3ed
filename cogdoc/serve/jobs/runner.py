"""Runs the jobs that wait, a few at a time, beside other requests."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from typing import Annotated

from fastapi import Depends, Request

from cogdoc.errors import as_cogdoc_error
from cogdoc.serve.document_work import Opened, run_document
from cogdoc.serve.error_replies import describe
from cogdoc.serve.jobs.job import Job, JobStatus
from cogdoc.serve.jobs.store import JobStore
from cogdoc.serve.service import Service
from cogdoc.serve.threads import Events, start_thread
from cogdoc.serve.uploads import Upload

logger = logging.getLogger(__name__)

SWEEP_SECONDS = 600.0
"""How often jobs that ended long ago are removed."""


class JobRunner:
    """Of one event loop. Jobs take turns with other requests, and leave at least one place to these."""

    def __init__(self, service: Service, store: JobStore) -> None:
        self.store = store
        self._service = service
        self._at_a_time = max(1, service.admission.most_running - 1)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._events: dict[str, Events[None]] = {}
        self._wake = asyncio.Event()
        self._changed = asyncio.Event()
        self._swept = 0.0

    async def run(self) -> None:
        """Run jobs until this is cancelled; those that are running then wait for the next server."""
        try:
            while True:
                self._sweep()
                while len(self._tasks) < self._at_a_time and (job := self.store.take()) is not None:
                    self._tasks[job.id] = asyncio.create_task(self._run(job))
                self._wake.clear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), SWEEP_SECONDS)
        finally:
            tasks = list(self._tasks.values())
            for job_id in list(self._tasks):
                self._abandon(job_id)
            await asyncio.gather(*tasks, return_exceptions=True)

    def wake(self) -> None:
        """Say that a job waits."""
        self._wake.set()

    def cancel(self, job_id: str) -> None:
        """End a job, which stays as cancelled."""
        self.store.finish(job_id, JobStatus.CANCELLED)
        self._abandon(job_id)
        self._publish()

    async def wait_for_change(self, seconds: float) -> None:
        """Wait until something happens to any job, or a time has passed."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), seconds)

    def _publish(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def _abandon(self, job_id: str) -> None:
        """Let a job end at its next item, or at once if it has not begun."""
        if job_id in self._events:
            self._events[job_id].abandon()
        elif job_id in self._tasks:
            self._tasks[job_id].cancel()

    async def _run(self, job: Job) -> None:
        try:
            slot = await self._service.admission.enter()
            events: Events[None] = start_thread(lambda events: self._work(job, events), slot.release)
            self._events[job.id] = events
            async for _ in events:
                self._publish()
        except Exception as error:
            described = as_cogdoc_error(error)
            logger.warning("job %s failed: %s", job.id, described.message)
            self.store.finish(job.id, JobStatus.FAILED, describe(described)["error"])
        finally:
            self.store.put_back(job.id)  # unless it has ended
            self._tasks.pop(job.id)
            self._events.pop(job.id, None)
            self._publish()
            self.wake()

    def _work(self, job: Job, events: Events[None]) -> None:
        upload = Upload(self.store.document(job.id), job.name)
        done = frozenset(self.store.items(job.id))
        for step in run_document(self._service, job.work, upload, done=done, cancelled=lambda: events.abandoned):
            if isinstance(step, Opened):
                self.store.opened(job.id, step.source.model_dump(mode="json"), len(step.items))
            else:
                self.store.add_item(job.id, str(step.item), [record.model_dump_json() for record in step.records])
            events.emit(None)
        if not events.abandoned:
            self.store.finish(job.id, JobStatus.DONE)

    def _sweep(self) -> None:
        now = time.time()
        if now - self._swept > SWEEP_SECONDS:
            self.store.remove_finished(now - self._service.settings.keep_jobs_seconds)
            self._swept = now


def _runner(request: Request) -> JobRunner:
    runner: JobRunner = request.app.state.jobs
    return runner


SharedJobs = Annotated[JobRunner, Depends(_runner)]
"""The parameter of a route that needs the jobs."""
