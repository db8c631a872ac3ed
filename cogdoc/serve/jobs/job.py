"""The data types of jobs, and the form in which they are stored."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from cogdoc.documents.page_selection import PageSelection
from cogdoc.documents.tesseract import find_tesseract
from cogdoc.engines.generation import GenerationRequest
from cogdoc.errors import InputError
from cogdoc.fields.field import FieldList
from cogdoc.serve.document_work import DocumentWork
from cogdoc.tasks.ask import AskTask
from cogdoc.tasks.chart import ChartTask
from cogdoc.tasks.extract import ExtractTask
from cogdoc.tasks.ocr import OcrTask
from cogdoc.tasks.task import Task


class JobStatus(StrEnum):
    """How far a job is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        return self in (JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELLED)


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it is stored."""

    id: str
    owner: str
    """The name of the key that started it."""
    name: str
    """Of the document."""
    work: DocumentWork
    status: JobStatus
    created: float
    """Seconds since 1970, as all times here."""
    finished: float | None
    source: dict[str, Any] | None
    """What is known of the document once it is open."""
    total: int | None
    """Items: pages or questions."""
    done: int
    error: dict[str, Any] | None

    @property
    def description(self) -> dict[str, Any]:
        """The job as clients see it."""
        return {
            "id": self.id,
            "object": "cogdoc.job",
            "task": self.work.task.name,
            "document": self.name,
            "status": self.status.value,
            "created": round(self.created, 3),
            "finished": self.finished and round(self.finished, 3),
            "progress": {"done": self.done, "total": self.total},
            "error": self.error,
        }


def dump_work(work: DocumentWork) -> str:
    """The work as JSON."""
    task = work.task
    return json.dumps(
        {
            "task": task.name,
            "questions": task.questions,
            "wanted": _wanted_fields().dump_python(task.wanted, mode="json") if isinstance(task, ExtractTask) else None,
            "top_pages": getattr(task, "top_pages", None),
            "min_confidence": getattr(task, "min_confidence", 0.0),
            "ranges": task.selection.ranges,
            "labels": task.selection.labels,
            "generation": asdict(work.generation),
            "password": work.password,
            "language": work.tesseract.language if work.tesseract else None,
            "hidden": work.hidden,
            "max_pages": work.max_pages,
        }
    )


def load_work(text: str) -> DocumentWork:
    """The work that `dump_work` wrote.

    Raises:
        InputError: the text is something else.
        MissingError: Tesseract is no longer installed.
    """
    try:
        stored = json.loads(text)
        selection = PageSelection(tuple((first, last) for first, last in stored["ranges"]), tuple(stored["labels"]))
        generation = GenerationRequest(**stored["generation"])
        task = _task(stored, selection)
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"the stored job is not one: {type(error).__name__}") from None
    language = stored["language"]
    return DocumentWork(
        task,
        generation,
        stored["password"],
        find_tesseract(language) if language else None,
        stored["hidden"],
        max_pages=stored["max_pages"],
    )


def _task(stored: dict[str, Any], selection: PageSelection) -> Task:
    if stored["task"] == "extract":
        return ExtractTask(_wanted_fields().validate_python(stored["wanted"]), selection, stored["top_pages"] or 1)
    questions, min_confidence = tuple(stored["questions"]), stored["min_confidence"]
    tasks: dict[str, Task] = {
        "ask": AskTask(questions, selection, stored["top_pages"] or 1, min_confidence),
        "ocr": OcrTask(selection),
        "chart": ChartTask(selection, questions, min_confidence),
    }
    return tasks[stored["task"]]


@cache
def _wanted_fields() -> TypeAdapter[FieldList]:
    return TypeAdapter(FieldList)
