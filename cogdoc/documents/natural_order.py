"""Natural sort order: numbers in file names sort by their value."""

from __future__ import annotations

import re


def natural_key(text: str) -> tuple[list[tuple[int, int | str]], str]:
    """Sort key that puts `page 9` before `page 10` and ignores case, except between equal names."""
    parts = [part for part in re.split(r"(\d+)", text) if part]
    return [(0, int(part)) if part.isdecimal() else (1, part.casefold()) for part in parts], text
