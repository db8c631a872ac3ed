"""Finds the concepts of the lexicons in a text, in any language: "Rechnungsnummer" is an invoice number."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache

from cogdoc.query.lexicon.loading import load_lexicon
from cogdoc.query.terms import stem
from cogdoc.text import HAN, KANA

UNSPACED = f"{HAN}{KANA}\u0e00-\u0e7f\uac00-\ud7a3"
"""Scripts that put no spaces around words, or join endings to them: Chinese, Japanese, Thai, Korean."""

MIN_PART = 4
"""Fewest letters of a part of a compound word."""

_WORD = re.compile(rf"[{UNSPACED}]|[^\W_{UNSPACED}]+|[#№%]")
_JOINTS = ("", "s", "n", "en", "es")

_Words = tuple[str, ...]


@lru_cache(maxsize=8192)
def concepts_in(text: str) -> frozenset[str]:
    """The ids of the concepts that `text` names, with those of the words of an id: "invoice number", "invoice".

    Of two wordings that overlap, the longer one counts: "subtotal" is no total. Function words count only alone, as
    in the label "To:".
    """
    found = {name for _, ids in _matches(text) for name in ids}
    parts = {part for name in found for part in name.split() if " " in name}
    return frozenset(found | (parts & _ids()))


@lru_cache(maxsize=8192)
def concept_share(text: str) -> float:
    """Share of the words of `text` that name concepts: 1 for most labels, less for names and sentences."""
    words = len(_words(text))
    return sum(length for length, ids in _matches(text) if ids) / words if words else 0.0


def _matches(text: str) -> Iterator[tuple[int, frozenset[str]]]:
    """The words of a text, one or several at a time: how many, and which concepts they name."""
    words, index = _words(text), 0
    while index < len(words):
        length, ids = _longest(words, index)
        if length == 1 < len(words) and words[index] in load_lexicon().words["stop"]:
            ids = frozenset()
        elif not ids:
            length, ids = 1, _compound(words[index])
        yield length, ids
        index += length


def _words(text: str) -> _Words:
    """The words of a text without case and accents; each character of a script without spaces."""
    bare = (char for char in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(char))
    return tuple(_WORD.findall(unicodedata.normalize("NFC", "".join(bare))))


@cache
def _index() -> dict[str, tuple[tuple[_Words, str], ...]]:
    """Wordings and their concepts by first word, the longest first."""
    index: dict[str, list[tuple[_Words, str]]] = {}
    for name, wordings in load_lexicon().concepts.items():
        for wording in (name, *wordings):
            if words := tuple(stem(word) for word in _words(wording)):
                index.setdefault(words[0], []).append((words, name))
    return {first: tuple(sorted(found, key=lambda pair: -len(pair[0]))) for first, found in index.items()}


@cache
def _ids() -> frozenset[str]:
    return frozenset(load_lexicon().concepts)


def _longest(words: _Words, start: int) -> tuple[int, frozenset[str]]:
    """How many words from `start` on are the longest wording, and the concepts that it words."""
    best, ids = 0, set[str]()
    for wording, name in _index().get(stem(words[start]), ()):
        if len(wording) < best:
            break
        if tuple(stem(word) for word in words[start : start + len(wording)]) == wording:
            best = len(wording)
            ids.add(name)
    return best, frozenset(ids)


def _compound(word: str) -> frozenset[str]:
    """The concepts of the two parts of a compound word, if both are known: "Liefer-datum"."""
    return next((first | second for first, second in _splits(word) if first), frozenset())


def _splits(word: str) -> Iterator[tuple[frozenset[str], frozenset[str]]]:
    for end in range(MIN_PART, len(word) - MIN_PART + 1):
        second = _longest((word[end:],), 0)[1]
        for joint in _JOINTS if second else ():
            if word[:end].endswith(joint):
                yield _longest((word[: end - len(joint)],), 0)[1], second
