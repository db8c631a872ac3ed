"""The address of a server: what the user may name, where it leads, and whether pages may go there."""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from cogdoc.errors import ServerError, TimeLimitError, UsageError
from cogdoc.transfers import TransferLimits, run_call

EXAMPLE = "for example: --engine http://localhost:8000/v1 --model NAME"

LOOKUP_SECONDS = 20.0

_WITH_SCHEME = re.compile(r"https?://", re.IGNORECASE)
_BARE = re.compile(r"(\[[0-9a-f:.]+\]|[\w.-]+)(:\d+)?/v\d+/?", re.IGNORECASE)
"""A host with its port and the protocol's path, as in `gpu-box:8000/v1`."""

_PRIVATE = tuple(
    ipaddress.ip_network(network)
    for network in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"),  # RFC 1918, RFC 3927
        *("fc00::/7", "fe80::/10"),  # RFC 4193, RFC 4291
    )
)
"""The networks that packets do not leave by the internet. Python's `is_private` has many more, such as 0.0.0.0/8."""


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """Where a server is, and whether the user allows hosts outside of private networks."""

    url: str
    """The base of the protocol's paths, without a slash at the end."""
    host: str
    port: int
    allow_remote: bool = False

    @property
    def encrypted(self) -> bool:
        return self.url.startswith("https://")

    @property
    def is_loopback(self) -> bool:
        """Whether the name alone says that the server is on this machine."""
        if self.host.lower().rstrip(".") == "localhost":
            return True
        try:
            return is_loopback(self.host)
        except ValueError:
            return False

    def check(self, addresses: list[str]) -> None:
        """Check that pages may go to all of these IP addresses of the host.

        Raises:
            UsageError: one is neither of this machine nor private, and the user did not allow that.
        """
        if self.allow_remote:
            return
        outside = next((address for address in addresses if not is_near(address)), None)
        if outside is not None:
            named = self.host if self.host == outside else f"{self.host} ({outside})"
            raise UsageError(
                f"--engine: {named} is outside of this machine and its private networks, and would receive the pages",
                "add --allow-remote if they may leave",
            )


def is_server_address(text: str) -> bool:
    """Whether the value of --engine names a server."""
    return bool(_WITH_SCHEME.match(text) or _BARE.fullmatch(text))


def parse_server_address(text: str, *, allow_remote: bool = False) -> ServerAddress:
    """
    Raises:
        UsageError: it is not the address of a server, or has more than an address.
    """
    url = text if _WITH_SCHEME.match(text) else f"http://{text}"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or re.search(r"[\s\\%]", url):
        raise UsageError("--engine: this is not the address of a server", EXAMPLE)
    if parts.username is not None or parts.password is not None:
        raise UsageError("--engine: an address must not contain a user or a key", "set COGDOC_API_KEY instead")
    if parts.query or parts.fragment:
        raise UsageError("--engine: an address of a server has neither a query nor a fragment", EXAMPLE)
    scheme = parts.scheme.lower()
    path = parts.path.rstrip("/") or "/v1"
    name = f"[{host}]" if ":" in host else host
    return ServerAddress(
        f"{scheme}://{name}{f':{port}' if port is not None else ''}{path}",
        host,
        port or {"http": 80, "https": 443}[scheme],
        allow_remote,
    )


def resolve(address: ServerAddress) -> list[str]:
    """The IP addresses of a server's host, in the order in which to try them. May wait for name servers.

    Raises:
        OSError: the name is not known.
    """
    found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def resolve_and_check(address: ServerAddress) -> list[str]:
    """`resolve`, with a time limit, and checked.

    Raises:
        ServerError: the name is not known.
        UsageError: see `ServerAddress.check`.
    """
    try:
        addresses = run_call(lambda: resolve(address), TransferLimits(LOOKUP_SECONDS))
    except (OSError, UnicodeError):
        raise ServerError(f"--engine: there is no host named {address.host}") from None
    except TimeLimitError:
        raise ServerError(f"--engine: looking up {address.host} takes too long") from None
    address.check(addresses)
    return addresses


def is_near(address: str) -> bool:
    """Whether an IP address is of this machine or of a private network."""
    ip = _parse(address)
    return ip.is_loopback or any(ip in network for network in _PRIVATE if network.version == ip.version)


def is_loopback(address: str) -> bool:
    """Whether an IP address is of this machine.

    Raises:
        ValueError: it is not an IP address.
    """
    return _parse(address).is_loopback


def _parse(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    ip = ipaddress.ip_address(address.partition("%")[0])
    # ::ffff:8.8.8.8 reaches 8.8.8.8.
    return getattr(ip, "ipv4_mapped", None) or ip


def destination_notice(address: ServerAddress) -> str | None:
    """What the user must know: that pages leave this machine, and to where. None if they do not.

    Raises:
        ServerError, UsageError: see `resolve_and_check`.
    """
    try:
        addresses = resolve_and_check(address)
    except ServerError:
        if not address.allow_remote:
            raise
        addresses = []  # only a proxy may know the name
    if addresses and all(map(is_loopback, addresses)):
        return None
    near = bool(addresses) and all(map(is_near, addresses))
    open_text = "" if address.encrypted or near else ", without encryption"
    return f"pages leave this machine: they are sent to {address.url}{open_text}"
