"""How much of what a page literally says a transcription holds: the figure by which invented text is found out."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator

from rapidfuzz import fuzz, process
from rapidfuzz.distance import LCSseq

from cogdoc.text import HAN, KANA

NEARLY = 75.0
"""Similarity of 0 to 100 from which two words are one that was read in two ways."""

# Chinese and Japanese have no spaces, and the two readers may cut them differently, so each character is a unit.
_UNIT = re.compile(rf"[{KANA}{HAN}]|[^\s{KANA}{HAN}]+")


def agreement(literal: Iterable[str], transcription: str) -> float | None:
    """The share of the literal words' letters and digits that a transcription holds, in whatever order; 0 to 1.

    A word counts as often as it stands there. Of words that nearly agree their common characters count. None where
    there are no literal letters or digits to compare with.
    """
    expected = Counter(unit for word in literal for unit in _units(word))
    total = _characters(expected)
    if not total:
        return None
    given = Counter(_units(transcription))
    held = _characters(expected & given)
    # Sorted, so that the same page gives the same figure every time.
    missing, spare = sorted((expected - given).elements()), sorted((given - expected).elements())
    for unit in missing:
        found = process.extractOne(unit, spare, scorer=fuzz.ratio, score_cutoff=NEARLY) if len(unit) > 1 else None
        if found is not None:
            held += LCSseq.similarity(unit, spare.pop(found[2]))
    return held / total


def _units(text: str) -> Iterator[str]:
    """Words and Chinese characters, without the signs around and within them; leader dots and rules are none."""
    for unit in _UNIT.findall(unicodedata.normalize("NFKC", text).casefold()):
        if bare := "".join(filter(str.isalnum, unit)):
            yield bare


def _characters(units: Counter[str]) -> int:
    return sum(len(unit) * count for unit, count in units.items())
