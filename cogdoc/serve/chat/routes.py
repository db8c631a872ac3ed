"""`/v1/chat/completions` and `/v1/models`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from cogdoc.documents.document import Document
from cogdoc.documents.open_request import OpenRequest
from cogdoc.documents.sources import Source
from cogdoc.engines.vision.engine import VisionEngine
from cogdoc.errors import CogdocError
from cogdoc.serve.chat.builtin_chat import answer_from_text, check_builtin
from cogdoc.serve.chat.completion import ChatEvent, FinishedChoice, TextPiece, TokenCounts
from cogdoc.serve.chat.model_chat import ModelChat
from cogdoc.serve.chat.objects import CompletionObjects
from cogdoc.serve.chat.pictures import keep_picture
from cogdoc.serve.chat.request import ChatBody, ChatCall, parse_call
from cogdoc.serve.error_replies import RequestError, describe
from cogdoc.serve.event_streams import event, stream_events, until_client_leaves
from cogdoc.serve.grants import Grant, grant_of
from cogdoc.serve.service import Service, SharedService
from cogdoc.serve.threads import Events, start_thread
from cogdoc.serve.uploads import Upload

router = APIRouter(prefix="/v1", tags=["OpenAI's protocol"])

DONE = "[DONE]"


@router.get("/models", summary="The model that is loaded")
async def models(service: SharedService) -> dict[str, Any]:
    return {"object": "list", "data": [_describe_model(service)]}


@router.get("/models/{name:path}", summary="A model")
async def model(name: str, service: SharedService) -> dict[str, Any]:
    _check_model(name, service)
    return _describe_model(service)


@router.post("/chat/completions", summary="Answer a question about a picture")
async def complete(body: ChatBody, request: Request, service: SharedService) -> Response:
    _check_model(body.model, service)
    call = parse_call(body)
    if not isinstance(service.engine, VisionEngine):
        check_builtin(call)
    grant = grant_of(request)
    picture = await until_client_leaves(
        request,
        asyncio.to_thread(
            keep_picture, call.picture, service.uploads, service.settings.picture_hosts, grant.upload_bytes
        ),
    )
    objects = CompletionObjects(service.model_name, logprobs=call.logprobs)
    started = False
    try:
        slot = await until_client_leaves(request, service.admission.enter())

        def release() -> None:
            picture.close()
            slot.release()

        started = True
        events: Events[ChatEvent] = start_thread(
            lambda events: _complete(service, call, picture, grant, events), release
        )
    finally:
        if not started:
            picture.close()
    if body.stream:
        with_usage = body.stream_options is not None and body.stream_options.include_usage
        return stream_events(_chunks(events, objects, call.choices, with_usage=with_usage), _failure)
    choices, counts = await until_client_leaves(request, _collect(events))
    return JSONResponse(objects.completion(choices, counts))


def _complete(service: Service, call: ChatCall, picture: Upload, grant: Grant, events: Events[ChatEvent]) -> None:
    service.metrics.count_upload(picture.path.stat().st_size)
    request = OpenRequest(picture.path, max_megapixels=service.settings.max_megapixels)
    document = Document(Source(picture.path, picture.name, Path(picture.name)), request, service.workers)
    if document.page_count > 1:
        raise RequestError("image_url: it has several pages", "send documents to /v1/ask", param="messages")
    engine = service.engine
    if isinstance(engine, VisionEngine):
        chat = ModelChat(engine.model, call, min(engine.time_limit, grant.seconds), events)
        try:
            chat.run(document)
        finally:
            service.metrics.count_usage(chat.usage)
    else:
        answer_from_text(engine, call, document, events)


async def _collect(events: Events[ChatEvent]) -> tuple[list[FinishedChoice], TokenCounts]:
    choices: list[FinishedChoice] = []
    counts = TokenCounts()
    async for step in events:
        if isinstance(step, FinishedChoice):
            choices.append(step)
        elif isinstance(step, TokenCounts):
            counts = step
    return sorted(choices, key=lambda choice: choice.choice), counts


async def _chunks(
    events: Events[ChatEvent], objects: CompletionObjects, choices: int, *, with_usage: bool
) -> AsyncIterator[str]:
    for choice in range(choices):
        yield event(json.dumps(objects.first_chunk(choice)))
    async for step in events:
        if isinstance(step, TextPiece):
            yield event(json.dumps(objects.text_chunk(step)))
        elif isinstance(step, FinishedChoice):
            yield event(json.dumps(objects.last_chunk(step)))
        elif with_usage:
            yield event(json.dumps(objects.usage_chunk(step)))
    yield event(DONE)


def _failure(error: CogdocError) -> str:
    return event(json.dumps(describe(error)))


def _check_model(name: str, service: Service) -> None:
    if name not in (service.model_name, service.engine.info.name):
        raise RequestError(
            f"model: there is no {name!r} here",
            f"this server has {service.model_name}",
            status=404,
            code="model_not_found",
            param="model",
        )


def _describe_model(service: Service) -> dict[str, Any]:
    described: dict[str, Any] = {
        "id": service.model_name,
        "object": "model",
        "created": service.started,
        "owned_by": "cogdoc",
    }
    engine = service.engine
    if isinstance(engine, VisionEngine):
        limits = engine.model.limits
        described["max_model_len"] = limits.context_tokens
        if engine.info.name == "cogvlm2":
            # What `--engine URL` of another cogdoc draws pages by.
            described["cogvlm2"] = {
                "image_size": limits.image_size,
                "patch_grid": limits.patch_grid,
                "image_tokens": limits.image_tokens,
            }
    return described
