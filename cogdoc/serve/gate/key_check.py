"""Refuses requests without a key, before their body is read."""

from __future__ import annotations

from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from cogdoc.serve.error_replies import RequestError
from cogdoc.serve.gate.scopes import header, is_from_this_user, refuse
from cogdoc.serve.grants import Grant
from cogdoc.serve.keys import KeyRing


class KeyCheck:
    def __init__(self, app: ASGIApp, keys: KeyRing, default: Grant, is_public: Callable[[str], bool]) -> None:
        """
        Args:
            default: for those who need no key.
            is_public: whether a path needs no key.
        """
        self._app = app
        self._keys = keys
        self._default = default
        self._is_public = is_public

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        grant = self._grant(scope)
        if grant is None:
            error = RequestError(
                "a key is needed, and this is none", "send it as: Authorization: Bearer KEY", 401, "invalid_api_key"
            )
            await refuse(error, scope, receive, send)
            return
        scope["state"]["grant"] = grant
        await self._app(scope, receive, send)

    def _grant(self, scope: Scope) -> Grant | None:
        if not self._keys or is_from_this_user(scope):
            return self._default
        scheme, _, key = header(scope, b"authorization").partition(" ")
        if scheme.lower() != "bearer":
            key = header(scope, b"x-api-key")
        grant = self._keys.find(key.strip())
        if grant is None and self._is_public(scope["path"]):
            return self._default
        return grant
