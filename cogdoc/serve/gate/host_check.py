"""Refuses requests that web pages make a browser send to a server that is not theirs.

A page can have a name lead to 127.0.0.1 (DNS rebinding) and so read replies as its own; the header `Host` then has that
name. A page that posts to another site's address has its own in `Origin`.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from cogdoc.serve.error_replies import RequestError
from cogdoc.serve.gate.scopes import header, is_from_this_user, refuse

LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")


class HostCheck:
    def __init__(self, app: ASGIApp, hosts: frozenset[str], origins: frozenset[str]) -> None:
        """
        Args:
            hosts: the names under which the server may be asked; empty for any.
            origins: of the web pages of other sites that may use it.
        """
        self._app = app
        self._hosts = hosts
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not is_from_this_user(scope) and (error := self._check(scope)) is not None:
            await refuse(error, scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _check(self, scope: Scope) -> RequestError | None:
        host = header(scope, b"host")
        if self._hosts and _name(f"//{host}") not in self._hosts:
            return RequestError(
                "this server does not answer under that name", "--allowed-host adds a name", 403, "host_not_allowed"
            )
        origins = [value for key, value in scope["headers"] if key == b"origin"]
        if not origins:
            return None
        origin = header(scope, b"origin").lower()
        if origin in self._origins or (host and urlsplit(origin).netloc == host.lower()):
            return None
        return RequestError(
            "web pages of other sites may not use this server", "--allowed-origin adds one", 403, "origin_not_allowed"
        )


def allowed_hosts(host: str, *, loopback: bool, others: Iterable[str]) -> frozenset[str]:
    """The names under which a server that listens on `host` may be asked; empty for any.

    A server that other machines reach has keys, which no web page has.
    """
    named = {name.lower() for name in others}
    if loopback:
        return frozenset({*LOCAL_NAMES, host.lower(), *named})
    return frozenset({*named, *LOCAL_NAMES}) if named else frozenset()


def _name(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""
