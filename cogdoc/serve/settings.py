"""The settings of a server: who may ask it what, and how much."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

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
    jobs_folder: Path | None = None
    """Where jobs are kept; None if they end with the server."""
    keep_jobs_seconds: float = defaults.KEEP_JOBS_DAYS * 86400.0
    """How long a job is kept after its end."""
    max_megapixels: float = MAX_MEGAPIXELS
    picture_hosts: PictureHosts = field(default_factory=PictureHosts)
