"""Finds watermarks and stamps: text that is laid over the text of a page, or printed behind it.

They are recognized by geometry and paint only: text that is much larger than that of the page, paler, or askew, and
whose letters are at the place of other letters. Nothing else on a page is printed over letters.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from cogdoc.documents.geometry import Box, bounding_box
from cogdoc.documents.mupdf import pymupdf
from cogdoc.parsing.text_layer.characters import Char, Entry, Place, group_by_word, place_of, read_chars
from cogdoc.parsing.text_layer.hidden_text import ReadableText
from cogdoc.parsing.text_layer.spans import INVISIBLE

LARGE = 1.5
"""Times the size of most of a page's text from which text may be a watermark."""

PALER = 0.3
"""So may text whose brightness (0 to 1) differs by this from that of most text."""

ASKEW = 5.0
"""So may text at this angle, in degrees, to the rows and columns of the others."""

MIN_LETTERS = 2

LEVEL_SHARE = 0.3
ASKEW_SHARE = 0.05
"""Share of its letters that are at the place of others. Slanted watermarks cross spaces, and may be all over a page."""

MIDDLE = 0.6
"""The middle part of a letter's box, in which the center of another one must be; lines of tall print touch."""

MIN_PAGE_LETTERS = 20
"""Letters of a page without which there is no text to lay something over."""

Floats = npt.NDArray[np.float64]


class Separated(NamedTuple):
    """The words of a page, those of watermarks apart."""

    readable: ReadableText
    watermarks: list[Entry]


class _Style(NamedTuple):
    """What all letters of one watermark have in common."""

    angle: int
    size: int
    color: tuple[float, ...]
    opacity: float


class OverlaidText(NamedTuple):
    """The letters of a style that is probably that of a watermark."""

    share: float
    """The least share of them that is over others."""
    letters: Floats
    """The boxes of letters and digits, shape (letters, 4)."""
    places: frozenset[Place]
    """Of all characters."""


def separate_watermarks(
    page: pymupdf.Page, readable: ReadableText, styles: Sequence[OverlaidText], flags: int
) -> Separated:
    """Take the words of watermarks out of `readable`; `styles` is what `text_over_text` finds."""
    if not styles:
        return Separated(readable, [])
    entries = readable.entries
    words = readable.chars or group_by_word(read_chars(page, entries, flags), entries)
    if words is None:
        return Separated(readable, [])
    placed = [(char, place_of(char.text, char.origin)) for word in words for char in word]
    marked: set[Place] = set()
    for style in styles:
        others = _boxes([char for char, place in placed if place not in style.places])
        if _is_over(style.letters, others, style.share):  # not only over hidden text
            marked |= style.places
    if not marked:
        return Separated(readable, [])
    kept: list[tuple[Entry, list[Char]]] = []
    watermarks: list[Entry] = []
    for entry, word in zip(entries, words, strict=True):
        for is_marked, group in itertools.groupby(word, key=lambda char: place_of(char.text, char.origin) in marked):
            part = list(group)
            if is_marked:
                watermarks.append(_part(entry, part))
            else:
                kept.append((_part(entry, part), part))
    body = replace(readable, entries=[entry for entry, _ in kept], chars=[part for _, part in kept])
    return Separated(body, watermarks)


def _part(entry: Entry, chars: Sequence[Char]) -> Entry:
    """A word of some of an entry's characters."""
    text = "".join(char.text for char in chars)
    box = Box(*entry[:4]) if text == entry[4] else bounding_box(char.box for char in chars)
    return (*box, text, *entry[5:])


def text_over_text(trace: Sequence[Mapping[str, Any]]) -> list[OverlaidText]:
    """The letters of `Page.get_texttrace` that are laid over others, which may be hidden, by their style."""
    trace = [span for span in trace if span["type"] != INVISIBLE and span["opacity"] > 0]
    counts: Counter[_Style] = Counter()
    by_style: dict[_Style, list[Mapping[str, Any]]] = {}
    for span in trace:
        style = _style(span)
        counts[style] += len(span["chars"])
        by_style.setdefault(style, []).append(span)
    if len(by_style) < 2:
        return []
    usual = _Usual.of(counts)
    candidates = [style for style in by_style if usual.differs(style)]
    styles: list[OverlaidText] = []
    for style in candidates:
        letters = _boxes_of(by_style[style])
        if not len(letters):
            continue
        (left, top), (right, bottom) = letters[:, :2].min(axis=0), letters[:, 2:].max(axis=0)
        near = [
            span
            for other, spans in by_style.items()
            for span in (spans if other != style else ())
            if (box := span["bbox"])[0] < right and box[2] > left and box[1] < bottom and box[3] > top
        ]
        share = ASKEW_SHARE if usual.is_askew(style) else LEVEL_SHARE
        if near and _is_over(letters, _boxes_of(near), share):
            chars = (char for span in by_style[style] for char in span["chars"])
            styles.append(OverlaidText(share, letters, frozenset(place_of(chr(max(0, c[0])), c[2]) for c in chars)))
    return styles


class _Usual(NamedTuple):
    """How most of a page's text is printed."""

    angle: int
    size: int
    brightness: float

    @classmethod
    def of(cls, counts: Counter[_Style]) -> _Usual:
        values: tuple[Counter[float], ...] = (Counter(), Counter(), Counter())
        for style, count in counts.items():
            for counter, value in zip(values, (style.angle, style.size, _brightness(style)), strict=True):
                counter[value] += count
        angle, size, brightness = (counter.most_common(1)[0][0] for counter in values)
        return cls(int(angle), int(size), brightness)

    def is_askew(self, style: _Style) -> bool:
        angle = (style.angle - self.angle) % 90
        return min(angle, 90 - angle) > ASKEW

    def differs(self, style: _Style) -> bool:
        return (
            self.is_askew(style)
            or style.size >= LARGE * self.size
            or abs(_brightness(style) - self.brightness) >= PALER
        )


def _style(span: Mapping[str, Any]) -> _Style:
    x, y = span["dir"]
    return _Style(round(math.degrees(math.atan2(y, x))), round(span["size"]), tuple(span["color"]), span["opacity"])


def _brightness(style: _Style) -> float:
    """0 for black, 1 for white, on white paper."""
    color = style.color
    if len(color) == 4:
        color = tuple((1 - part) * (1 - color[3]) for part in color[:3])
    red, green, blue = color if len(color) == 3 else color[:1] * 3
    return 1 - style.opacity * (1 - (0.299 * red + 0.587 * green + 0.114 * blue))


def _is_over(letters: Floats, others: Floats, share: float) -> bool:
    """Whether so many letters are over others that they are those of a watermark."""
    count = len(letters)
    if count < MIN_LETTERS or len(others) < MIN_PAGE_LETTERS:
        return False
    centers, reach = _centers(letters), MIDDLE / 2 * (letters[:, 2:] - letters[:, :2])
    by_height = _centers(others)
    by_height = by_height[np.argsort(by_height[:, 1])]
    first, last = (np.searchsorted(by_height[:, 1], centers[:, 1] + sign * reach[:, 1]) for sign in (-1, 1))
    over = sum(
        bool((np.abs(by_height[start:end, 0] - x) < width).any())
        for start, end, x, width in zip(first, last, centers[:, 0], reach[:, 0], strict=True)
    )
    return over >= max(MIN_LETTERS, share * count)


def _centers(boxes: Floats) -> Floats:
    return (boxes[:, :2] + boxes[:, 2:]) / 2


def _boxes_of(spans: Sequence[Mapping[str, Any]]) -> Floats:
    boxes = [char[3] for span in spans for char in span["chars"] if chr(max(0, char[0])).isalnum()]
    return np.array(boxes, np.float64).reshape(-1, 4)


def _boxes(chars: Sequence[Char]) -> Floats:
    return np.array([char.box for char in chars if char.text.isalnum()], np.float64).reshape(-1, 4)
