"""The order in which people expect numbered files."""

from __future__ import annotations

import re


def natural_key(text: str) -> tuple[list[tuple[int, int | str]], str]:
    """Sort key under which `page 9` comes before `page 10`, and names that differ in case only have one order."""
    parts = [part for part in re.split(r"(\d+)", text) if part]
    return [(0, int(part)) if part.isdecimal() else (1, part.casefold()) for part in parts], text
