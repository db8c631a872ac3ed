"""Decides what a hyphen at the end of a line is: a mark that a word goes on, or a part of the word."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from functools import cache
from importlib.resources import files

HYPHENS = "-\u2010\u00ad"

MIN_PART = 3
"""Letters of the parts of a compound; shorter ones are syllables that are words by chance."""

MAX_LINK = 3
"""Letters of a word in the middle of a compound: "up-to-date", "c'est-à-dire"."""

_CONJUNCTIONS = frozenset(
    ("and", "or", "und", "oder", "bzw", "sowie", "bis", "et", "ou", "y", "o", "e", "ed", "en", "of", "och", "eller")
)
"""After a hyphen they say that the word is completed later: "Vor- und Nachteile"."""

_WORD = re.compile(r"[^\W\d_]+(?:[-\u2010][^\W\d_]+)*")
_LAST = re.compile(rf"([^\W\d_]+)[{HYPHENS}]$")
_LINK = re.compile(rf"[^\W\d_][{HYPHENS}][^\W\d_]{{1,{MAX_LINK}}}[{HYPHENS}]$")
_FIRST = re.compile(r"[^\W\d_]+")


def words_of(texts: Iterable[str]) -> frozenset[str]:
    """The words of lines of text in lower case, those with hyphens as a whole, without the parts of a divided word."""
    return frozenset(word.lower() for text in texts for word in _WORD.findall(text.rstrip(HYPHENS)))


def join_at_hyphen(text: str, line: str, known: Collection[str]) -> str | None:
    """`text` and the line that follows it, if `text` ends with a hyphen that belongs to a word; None otherwise.

    Args:
        known: words of the document; see `words_of`.
    """
    last, first = _LAST.search(text), _FIRST.match(line)
    if last is None:
        return None
    if line[:1].isupper() or line[:1].isdigit():
        return text + line
    if first is None or not first[0][0].islower():
        return None
    left, right = last[1].lower(), first[0].lower()
    if left + right in known:
        return text[:-1] + line
    if f"{left}-{right}" in known:
        return text + line
    if left + right in _english() or text.endswith("\u00ad"):
        return text[:-1] + line
    if _LINK.search(text):
        return text + line
    if right in _CONJUNCTIONS:
        return f"{text} {line}"
    is_compound = min(len(left), len(right)) >= MIN_PART and left in _english() and right in _english()
    return text + line if is_compound else text[:-1] + line


@cache
def _english() -> frozenset[str]:
    """The list of English words that OCR is corrected with."""
    path = files("cogdoc").joinpath("parsing", "ocr", "english.txt")
    return frozenset(path.read_text(encoding="ascii").split())
