"""Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html), and clients that leave."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from fastapi import Request
from fastapi.responses import Response, StreamingResponse

from cogdoc.errors import as_cogdoc_error
from cogdoc.serve.error_replies import RequestError

T = TypeVar("T")

PING_SECONDS = 15.0
"""How often a stream without events says that it lives, so that proxies do not end it."""

HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}

CLIENT_LEFT = 499
"""nginx's status for a client that closed the connection; nobody receives it, but the log has it."""


def event(data: str, name: str | None = None, event_id: int | None = None) -> str:
    """An event; `data` is JSON on one line. Clients send the id of the last one when they connect again."""
    head = f"id: {event_id}\n" if event_id is not None else ""
    head += f"event: {name}\n" if name else ""
    return f"{head}data: {data}\n\n"


async def until_client_leaves(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """Await `work`; cancel it if the client closes the connection meanwhile.

    Raises:
        RequestError: the client has left.
    """
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_client_leaves(request))
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise RequestError("the client closed the connection", status=CLIENT_LEFT)
        return working.result()
    finally:
        for task in (working, leaving):
            if not task.done():
                task.cancel()
                with suppress(asyncio.CancelledError, Exception):
                    await task


async def _client_leaves(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def stream_events(events: AsyncIterator[str], describe_failure: Any) -> Response:
    """A reply that passes events on as they come, and ends with one for an error if `events` raises it.

    Args:
        describe_failure: makes the last event of a `CogdocError`.
    """

    async def body() -> AsyncIterator[str]:
        iterator = aiter(events)
        coming: asyncio.Task[str] | None = None
        try:
            while True:
                coming = coming or asyncio.ensure_future(_next(iterator))
                done, _ = await asyncio.wait((coming,), timeout=PING_SECONDS)
                if not done:
                    yield ": still working\n\n"
                    continue
                try:
                    text = coming.result()
                except StopAsyncIteration:
                    return
                except Exception as error:
                    yield describe_failure(as_cogdoc_error(error))
                    return
                coming = None
                yield text
        finally:
            if coming is not None and not coming.done():
                coming.cancel()

    return StreamingResponse(body(), media_type="text/event-stream", headers=HEADERS)


async def _next(iterator: AsyncIterator[str]) -> str:
    return await anext(iterator)
