"""What the gates have in common: reading an ASGI scope, and refusing a request."""

from __future__ import annotations

from starlette.types import Receive, Scope, Send

from cogdoc.errors import CogdocError
from cogdoc.serve.error_replies import reply


def header(scope: Scope, name: bytes) -> str:
    """The value of a header; empty if it is missing, or there several times with different values."""
    values = {value for key, value in scope["headers"] if key == name}
    return values.pop().decode("latin-1") if len(values) == 1 else ""


def is_from_this_user(scope: Scope) -> bool:
    """Whether a request comes over a Unix socket, which only the user who started the server can open."""
    server = scope.get("server")
    return server is not None and server[1] is None


async def refuse(error: CogdocError, scope: Scope, receive: Receive, send: Send) -> None:
    """Reply with an error, and close the connection, on which a body may still come."""
    response = reply(error)
    response.headers["Connection"] = "close"
    await response(scope, receive, send)
