"""Parts of the client for web servers: name resolution that cannot delay the exit, and checks of redirects."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading
from types import SimpleNamespace
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver

from cogdoc.errors import InputError


class DaemonResolver(AbstractResolver):  # type: ignore[misc]
    """Resolves names in daemon threads; Python waits for the threads of asyncio's own resolver when it exits."""

    async def resolve(self, host: str, port: int = 0, family: Any = socket.AF_INET) -> list[Any]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()

        def look_up() -> None:
            try:
                found = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)
            except Exception as error:
                loop.call_soon_threadsafe(_set, future, None, error)
            else:
                loop.call_soon_threadsafe(_set, future, found, None)

        threading.Thread(target=look_up, name="cogdoc-resolver", daemon=True).start()
        return [
            {
                "hostname": host,
                "host": address[0],
                "port": address[1],
                "family": found,
                "proto": protocol,
                "flags": socket.AI_NUMERICHOST,
            }
            for found, _, protocol, _, address in await future
        ]

    async def close(self) -> None:
        pass


def _set(future: asyncio.Future[Any], found: Any, error: Exception | None) -> None:
    if future.done():
        return
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(found)


class CheckedRedirects:
    """Refuses redirects that a public server could use to reach what only this machine or its network can."""

    def trace(self) -> aiohttp.TraceConfig:
        trace = aiohttp.TraceConfig()
        trace.on_request_redirect.append(self._check)
        return trace

    async def _check(self, _session: Any, _context: SimpleNamespace, redirect: Any) -> None:
        location = redirect.response.headers.get("Location") or redirect.response.headers.get("URI") or ""
        origin = redirect.response.url
        try:
            target = origin.join(type(origin)(location))
        except ValueError:
            raise InputError("redirects to an address that is not valid") from None
        if target.scheme not in ("http", "https") or target.host is None:
            raise InputError("redirects to something that is not the web, which is not followed")
        if origin.scheme == "https" and target.scheme == "http":
            raise InputError("redirects from https to http, which is not followed")
        if target.host != origin.host and await _is_private(target.host) and not await _is_private(origin.host):
            raise InputError("redirects from a public server into a private network, which is not followed")


async def _is_private(host: str) -> bool:
    """Whether any address of a host belongs to this machine or a private network."""
    try:
        addresses = [host] if _is_ip(host) else [entry["host"] for entry in await DaemonResolver().resolve(host)]
    except OSError:
        return False  # the request will fail as well
    return any(not ipaddress.ip_address(address.partition("%")[0]).is_global for address in addresses)


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
