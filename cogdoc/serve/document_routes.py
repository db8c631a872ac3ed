"""`/v1/ask`, `/v1/ocr`, `/v1/chart` and `/v1/extract`: a document by upload, and the published results of cogdoc."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import Response

from cogdoc.results.json_schema import AskResult, ChartResult, ExtractResult, OcrResult
from cogdoc.results.printable import well_formed
from cogdoc.serve.document_form import MinConfidence, Options, Out, Questions, Stream
from cogdoc.serve.document_replies import output_format, reply_with_results
from cogdoc.serve.document_work import DocumentWork
from cogdoc.serve.error_replies import RequestError
from cogdoc.serve.field_form import Wanted
from cogdoc.serve.service import Service, SharedService
from cogdoc.tasks.ask import TOP_PAGES, AskTask
from cogdoc.tasks.chart import ChartTask
from cogdoc.tasks.extract import ExtractTask
from cogdoc.tasks.ocr import OcrTask

router = APIRouter(prefix="/v1", tags=["documents"])

MAX_QUESTIONS = 200
MAX_QUESTION = 2000
"""Characters; understanding a question takes this process time, which its other clients lack."""

Document = Annotated[UploadFile, File(description="A PDF, XPS or EPUB file, or a picture.")]


@router.post("/ask", summary="Answer questions from a document", response_model=AskResult)
async def ask(
    request: Request,
    service: SharedService,
    file: Document,
    question: Questions,
    options: Options,
    top_pages: Annotated[int, Form(ge=1, le=1000, description="How many pages to search for an answer.")] = TOP_PAGES,
    min_confidence: MinConfidence = 0.0,
    out: Out = "json",
    stream: Stream = False,
) -> Response:
    task = AskTask(questions_of(question), options.selection, top_pages, min_confidence)
    return await _reply(request, service, options.work(task), file, out, stream=stream)


@router.post("/ocr", summary="Read a document as text", response_model=OcrResult)
async def ocr(
    request: Request,
    service: SharedService,
    file: Document,
    options: Options,
    out: Out = "json",
    stream: Stream = False,
) -> Response:
    task = OcrTask(options.selection, text_only=out == "text")
    return await _reply(request, service, options.work(task), file, out, stream=stream)


@router.post("/chart", summary="Read charts as tables", response_model=ChartResult)
async def chart(
    request: Request,
    service: SharedService,
    file: Document,
    options: Options,
    question: Questions = [],  # noqa: B006  FastAPI copies it
    min_confidence: MinConfidence = 0.0,
    out: Out = "json",
    stream: Stream = False,
) -> Response:
    task = ChartTask(options.selection, questions_of(question, needed=False), min_confidence)
    return await _reply(request, service, options.work(task), file, out, stream=stream)


@router.post("/extract", summary="Find the values of fields", response_model=ExtractResult)
async def extract(
    request: Request,
    service: SharedService,
    file: Document,
    wanted: Wanted,
    options: Options,
    top_pages: Annotated[int, Form(ge=1, le=1000, description="How many pages to search for a field.")] = TOP_PAGES,
    out: Out = "json",
    stream: Stream = False,
) -> Response:
    task = ExtractTask(wanted, options.selection, top_pages)
    return await _reply(request, service, options.work(task), file, out, stream=stream)


def questions_of(texts: list[str], *, needed: bool = True) -> tuple[str, ...]:
    """The questions of a form.

    Raises:
        RequestError: there is none, or they are too many or too long.
    """
    questions = tuple(well_formed(text.strip()) for text in texts if text.strip())
    if len(questions) > MAX_QUESTIONS or any(len(question) > MAX_QUESTION for question in questions):
        raise RequestError(
            f"question: at most {MAX_QUESTIONS} of {MAX_QUESTION:,} characters each",
            "send several requests",
            param="question",
        )
    if needed and not questions:
        raise RequestError("question: is empty", param="question")
    return questions


async def _reply(
    request: Request, service: Service, work: DocumentWork, file: UploadFile, out: str, *, stream: bool
) -> Response:
    output = output_format(out, work.task)
    upload = await asyncio.to_thread(service.uploads.keep, file.file, file.filename)
    await file.close()
    return await reply_with_results(request, service, work, upload, output, stream=stream)
