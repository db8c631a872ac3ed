"""Fetches pictures from hosts that the server's owner names, and from nowhere else.

A client could otherwise make the server fetch what only the server reaches: other services of this machine, routers,
or a cloud's credentials. Each name is resolved once; what it resolves to is checked, and is what is connected to.
"""

from __future__ import annotations

import socket
import time
from contextlib import closing
from urllib.parse import urlsplit

from cogdoc.errors import InputError, TimeLimitError, TooLargeError
from cogdoc.serve.error_replies import RequestError
from cogdoc.serve.picture_hosts import PictureHosts

SECONDS = 20.0
"""For a fetch as a whole."""


def fetch_picture(url: str, hosts: PictureHosts, limit: int) -> bytes:
    """
    Raises:
        RequestError: the address is not allowed.
        InputError: there is nothing to be had there.
        TooLargeError, TimeLimitError: it is larger than `limit` bytes, or takes too long.
    """
    import httpx2

    if not hosts.names:
        raise _refuse("this server takes pictures only as data URLs", "its owner may allow others with --picture-host")
    host, port = _parse(url)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise InputError(f"image_url: there is no host named {host}") from None
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not hosts.allows(host, addresses):
        raise _refuse(f"pictures may not be fetched from {host}", "send it as a data URL")
    target = httpx2.URL(url)
    request = httpx2.Request(
        "GET",
        target.copy_with(host=addresses[0], fragment=None),
        headers={
            "Host": target.netloc.decode("ascii"),
            "User-Agent": "cogdoc",
            "Accept": "image/*",
            # A compressed answer could unpack to any size.
            "Accept-Encoding": "identity",
        },
        extensions={"sni_hostname": host},
    )
    deadline = time.monotonic() + SECONDS
    content = bytearray()
    try:
        # A redirect is an answer without a picture: it could lead anywhere. A proxy would resolve names itself.
        with (
            httpx2.Client(trust_env=False, timeout=SECONDS / 2, follow_redirects=False) as client,
            closing(client.send(request, stream=True)) as response,
        ):
            if response.status_code != 200:
                raise InputError(f"image_url: {host} answers with status {response.status_code}")
            for chunk in response.iter_raw():
                content += chunk
                if len(content) > limit:
                    raise TooLargeError(f"image_url: the picture has more than {limit >> 20} MB")
                if time.monotonic() > deadline:
                    raise TimeLimitError(f"image_url: {host} takes longer than {SECONDS:g} s")
    except httpx2.HTTPError as error:
        raise InputError(f"image_url: {host} cannot be reached: {type(error).__name__}") from None
    return bytes(content)


def _parse(url: str) -> tuple[str, int]:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise _refuse("this is not a URL") from None
    if parts.scheme.lower() not in ("http", "https") or not host:
        raise _refuse("only data:, http: and https: URLs are read")
    if parts.username is not None or parts.password is not None:
        raise _refuse("a URL must not contain a user or a password")
    return host, port or (443 if parts.scheme.lower() == "https" else 80)


def _refuse(reason: str, hint: str | None = None) -> RequestError:
    return RequestError(f"image_url: {reason}", hint, code="invalid_image_url", param="messages")
