"""The hosts that the server may fetch pictures from."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

ANY_PUBLIC_HOST = "*"


@dataclass(frozen=True, slots=True)
class PictureHosts:
    """The hosts that pictures may be fetched from."""

    names: frozenset[str] = frozenset()
    """Lower case; `*` means every host that has only public addresses."""

    def allows(self, host: str, addresses: list[str]) -> bool:
        """Whether a host may be asked, at all of these IP addresses."""
        if host.lower().rstrip(".") in self.names:
            return True
        return ANY_PUBLIC_HOST in self.names and all(map(_is_public, addresses))


def _is_public(address: str) -> bool:
    ip = ipaddress.ip_address(address.partition("%")[0])
    ip = getattr(ip, "ipv4_mapped", None) or getattr(ip, "sixtofour", None) or ip
    return ip.is_global and not ip.is_multicast
