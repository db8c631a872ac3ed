"""Repair the words of a page: as MuPDF reads them, some are split, joined, doubled, or run into raised text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from cogdoc.documents.geometry import Box
from cogdoc.documents.mupdf import pymupdf
from cogdoc.parsing.text_layer.characters import Char, Entry, group_by_word, read_chars
from cogdoc.parsing.text_layer.hidden_text import ReadableText
from cogdoc.parsing.text_layer.overprints import drop_overprints, may_be_doubled, undouble
from cogdoc.parsing.text_layer.page_frame import PageFrame
from cogdoc.parsing.text_layer.raised_text import has_raised_text, set_apart
from cogdoc.parsing.text_layer.right_to_left import in_logical_order
from cogdoc.parsing.text_layer.word_joining import join_spaced_letters, join_touching, may_touch
from cogdoc.parsing.text_layer.word_splitting import split_tight_words
from cogdoc.text import has_right_to_left

LEVEL = 0.98
"""The cosine of the angle to an axis of the page from which a line is on it."""


class RepairedWords(NamedTuple):
    """The words of a page, with boxes as displayed."""

    entries: list[Entry]
    directions: dict[tuple[int, int], int]
    """The direction of lines, as that of `Word`, by their block and line number; of all others it is 0."""


def repaired_words(
    page: pymupdf.Page, frame: PageFrame, readable: ReadableText, trace: Sequence[Mapping[str, Any]], flags: int
) -> RepairedWords:
    """The words that the page shows, with boxes as displayed; `trace` is what `Page.get_texttrace` has."""
    entries = readable.entries
    directions: dict[tuple[int, int], int] = {}
    turned = _has_turned_text(trace, frame)
    if (
        turned
        or any(may_be_doubled(entry[4]) for entry in entries)
        or has_right_to_left("".join([entry[4] for entry in entries]))
        or may_touch(entries)
        or has_raised_text(trace)
    ):
        chars = readable.chars or group_by_word(read_chars(page, entries, flags), entries)
        if chars:
            chars = [undouble(word) for word in chars]
            entries = [
                entry if len(word) == len(entry[4]) else (*entry[:4], "".join(char.text for char in word), *entry[5:])
                for entry, word in zip(entries, chars, strict=True)
            ]
            entries, chars = join_touching(*in_logical_order(entries, chars))
            directions = _directions(entries, chars, frame) if turned else {}
            entries = set_apart(entries, chars)
    entries = split_tight_words(page, entries, flags)
    displayed = [(*frame.display(Box(*entry[:4])), *entry[4:]) for entry in entries]
    return RepairedWords(join_spaced_letters(drop_overprints(displayed)), directions)


def _has_turned_text(trace: Sequence[Mapping[str, Any]], frame: PageFrame) -> bool:
    """Whether some text does not run to the right on the page as displayed."""
    a, _, c, _, _, _ = frame.matrix
    return any(a * span["dir"][0] + c * span["dir"][1] < LEVEL for span in trace)


def _directions(
    entries: Sequence[Entry], chars: Sequence[Sequence[Char]], frame: PageFrame
) -> dict[tuple[int, int], int]:
    a, b, c, d, _, _ = frame.matrix
    directions: dict[tuple[int, int], int] = {}
    for entry, word in zip(entries, chars, strict=True):
        x, y = word[0].direction
        along, across = a * x + c * y, b * x + d * y
        if max(abs(along), abs(across)) >= LEVEL:
            directions[entry[5], entry[6]] = (
                (0 if along > 0 else 180) if abs(along) > 0.5 else 90 if across > 0 else 270
            )
    return directions
