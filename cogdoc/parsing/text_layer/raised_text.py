"""Tell raised characters from the text on the line: notes from the number before them, exponents and ordinals.

"1,204" with the note 1 is "1,204 ¹", ten to the power of three "10³", square metres "m²", and the first "1st". As a PDF
has them, there are 1,2041 members and 103 litres.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cogdoc.documents.geometry import Box, bounding_box
from cogdoc.parsing.superscripts import is_note, is_ordinal, superscript
from cogdoc.parsing.text_layer.characters import Char, Entry

MIN_RAISE, MAX_RAISE = 0.15, 0.8
"""Font sizes of the text on the line by which raised text is above it."""

MIN_FULL_RAISE = 0.25
"""As `MIN_RAISE`, for raised text that is as large as the text on the line."""

SMALLER = 0.9
"""The font size of raised text by that of the text on the line, at most."""

MAX_GAP = 0.5
"""Font sizes between a text and what is raised behind it."""

MAX_RAISED = 12
"""Characters of a raised text; longer ones are lines of their own."""


def has_raised_text(trace: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a text operation of `Page.get_texttrace` is raised beside the one before or after it."""
    return any(_is_raised_beside(one, two) or _is_raised_beside(two, one) for one, two in itertools.pairwise(trace))


def _is_raised_beside(base: Mapping[str, Any], span: Mapping[str, Any]) -> bool:
    if not base["chars"] or not 0 < len(span["chars"]) <= MAX_RAISED:
        return False
    on_line, raised = base["chars"], span["chars"]
    lift = _lift(raised[0][2], on_line[0][2], base["dir"])
    return _is_raise(lift, span["size"], base["size"]) and (
        _gap(on_line[-1][3], raised[0][3]) <= MAX_GAP * base["size"]
        or _gap(raised[-1][3], on_line[0][3]) <= MAX_GAP * base["size"]
    )


def _gap(one: Sequence[float], two: Sequence[float]) -> float:
    """The larger of the horizontal and the vertical distance of two boxes."""
    return max(one[0] - two[2], two[0] - one[2], one[1] - two[3], two[1] - one[3])


def _lift(origin: tuple[float, float], base: tuple[float, float], direction: Sequence[float]) -> float:
    """How far an origin is above the line through `base` in a direction."""
    return (origin[0] - base[0]) * direction[1] - (origin[1] - base[1]) * direction[0]


def _is_raise(lift: float, size: float, base_size: float) -> bool:
    if size > 1.01 * base_size:
        return False
    least = MIN_RAISE if size <= SMALLER * base_size else MIN_FULL_RAISE
    return least * base_size <= lift <= MAX_RAISE * base_size


def set_apart(entries: Sequence[Entry], chars: Sequence[Sequence[Char]]) -> list[Entry]:
    """The words of `entries`, with their characters, in which raised ones are marked as such or words of their own."""
    words: list[Entry] = []
    pairs = zip(entries, chars, strict=True)
    for _, group in itertools.groupby(pairs, key=lambda pair: (pair[0][5], pair[0][6])):
        line = list(group)
        letters = [char for _, word in line for char in word]
        if len({(char.size, char.origin[0], char.origin[1]) for char in letters}) > 1 and _varies(letters):
            words += _words_of_line(line, letters)
        else:
            words += [entry for entry, _ in line]
    return words


def _varies(letters: Sequence[Char]) -> bool:
    return any(_lift(char.origin, letters[0].origin, letters[0].direction) ** 2 > 0.25 for char in letters)


def _words_of_line(line: Sequence[tuple[Entry, Sequence[Char]]], letters: Sequence[Char]) -> Iterator[Entry]:
    largest = max(char.size for char in letters)
    base = next(char for char in letters if char.size >= SMALLER * largest)
    for position, (entry, word) in enumerate(line):
        raised: list[bool] = []
        for char in word:
            raised.append(_is_raise(_lift(char.origin, base.origin, base.direction), char.size, base.size))
            if not raised[-1]:
                base = char
        if all(raised) and position and len(word) <= MAX_RAISED:
            yield (*_beside(Box(*entry[:4]), base.box, base.direction), superscript(entry[4]), *entry[5:])
        elif any(raised) and not all(raised):
            yield from _parts(word, raised, entry, starts_line=not position)
        else:
            yield entry


def _parts(word: Sequence[Char], raised: Sequence[bool], entry: Entry, *, starts_line: bool) -> Iterator[Entry]:
    """The words of one word, `entry`, some of whose characters are raised."""
    text, chars, as_note = "", list[Char](), False
    for is_raised, group in itertools.groupby(zip(word, raised, strict=True), key=lambda pair: pair[1]):
        run = [char for char, _ in group]
        written = "".join(char.text for char in run)
        if text and is_raised:
            as_note = is_note(text, written)
            written = written if is_ordinal(written) and not as_note else superscript(written)
        elif is_raised:
            as_note = starts_line
            written = written if starts_line else superscript(written)
        elif as_note and not written[0].isalnum():  # the full stop or bracket behind a note
            as_note = False
        if as_note and is_raised and text:
            yield _entry(text, chars, entry)
            text, chars = written, run
        elif as_note and text:
            yield _entry(text, chars, entry)
            text, chars, as_note = written, run, False
        else:
            text, chars = text + written, [*chars, *run]
    yield _entry(text, chars, entry)


def _entry(text: str, chars: Sequence[Char], word: Entry) -> Entry:
    box = _beside(bounding_box(char.box for char in chars), Box(*word[:4]), chars[0].direction)
    return (*box, text, *word[5:])


def _beside(box: Box, base: Box, direction: tuple[float, float]) -> Box:
    """`box` as high as the text on the line, so that nothing takes it for a line of its own."""
    if abs(direction[0]) > abs(direction[1]):
        return box._replace(y0=min(box.y0, base.y0), y1=max(box.y1, base.y1))
    return box._replace(x0=min(box.x0, base.x0), x1=max(box.x1, base.x1))
