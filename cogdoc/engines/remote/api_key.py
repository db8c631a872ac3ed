"""The key for a server, which comes from the environment alone: others see command lines."""

from __future__ import annotations

import os

from cogdoc.errors import UsageError

KEY_VARIABLE = "COGDOC_API_KEY"


def api_key() -> str | None:
    """The key of the environment.

    Raises:
        UsageError: it cannot be sent.
    """
    key = os.environ.get(KEY_VARIABLE, "").strip()
    if not key:
        return None
    if not (key.isascii() and key.isprintable()):
        raise UsageError(f"{KEY_VARIABLE}: has characters that no key may have")
    return key
