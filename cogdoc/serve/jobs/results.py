"""Writes the stored records of a job in an output format."""

from __future__ import annotations

from io import StringIO

from pydantic import TypeAdapter

from cogdoc.results.failures import ErrorInfo
from cogdoc.results.output_formats import OutputFormat, make_renderer
from cogdoc.results.records import AnyRecord, SourceInfo
from cogdoc.serve.jobs.job import Job
from cogdoc.serve.jobs.store import JobStore


def render_results(job: Job, store: JobStore, output: OutputFormat) -> str:
    """All results of a job; of one that failed or was cancelled, those that it had."""
    adapter: TypeAdapter[AnyRecord] = TypeAdapter(AnyRecord)
    text = StringIO()
    renderer = make_renderer(output, text, several_questions=len(job.work.task.questions) > 1)
    renderer.begin(job.work.task.name, SourceInfo(**job.source) if job.source else SourceInfo(path=job.name))
    for _, records in store.records(job.id):
        for record in records:
            renderer.write(adapter.validate_json(record))
    error = job.error
    fields = ("kind", "message", "hint", "exit_code")
    renderer.end(ErrorInfo(**{name: error[name] for name in fields}) if error else None)
    renderer.close()
    return text.getvalue()
