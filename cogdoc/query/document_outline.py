"""The outline of a document from the text of its pages: headings, what is below each, and the items listed there.

A heading is a line in bold or larger letters, or one that begins with a numbered name: "UNIT 8: Managing People".
Sections go on over pages. Only headings and marks of items are kept, so that memory does not grow with the text of
thousands of pages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from cogdoc.parsing.page_text import Line, PageText
from cogdoc.parsing.text_spans import TextStyle
from cogdoc.query.document_places import Reference, find_references

MAX_HEADING = 100
"""Characters of a heading."""

BOLD, LARGE, NUMBERED, LARGEST = 1, 2, 3, 4
"""Ranks of headings. A section ends at the next heading of its rank or a higher one."""

LARGE_HEIGHT, LARGEST_HEIGHT = 1.25, 1.6
"""Heights of headings of the two ranks, in median heights of the lines of their page."""

MIN_LETTERS = 3

MAX_LINES_TO_ITEMS = 60
"""Lines between a heading and the first item below it."""

SAME_MARGIN = 6.0
"""Points by which marks of items of one list may be apart horizontally."""

CAPTIONED = frozenset(("figure", "table", "chart"))
"""What has captions rather than sections."""

_NUMBER = re.compile(r"\s*(?P<style>\(|[^\W\d_]{3,12}\s)?(?P<number>\d{1,2})(?P<end>[.)）、:]?)(?=\s+\D|\s*$)")
_BULLET = re.compile(r"\s*([•●▪■◦○‣✓✔➢►❖·–*-])(?:\s|$)")


@dataclass(frozen=True, slots=True)
class Heading:
    text: str
    line: int
    """Index among the lines of the document."""
    rank: int
    reference: Reference | None
    """The numbered name that it begins with: ("unit", "8")."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A number or bullet at the beginning of a line."""

    line: int
    left: float
    style: str
    """The bullet, or what is before and after the number; only items of one list have the same."""
    number: int
    """0 for a bullet."""
    end: int
    """In the text of the line."""


@dataclass(frozen=True, slots=True)
class Section:
    heading: Heading
    start: int
    end: int
    """Of the lines below the heading, among those of the document."""


class Outline:
    """What `add` found on the pages so far, which have to come in order."""

    def __init__(self) -> None:
        self.line_count = 0
        self._headings: list[Heading] = []
        self._marks: list[Mark] = []
        self.marked: set[int] = set()
        """Lines with a mark."""

    def add(self, page: PageText) -> None:
        usual = median(line.box.height for line in page.lines) if page.lines else 1.0
        for line in page.lines:
            if (mark := _mark(line, self.line_count)) is not None:
                self._marks.append(mark)
                self.marked.add(self.line_count)
            if (heading := _heading(line, self.line_count, usual)) is not None:
                self._headings.append(heading)
            self.line_count += 1

    def sections(self) -> Iterator[Section]:
        """All sections; those of lower ranks are inside others."""
        for place, heading in enumerate(self._headings):
            later = self._headings[place + 1 :]
            start = heading.line + 1
            while later and later[0].line == start and later[0].rank == heading.rank and not later[0].reference:
                start, later = start + 1, later[1:]  # a heading of several lines
            end = next((other.line for other in later if _ends(heading, other)), self.line_count)
            yield Section(heading, start, end)

    def items(self, section: Section, *, numbered: bool = False) -> list[Mark]:
        """The marks of the items of the first list of a section; none without a list.

        Args:
            numbered: whether only numbers mark items.
        """
        marks = [mark for mark in self._marks if section.start <= mark.line < section.end]
        for place, mark in enumerate(marks):
            if mark.line > section.start + MAX_LINES_TO_ITEMS:
                break
            if mark.number == 1 and len(found := _numbered(marks[place:], mark.style)) > 1:
                return found
            if not mark.number and not numbered:
                return [
                    other for other in marks if other.style == mark.style and abs(other.left - mark.left) < SAME_MARGIN
                ]
        return []


def _heading(line: Line, index: int, usual: float) -> Heading | None:
    text = line.text.strip()
    if len(text) > MAX_HEADING or sum(map(str.isalpha, text)) < MIN_LETTERS or _BULLET.match(text):
        return None
    height = median(word.box.height for word in line.words) / (usual or 1.0)
    is_bold = all(any(TextStyle.BOLD in span.styles for span in line.words[end].spans) for end in (0, -1))
    rank = LARGEST if height >= LARGEST_HEIGHT else LARGE if height >= LARGE_HEIGHT else BOLD if is_bold else 0
    mention = next(iter(find_references(text)), None)
    if mention is not None and mention.fit == 1.0 and mention.reference[0] not in CAPTIONED:
        return Heading(text, index, max(rank, NUMBERED), mention.reference) if rank else None
    return Heading(text, index, rank, None) if rank else None


def _mark(line: Line, index: int) -> Mark | None:
    number, bullet = _NUMBER.match(line.text), _BULLET.match(line.text)
    if number is not None:
        style = f"{number['style'] or ''}1{number['end']}"
        return Mark(index, line.box.x0, style.lower(), int(number["number"]), number.end())
    return Mark(index, line.box.x0, bullet[1], 0, bullet.end()) if bullet is not None else None


def _ends(heading: Heading, other: Heading) -> bool:
    """Whether a section ends at another heading; one of a numbered name goes on up to the next name of its kind."""
    if heading.reference is None:
        return other.rank >= heading.rank
    is_alike = other.reference is not None and other.reference[0] == heading.reference[0]
    return is_alike and other.reference != heading.reference


def _numbered(marks: list[Mark], style: str) -> list[Mark]:
    """The marks of one style that go on from 1, until a new list of that style begins."""
    found: list[Mark] = []
    for mark in marks:
        if mark.style == style and mark.number == len(found) + 1:
            found.append(mark)
        elif mark.style == style and mark.number == 1 and len(found) > 1:
            break
    return found
