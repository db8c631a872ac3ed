"""The single characters of a page's words. Reading them is slow, so only pages are read where words do not suffice."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple

from cogdoc.documents.geometry import Box
from cogdoc.documents.mupdf import pymupdf

Entry = tuple[float, float, float, float, str, int, int, int]
"""A word as `Page.get_text("words")` gives it: box, text, and its block, line and word number."""


class Char(NamedTuple):
    """A character that is not white space, in the coordinates of the file."""

    text: str
    box: Box
    """As wide as the character's advance, as high as its ink."""
    origin: tuple[float, float]
    size: float
    """Font size in points."""
    direction: tuple[float, float]
    """The direction of its line, a vector of length 1."""
    word: int
    """Index of its word."""


Place = tuple[str, int, int]
"""A character and where it is, in quarters of a point."""


def place_of(text: str, origin: tuple[float, float]) -> Place:
    return text, round(4 * origin[0]), round(4 * origin[1])


def read_chars(page: pymupdf.Page, entries: Sequence[Entry], flags: int) -> list[Char]:
    """The characters of the words `entries`, in their order."""
    words = iter(enumerate(entry[4] for entry in entries))
    number, rest = -1, ""
    chars: list[Char] = []
    for block in page.get_text("rawdict", flags=flags, clip=pymupdf.INFINITE_RECT())["blocks"]:
        for line in block.get("lines", ()):
            for span in line["spans"]:
                for char in span["chars"]:
                    if not rest:
                        number, rest = next(words, (number, ""))
                    if rest.startswith(char["c"]):
                        rest = rest[len(char["c"]) :]
                        chars.append(
                            Char(char["c"], Box(*char["bbox"]), char["origin"], span["size"], line["dir"], number)
                        )
    return chars


def group_by_word(chars: Sequence[Char], entries: Sequence[Entry]) -> list[list[Char]] | None:
    """The characters of each of `entries`; None if they do not match."""
    groups = [list(group) for _, group in itertools.groupby(chars, key=lambda char: char.word)]
    texts = ["".join(char.text for char in group) for group in groups]
    return groups if texts == [entry[4] for entry in entries] else None
