"""Part words that MuPDF ran together: it takes a gap below 0.15 em for kerning, and some fonts' spaces are narrower.

Looking at single characters is slow, so only pages that have a word of suspicious length are looked at more closely.
"""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterator
from typing import Any

from cogdoc.documents.mupdf import pymupdf

SUSPICIOUS_LENGTH = 18
MIN_SPACE = 0.09
"""Em; a gap from here on is a space where the word's other gaps are next to nothing."""

MAX_KERNING = 0.03

Entry = tuple[float, float, float, float, str, int, int, int]
"""A word as `Page.get_text("words")` gives it: box, text, and its block, line and word number."""


def part_tight_words(page: pymupdf.Page, entries: list[Entry], flags: int) -> list[Entry]:
    """`entries`, each cut where its characters stand apart, if that holds for the longest of them."""
    suspicious = [entry for entry in entries if _is_suspicious(entry[4])]
    if not any(len(_part(page, entry, flags)) > 1 for entry in suspicious):
        return entries
    return [part for entry in entries for part in _part(page, entry, flags)]


def _is_suspicious(text: str) -> bool:
    return len(text) >= SUSPICIOUS_LENGTH and sum(c.isascii() and c.isalpha() for c in text) > 0.9 * len(text)


def _part(page: pymupdf.Page, entry: Entry, flags: int) -> list[Entry]:
    characters = [c for c in _characters(page, pymupdf.Rect(entry[:4]), flags) if not c["c"].isspace()]
    if "".join(c["c"] for c in characters) != entry[4]:
        return [entry]
    if len(characters) < 2:
        return [entry]
    size = max(1e-6, entry[3] - entry[1])
    gaps = [(right["bbox"][0] - left["bbox"][2]) / size for left, right in itertools.pairwise(characters)]
    if abs(statistics.median(gaps)) > MAX_KERNING:
        return [entry]
    cuts = [0, *(place + 1 for place, gap in enumerate(gaps) if gap >= MIN_SPACE), len(characters)]
    parts = [characters[start:end] for start, end in itertools.pairwise(cuts)]
    return [
        (part[0]["bbox"][0], entry[1], part[-1]["bbox"][2], entry[3], "".join(c["c"] for c in part), *entry[5:])
        for part in parts
    ]


def _characters(page: pymupdf.Page, clip: pymupdf.Rect, flags: int) -> Iterator[dict[str, Any]]:
    for block in page.get_text("rawdict", flags=flags, clip=clip)["blocks"]:
        for line in block.get("lines", ()):
            for span in line["spans"]:
                yield from span["chars"]
