"""The settings of a server: who may ask it what, and how much."""

from __future__ import annotations

from dataclasses import dataclass, field

from cogdoc.documents.rendering import MAX_MEGAPIXELS
from cogdoc.serve import defaults
from cogdoc.serve.grants import Grant
from cogdoc.serve.keys import KeyRing
from cogdoc.serve.picture_hosts import PictureHosts


@dataclass(frozen=True, slots=True)
class ServeSettings:
    """What `cogdoc serve` was told."""

    grant: Grant = field(default_factory=Grant)
    """The limits where a key has no others."""
    waiting: int = defaults.WAITING
    """Requests that wait for their turn; further ones are refused."""
    keys: KeyRing = field(default_factory=KeyRing)
    hosts: frozenset[str] = frozenset()
    """The names under which the server may be asked; empty for any."""
    origins: frozenset[str] = frozenset()
    """Of the web pages of other sites that may use it."""
    max_megapixels: float = MAX_MEGAPIXELS
    picture_hosts: PictureHosts = field(default_factory=PictureHosts)
