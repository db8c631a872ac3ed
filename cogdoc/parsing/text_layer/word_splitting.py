"""Split words that MuPDF joined: it takes gaps below 0.15 em for kerning, and the spaces of some fonts are narrower.

Reading single characters is slow, so this is done only on pages with suspiciously long words.
"""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterator
from typing import Any

from cogdoc.documents.mupdf import pymupdf
from cogdoc.parsing.text_layer.characters import Entry

SUSPICIOUS_LENGTH = 18
"""Letters from which a word may be several."""

MIN_SPACE = 0.09
"""Em; a gap from here on is a space, if the word's other gaps are close to zero."""

MAX_KERNING = 0.03
"""Em; the largest median gap between characters that counts as close to zero."""


def split_tight_words(page: pymupdf.Page, entries: list[Entry], flags: int) -> list[Entry]:
    """`entries`, split at gaps between their characters, if one of the long words has such gaps."""
    suspicious = [entry for entry in entries if _is_suspicious(entry[4])]
    if not any(len(_split(page, entry, flags)) > 1 for entry in suspicious):
        return entries
    return [part for entry in entries for part in _split(page, entry, flags)]


def _is_suspicious(text: str) -> bool:
    return len(text) >= SUSPICIOUS_LENGTH and sum(c.isascii() and c.isalpha() for c in text) > 0.9 * len(text)


def _split(page: pymupdf.Page, entry: Entry, flags: int) -> list[Entry]:
    chars = [c for c in _chars(page, pymupdf.Rect(entry[:4]), flags) if not c["c"].isspace()]
    if "".join(c["c"] for c in chars) != entry[4]:
        return [entry]
    if len(chars) < 2:
        return [entry]
    size = max(1e-6, entry[3] - entry[1])
    gaps = [(right["bbox"][0] - left["bbox"][2]) / size for left, right in itertools.pairwise(chars)]
    if abs(statistics.median(gaps)) > MAX_KERNING:
        return [entry]
    cuts = [0, *(index + 1 for index, gap in enumerate(gaps) if gap >= MIN_SPACE), len(chars)]
    parts = [chars[start:end] for start, end in itertools.pairwise(cuts)]
    return [
        (part[0]["bbox"][0], entry[1], part[-1]["bbox"][2], entry[3], "".join(c["c"] for c in part), *entry[5:])
        for part in parts
    ]


def _chars(page: pymupdf.Page, clip: pymupdf.Rect, flags: int) -> Iterator[dict[str, Any]]:
    for block in page.get_text("rawdict", flags=flags, clip=clip)["blocks"]:
        for line in block.get("lines", ()):
            for span in line["spans"]:
                yield from span["chars"]
