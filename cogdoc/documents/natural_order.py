"""Natural sort order: numbers in file names sort by their value."""

from __future__ import annotations

import re

MAX_DIGITS = 1000
"""Digits of the longest number that is compared by its value; Python converts only a few thousand."""


def natural_key(text: str) -> tuple[list[tuple[int, int | str]], str]:
    """Sort key that puts `page 9` before `page 10` and ignores case, except between equal names."""
    parts = [part for part in re.split(r"(\d+)", text) if part]
    return [(0, int(part)) if _is_number(part) else (1, part.casefold()) for part in parts], text


def _is_number(part: str) -> bool:
    return part.isdecimal() and len(part) <= MAX_DIGITS
