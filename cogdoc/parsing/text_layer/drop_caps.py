"""Initials that reach over several lines, put back to the words that they begin.

A PDF holds such a letter as a piece of text of its own, so that a page says "O" somewhere and "ver the past decades"
elsewhere.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from cogdoc.parsing.page_text import Line, Word

TALL = 1.7
"""Heights of the other lines from which a single letter is an initial."""

NEAR = 1.0
"""Line heights of white space between an initial and its line."""

WHOLE_WORD = "A"
"""The initial that more often than not is a word; it is put before its line, but not into the first word."""


def join_drop_caps(lines: Sequence[Line]) -> list[Line]:
    """`lines`, with each initial at the beginning of the uppermost of the lines that it stands beside."""
    letters = [line for line in lines if len(line.words) == 1 and _is_capital(line.words[0].text)]
    if not letters:
        return list(lines)
    height = statistics.median(line.box.height for line in lines)
    joined = list(lines)
    for line in letters:
        if line.box.height > TALL * height and (beside := _lines_beside(line, joined)):
            place = joined.index(beside[0])
            joined[place] = _with_initial(line.words[0], beside[0])
            joined.remove(line)
    return joined


def _is_capital(text: str) -> bool:
    letter = text.lstrip("‘’“”\"'")
    return len(letter) == 1 and letter.isupper()


def _lines_beside(initial: Line, lines: Sequence[Line]) -> list[Line]:
    """The lines that begin right of an initial, top to bottom; none where there are not two, the first at its top."""
    box = initial.box
    beside = sorted(
        (
            line
            for line in lines
            if line is not initial
            and box.y0 <= line.box.center[1] <= box.y1
            and -0.5 * line.box.height <= line.box.x0 - box.x1 <= NEAR * line.box.height
        ),
        key=lambda line: line.box.y0,
    )
    return beside if len(beside) > 1 and beside[0].text[:1].isalpha() else []


def _with_initial(initial: Word, line: Line) -> Line:
    first, *others = line.words
    box = first.box._replace(x0=min(initial.box.x0, first.box.x0))
    if initial.text == WHOLE_WORD:
        own = initial.box._replace(y0=first.box.y0, y1=first.box.y1)
        return Line((Word(initial.text, own, initial.confidence), *line.words))
    return Line((Word(initial.text + first.text, box, first.confidence), *others))
