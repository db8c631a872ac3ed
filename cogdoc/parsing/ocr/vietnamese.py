"""Tell Vietnamese pages: RapidOCR's model lacks some of their letters, and leaves them out ("mạng" gives "mng")."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from cogdoc.parsing.ocr.ocr_lines import OcrLine

NAME = "vietnamese"

OWN_LETTERS = "ơưƠƯ"
"""Letters with a horn, which no other language has and the model reads."""

MIN_OWN_LETTERS = 2

VOWELS = frozenset("aeiouyAEIOUYơưƠƯ")

MIN_MAIMED = 0.05
"""Share of words without a vowel; of whole Vietnamese words, all have one."""


def is_vietnamese(lines: Sequence[OcrLine]) -> bool:
    """Whether lines are Vietnamese with letters that are left out."""
    text = unicodedata.normalize("NFC", " ".join(line.text for line in lines))
    if sum(char in OWN_LETTERS for char in text) < MIN_OWN_LETTERS:
        return False
    words = [word for word in text.split() if word.isalpha()]
    maimed = sum(VOWELS.isdisjoint(unicodedata.normalize("NFD", word) + word) for word in words)
    return maimed >= MIN_MAIMED * len(words)
