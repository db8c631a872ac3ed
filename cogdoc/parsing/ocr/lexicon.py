"""Look up English words of documents, to correct what OCR reads from worn or tiny print.

The list was written for this project: the vocabulary of letters, forms, receipts, contracts and reports with its
regular inflections, in lower case. A word that is not in it is unknown, not wrong.
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
"""Similar words returned at most."""

MIN_KNOWN_SHARE = 0.35
"""The known share of a page's longer words from which the page is English. Badly read English pages have more,
German pages about 0.1."""

MIN_PART = 2
"""Letters of the shortest word that a run-together word is split into."""

_LONGER_WORD = re.compile(r"[^\W\d_]{4,}")


@cache
def lexicon() -> frozenset[str]:
    """All known words, in lower case."""
    return frozenset(files("cogdoc.parsing.ocr").joinpath("english.txt").read_text(encoding="ascii").split())


def is_known(word: str) -> bool:
    return word.lower() in lexicon()


def similar_words(word: str) -> list[tuple[str, int]]:
    """Known words similar to `word`, each with its edit distance (1 to 3, depending on the word's length)."""
    max_distance = 1 if len(word) < 5 else 2 if len(word) < 9 else 3
    lengths = range(len(word) - max_distance, len(word) + max_distance + 1)
    near = [known for length in lengths for known in _words_by_length().get(length, ())]
    found = process.extract(
        word.lower(), near, scorer=Levenshtein.distance, score_cutoff=max_distance, limit=MAX_SIMILAR, processor=None
    )
    return [(known, int(distance)) for known, distance, _ in found]


def splits(word: str) -> list[str]:
    """All ways to split `word` into two known words, each as the two words with a space between them."""
    cuts = range(MIN_PART, len(word) - MIN_PART + 1)
    return [f"{word[:cut]} {word[cut:]}" for cut in cuts if is_known(word[:cut]) and is_known(word[cut:])]


def is_english(texts: Iterable[str]) -> bool:
    """Whether a page with these lines is mostly English, by its share of known words."""
    text = "\n".join(texts)
    words = _LONGER_WORD.findall(text)
    latin = [word for word in words if word.isascii()]
    if sum(map(len, latin)) < count_han(text):
        return False
    return sum(map(is_known, latin)) > MIN_KNOWN_SHARE * len(words)


@cache
def _words_by_length() -> dict[int, list[str]]:
    grouped: dict[int, list[str]] = {}
    for word in sorted(lexicon()):
        grouped.setdefault(len(word), []).append(word)
    return grouped
