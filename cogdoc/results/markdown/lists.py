"""Lists as Markdown, with their own numbers, and nested as their items are indented."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from cogdoc.results.markdown.list_markers import LETTERED, MIN_INDENT, NUMBERED, SAME_MARGIN, goes_on
from cogdoc.results.markdown.marked_text import MarkedText, join_marked, join_side_by_side
from cogdoc.results.plain_text import rows_of
from cogdoc.results.records import TextBlock, TextLine

COLUMN_GAP = "   "
"""Separates texts that are side by side."""

_BULLET = re.compile(r"^\s*[•·▪◦‣●○■□–—*-]\s*")


@dataclass(frozen=True, slots=True)
class ListItem:
    """One item of a list."""

    text: MarkedText
    """Without its bullet or number; letters are a part of it."""
    number: int | None
    has_marker: bool
    left: float
    """Where its marker begins, in points."""
    height: float
    """Of its first line."""

    @property
    def continues(self) -> bool:
        """Whether it is the rest of an item that began before."""
        return not self.has_marker and self.text.text[:1].islower()


def _rows_of_items(block: TextBlock, before: Sequence[TextLine]) -> list[list[list[TextLine]]]:
    """The rows of each item of a block, at least one.

    Args:
        before: the lines that begin the items of earlier blocks.
    """
    items: list[list[list[TextLine]]] = []
    for row in rows_of(block.lines):
        if not items or _begins_item(row, items) or goes_on(row[0], [*before, *(item[0][0] for item in items)]):
            items.append([row])
        else:
            items[-1].append(row)
    return items


def _begins_item(row: Sequence[TextLine], groups: Sequence[Sequence[Sequence[TextLine]]]) -> bool:
    first, line = groups[0][0][0], row[0]
    height = first.box[3] - first.box[1]
    if not any(pattern.match(first.text) for pattern in (_BULLET, NUMBERED)):
        return False
    if _BULLET.match(line.text):
        return _BULLET.match(first.text) is not None and line.box[0] <= first.box[0] + SAME_MARGIN * height
    number = _number(line)
    last = next((value for group in reversed(groups) if (value := _number(group[0][0])) is not None), None)
    return (
        number is not None
        and last is not None
        and number == last + 1
        and line.box[0] <= first.box[0] + SAME_MARGIN * height
    )


def _number(line: TextLine) -> int | None:
    match = NUMBERED.match(line.text)
    return int(match[1]) if match else None


def _item(rows: Sequence[Sequence[TextLine]], known: Collection[str]) -> ListItem:
    marked = join_marked(map(_row_text, rows), known)
    first = rows[0][0]
    numbered = NUMBERED.match(marked.text)
    bullet = None if numbered else _BULLET.match(marked.text)
    marker = numbered or bullet
    return ListItem(
        text=marked.from_index(marker.end() if marker else 0),
        number=int(numbered[1]) if numbered else None,
        has_marker=bool(marker or LETTERED.match(marked.text)),
        left=first.box[0],
        height=first.box[3] - first.box[1],
    )


def _row_text(row: Sequence[TextLine]) -> MarkedText:
    """The lines of a row; a marker that is a line of its own is one space away from its text."""
    texts = [MarkedText.of_line(line) for line in row]
    patterns = (_BULLET, NUMBERED, LETTERED)
    if len(texts) > 1 and any(
        (m := pattern.match(texts[0].text)) and m.end() == len(texts[0].text) for pattern in patterns
    ):
        return texts[0] + MarkedText(" ") + join_side_by_side(texts[1:], COLUMN_GAP)
    return join_side_by_side(texts, COLUMN_GAP)


@dataclass(slots=True)
class _Level:
    left: float
    width: int
    """Characters that its markers take, by which what is nested in it is indented."""
    number: int | None = None
    delimiter: str = "."


class ListText(NamedTuple):
    """What a block has of a list."""

    rest: str
    """The end of an item that began in the block before, or on the page before."""
    lines: list[str]
    """The items that begin in it."""


class ListWriter:
    """Writes the items of one list, which may be those of several blocks."""

    def __init__(self) -> None:
        self._levels: list[_Level] = []
        self._box: tuple[float, float, float, float] | None = None
        self._first_lines: list[TextLine] = []
        """Those that begin its items."""

    def goes_on_with(self, block: TextBlock) -> bool:
        """Whether a block of text has further items: their markers continue those of the list."""
        return block.kind == "text" and bool(block.lines) and goes_on(block.lines[0], self._first_lines)

    def write(self, block: TextBlock, known: Collection[str], inline: Callable[[MarkedText], str]) -> ListText:
        """Write the items of a block.

        Args:
            inline: writes the text of an item.
        """
        if self._box is not None and _is_elsewhere(block.box, self._box):
            self._levels = self._levels[:1]
            if self._levels:
                self._levels[0].left = block.lines[0].box[0]
        self._box = block.box
        rows = _rows_of_items(block, self._first_lines)
        self._first_lines += (item[0][0] for item in rows)
        first, *others = (_item(item, known) for item in rows)
        if first.continues:
            return ListText(inline(first.text), [self._write_item(item, block.level, inline) for item in others])
        return ListText("", [self._write_item(item, block.level, inline) for item in (first, *others)])

    def _write_item(self, item: ListItem, depth: int, inline: Callable[[MarkedText], str]) -> str:
        self._go_to_level(item, depth)
        indent = " " * sum(level.width for level in self._levels[:-1])
        if depth > len(self._levels):
            indent += "  " * (depth - len(self._levels))
        level = self._levels[-1]
        if item.number is None:
            marker, level.number = "-", None
        else:
            if level.number is not None and item.number != level.number + 1:
                level.delimiter = ")" if level.delimiter == "." else "."  # begins another list, with this number
            marker, level.number = f"{item.number}{level.delimiter}", item.number
        level.width = len(marker) + 1
        return f"{indent}{marker} {inline(item.text)}".rstrip()

    def _go_to_level(self, item: ListItem, depth: int) -> None:
        """Leave levels that are indented further than an item, and enter a new one if it is indented itself."""
        if depth:
            self._levels = self._levels[:depth]
        else:
            while len(self._levels) > 1 and item.left < self._levels[-1].left - SAME_MARGIN * item.height:
                self._levels.pop()
        is_nested = bool(self._levels) and not depth and item.left > self._levels[-1].left + MIN_INDENT * item.height
        follows = bool(self._levels) and item.number is not None and self._levels[-1].number == item.number - 1
        if not self._levels or (is_nested and not follows):
            self._levels.append(_Level(item.left, 2))


def _is_elsewhere(box: Sequence[float], before: Sequence[float]) -> bool:
    """Whether a block is in another column than the one before it."""
    return box[0] >= before[2] or box[2] <= before[0] or box[3] < before[1]
