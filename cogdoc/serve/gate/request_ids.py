"""Gives each request an id, which the reply has in a header, and logs how it went."""

from __future__ import annotations

import logging
import re
import time
import uuid

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cogdoc.results.printable import printable
from cogdoc.serve.gate.scopes import header

logger = logging.getLogger("cogdoc.serve.requests")

HEADER = b"x-request-id"
LONGEST_PATH = 200

_GIVEN = re.compile(r"[A-Za-z0-9._-]{1,64}")


class RequestIds:
    """An id that the client gives is kept if it is one that logs can take."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = header(scope, HEADER)
        request_id = given if _GIVEN.fullmatch(given) else uuid.uuid4().hex
        scope["state"]["request_id"] = request_id
        started = time.monotonic()
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (HEADER, request_id.encode())]
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        finally:
            client = (scope.get("client") or ("local", 0))[0]
            grant = scope["state"].get("grant")
            logger.info(
                "%s %s %s %.3fs id=%s key=%s client=%s",
                scope["method"],
                printable(scope["path"])[:LONGEST_PATH],
                status or "-",
                time.monotonic() - started,
                request_id,
                grant.name if grant is not None else "-",
                client,
            )
