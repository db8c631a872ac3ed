"""Recognizes text that is no language: what a font gives whose letters are encoded as others, or an old, bad OCR layer.

The measures hold for all languages in Latin script. They are only a reason to compare the text with its picture, since
lists of codes and abbreviations look the same.
"""

from __future__ import annotations

import re
import unicodedata

MIN_LETTERS = 40
"""Fewer say nothing."""

VOWELS = (0.3, 0.6)
"""Share of vowels among the letters of a text."""

MAX_WITHOUT_VOWEL = 0.3
"""Share of the longer words without a vowel."""

MAX_MIXED = 0.3
"""Share of the longer words in which digits and letters alternate."""

LONGER = 4
"""Letters of the words that are counted."""

_VOWEL = re.compile("[aeiouyæœøı]", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+")
_MIXED = re.compile(r"[^\W\d_]+\d+[^\W\d_]|\d+[^\W\d_]{2,}\d")
_LATIN = re.compile("[A-Za-zªºÀ-ɏḀ-ỿ]")


def is_implausible(text: str) -> bool:
    """Whether Latin text is probably not what people read."""
    letters = _LATIN.findall(text)
    if len(letters) < MIN_LETTERS or len(letters) < 0.7 * sum(map(str.isalpha, text)):
        return False
    bare = text if text.isascii() else unicodedata.normalize("NFD", text)
    vowels = len(_VOWEL.findall(bare)) / len(letters)
    if not VOWELS[0] <= vowels <= VOWELS[1]:
        return True
    words = [word for word in _WORD.findall(text) if len(word) >= LONGER and not word.isdigit()]
    plain = [word if word.isascii() else unicodedata.normalize("NFD", word) for word in words if word.isalpha()]
    without = sum(_VOWEL.search(word) is None for word in plain)
    mixed = sum(not word.isalpha() and _MIXED.search(word) is not None for word in words)
    return without > MAX_WITHOUT_VOWEL * max(4, len(plain)) or mixed > MAX_MIXED * max(4, len(words))
