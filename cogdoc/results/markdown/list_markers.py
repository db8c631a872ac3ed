"""The markers of list items as members of series: "b)" comes after "a)", and "i)" is the first of a nested one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from cogdoc.results.records import TextLine

MIN_INDENT = 0.7
"""Heights of a line by which a nested item is indented."""

SAME_MARGIN = 0.4
"""Heights of a line by which the markers of one list are out of line."""

NUMBERED = re.compile(r"^\s*\(?(\d{1,3})[.)、](?!\d)\s*")
LETTERED = re.compile(r"^\s*\(?([a-zA-Z]|[ivx]{2,5})[.)](?=\s|$)")

_ABBREVIATION = re.compile(r"\s*[a-z]\. ", re.IGNORECASE)
"""As in "i. e." and "a. m.", with which a line of an item may begin."""

_ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii", "xiii", "xiv", "xv")


class Marker(NamedTuple):
    """A marker in one of its readings: "i" is a letter and a Roman number."""

    style: str
    value: int
    """1 for the first of its series."""


def goes_on(line: TextLine, before: Sequence[TextLine]) -> bool:
    """Whether a line begins an item: its marker is the next of a series, or the first one of a nested series.

    Args:
        before: the lines that begin the items before it.
    """
    left, height = line.box[0], line.box[3] - line.box[1]
    is_nested = bool(before) and left > before[-1].box[0] + MIN_INDENT * height
    for marker in _markers(line.text):
        if marker.value == 1 and is_nested and not _ABBREVIATION.match(line.text):
            return True
        previous = marker._replace(value=marker.value - 1)
        if any(abs(left - item.box[0]) <= SAME_MARGIN * height and previous in _markers(item.text) for item in before):
            return True
    return False


def _markers(text: str) -> Iterator[Marker]:
    if match := NUMBERED.match(text):
        yield Marker("number", int(match[1]))
    elif match := LETTERED.match(text):
        letters, case = match[1].lower(), "upper" if match[1].isupper() else "lower"
        if len(letters) == 1:
            yield Marker(f"{case} letter", ord(letters) - ord("a") + 1)
        if letters in _ROMAN:
            yield Marker(f"{case} Roman", _ROMAN.index(letters) + 1)
