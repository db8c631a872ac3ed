"""Opens the sockets that the server listens on."""

from __future__ import annotations

import ipaddress
import socket

from cogdoc.errors import OutputError, UsageError

BACKLOG = 1024


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address or a name."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def open_socket(host: str, port: int) -> socket.socket:
    """A socket that listens on a TCP port.

    Raises:
        UsageError: there is no such address.
        OutputError: the port is taken, or may not be used.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise UsageError(f"--host: {host}: {error.strerror or error}") from None
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise OutputError(
            f"{address_of(host, port)}: cannot listen there: {error.strerror}",
            "--port names another port, 0 any free one",
        ) from None
    return listener


def address_of(host: str, port: int) -> str:
    """The address of a server as clients write it."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
