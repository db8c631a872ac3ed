"""Draws the words of a page as invisible text, in the operators of a PDF content stream.

Each word is stretched to the width of its box, and a space follows it within a line: programs that select and search
text then find words, spaces and line ends without guessing.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from cogdoc.results.text_layer import TextLayer
from cogdoc.text import has_right_to_left, runs_right_to_left

FONT = "CogdocText"
WIDE_FONT = "CogdocWide"
"""The names of the fonts in a page's resources: one for the characters up to U+FFFF, one for those beyond."""

FULL_WIDTH = (
    (0x1100, 0x115F),
    (0x2E80, 0xA4CF),
    (0xAC00, 0xD7A3),
    (0xF900, 0xFAFF),
    (0xFE30, 0xFE6F),
    (0xFF01, 0xFF60),
    (0xFFE0, 0xFFE6),
)
"""Ranges of characters that are as wide as they are high (Unicode Standard Annex 11); others have half the width."""

MOST_WIDE = 0xFFFF
"""Codes that the font of the characters beyond U+FFFF has."""

MIN_SIZE, MAX_SIZE = 0.1, 14400.0
"""Points of the smallest and the largest letters that are drawn."""

MAX_STRETCH = 100_000.0
"""Percent; a box may be as flat as a page is wide."""

_UNITS = re.compile(
    "[0-9\u0660-\u0669\u06f0-\u06f9]+(?:[.,:/\u066b\u066c][0-9\u0660-\u0669\u06f0-\u06f9]+)*|.[\u0591-\u05bd\u05bf-\u05c7\u064b-\u065f\u0670]*",
    re.DOTALL,
)
"""Numbers, and letters with their marks."""

_STARTS = [start for start, _ in FULL_WIDTH]


@dataclass(frozen=True, slots=True)
class PlacedWord:
    """A word and its place on the page as displayed, in points, origin top left.

    A word that is turned has its start where reading begins, and its baseline runs as it is read.
    """

    text: str
    start: tuple[float, float]
    """The lower left corner of its box."""
    baseline: tuple[float, float]
    """The vector from there to its lower right corner."""
    height: float


def is_full_width(code: int) -> bool:
    """Whether a character is as wide as it is high."""
    index = bisect_right(_STARTS, code) - 1
    return code > MOST_WIDE or (index >= 0 and code <= FULL_WIDTH[index][1])


def draw_layer(number: int, size: tuple[float, float], lines: Iterable[Sequence[PlacedWord]]) -> TextLayer:
    """The text layer of page `number` (1-based).

    Args:
        size: width and height of the page as displayed, in points.
        lines: the words in reading order.
    """
    pen = _Pen(size[1])
    for line in lines:
        words = _in_visual_order([word for word in line if _is_drawable(word)])
        for index, word in enumerate(words, 1):
            pen.draw(word, has_follower=index < len(words))
    content = "\n".join(("BT", "3 Tr", *pen.operators, "ET")) if pen.operators else ""
    return TextLayer(number=number, width=size[0], height=size[1], content=content, wide="".join(pen.wide))


def _is_drawable(word: PlacedWord) -> bool:
    numbers = (*word.start, *word.baseline, word.height)
    return bool(word.text) and all(map(math.isfinite, numbers)) and any(word.baseline) and word.height > 0


def _in_visual_order(words: Sequence[PlacedWord]) -> Sequence[PlacedWord]:
    """The words of a line from left to right. Programs turn Arabic and Hebrew, which PDF files have so, round again."""
    if not any(has_right_to_left(word.text) for word in words):
        return words
    turned = [replace(word, text=_reversed(word.text)) if runs_right_to_left(word.text) else word for word in words]
    return turned[::-1] if runs_right_to_left("".join(word.text for word in words)) else turned


def _reversed(text: str) -> str:
    """Letters from the last to the first, each with its marks; numbers stay as they are."""
    return "".join(_UNITS.findall(text)[::-1])


class _Pen:
    """Writes words; of what the word before has set, it repeats nothing."""

    def __init__(self, page_height: float) -> None:
        self.operators: list[str] = []
        self.wide: dict[str, int] = {}
        self._page_height = page_height
        self._direction: tuple[float, float] | None = None
        self._position = (0.0, 0.0)
        self._font = ""
        self._stretch = ""

    def draw(self, word: PlacedWord, *, has_follower: bool) -> None:
        dx, dy = word.baseline
        width = math.hypot(dx, dy)
        size = round(min(max(word.height, MIN_SIZE), MAX_SIZE), 2)
        runs = list(_runs(word.text, self.wide))
        half_widths = sum(units for _, _, units in runs)
        if has_follower:
            # Part of the word's string: pdfium takes a string of one character on a turned page for a line of its own.
            font, codes, units = runs.pop()
            runs += [(font, f"{codes}0020", units)] if font == FONT else [(font, codes, units), (FONT, "0020", 1)]
        self._move((round(dx / width, 5), round(-dy / width, 5)), word.start[0], self._page_height - word.start[1])
        stretch = f"{format_number(min(max(200 * width / (size * half_widths), 0.01), MAX_STRETCH))} Tz"
        if stretch != self._stretch:
            self.operators.append(stretch)
            self._stretch = stretch
        for name, codes, _ in runs:
            font = f"/{name} {format_number(size)} Tf"
            if font != self._font:
                self.operators.append(font)
                self._font = font
            self.operators.append(f"<{codes}> Tj")

    def _move(self, direction: tuple[float, float], x: float, y: float) -> None:
        cos, sin = direction
        if direction == self._direction:
            right, up = x - self._position[0], y - self._position[1]
            along, above = round(right * cos + up * sin, 2), round(up * cos - right * sin, 2)
            self.operators.append(f"{format_number(along)} {format_number(above)} Td")
            x, y = self._position[0] + along * cos - above * sin, self._position[1] + along * sin + above * cos
        else:
            x, y = round(x, 2), round(y, 2)
            self.operators.append(f"{' '.join(map(format_number, (cos, sin, -sin, cos, x, y)))} Tm")
        self._direction, self._position = direction, (x, y)


def _runs(text: str, wide: dict[str, int]) -> Iterable[tuple[str, str, int]]:
    """Its parts in one font each: the font, the codes in hexadecimal, and the width in halves of the height."""
    for beyond, chars in groupby(text, lambda char: ord(char) > MOST_WIDE):
        codes: list[int] = []
        units = 0
        for char in chars:
            if beyond:
                code = wide.setdefault(char, len(wide) + 1)
            else:
                code = 0xFFFD if 0xD800 <= ord(char) <= 0xDFFF else ord(char)
            codes.append(code if code <= MOST_WIDE else 0)
            units += 2 if beyond or is_full_width(code) else 1
        yield WIDE_FONT if beyond else FONT, "".join(f"{code:04X}" for code in codes), units


def format_number(value: float) -> str:
    """A number as PDF writes it: without an exponent."""
    text = f"{value:.5f}" if abs(value) < 1 else f"{value:.2f}"
    text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
