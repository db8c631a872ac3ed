"""Put the words of a text layer together as lines, in the direction in which each line runs."""

from __future__ import annotations

import re
import statistics
import unicodedata
from collections.abc import Iterable, Sequence

from cogdoc.documents.geometry import Box, bounding_box
from cogdoc.parsing.directions import logical_line, mirrored
from cogdoc.parsing.page_text import Line, Word
from cogdoc.text import CJK_PUNCTUATION, HAN, KANA, has_right_to_left, runs_right_to_left

CELL_GAP = 2.5
"""Line heights of white space that separate two lines in the same row."""

MIN_SPACE = 0.03
"""Line heights between two words of a line that runs from right to left."""

MAX_PART_GAP = 0.8
"""Line heights between two parts of one line."""

MAX_STEP = 1.35
"""Character widths from the middle of one character of a vertical column to the next; the rows of a table are farther
apart."""

EVEN_STEPS = 0.15
"""Character widths by which the steps of a column may differ."""

MIN_COLUMN = 3
"""Characters of a vertical column."""

_VERTICAL = re.compile(f"[{HAN}{KANA}{CJK_PUNCTUATION}\\uac00-\\ud7a3ー—…︙0-9]")


def lines_of(words: Sequence[Word]) -> list[Line]:
    """The lines that words on one baseline are, in MuPDF's order: it ends at wide gaps, where a cell or column ends."""
    leftward = has_right_to_left("".join([word.text for word in words]))
    if leftward:
        words = sorted(words, key=lambda word: word.level_box.x0)
    lines: list[Line] = []
    current: list[Word] = []
    for word in words:
        if current:
            box, before = word.level_box, current[-1].level_box
            gap, height = box.x0 - before.x1, max(before.height, box.height)
            if gap > CELL_GAP * height or gap < -height:
                lines.append(Line(tuple(current)))
                current = []
        current.append(word)
    if current:
        lines.append(Line(tuple(current)))
    if leftward:
        ordered = [_right_to_left_line(line.words) for line in lines]
        return ordered[::-1] if runs_right_to_left("".join(line.text for line in lines)) else ordered
    return lines


def join_parts(lines: Sequence[Line]) -> list[Line]:
    """`lines`, with those whole that run from right to left: where a file steps back, MuPDF begins a new one."""
    if not any(has_right_to_left(line.text) for line in lines):
        return list(lines)
    joined: list[Line] = []
    for line in lines:
        if joined and _is_part(joined[-1], line):
            joined[-1] = _right_to_left_line((*joined[-1].words, *line.words))
        else:
            joined.append(line)
    return joined


def _is_part(line: Line, other: Line) -> bool:
    one, two = line.box, other.box
    gap = max(one.x0 - two.x1, two.x0 - one.x1)
    return (
        line.direction == other.direction == 0
        and has_right_to_left(line.text + other.text)
        and one.vertical_overlap(two) > 0.6
        and -0.2 * one.height < gap < MAX_PART_GAP * max(one.height, two.height)
    )


def _right_to_left_line(words: Sequence[Word]) -> Line:
    """A line of words that are given in any order, with those joined that have no space between them."""
    by_place = sorted(words, key=lambda word: word.level_box.x0)
    space = MIN_SPACE * max(word.level_box.height for word in words)
    joined = by_place[:1]
    for word in by_place[1:]:
        left = joined[-1]
        text = _joined_text(left.text, word.text)
        if text and word.level_box.x0 - left.level_box.x1 < space:
            box, confidence = bounding_box((left.box, word.box)), min(left.confidence, word.confidence)
            joined[-1] = Word(text, box, confidence, word.direction)
        else:
            joined.append(word)
    return _with_brackets(logical_line(joined))


def _joined_text(left: str, right: str) -> str | None:
    """The word that two texts side by side are; None for a number or Latin word beside one that runs to the left."""
    leftward = [has_right_to_left(text) for text in (left, right)]
    if not any(leftward):
        return left + right
    if all(
        is_leftward or not any(map(str.isalnum, text))
        for is_leftward, text in zip(leftward, (left, right), strict=True)
    ):
        return right + left
    return None


def _with_brackets(line: Line) -> Line:
    text = line.text
    if not runs_right_to_left(text) or (turned := mirrored(text)) == text:
        return line
    words = zip(line.words, turned.split(" "), strict=True)
    return Line(tuple(Word(part, word.box, word.confidence, word.direction) for word, part in words))


def join_columns(lines: Sequence[Line]) -> list[Line]:
    """`lines` in which the characters of vertical Chinese and Japanese columns are lines that run down the page."""
    joined: list[Line] = []
    column: list[Line] = []
    for line in lines:
        if column and not _continues(column, line):
            joined += _column(column)
            column = []
        if _is_single(line):
            column.append(line)
        else:
            joined.append(line)
    return [*joined, *_column(column)]


def _is_single(line: Line) -> bool:
    return len(line.words) == 1 and len(line.words[0].text) == 1 and _VERTICAL.match(line.words[0].text) is not None


def _continues(column: Sequence[Line], line: Line) -> bool:
    if not _is_single(line):
        return False
    width = max(part.box.width for part in column)
    (x, y), (last_x, last_y) = line.box.center, column[-1].box.center
    if abs(x - last_x) > 0.35 * width or not 0 < y - last_y <= MAX_STEP * width:
        return False
    first_step = column[1].box.center[1] - column[0].box.center[1] if len(column) > 1 else y - last_y
    return abs(y - last_y - first_step) <= 2 * EVEN_STEPS * width


def _column(column: Sequence[Line]) -> Iterable[Line]:
    text = "".join(line.text for line in column)
    if len(column) < MIN_COLUMN or not any(unicodedata.category(char) == "Lo" for char in text):
        return column
    box = bounding_box(line.box for line in column)
    width = statistics.median(line.box.width for line in column)
    x = box.center[0]
    box = box._replace(x0=min(box.x0, x - width / 2), x1=max(box.x1, x + width / 2))
    return [Line((Word(text, Box(*box), column[0].words[0].confidence, 90),))]
