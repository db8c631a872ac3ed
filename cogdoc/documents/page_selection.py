"""Parses `--pages 1,3-5,8-`, the selection of the pages to read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cogdoc.errors import UsageError

_RANGE = re.compile(r"\s*(?:(?P<single>\d{1,9})|(?P<first>\d{1,9})?\s*-\s*(?P<last>\d{1,9})?)\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class PageSelection:
    """Ranges of 1-based page numbers, both ends included; None for an open end."""

    ranges: tuple[tuple[int, int | None], ...] = ((1, None),)

    def page_numbers(self, page_count: int) -> Iterator[int]:
        """The selected pages of a document in ascending order, each once.

        Raises:
            UsageError: the user named a page that does not exist.
        """
        for first, last in self.ranges:
            beyond = max(first, last or first)
            if beyond > page_count and not (first == 1 and last is None):
                pages = "1 page" if page_count == 1 else f"{page_count} pages"
                raise UsageError(f"page {beyond} is out of range: the document has {pages}")
        last_selected = 0
        for first, last in sorted(self.ranges, key=lambda item: item[0]):
            for number in range(max(first, last_selected + 1), (last or page_count) + 1):
                yield number
                last_selected = number


def selection_of(numbers: Iterable[int]) -> PageSelection:
    """The selection of these pages; consecutive ones become a range."""
    ranges: list[tuple[int, int | None]] = []
    for number in sorted(numbers):
        if ranges and number == (ranges[-1][1] or 0) + 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    return PageSelection(tuple(ranges))


def parse_page_selection(selection: str) -> PageSelection:
    """Parse a selection such as `1,3-5,8-` or `-3`.

    Raises:
        UsageError: the text is not a selection, contains page 0, or a range runs backwards.
    """
    ranges: list[tuple[int, int | None]] = []
    for part in selection.split(","):
        match = _RANGE.fullmatch(part)
        if match is None or part.strip() == "-":
            raise UsageError(
                f"--pages: {part.strip()!r} is not a page or a range", "write for example --pages 1,3-5,8-"
            )
        first = int(match["single"] or match["first"] or 1)
        last = int(text) if (text := match["single"] or match["last"]) else None
        if first < 1 or (last is not None and last < 1):
            raise UsageError("--pages: pages are counted from 1")
        if last is not None and last < first:
            raise UsageError(f"--pages: {part.strip()!r} runs backwards")
        ranges.append((first, last))
    return PageSelection(tuple(ranges))
