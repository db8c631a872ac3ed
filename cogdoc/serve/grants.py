"""What a client may have: the server's limits, or those of its key."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cogdoc.errors import ConfigurationError
from cogdoc.serve import defaults

if TYPE_CHECKING:
    from fastapi import Request


@dataclass(frozen=True, slots=True)
class Grant:
    """The limits of one client."""

    name: str = "anyone"
    """As logs name the client."""
    upload_bytes: int = defaults.UPLOAD_MEGABYTES << 20
    """Of the body of a request."""
    pages: int = defaults.PAGES
    """Selected pages of a document."""
    seconds: float = defaults.SECONDS
    """For the work of one request, from when it starts."""
    requests: int | None = None
    """At a time, running or waiting; None for as many as the server has places for."""
    per_minute: int | None = None
    """Requests in any minute."""

    def changed(self, name: str, settings: list[str]) -> Grant:
        """This grant with other limits, such as `pages=50`.

        Raises:
            ConfigurationError: there is no such limit, or its value is impossible.
        """
        changes: dict[str, int | float] = {}
        for setting in settings:
            key, _, value = setting.partition("=")
            if key not in _SETTINGS or not value.isascii() or not value.isdigit() or not int(value):
                known = ", ".join(f"{each}=N" for each in _SETTINGS)
                raise ConfigurationError(f"the key of {name}: {setting!r} is not a limit", f"limits: {known}")
            field, unit = _SETTINGS[key]
            changes[field] = int(value) * unit
        return replace(self, name=name, **changes)  # type: ignore[arg-type]


_SETTINGS = {
    "megabytes": ("upload_bytes", 1 << 20),
    "pages": ("pages", 1),
    "seconds": ("seconds", 1),
    "requests": ("requests", 1),
    "per-minute": ("per_minute", 1),
}
"""The limits as files of keys name them: the field, and what one of its units is."""


def grant_of(request: Request) -> Grant:
    """The grant under which a request came in."""
    grant: Grant = request.state.grant
    return grant
