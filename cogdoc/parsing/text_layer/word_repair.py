"""Repair the words of a page: as MuPDF reads them, some are split, joined, doubled, or run into raised text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cogdoc.documents.geometry import Box
from cogdoc.documents.mupdf import pymupdf
from cogdoc.parsing.text_layer.characters import Entry, group_by_word, read_chars
from cogdoc.parsing.text_layer.hidden_text import PageFrame, ReadableText
from cogdoc.parsing.text_layer.overprints import drop_overprints, may_be_doubled, undouble
from cogdoc.parsing.text_layer.raised_text import has_raised_text, set_apart
from cogdoc.parsing.text_layer.word_joining import join_spaced_letters, join_touching, may_touch
from cogdoc.parsing.text_layer.word_splitting import split_tight_words


def repaired_words(
    page: pymupdf.Page, frame: PageFrame, readable: ReadableText, trace: Sequence[Mapping[str, Any]], flags: int
) -> list[Entry]:
    """The words that the page shows, with boxes as displayed; `trace` is what `Page.get_texttrace` has."""
    entries = readable.entries
    if any(may_be_doubled(entry[4]) for entry in entries) or may_touch(entries) or has_raised_text(trace):
        chars = readable.chars or group_by_word(read_chars(page, entries, flags), entries)
        if chars:
            chars = [undouble(word) for word in chars]
            entries = [
                entry if len(word) == len(entry[4]) else (*entry[:4], "".join(char.text for char in word), *entry[5:])
                for entry, word in zip(entries, chars, strict=True)
            ]
            entries = set_apart(*join_touching(entries, chars))
    entries = split_tight_words(page, entries, flags)
    displayed = [(*frame.display(Box(*entry[:4])), *entry[4:]) for entry in entries]
    return join_spaced_letters(drop_overprints(displayed))
