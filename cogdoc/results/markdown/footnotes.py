"""Footnotes as Markdown: raised numbers become references, and the notes at the foot of the page what they refer to.

Only numbers that have both are taken; all others stay as they are printed.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cogdoc.results.records import TextBlock, TextLine

_DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_REFERENCE = re.compile(
    rf"(?P<base>[^\W_]*)(?P<between>[^\w\s⁻⁺{_RAISED}]*)(?P<space> ?)(?P<number>[{_RAISED}]{{1,3}})(?![⁺⁻ⁿ{_RAISED}])"
)
_NOTE = re.compile(rf"^\s*(?P<number>\d{{1,3}}|[{_RAISED}]{{1,3}})(?:\s+|(?<=[{_RAISED}]))(?=\S)")

MAX_UNIT = 2
"""Letters of a unit or a variable: what is raised behind "m" or "km" is its exponent."""


MIN_NOTED = 0.5
"""Share of a page's raised numbers that have notes; with fewer, what seem to be notes are parts of something else."""

SMALLER = 0.9
"""The height of a note's lines by that of the lines that refer to it, at most."""


@dataclass(frozen=True, slots=True)
class Note:
    """A note at the foot of a page."""

    number: str
    lines: tuple[TextLine, ...]
    start: int
    """Where its text begins in the first line."""


def columns_of(lines: Sequence[TextLine]) -> list[list[TextLine]]:
    """Lines in columns side by side: notes are read one column after the other."""
    ordered = sorted(lines, key=lambda line: line.box[0])
    for index in range(1, len(ordered)):
        left, right = ordered[:index], ordered[index:]
        if max(line.box[2] for line in left) <= right[0].box[0]:
            parts = [[line for line in lines if line in part] for part in (left, right)]
            if all(_NOTE.match(part[0].text) for part in parts):
                return [*columns_of(parts[0]), *columns_of(parts[1])]
    return [list(lines)]


def split_notes(block: TextBlock) -> tuple[list[TextLine], list[Note]]:
    """The lines of a block before its first note, and its notes."""
    before: list[TextLine] = []
    notes: list[Note] = []
    for column in columns_of(block.lines):
        for line in column:
            match = _NOTE.match(line.text)
            number = match["number"].translate(_DIGITS) if match else ""
            if match and (not notes or int(number) == int(notes[-1].number) + 1):
                notes.append(Note(number, (line,), match.end()))
            elif notes:
                last = notes[-1]
                notes[-1] = Note(last.number, (*last.lines, line), last.start)
            else:
                before.append(line)
    return before, notes


def find_notes(blocks: Sequence[TextBlock]) -> tuple[set[int], set[str]]:
    """The indices of the blocks that have notes, and the numbers that have a note and are raised behind some words.

    The layout knows footnotes; smaller print that begins with a number which larger print refers to is one as well.
    """
    references: dict[str, list[float]] = {}
    for block in blocks:
        if block.kind != "footnote":
            for line in block.lines:
                for match in _REFERENCE.finditer(line.text):
                    if number := _referred(match):
                        references.setdefault(number, []).append(_height(line))
    if not references:
        return set(), set()
    indices: set[int] = set()
    numbers: set[str] = set()
    for index, block in enumerate(blocks):
        if block.kind == "footnote" or (block.kind == "text" and _is_note(block, references)):
            found = {note.number for note in split_notes(block)[1]} & references.keys()
            numbers |= found
            indices |= {index} if found else set()
    if len(numbers) < MIN_NOTED * len(references):  # the others are those of a list in one paragraph, or at the end
        return set(), set()
    return indices, numbers


def _is_note(block: TextBlock, references: Mapping[str, Sequence[float]]) -> bool:
    match = _NOTE.match(block.lines[0].text) if block.lines else None
    heights = references.get(match["number"].translate(_DIGITS)) if match else None
    return heights is not None and statistics.median(map(_height, block.lines)) <= SMALLER * max(heights)


def _height(line: TextLine) -> float:
    return line.box[3] - line.box[1]


def with_references(markdown: str, numbers: set[str], page: int) -> str:
    """Markdown in which the raised numbers of notes are references to them."""
    if not numbers:
        return markdown

    def replace(match: re.Match[str]) -> str:
        number = _referred(match)
        if number not in numbers:
            return match[0]
        return f"{match['base']}{match['between']}[^{page}-{number}]"

    return _REFERENCE.sub(replace, markdown)


def note_label(page: int, number: str) -> str:
    """What begins a note: no other page has the same."""
    return f"[^{page}-{number}]:"


def _referred(match: re.Match[str]) -> str | None:
    """The number of the note that a raised number refers to; None for exponents, and for numbers of lines."""
    base, between, space = match["base"], match["between"], match["space"]
    if not (base or between):
        return None
    is_exponent = not between and not space and base and (base[-1].isdigit() or len(base) <= MAX_UNIT)
    return None if is_exponent else match["number"].translate(_DIGITS)
