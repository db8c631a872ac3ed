"""Parses tables as models write them: Markdown, with or without outer bars and delimiter row, or CSV and the like."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence

_BAR = re.compile(r"(?<!\\)\|")
_RULE = re.compile(r"\s*\|?\s*:?-{2,}:?\s*(?:\|\s*:?-{2,}:?\s*)*\|?\s*")
_BOLD = re.compile(r"\*\*(?=[^\s*])(.+?)(?<=[^\s*])\*\*")
"""Only asterisks: underscores are blanks of forms, or parts of names."""

DELIMITERS = ("\t", ";", ",")

Row = tuple[str, ...]


def is_rule(line: str) -> bool:
    """Whether a line is the delimiter row below a Markdown table's header: |---|---|."""
    return "-" in line and _RULE.fullmatch(line) is not None


def is_row(line: str) -> bool:
    """Whether a line may be a row of a Markdown table."""
    return _BAR.search(line) is not None


def cells_of(line: str) -> Row:
    """The cells of a row, without Markdown's marks for bold text."""
    inner = re.sub(r"(?<!\\)\|$", "", line.strip().removeprefix("|").rstrip())
    return tuple(plain(cell.replace("\\|", "|")) for cell in _BAR.split(inner))


def plain(text: str) -> str:
    """`text` without Markdown's marks for bold text."""
    return _BOLD.sub(r"\1", text).strip()


def table_end(lines: Sequence[str], start: int) -> int:
    """The index after the last line of the Markdown table that begins at `start`; `start` if none begins there.

    A single line with bars in it is not a table, unless it begins with one.
    """
    end = start
    while end < len(lines) and (is_row(lines[end]) or (end > start and is_rule(lines[end]))):
        end += 1
    ruled = any(is_rule(line) for line in lines[start:end])
    framed = start < end and all(line.strip().startswith("|") for line in lines[start:end])
    return end if ruled or framed else start


def delimited_rows(lines: Sequence[str]) -> tuple[int, list[Row]] | None:
    """The index and rows of the longest run of CSV lines with equally many cells; at least two rows and two columns."""
    best: tuple[int, list[Row]] | None = None
    for delimiter in DELIMITERS:
        parsed = [
            tuple(plain(cell) for cell in next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), []))
            for line in lines
        ]
        start = 0
        for end in range(1, len(parsed) + 1):
            if end < len(parsed) and len(parsed[end]) == len(parsed[start]):
                continue
            run = parsed[start:end]
            if len(run) >= 2 and len(run[0]) >= 2 and (best is None or len(run) > len(best[1])):
                best = start, run
            start = end
    return best
