"""Turns pages whose text layer is sideways or upside down, such as wide tables on upright paper."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from cogdoc.documents.geometry import Box
from cogdoc.parsing.page_text import PageText, Word
from cogdoc.text import has_unspaced

MIN_SHARE = 0.6
"""Share of a page's characters that run in the direction by which the page is turned."""

MIN_CHARS = 40
"""On pages with less text, a turned line is a part of an upright page."""


def upright(page_text: PageText) -> PageText:
    """The page, turned so that most of its text is level."""
    counts: Counter[int] = Counter()
    for word in page_text.words:
        is_vertical = word.direction == 90 and has_unspaced(word.text)
        counts[0 if is_vertical else word.direction] += len(word.text)
    direction, count = max(counts.items(), key=lambda item: item[1], default=(0, 0))
    if not direction or count < max(MIN_CHARS, MIN_SHARE * counts.total()):
        return page_text
    turned = 360 - direction
    width, height = page_text.width, page_text.height
    is_sideways = turned in (90, 270)
    return replace(
        page_text,
        width=height if is_sideways else width,
        height=width if is_sideways else height,
        turned=turned,
        lines=tuple(
            replace(line, words=tuple(turn_word(word, turned, width, height) for word in line.words))
            for line in page_text.lines
        ),
        flags=(*page_text.flags, "turned"),
    )


def turn_word(word: Word, turned: int, width: float, height: float) -> Word:
    """The word on its page of that size after a turn by `turned` degrees clockwise."""
    return replace(word, box=turn_box(word.box, turned, width, height), direction=(word.direction + turned) % 360)


def turn_box(box: Box, turned: int, width: float, height: float) -> Box:
    """The box on its page of that size after a turn by `turned` degrees clockwise, a multiple of 90."""
    x0, y0, x1, y1 = box
    match turned:
        case 90:
            return Box(height - y1, x0, height - y0, x1)
        case 180:
            return Box(width - x1, height - y1, width - x0, height - y0)
        case 270:
            return Box(y0, width - x1, y1, width - x0)
        case _:
            return box
