"""`/v1/jobs`: start work on a document, watch it, and collect its results."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Header, Request
from fastapi.responses import JSONResponse, Response

from cogdoc.results.printable import printable_json
from cogdoc.serve.admission import BusyError
from cogdoc.serve.document_form import MinConfidence, Options, Questions
from cogdoc.serve.document_replies import MEDIA_TYPES, failure_event, output_format
from cogdoc.serve.document_routes import Document, questions_of
from cogdoc.serve.error_replies import RequestError
from cogdoc.serve.event_streams import event, stream_events
from cogdoc.serve.field_form import Fields, Preset, Schema, wanted_fields
from cogdoc.serve.grants import grant_of
from cogdoc.serve.jobs.job import Job
from cogdoc.serve.jobs.results import render_results
from cogdoc.serve.jobs.runner import JobRunner, SharedJobs
from cogdoc.serve.service import Service, SharedService
from cogdoc.tasks.ask import TOP_PAGES, AskTask
from cogdoc.tasks.chart import ChartTask
from cogdoc.tasks.extract import ExtractTask
from cogdoc.tasks.ocr import OcrTask
from cogdoc.tasks.task import Task

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])

MOST_OPEN = 1000
"""Jobs that wait or run; further ones are refused."""

MOST_LISTED = 100

WATCH_SECONDS = 1.0
"""A watcher looks at least so often."""


@router.post("", summary="Start a job", status_code=202)
async def start(
    request: Request,
    service: SharedService,
    jobs: SharedJobs,
    file: Document,
    task: Annotated[Literal["ask", "ocr", "chart", "extract"], Form(description="What to do with the document.")],
    options: Options,
    question: Questions = [],  # noqa: B006  FastAPI copies it
    top_pages: Annotated[
        int, Form(ge=1, le=1000, description="With ask and extract, how many pages to search.")
    ] = TOP_PAGES,
    min_confidence: MinConfidence = 0.0,
    fields: Fields = None,
    json_schema: Schema = None,
    preset: Preset = None,
) -> JSONResponse:
    # Each once: what is done of a job is known by its question.
    questions = tuple(dict.fromkeys(questions_of(question, needed=task == "ask")))
    tasks: dict[str, Task] = {
        "ask": AskTask(questions, options.selection, top_pages, min_confidence),
        "ocr": OcrTask(options.selection),
        "chart": ChartTask(options.selection, questions, min_confidence),
    }
    wanted = wanted_fields(fields, json_schema, preset)
    if wanted is not None:
        tasks["extract"] = ExtractTask(wanted, options.selection, top_pages)
    if task not in tasks:
        raise RequestError("fields: is empty", 'for example: "invoice no, total:money"', param="fields")
    work = options.work(tasks[task])
    service.generating(work.generation)  # says at once if it cannot be had
    if jobs.store.count_open() >= MOST_OPEN:
        raise BusyError(f"{MOST_OPEN} jobs are waiting already", "try again later", retry_after=60)
    upload = await asyncio.to_thread(service.uploads.keep, file.file, file.filename)
    try:
        job = await asyncio.to_thread(jobs.store.add, grant_of(request).name, upload.name, work, upload.path)
    finally:
        upload.close()
    jobs.wake()
    return JSONResponse(job.description, 202, {"Location": f"/v1/jobs/{job.id}"})


@router.get("", summary="Your latest jobs")
async def listed(request: Request, jobs: SharedJobs) -> dict[str, Any]:
    found = jobs.store.of_owner(grant_of(request).name, MOST_LISTED)
    return {"object": "list", "data": [job.description for job in found]}


@router.get("/{job_id}", summary="How far a job is")
async def progress(job_id: str, request: Request, jobs: SharedJobs) -> dict[str, Any]:
    return _find(job_id, request, jobs).description


@router.get("/{job_id}/result", summary="What a job has found")
async def result(
    job_id: str,
    request: Request,
    jobs: SharedJobs,
    out: Literal["json", "jsonl", "md", "text", "csv"] = "json",
) -> Response:
    job = _find(job_id, request, jobs)
    if not job.status.is_final:
        raise RequestError(f"the job is {job.status}", "look again later, or watch its events", 409, "job_not_finished")
    output = output_format(out, job.work.task)
    text = await asyncio.to_thread(render_results, job, jobs.store, output)
    return Response(text, media_type=MEDIA_TYPES[out])


@router.get("/{job_id}/events", summary="A job's records as they come, as server-sent events")
async def events(
    job_id: str,
    request: Request,
    jobs: SharedJobs,
    service: SharedService,
    last_event_id: Annotated[int, Header(description="Continue after this event.")] = -1,
) -> Response:
    _find(job_id, request, jobs)
    return stream_events(_watch(job_id, jobs, service, last_event_id + 1), failure_event)


@router.delete("/{job_id}", summary="End a job, or forget one that has ended")
async def end(job_id: str, request: Request, jobs: SharedJobs) -> dict[str, Any]:
    job = _find(job_id, request, jobs)
    if job.status.is_final:
        jobs.store.remove(job_id)
        return {"id": job_id, "object": "cogdoc.job", "deleted": True}
    jobs.cancel(job_id)
    return _find(job_id, request, jobs).description


async def _watch(job_id: str, jobs: JobRunner, service: Service, start: int) -> AsyncIterator[str]:
    """Yield each record as an event, whose id is the position of its item, and the job whenever it has changed.

    Ends with the job, or earlier if the server ends.
    """
    shown: dict[str, Any] | None = None
    while (job := jobs.store.find(job_id)) is not None:
        for position, records in jobs.store.records(job_id, start):
            for record in records:
                yield event(printable_json(record), "record", position)
            start = position + 1
        if job.description != shown:
            shown = job.description
            yield event(json.dumps(shown), "job")
        if job.status.is_final or service.draining:
            break
        await jobs.wait_for_change(WATCH_SECONDS)
    yield event("{}", "end")


def _find(job_id: str, request: Request, jobs: JobRunner) -> Job:
    job = jobs.store.find(job_id)
    if job is None or job.owner != grant_of(request).name:
        raise RequestError("there is no such job", None, 404, "job_not_found")
    return job
