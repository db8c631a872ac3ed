"""Times as options take them: `90s`, `10m`, `2h`."""

from __future__ import annotations

import re

from cogdoc.errors import UsageError

LONGEST = 30 * 86400
"""Seconds for which a model may be kept."""

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*([smhd]?)")


def duration(text: str) -> float:
    """The seconds that a text such as `90`, `10m` or `2h` names.

    Raises:
        UsageError: it names none.
    """
    found = _DURATION.fullmatch(text.strip().lower())
    seconds = float(found[1]) * _UNITS[found[2]] if found is not None else 0.0
    if not 0 < seconds <= LONGEST:
        raise UsageError(f"--keep-alive: {text!r} is not a time up to 30d", "for example 90s, 10m or 2h")
    return seconds


def in_words(seconds: float) -> str:
    """A time as `--keep-alive` takes it."""
    for unit in ("d", "h", "m"):
        if seconds >= _UNITS[unit] and seconds % _UNITS[unit] == 0:
            return f"{seconds / _UNITS[unit]:g}{unit}"
    return f"{seconds:g}s"
