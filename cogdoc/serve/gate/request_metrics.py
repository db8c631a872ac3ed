"""Counts each request and its time."""

from __future__ import annotations

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cogdoc.serve.metrics import Metrics

UNKNOWN = "other"
"""The path of requests that no route answers: clients could name any number of paths."""

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class RequestMetrics:
    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.monotonic()
        status = 0

        async def send_reply(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_reply)
        finally:
            method = scope["method"] if scope["method"] in METHODS else UNKNOWN
            path = getattr(scope.get("route"), "path", UNKNOWN)
            self._metrics.count_request(method, path, status, time.monotonic() - started)
