"""Take the columns that rules draw in a table, which the layout models overlook where two of them are close.

Statements and ledgers have rules between columns and none between rows. A date that is set close to the text beside it
is one phrase with it then, or even one word ("08/02Card"); only the rule between them tells that it is not.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import replace

from cogdoc.documents.geometry import Box
from cogdoc.parsing.layout.ruled_boxes import Frame
from cogdoc.parsing.page_text import Line, Word
from cogdoc.parsing.tables.phrases import EDGE, typical_height
from cogdoc.parsing.tables.table_building import Grid

BAR = "|"

MIN_DRAWN = 0.6
"""Share of a table's height along which the rule between two columns is drawn."""

WIDE = 0.8
"""Share of a table's width from which a frame on it may be that of its header alone, whose rules part all columns."""

SAME_LINE = 1.0
"""Word heights between a rule and the line that a layout model draws instead of it."""

MAX_SHIFT = 2.0
"""Characters by which the place where a word is cut may be off the rule: the widths of characters differ."""


def column_rules(box: Box, frames: Iterable[Frame]) -> list[Box]:
    """The rules between the columns of a table in `box`: for each part that is drawn, a box without width."""
    rules: list[Box] = []
    for frame in frames:
        if frame.box.overlap(box) < 0.5 * min(frame.box.area, box.area):
            continue
        is_wide = frame.box.width >= WIDE * box.width
        least = MIN_DRAWN * (min(frame.box.height, box.height) if is_wide else box.height)
        for x in (x for x in frame.column_lines if box.x0 < x < box.x1):
            parts = _drawn_parts(x, frame)
            if sum(min(part.y1, box.y1) - max(part.y0, box.y0) for part in parts) >= least:
                rules += parts
    return rules


def _drawn_parts(x: float, frame: Frame) -> list[Box]:
    sides = {(side.y0, side.y1) for side in (ruled.box for ruled in frame.boxes) if x in (side.x0, side.x1)}
    parts: list[Box] = []
    for top, bottom in sorted(sides):
        if parts and top <= parts[-1].y1:
            parts[-1] = parts[-1]._replace(y1=max(parts[-1].y1, bottom))
        else:
            parts.append(Box(x, top, x, bottom))
    return parts


def uncrossed(rules: Sequence[Box], words: Iterable[Word]) -> list[Box]:
    """The rules that no word crosses: others underline or strike out, or belong to a drawing."""
    crossed = {rule.x0 for word in words for rule in rules if _crosses(rule, word.box)}
    return [rule for rule in rules if rule.x0 not in crossed]


def with_rules(grid: Grid, rules: Sequence[Box], words: Sequence[Word]) -> Grid:
    """A grid with column lines where the rules are, in place of those between which and a rule are no words."""
    column_lines, row_lines = grid
    drawn = {rule.x0 for rule in rules}
    near, centers = SAME_LINE * typical_height(words), [word.box.center[0] for word in words]

    def is_drawn(x: float) -> bool:
        return any(
            abs(x - rule) <= near and not any(min(x, rule) < center < max(x, rule) for center in centers)
            for rule in drawn
        )

    inner = [x for x in column_lines[1:-1] if not is_drawn(x)]
    return (column_lines[0], *sorted((*inner, *drawn)), column_lines[-1]), row_lines


def cut_at_rules(line: Line, rules: Iterable[Box]) -> Line | None:
    """A line whose words are cut where rules between columns run through them; None if it is nothing but such rules.

    OCR reads a rule beside a word as a bar of that word.
    """
    words = line.words
    for rule in rules:
        if any(_crosses(rule, word.box) for word in words):
            words = tuple(part for word in words for part in _cut(word, rule))
        if any(BAR in word.text for word in words):
            words = tuple(part for word in words for part in _without_bar(word, rule))
    if words is line.words:
        return line
    return replace(line, words=words) if words else None


def _without_bar(word: Word, rule: Box) -> list[Word]:
    """A word without the bar at its edge that a rule is; nothing if it is all of it."""
    edge, text = EDGE * word.box.height, word.text
    if word.confidence == 1 or not rule.y0 < word.box.center[1] < rule.y1:
        return [word]
    if abs(word.box.x0 - rule.x0) <= edge:
        text = text.removeprefix(BAR)
    if abs(word.box.x1 - rule.x0) <= edge:
        text = text.removesuffix(BAR)
    return [replace(word, text=text)] if text else []


def _crosses(rule: Box, box: Box) -> bool:
    edge = EDGE * box.height
    return box.x0 + edge < rule.x0 < box.x1 - edge and rule.y0 < box.center[1] < rule.y1


def _cut(word: Word, rule: Box) -> list[Word]:
    """A word cut where letters and digits meet, if a rule runs through it near that; otherwise the word."""
    box, text = word.box, word.text
    if word.direction or not _crosses(rule, box):
        return [word]
    place = (rule.x0 - box.x0) / box.width * len(text)
    places = [
        index
        for index, (left, right) in enumerate(itertools.pairwise(text), start=1)
        if (left.isdigit(), left.isalpha()) != (right.isdigit(), right.isalpha())
        or (left.islower() and right.isupper())
    ]
    cut = min(places, key=lambda index: abs(index - place), default=None)
    if cut is None or abs(cut - place) > MAX_SHIFT:
        return [word]
    return [
        replace(word, text=text[:cut], box=box._replace(x1=rule.x0)),
        replace(word, text=text[cut:], box=box._replace(x0=rule.x0)),
    ]
