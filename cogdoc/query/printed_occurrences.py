"""Finds where pages print a value that is known from elsewhere, however they write its numbers and dates."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Literal

from cogdoc.documents.geometry import Box, bounding_box
from cogdoc.parsing.page_text import Line, PageText
from cogdoc.query.dates import find_dates
from cogdoc.query.printed_values import Style, ValueContext, read_value
from cogdoc.query.segments import Segment

Kind = Literal["text", "date", "number", "percent"]

SHORT = 4
"""Letters and digits up to which a text is found as a word of its own only."""

MIN_WHOLE = 3
"""Digits from which on an amount is found without its decimals."""

MAX_SPAN = 3.0
"""Line heights that an occurrence extends over at most, for each line that it can fill."""

NEAR = 4.0
"""Line heights within which two values are in one row of a table."""

_NUMBER = re.compile(r"\d(?:[\d.,'’\u00a0 ]*\d)?")
_SEPARATOR = re.compile(r"[.,'’\u00a0 ]")
_DAYS = (ValueContext(Style(day_first=True)), ValueContext(Style(day_first=False)))


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A place that prints a value."""

    page: int
    box: Box
    """On the upright page."""
    text: str
    """As printed."""


class PrintedText:
    """The texts of pages, for looking values up."""

    def __init__(self, pages: Iterable[PageText]) -> None:
        self._pages = [_Page(page) for page in pages]

    def find(self, value: str, kind: Kind, near: Occurrence | None = None) -> Occurrence | None:
        """The first place that prints a value; with `near`, the first in the same row of a table.

        Args:
            value: a text, an ISO date, or a number with a decimal point.
        """
        for page in self._pages:
            if near is not None and near.page != page.number:
                continue
            for found in page.find(value, kind):
                if near is None or abs(found.box.center[1] - near.box.center[1]) <= NEAR * max(
                    near.box.height, found.box.height
                ):
                    return found
        return None


class _Page:
    """The text of a page, and the letters and digits of all its words joined."""

    def __init__(self, page: PageText) -> None:
        self.number = page.number
        self._lines = page.lines

    @cached_property
    def _joined(self) -> tuple[str, list[int], list[Segment]]:
        """The letters and digits, where each word begins, and the words."""
        texts, starts, words, length = list[str](), list[int](), list[Segment](), 0
        for line in self._lines:
            for word in line.words:
                plain = _letters_and_digits(word.text)
                if plain:
                    texts.append(plain)
                    starts.append(length)
                    words.append(Segment(-1, -1, (word,), word.text, word.box))
                    length += len(plain)
        return "".join(texts), starts, words

    def find(self, value: str, kind: Kind) -> Iterator[Occurrence]:
        if kind == "date":
            yield from self._dates(value)
        elif kind in ("number", "percent"):
            yield from self._numbers(value, is_percent=kind == "percent")
        else:
            yield from self._texts(value)

    def _texts(self, value: str) -> Iterator[Occurrence]:
        sought = _letters_and_digits(value)
        if not sought:
            return
        joined, starts, words = self._joined
        position = joined.find(sought)
        while position >= 0:
            first, last = (bisect_right(starts, place) - 1 for place in (position, position + len(sought) - 1))
            end = starts[last + 1] if last + 1 < len(starts) else len(joined)
            is_whole = position == starts[first] and position + len(sought) == end
            found = words[first : last + 1]
            box = bounding_box(word.box for word in found)
            lines = 1 + len(sought) // 20
            is_together = box.height <= MAX_SPAN * lines * max(word.box.height for word in found)
            if is_together and (is_whole or len(sought) > SHORT):
                yield Occurrence(self.number, box, " ".join(word.text for word in found))
            position = joined.find(sought, position + 1)

    def _dates(self, value: str) -> Iterator[Occurrence]:
        for line in self._lines:
            text = line.text
            for found in find_dates(text):
                printed = text[found.start : found.end]
                readings = (read_value(printed, context) for context in _DAYS)
                if any(reading is not None and reading.date == value for reading in readings):
                    yield self._in_line(line, found.start, found.end)

    def _numbers(self, value: str, *, is_percent: bool) -> Iterator[Occurrence]:
        wordings = {digits for digits in _digits(value) if is_percent or _is_telling(value, *digits)}
        for line in self._lines:
            text = line.text
            for match in _NUMBER.finditer(text):
                if is_percent and "%" not in text[match.end() : match.end() + 2]:
                    continue
                for start, end in _parts(match[0]):
                    if _written(match[0][start:end]) in wordings:
                        yield self._in_line(line, match.start() + start, match.start() + end)
                        break

    def _in_line(self, line: Line, start: int, end: int) -> Occurrence:
        segment = Segment(-1, -1, line.words, line.text, line.box)
        return Occurrence(self.number, segment.slice_box(start, end), segment.text[start:end])


def _letters_and_digits(text: str) -> str:
    return "".join(filter(str.isalnum, text)).casefold()


def _digits(value: str) -> Iterator[tuple[str, str]]:
    """The digits before and after the decimal point, as pages may print a number."""
    try:
        number = abs(Decimal(value))
    except InvalidOperation:
        return
    whole, _, decimals = f"{number:f}".partition(".")
    least = decimals.rstrip("0")
    for count in range(len(least), max(len(decimals), 2) + 1):
        yield str(int(whole)), least.ljust(count, "0")


def _is_telling(value: str, whole: str, decimals: str) -> bool:
    """Whether digits tell an amount from other numbers: 50 is rarely what "50.00" is printed as."""
    return bool(decimals) or len(whole) >= MIN_WHOLE or "." not in value


def _written(text: str) -> tuple[str, str]:
    """The digits before and after the decimal sign of a printed number."""
    parts = _SEPARATOR.split(text)
    marks = _SEPARATOR.findall(text)
    # The last separator is the decimal sign if it is the only one of its kind, and no three digits follow it.
    has_decimals = bool(marks) and marks[-1] in ".," and marks.count(marks[-1]) == 1 and len(parts[-1]) != 3
    whole = "".join(parts[:-1] if has_decimals else parts)
    return str(int(whole or "0")), parts[-1] if has_decimals else ""


def _parts(text: str) -> Iterator[tuple[int, int]]:
    """A run of digits and separators, and the numbers between its spaces: "2 450,00" may be one number or two."""
    yield 0, len(text)
    if " " in text or "\u00a0" in text:
        for match in re.finditer(r"[^ \u00a0]+", text):
            if any(map(str.isdigit, match[0])):
                end = match.start() + len(match[0].rstrip(".,'’"))
                yield match.start(), end
