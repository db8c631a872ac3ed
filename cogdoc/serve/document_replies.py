"""Writes the results of a document as a reply: whole in one of the output formats, or record by record as events."""

from __future__ import annotations

import json
from dataclasses import asdict
from io import StringIO

from fastapi import Request
from fastapi.responses import Response

from cogdoc.engines.live_text import listen
from cogdoc.errors import CogdocError, UsageError
from cogdoc.results.output_formats import FORMATS, OutputFormat, make_renderer
from cogdoc.results.printable import printable_json
from cogdoc.serve.document_work import DocumentWork, Opened, run_document
from cogdoc.serve.error_replies import describe
from cogdoc.serve.event_streams import event, stream_events, until_client_leaves
from cogdoc.serve.service import Service
from cogdoc.serve.threads import Events, start_thread
from cogdoc.serve.uploads import Upload
from cogdoc.tasks.task import Task

MEDIA_TYPES = {
    "json": "application/json",
    "jsonl": "application/x-ndjson",
    "md": "text/markdown; charset=utf-8",
    "text": "text/plain; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
}


def output_format(name: str, task: Task) -> OutputFormat:
    """
    Raises:
        UsageError: the results of the task cannot be written in this format.
    """
    output = FORMATS[name]
    if task.name not in output.tasks:
        raise UsageError(f"out: {task.name} cannot be written as {name}")
    if task.name == "chart" and task.questions and not output.answers_about_charts:
        raise UsageError(f"out: {name} holds the chart's table, not answers", "leave out the question")
    return output


async def reply_with_results(
    request: Request, service: Service, work: DocumentWork, upload: Upload, output: OutputFormat, *, stream: bool
) -> Response:
    """Do the work when its turn comes, and reply with all results or as they come. Deletes the upload at the end.

    Raises:
        CogdocError: the document cannot be read, or too many requests are waiting.
    """
    started = False
    try:
        slot = await until_client_leaves(request, service.admission.enter())

        def release() -> None:
            upload.close()
            slot.release()

        started = True
        if stream:
            streamed: Events[str] = start_thread(lambda events: _stream(service, work, upload, events), release)
            return stream_events(aiter(streamed), failure_event)
        whole: Events[str] = start_thread(lambda events: _render(service, work, upload, output, events), release)
        text = await until_client_leaves(request, whole.first())
    finally:
        if not started:
            upload.close()
    return Response(text, media_type=MEDIA_TYPES[output.name])


def _render(service: Service, work: DocumentWork, upload: Upload, output: OutputFormat, events: Events[str]) -> None:
    text = StringIO()
    renderer = make_renderer(output, text, several_questions=len(work.task.questions) > 1)
    for step in run_document(service, work, upload, cancelled=lambda: events.abandoned):
        if isinstance(step, Opened):
            renderer.begin(work.task.name, step.source)
            continue
        for record in step.records:
            renderer.write(record)
    renderer.end(None)
    renderer.close()
    events.emit(text.getvalue())


def _stream(service: Service, work: DocumentWork, upload: Upload, events: Events[str]) -> None:
    with listen(lambda piece: events.emit(event(json.dumps(asdict(piece)), "text"))):
        for step in run_document(service, work, upload, cancelled=lambda: events.abandoned):
            if isinstance(step, Opened):
                source = step.source.model_dump(mode="json")
                events.emit(event(json.dumps({"source": source, "items": step.items}), "source"))
                continue
            for record in step.records:
                events.emit(event(printable_json(record.model_dump_json()), "record"))
    events.emit(event("{}", "end"))


def failure_event(error: CogdocError) -> str:
    """The last event of a stream that fails."""
    return event(json.dumps(describe(error)), "error")
