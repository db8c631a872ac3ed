"""The English words that documents are full of, for reading what worn or tiny print says of them.

The list was written for this project: the vocabulary of letters, forms, receipts, contracts and reports with its
regular inflections, in lower case. What is not in it is not wrong, only unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from cogdoc.text import count_han

MAX_SIMILAR = 30
MIN_KNOWN_SHARE = 0.35
"""More of a page's longer words are known where it is in English, even a badly read one; of German about 0.1 are."""

MIN_PART = 2
"""Letters of the shortest word that two words run together are parted into."""

_LONGER_WORD = re.compile(r"[^\W\d_]{4,}")


@cache
def lexicon() -> frozenset[str]:
    """All known words, in lower case."""
    return frozenset(files("cogdoc.parsing.ocr").joinpath("english.txt").read_text(encoding="ascii").split())


def is_known(word: str) -> bool:
    return word.lower() in lexicon()


def similar_words(word: str) -> list[tuple[str, int]]:
    """Known words that look like `word`, each with the number of letters that must change (1 to 3)."""
    most = 1 if len(word) < 5 else 2 if len(word) < 9 else 3
    near = [known for length in range(len(word) - most, len(word) + most + 1) for known in _by_length().get(length, ())]
    found = process.extract(
        word.lower(), near, scorer=Levenshtein.distance, score_cutoff=most, limit=MAX_SIMILAR, processor=None
    )
    return [(known, int(distance)) for known, distance, _ in found]


def partings(word: str) -> list[str]:
    """The ways in which `word` is two known words run together, each with a space between them."""
    cuts = range(MIN_PART, len(word) - MIN_PART + 1)
    return [f"{word[:cut]} {word[cut:]}" for cut in cuts if is_known(word[:cut]) and is_known(word[cut:])]


def is_english(texts: Iterable[str]) -> bool:
    """Whether the page with these lines is mostly in English, as far as the known words tell."""
    text = "\n".join(texts)
    found = _LONGER_WORD.findall(text)
    latin = [word for word in found if word.isascii()]
    if sum(map(len, latin)) < count_han(text):
        return False
    return sum(map(is_known, latin)) > MIN_KNOWN_SHARE * len(found)


@cache
def _by_length() -> dict[int, list[str]]:
    grouped: dict[int, list[str]] = {}
    for word in sorted(lexicon()):
        grouped.setdefault(len(word), []).append(word)
    return grouped
