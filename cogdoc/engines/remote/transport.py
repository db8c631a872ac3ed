"""The way to a server: each connection goes to an address that was checked, and each request carries no more than it
needs."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from typing import Any

import httpx2

from cogdoc.engines.remote.address import ServerAddress, resolve
from cogdoc.errors import CogdocError

CONNECT_SECONDS = 20.0

_SENT_HEADERS = ("accept", "content-length", "content-type", "host", "transfer-encoding")
"""What of the client's headers is sent: others would tell the server about this machine, or are settings for another
server, such as OPENAI_ORG_ID and OPENAI_CUSTOM_HEADERS."""


class AddressRefusedError(httpx2.RequestError):
    """A connection was not made, because the host's name leads elsewhere now; `reason` says where."""

    def __init__(self, reason: CogdocError, request: httpx2.Request) -> None:
        super().__init__(reason.message, request=request)
        self.reason = reason


class CheckedTransport(httpx2.AsyncBaseTransport):
    """Resolves the server's name itself, and connects to the addresses that it has checked."""

    def __init__(self, address: ServerAddress, key: str | None, inner: httpx2.AsyncBaseTransport) -> None:
        """
        Args:
            key: the API key.
            inner: makes the connections.
        """
        self._address = address
        self._key = key
        self._inner = inner

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """
        Raises:
            AddressRefusedError: pages may not go where the name leads.
            ConnectError: there is no such name, or no address of it accepts a connection.
        """
        try:
            addresses = await _resolve(self._address)
            self._address.check(addresses)
        except CogdocError as error:
            raise AddressRefusedError(error, request) from None
        except (OSError, UnicodeError):
            raise httpx2.ConnectError(f"there is no host named {self._address.host}", request=request) from None
        failure: httpx2.TransportError | None = None
        for ip in addresses:
            try:
                return await self._inner.handle_async_request(self._to(ip, request))
            except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
                failure = error
        raise failure or httpx2.ConnectError("the host has no address", request=request)

    async def aclose(self) -> None:
        await self._inner.aclose()

    def _to(self, ip: str, request: httpx2.Request) -> httpx2.Request:
        """The request to one address of the host. Certificates are checked against the host's name."""
        extensions = {**request.extensions, "sni_hostname": self._address.host}
        return httpx2.Request(
            request.method,
            request.url.copy_with(host=ip),
            headers=_headers(request, self._key),
            stream=request.stream,
            extensions=extensions,
        )


class ProxiedTransport(httpx2.AsyncBaseTransport):
    """Sends requests through a proxy of the environment, which resolves the server's name."""

    def __init__(self, key: str | None, inner: httpx2.AsyncBaseTransport) -> None:
        self._key = key
        self._inner = inner

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        return await self._inner.handle_async_request(
            httpx2.Request(
                request.method,
                request.url,
                headers=_headers(request, self._key),
                stream=request.stream,
                extensions=request.extensions,
            )
        )

    async def aclose(self) -> None:
        await self._inner.aclose()


def open_transport(address: ServerAddress, key: str | None, connections: int) -> httpx2.AsyncBaseTransport:
    """The transport for a server.

    Certificates are checked as SSL_CERT_FILE, SSL_CERT_DIR or the system say. A proxy of the environment is used only
    where pages may leave private networks, because it may be outside of them.
    """
    limits = httpx2.Limits(max_connections=connections, max_keepalive_connections=connections)
    proxy = _proxy(address) if address.allow_remote and not address.is_loopback else None
    inner = httpx2.AsyncHTTPTransport(limits=limits, proxy=proxy)
    return ProxiedTransport(key, inner) if proxy is not None else CheckedTransport(address, key, inner)


def _proxy(address: ServerAddress) -> str | None:
    """The proxy that HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY give for a server."""
    from urllib.request import getproxies, proxy_bypass

    if proxy_bypass(address.host):
        return None
    proxies = getproxies()
    proxy = proxies.get("https" if address.encrypted else "http") or proxies.get("all")
    return proxy if proxy is None or "://" in proxy else f"http://{proxy}"


def _headers(request: httpx2.Request, key: str | None) -> dict[str, str]:
    headers = {name: request.headers[name] for name in _SENT_HEADERS if name in request.headers}
    # A compressed answer could unpack to any size.
    headers |= {"accept-encoding": "identity", "user-agent": "cogdoc"}
    return headers if key is None else headers | {"authorization": f"Bearer {key}"}


async def _resolve(address: ServerAddress) -> list[str]:
    """`resolve` in a thread that does not delay the end of the process, as those of asyncio's own executor would."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[list[str]] = loop.create_future()

    def set_result(found: Any, error: Exception | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(found)

    def look_up() -> None:
        found, failure = None, None
        try:
            found = resolve(address)
        except Exception as error:
            failure = error
        with suppress(RuntimeError):  # the loop is closed: nobody waits
            loop.call_soon_threadsafe(set_result, found, failure)

    threading.Thread(target=look_up, name="cogdoc-resolver", daemon=True).start()
    async with asyncio.timeout(CONNECT_SECONDS):
        return await future
