"""The order of text that does not run from left to right: Arabic and Hebrew, and lines that run up or down the page."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from typing import TypeVar

from cogdoc.parsing.page_text import Line, Word
from cogdoc.text import has_right_to_left, runs_right_to_left

T = TypeVar("T")

_LETTER = re.compile(r"[^\W\d_]")
_BRACKETS = str.maketrans("()[]{}«»", ")(][}{»«")
_MIRRORED = re.compile(r"[^(]*\)[^()]*\([^)]*|[^\[]*\][^\[\]]*\[[^\]]*")


def in_logical_order(parts: Sequence[T], text_of: Callable[[T], str]) -> list[T]:
    """Parts of a line, given from left to right, in the order in which people read them."""
    texts = [text_of(part) for part in parts]
    if not any(map(has_right_to_left, texts)):
        return list(parts)
    leftward = runs_right_to_left("".join(texts))
    against = [bool(_LETTER.search(text)) and runs_right_to_left(text) is not leftward for text in texts]
    ordered = list(zip(parts, against, strict=True))
    if leftward:
        ordered.reverse()
    for first, last in _runs(ordered):
        ordered[first:last] = reversed(ordered[first:last])
    return [part for part, _ in ordered]


def _runs(ordered: Sequence[tuple[T, bool]]) -> list[tuple[int, int]]:
    """The start and end of each run of parts that run against the line."""
    runs: list[tuple[int, int]] = []
    start = 0
    for is_against, group in itertools.groupby(ordered, key=lambda pair: pair[1]):
        end = start + sum(1 for _ in group)
        if is_against:
            runs.append((start, end))
        start = end
    return runs


def logical_line(words: Sequence[Word]) -> Line:
    """A line of words that are given in any order."""
    by_place = sorted(words, key=lambda word: word.level_box.x0)
    return Line(tuple(in_logical_order(by_place, lambda word: word.text)))


def mirrored(text: str) -> str:
    """`text` that runs from right to left, with brackets that open where it starts, as Unicode has them."""
    return text.translate(_BRACKETS) if _MIRRORED.fullmatch(text) else text
