"""What the page asks for: to keep a document, pictures of its pages, and results, streamed or as files."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from io import BytesIO, StringIO
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, File, Form, Query, Request, UploadFile
from fastapi.responses import Response
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field

from cogdoc.documents.page_selection import PageSelection, parse_page_selection
from cogdoc.documents.rendering import fit_long_side
from cogdoc.engines.generation import AS_USUAL
from cogdoc.errors import UsageError
from cogdoc.results.output_formats import FORMATS, make_renderer
from cogdoc.results.records import AnyRecord, SourceInfo
from cogdoc.serve.document_replies import MEDIA_TYPES, output_format, reply_with_results
from cogdoc.serve.document_routes import questions_of
from cogdoc.serve.document_work import DocumentWork
from cogdoc.serve.error_replies import RequestError
from cogdoc.serve.grants import grant_of
from cogdoc.serve.kept_documents import KeptDocument
from cogdoc.serve.page.page_list import list_pages
from cogdoc.serve.service import Service, SharedService
from cogdoc.tasks.ask import AskTask
from cogdoc.tasks.chart import ChartTask
from cogdoc.tasks.ocr import OcrTask
from cogdoc.tasks.task import Task

SMALLEST_PICTURE = 64
LARGEST_PICTURE = 4096
"""Pixels of the long side."""

FAST_COMPRESSION = 1
"""Of zlib: pictures cross a short way once."""


async def only_from_this_page(request: Request) -> None:
    """Refuse what other sites have a browser send.

    Raises:
        RequestError: it comes from another site.
    """
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise RequestError("only the page of this server may send this", status=403)


router = APIRouter(prefix="/page", include_in_schema=False, dependencies=[Depends(only_from_this_page)])


class Work(BaseModel):
    """What to do with a kept document."""

    model_config = ConfigDict(extra="forbid")

    question: str = Field(default="", max_length=20_000)
    pages: str | None = Field(default=None, max_length=10_000)


class Export(BaseModel):
    """Results that the page has, and the format to write them in."""

    model_config = ConfigDict(extra="forbid")

    task: Literal["ask", "ocr", "chart"]
    out: Literal["json", "md", "text", "csv"]
    source: SourceInfo
    records: tuple[AnyRecord, ...] = Field(max_length=100_000)


@router.post("/documents", status_code=201)
async def keep(
    request: Request,
    service: SharedService,
    file: Annotated[UploadFile, File()],
    password: Annotated[str | None, Form(max_length=1000)] = None,
) -> dict[str, Any]:
    described = await asyncio.to_thread(_keep, service, file, password or None, grant_of(request).pages)
    await file.close()
    service.kept_documents.watch()
    return described


@router.delete("/documents/{document_id}", status_code=204)
async def drop(document_id: str, service: SharedService) -> Response:
    service.kept_documents.drop(document_id)
    return Response(status_code=204)


@router.get("/documents/{document_id}/pages/{number}")
async def picture(
    document_id: str,
    number: int,
    service: SharedService,
    side: Annotated[int, Query(ge=SMALLEST_PICTURE, le=LARGEST_PICTURE)],
) -> Response:
    """The picture of a page as PNG, with a long side of `side` pixels."""
    kept = service.kept_documents.get(document_id)
    if not 1 <= number <= kept.document.page_count:
        raise RequestError(f"there is no page {number}", status=404)
    upload = service.kept_documents.lend(kept)
    try:
        async with service.kept_documents.drawing:
            png = await asyncio.to_thread(_draw, kept, number, side)
    finally:
        upload.close()
    return Response(png, media_type="image/png", headers={"Cache-Control": "private, no-store"})


@router.post("/documents/{document_id}/{task}")
async def work(
    document_id: str, task: Literal["ask", "ocr", "chart"], body: Work, request: Request, service: SharedService
) -> Response:
    """The results as server-sent events; see `cogdoc.serve.document_replies`."""
    kept = service.kept_documents.get(document_id)
    grant = grant_of(request)
    to_do = DocumentWork(_task(task, body), AS_USUAL, kept.password, max_pages=grant.pages, max_seconds=grant.seconds)
    upload = service.kept_documents.lend(kept)
    return await reply_with_results(request, service, to_do, upload, FORMATS["json"], stream=True)


@router.post("/exports")
async def export(body: Export) -> Response:
    """Results as the command line writes them."""
    text = await asyncio.to_thread(_render, body)
    return Response(text, media_type=MEDIA_TYPES[body.out])


def _keep(service: Service, file: UploadFile, password: str | None, most_pages: int) -> dict[str, Any]:
    upload = service.uploads.keep(file.file, file.filename)
    kept = service.kept_documents.add(upload, password, service.settings.max_megapixels, service.workers)
    try:
        pages = list_pages(kept.document, most_pages)
    except BaseException:
        service.kept_documents.drop(kept.id)
        raise
    return {
        "id": kept.id,
        "name": upload.name,
        "page_count": kept.document.page_count,
        "attachments": kept.document.attachments,
        "pages": [asdict(page) for page in pages],
    }


def _draw(kept: KeptDocument, number: int, side: int) -> bytes:
    size = fit_long_side(*kept.document.page_size(number), side)
    pixels = kept.document.picture(number, size).result()
    png = BytesIO()
    Image.fromarray(pixels).save(png, "PNG", compress_level=FAST_COMPRESSION)
    return png.getvalue()


def _task(name: str, body: Work) -> Task:
    selection = parse_page_selection(body.pages) if body.pages else PageSelection()
    if name == "ask":
        return AskTask(questions_of([body.question]), selection)
    return OcrTask(selection) if name == "ocr" else ChartTask(selection)


def _render(body: Export) -> str:
    if any(record.task != body.task for record in body.records):
        raise UsageError("records: they belong to another task")
    output = output_format(body.out, _task(body.task, Work(question="-")))
    text = StringIO()
    questions = {getattr(record, "question", None) for record in body.records}
    renderer = make_renderer(output, text, several_questions=len(questions) > 1)
    renderer.begin(body.task, body.source)
    for record in body.records:
        renderer.write(record)
    renderer.end(None)
    renderer.close()
    return text.getvalue()
