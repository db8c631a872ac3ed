"""Join drop caps, initials that span several lines, to the words that they begin.

A PDF stores such a letter as a text object of its own, so that a page has "O" in one place and "ver the past decades"
in another.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from cogdoc.parsing.page_text import Line, Word

MIN_HEIGHT = 1.7
"""Median line heights from which a single letter is a drop cap."""

MAX_GAP = 1.0
"""Line heights of white space between a drop cap and its lines at most."""

WHOLE_WORD = "A"
"""The initial that is mostly a word by itself; it is put before the line, but not joined to the first word."""


def join_drop_caps(lines: Sequence[Line]) -> list[Line]:
    """`lines`, with each drop cap at the start of the uppermost line beside it."""
    letters = [line for line in lines if len(line.words) == 1 and _is_capital(line.words[0].text)]
    if not letters:
        return list(lines)
    height = statistics.median(line.box.height for line in lines)
    joined = list(lines)
    for line in letters:
        if line.box.height > MIN_HEIGHT * height and (beside := _lines_beside(line, joined)):
            index = joined.index(beside[0])
            joined[index] = _with_initial(line.words[0], beside[0])
            joined.remove(line)
    return joined


def _is_capital(text: str) -> bool:
    letter = text.lstrip("‘’“”\"'")
    return len(letter) == 1 and letter.isupper()


def _lines_beside(initial: Line, lines: Sequence[Line]) -> list[Line]:
    """The lines that start right of an initial, top to bottom; empty unless there are two or more."""
    box = initial.box
    beside = sorted(
        (
            line
            for line in lines
            if line is not initial
            and box.y0 <= line.box.center[1] <= box.y1
            and -0.5 * line.box.height <= line.box.x0 - box.x1 <= MAX_GAP * line.box.height
        ),
        key=lambda line: line.box.y0,
    )
    return beside if len(beside) > 1 and beside[0].text[:1].isalpha() else []


def _with_initial(initial: Word, line: Line) -> Line:
    first, *others = line.words
    box = first.box._replace(x0=min(initial.box.x0, first.box.x0))
    if initial.text == WHOLE_WORD:
        initial_box = initial.box._replace(y0=first.box.y0, y1=first.box.y1)
        return Line((Word(initial.text, initial_box, initial.confidence), *line.words))
    return Line((Word(initial.text + first.text, box, first.confidence), *others))
