"""Counts the requests that are inside, and refuses further ones before their body is read."""

from __future__ import annotations

import math
import time
from collections import Counter, deque

from starlette.types import ASGIApp, Receive, Scope, Send

from cogdoc.serve.admission import Admission, BusyError
from cogdoc.serve.gate.scopes import refuse
from cogdoc.serve.grants import Grant

MINUTE = 60.0


class Turnstile:
    """Of requests that do work: those with a body."""

    def __init__(self, app: ASGIApp, admission: Admission, waiting: int) -> None:
        """
        Args:
            waiting: how many requests may be inside besides those that run.
        """
        self._app = app
        self._admission = admission
        self._most = admission.most_running + waiting
        self._inside = 0
        self._by_key: Counter[str] = Counter()
        self._recent: dict[str, deque[float]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS", "DELETE"):
            await self._app(scope, receive, send)
            return
        grant: Grant = scope["state"]["grant"]
        try:
            self._check(grant)
        except BusyError as error:
            await refuse(error, scope, receive, send)
            return
        self._inside += 1
        self._by_key[grant.name] += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._inside -= 1
            self._by_key[grant.name] -= 1

    def _check(self, grant: Grant) -> None:
        if self._inside >= self._most:
            raise BusyError(
                f"{self._inside} requests are running or waiting already",
                "try again later",
                retry_after=self._admission.retry_after(),
            )
        if grant.requests is not None and self._by_key[grant.name] >= grant.requests:
            raise BusyError(
                f"this key may have {grant.requests} requests at a time",
                "wait for one of them",
                retry_after=self._admission.retry_after(),
            )
        if grant.per_minute is not None:
            recent = self._recent.setdefault(grant.name, deque())
            now = time.monotonic()
            while recent and recent[0] <= now - MINUTE:
                recent.popleft()
            if len(recent) >= grant.per_minute:
                raise BusyError(
                    f"this key may send {grant.per_minute} requests a minute",
                    "try again later",
                    retry_after=max(1, math.ceil(recent[0] + MINUTE - now)),
                )
            recent.append(now)
