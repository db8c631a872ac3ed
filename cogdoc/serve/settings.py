"""The settings of a server: where it listens, and what it grants."""

from __future__ import annotations

from dataclasses import dataclass, field

from cogdoc.documents.rendering import MAX_MEGAPIXELS
from cogdoc.serve.picture_hosts import PictureHosts

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8765


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may take, and how many may wait."""

    upload_bytes: int = 200 << 20
    """Of the body of a request."""
    pages: int = 1000
    """Selected pages of a document."""
    seconds: float = 600.0
    """For the work of one request, from when it starts."""
    waiting: int = 256
    """Requests that wait for their turn; further ones are refused."""


@dataclass(frozen=True, slots=True)
class ServeSettings:
    """What `cogdoc serve` was told."""

    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    """0 takes any free one."""
    limits: Limits = field(default_factory=Limits)
    max_megapixels: float = MAX_MEGAPIXELS
    picture_hosts: PictureHosts = field(default_factory=PictureHosts)
