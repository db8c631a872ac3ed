"""Measures which share of a page's own text a transcription contains, to detect invented text."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator

from rapidfuzz import fuzz, process
from rapidfuzz.distance import LCSseq

from cogdoc.text import HAN, KANA

SAME_WORD = 75.0
"""Similarity of 0 to 100 from which two words count as one word that was read in two ways."""

# Chinese and Japanese have no spaces, and OCR and the model may split them differently, so each character is a unit.
_UNIT = re.compile(rf"[{KANA}{HAN}]|[^\s{KANA}{HAN}]+")


def agreement(literal: Iterable[str], transcription: str) -> float | None:
    """The share of the literal words' letters and digits that a transcription contains, in any order; 0 to 1.

    A word counts as often as it occurs. For two similar words, their common characters count. None if the literal
    words have no letters or digits.
    """
    expected = Counter(unit for word in literal for unit in _units(word))
    total = _characters(expected)
    if not total:
        return None
    actual = Counter(_units(transcription))
    common = _characters(expected & actual)
    # Sorted, so that the result is deterministic.
    missing, spare = sorted((expected - actual).elements()), sorted((actual - expected).elements())
    for unit in missing:
        match = process.extractOne(unit, spare, scorer=fuzz.ratio, score_cutoff=SAME_WORD) if len(unit) > 1 else None
        if match is not None:
            common += LCSseq.similarity(unit, spare.pop(match[2]))
    return common / total


def _units(text: str) -> Iterator[str]:
    """Words and CJK characters without punctuation; leader dots and rules are left out."""
    for unit in _UNIT.findall(unicodedata.normalize("NFKC", text).casefold()):
        if bare := "".join(filter(str.isalnum, unit)):
            yield bare


def _characters(units: Counter[str]) -> int:
    return sum(len(unit) * count for unit, count in units.items())
