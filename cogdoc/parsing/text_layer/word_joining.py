"""Join words that the file separates but the page does not: by cancelled spaces, or by spacing out their letters.

TeX and others write "offi cer" with a space that negative kerning takes back; headings are spaced out as "Q U I E T".
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from cogdoc.documents.geometry import Box, bounding_box
from cogdoc.parsing.text_layer.characters import Char, Entry
from cogdoc.text import HAN, KANA

MAX_CANCELLED_GAP = 0.06
"""Em between two words that are one."""

MAX_OVERLAP = 0.1
"""Em by which they may overlap: kerning can take back more than the space."""

LAST_SPACED = "\u058f"
"""The last letter of the Greek, Latin, Cyrillic and Armenian scripts; others connect or stack their letters."""

MIN_LETTERS = 4
"""Single letters in a row that are a word which is spaced out; fewer are initials, or the heads of columns."""

MIN_HAN = 3

MAX_LETTER_GAP = 1.5
"""Letter heights between the letters of a word that is spaced out."""

EVEN = 1.5
"""The widest by the narrowest gap between the letters of one word."""

_IDEOGRAPH = re.compile(f"[{HAN}{KANA}]")


def may_touch(entries: Sequence[Entry]) -> bool:
    """Whether two words may have no gap between them."""
    return any(
        left[5:7] == right[5:7]
        and left[4][-1].isalpha()
        and right[4][0].isalpha()
        and _distance(left, right) <= MAX_CANCELLED_GAP * max(min(left[2] - left[0], left[3] - left[1]), 6.0)
        for left, right in itertools.pairwise(entries)
    )


def join_touching(entries: Sequence[Entry], chars: Sequence[list[Char]]) -> tuple[list[Entry], list[list[Char]]]:
    """Join words without a gap between them; also returns the characters of each."""
    joined: list[Entry] = []
    letters: list[list[Char]] = []
    for entry, word in zip(entries, chars, strict=True):
        if joined and joined[-1][5:7] == entry[5:7] and _touch(letters[-1][-1], word[0]):
            joined[-1] = _merge([joined[-1], entry])
            letters[-1] = [*letters[-1], *word]
        else:
            joined.append(entry)
            letters.append(word)
    return joined, letters


def _touch(left: Char, right: Char) -> bool:
    """Whether two letters of a level or upright line have no gap between them."""
    along = left.direction
    if max(map(abs, along)) < 0.999 or not (left.text.isalpha() and right.text.isalpha()):
        return False
    if max(left.text, right.text) > LAST_SPACED or (left.text.islower() and right.text.isupper()):
        return False
    advance = left.box.width if abs(along[0]) > 0.5 else left.box.height
    step = (right.origin[0] - left.origin[0]) * along[0] + (right.origin[1] - left.origin[1]) * along[1]
    return -MAX_OVERLAP * left.size <= step - advance <= MAX_CANCELLED_GAP * left.size


def _distance(one: Entry, two: Entry) -> float:
    """The larger of the horizontal and the vertical distance of two words."""
    return max(one[0] - two[2], two[0] - one[2], one[1] - two[3], two[1] - one[3])


def join_spaced_letters(entries: Sequence[Entry]) -> list[Entry]:
    """`entries` in which words with spaced letters are whole; their boxes are as displayed."""
    joined: list[Entry] = []
    for _, group in itertools.groupby(entries, key=lambda entry: (entry[5], entry[6])):
        line = list(group)
        joined += _join_letters(line) if sum(len(entry[4]) == 1 for entry in line) >= MIN_HAN else line
    return joined


def _join_letters(line: Sequence[Entry]) -> list[Entry]:
    """Join runs of single letters with even gaps."""
    joined: list[Entry] = []
    index = 0
    while index < len(line):
        end = _end_of_run(line, index)
        if end > index + 1:
            joined.append(_merge(line[index:end]))
        else:
            joined.append(line[index])
            end = index + 1
        index = end
    return joined


def _end_of_run(line: Sequence[Entry], start: int) -> int:
    """The index after the word of single letters that starts at `start`; `start` if there is none."""
    letters: list[Entry] = []
    gaps: list[float] = []
    for entry in line[start:]:
        if len(entry[4]) != 1 or not entry[4].isalpha():
            break
        if letters:
            gap = entry[0] - letters[-1][2]
            height = max(entry[3] - entry[1], letters[-1][3] - letters[-1][1])
            if not 0 <= gap <= MAX_LETTER_GAP * height or gap > EVEN * max(0.1 * height, min(gaps, default=gap)):
                break
            gaps.append(gap)
        letters.append(entry)
    text = "".join(entry[4] for entry in letters)
    is_ideographic = bool(_IDEOGRAPH.match(text))
    if len(text) < (MIN_HAN if is_ideographic else MIN_LETTERS) or (not is_ideographic and _is_enumeration(text)):
        return start
    return start + len(letters)


def _is_enumeration(text: str) -> bool:
    """Whether letters are those of an alphabet in order, or one letter again and again: not a word."""
    steps = {ord(right) - ord(left) for left, right in itertools.pairwise(text.lower())}
    return steps <= {0, 1} or not (text.isupper() or text.islower() or text.istitle())


def _merge(parts: Sequence[Entry]) -> Entry:
    box = bounding_box(Box(*part[:4]) for part in parts)
    return (*box, "".join(part[4] for part in parts), *parts[0][5:])
