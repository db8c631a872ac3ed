"""Limits how large the body of a request may be, and how slowly it may come."""

from __future__ import annotations

import asyncio
import time

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cogdoc.serve.error_replies import RequestError
from cogdoc.serve.gate.scopes import header, refuse
from cogdoc.serve.grants import Grant

MAX_JSON = 32 << 20
"""Bytes of a body that is held in memory as a whole. Uploads are written to disk as they come."""

SILENCE_SECONDS = 20.0
"""Without any part of the body."""

SLOW_SECONDS = 30.0
SLOWEST = 10_000
"""Bytes per second that must have come on average once `SLOW_SECONDS` have passed."""


class BodyLimits:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        grant: Grant = scope["state"]["grant"]
        is_upload = header(scope, b"content-type").lower().startswith("multipart/form-data")
        limit = grant.upload_bytes if is_upload else min(grant.upload_bytes, MAX_JSON)
        stated = header(scope, b"content-length")
        if stated.isdigit() and int(stated) > limit:
            await refuse(RequestError(_too_large(limit), None, 413, "too_large"), scope, receive, send)
            return
        body = _Body(receive, limit, complete=not stated and not header(scope, b"transfer-encoding"))

        async def send_reply(message: Message) -> None:
            if message["type"] == "http.response.start" and not body.complete:
                message["headers"] = [*message["headers"], (b"connection", b"close")]
            await send(message)

        await self._app(scope, body.receive, send_reply)


class _Body:
    """Passes the parts of a body on until one is too much."""

    def __init__(self, receive: Receive, limit: int, *, complete: bool) -> None:
        self._receive = receive
        self._limit = limit
        self._size = 0
        self._started = time.monotonic()
        self.complete = complete

    async def receive(self) -> Message:
        if self.complete:  # what comes now is that the client leaves
            return await self._receive()
        try:
            async with asyncio.timeout(SILENCE_SECONDS):
                message = await self._receive()
        except TimeoutError:
            raise HTTPException(408, f"nothing of the body came for {SILENCE_SECONDS:g} s") from None
        self._size += len(message.get("body", b""))
        self.complete = not message.get("more_body", False)
        if self._size > self._limit:
            raise HTTPException(413, _too_large(self._limit))
        seconds = time.monotonic() - self._started
        if not self.complete and seconds > SLOW_SECONDS and self._size < SLOWEST * seconds:
            raise HTTPException(408, f"the body comes slower than {SLOWEST // 1000} kB per second")
        return message


def _too_large(limit: int) -> str:
    return f"the body has more than {limit / (1 << 20):g} MB"
