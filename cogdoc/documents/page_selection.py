"""Parses `--pages 1,3-5,8-,iv`, the selection of the pages to read, and limits their number."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice

from cogdoc.errors import TooLargeError, UsageError

MAX_PAGES = 10_000
"""Pages of a document that are read by default; `--max-pages` allows more."""

MAX_FRAMES = 1_000
"""Frames of an animation that are read by default. A frame is decoded from all frames before it."""

COUNTED_PAGES = 1_000_000
"""A document with more pages is refused. No count of a file is believed: counting its pages ends here."""

LONGEST_LABEL = 100
"""Characters of a page's printed label."""

_RANGE = re.compile(r"\s*(?:(?P<single>\d{1,9})|(?P<first>\d{1,9})?\s*-\s*(?P<last>\d{1,9})?)\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class PageSelection:
    """Ranges of 1-based page numbers, both ends included; None for an open end."""

    ranges: tuple[tuple[int, int | None], ...] = ((1, None),)
    labels: tuple[str, ...] = ()
    """Printed labels, such as `iv` or `A-2`, and ranges of them, such as `iv-vi`; each document has its own."""

    def with_labels(self, first_pages: Mapping[str, int]) -> PageSelection:
        """The selection of the pages of a document, with `first_pages` as the first page of each of its labels.

        Raises:
            UsageError: no page has a label that the user named, or a range of labels runs backwards.
        """
        return PageSelection((*self.ranges, *(_labelled_range(label, first_pages) for label in self.labels)))

    def page_numbers(self, page_count: int) -> Iterator[int]:
        """The selected pages of a document in ascending order, each once.

        Raises:
            UsageError: the user named a page, or a range of pages, that does not exist.
        """
        for first, last in self._ranges_in(page_count):
            yield from range(first, last + 1)

    def count(self, page_count: int) -> int:
        """How many pages of a document are selected.

        Raises:
            UsageError: the user named a page, or a range of pages, that does not exist.
        """
        return sum(last + 1 - first for first, last in self._ranges_in(page_count))

    def _ranges_in(self, page_count: int) -> Iterator[tuple[int, int]]:
        """The ranges in ascending order, without overlaps; of one that ends beyond the document, what there is."""
        for first, last in self.ranges:
            if first > page_count and not (first == 1 and last is None):
                pages = "1 page" if page_count == 1 else f"{page_count} pages"
                raise UsageError(f"page {first} is out of range: the document has {pages}")
        last_selected = 0
        for first, last in sorted(self.ranges, key=lambda item: item[0]):
            start, end = max(first, last_selected + 1), min(last or page_count, page_count)
            if start <= end:
                yield start, end
                last_selected = end


@dataclass(frozen=True, slots=True)
class PagesToRead:
    """The selected pages of a document up to a limit, and one error for all pages beyond it."""

    numbers: tuple[int, ...]
    count: int
    """How many pages are selected, with those beyond the limit."""
    left_out: Mapping[int, TooLargeError] = field(default_factory=dict)
    """The error under the number of the first page beyond the limit; empty if there is none."""

    @property
    def items(self) -> tuple[int, ...]:
        """The pages that have a result of their own: one error covers all pages beyond the limit."""
        return (*self.numbers, *self.left_out)

    def only(self, items: Iterable[object]) -> PagesToRead:
        """Those that are among `items`."""
        wanted = frozenset(items)
        numbers = tuple(number for number in self.numbers if number in wanted)
        return replace(
            self, numbers=numbers, left_out={page: error for page, error in self.left_out.items() if page in wanted}
        )


def limit_pages(selection: PageSelection, page_count: int, limit: int, kind: str) -> PagesToRead:
    """The first `limit` selected pages of a document.

    Args:
        kind: what the pages are: pages of a document, or frames of an animation.

    Raises:
        UsageError: the user named a page, or a range of pages, that does not exist.
    """
    count = selection.count(page_count)
    numbers = tuple(islice(selection.page_numbers(page_count), limit + 1))
    if count <= limit:
        return PagesToRead(numbers, count)
    further = f" with {count - limit - 1} more" if count > limit + 1 else ""
    reason = f"left out{further}: cogdoc reads {limit} {kind} by default; raise --max-pages, or select with --pages"
    return PagesToRead(numbers[:limit], count, {numbers[limit]: TooLargeError(reason)})


def parse_page_selection(selection: str) -> PageSelection:
    """Parse a selection such as `1,3-5,8-`, `-3` or `i-iv,A-2`.

    Numbers are those of the pages in the file, from 1. Anything else is a label.

    Raises:
        UsageError: the text is not a selection, contains page 0, or a range runs backwards.
    """
    ranges: list[tuple[int, int | None]] = []
    labels: list[str] = []
    for part in map(str.strip, selection.split(",")):
        match = _RANGE.fullmatch(part)
        if match is None and any(map(str.isalpha, part)) and len(part) <= 2 * LONGEST_LABEL:
            labels.append(part)
            continue
        if match is None or part == "-":
            raise UsageError(f"--pages: {part!r} is not a page or a range", "write for example --pages 1,3-5,8-")
        first = int(match["single"] or match["first"] or 1)
        last = int(text) if (text := match["single"] or match["last"]) else None
        if first < 1 or (last is not None and last < 1):
            raise UsageError("--pages: pages are counted from 1")
        if last is not None and last < first:
            raise UsageError(f"--pages: {part!r} runs backwards")
        ranges.append((first, last))
    return PageSelection(tuple(ranges), tuple(labels))


def _labelled_range(text: str, first_pages: Mapping[str, int]) -> tuple[int, int | None]:
    """The pages that a label names, or a range between two labels or numbers; a label can contain a hyphen itself.

    Raises:
        UsageError: no page has the label, or the range runs backwards.
    """

    def page(label: str) -> int | None:
        label = label.strip()
        return int(label) if label.isascii() and label.isdecimal() else first_pages.get(label)

    if (single := page(text)) is not None:
        return single, single
    for hyphen in re.finditer("-", text):
        start, end = text[: hyphen.start()], text[hyphen.end() :]
        first, last = page(start) if start.strip() else 1, page(end)
        if first is None or (last is None and end.strip()):
            continue
        if last is not None and last < first:
            raise UsageError(f"--pages: {text!r} runs backwards")
        return first, last
    labels = [label for label, number in first_pages.items() if label != str(number)]
    named = f"its labels are {labels[0]} to {labels[-1]}" if labels else "its pages have no labels but their numbers"
    raise UsageError(f"--pages: no page has the label {text!r}: {named}", "write for example --pages 1,3-5,8-")
