"""Splits text into tokens, and scores how well one word matches another.

Words are compared by stem, abbreviation and edit distance, which allows for misread letters; `concepts` compares them
by meaning. A run of characters of a script without spaces becomes its overlapping pairs, so that no dictionary is
needed to segment it.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from rapidfuzz.distance import Levenshtein

from cogdoc.text import HAN, UNSPACED, has_unspaced

ABBREVIATION_STRENGTH = 0.8
MISREAD_STRENGTH = 0.85

_MARKS = "\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0900-\u0dff"
"""Accents and vowel signs that follow a letter, and the scripts of India, whose letters contain such signs."""

_LETTER = rf"[^\W\d_{UNSPACED}]"
_TOKEN = re.compile(
    rf"(?<!\w){_LETTER}(?:\.{_LETTER})+(?!\w)|{_LETTER}(?:{_LETTER}|[{_MARKS}])*(?:['’]{_LETTER}{{1,2}}(?!{_LETTER}))?|\d+(?:,\d{{3}}(?!\d))*(?:\.\d+)?|"
    rf"(?<![{HAN}])[{HAN}](?:\s+[{HAN}](?![{HAN}]))+|[{UNSPACED}]+|[#%&№〒]"
)


_LETTERS_ALIKE = str.maketrans({"ß": "ss", "ς": "σ", "ı": "i"})
"""Letters that upper case does not distinguish."""


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a text that is compared: a word, a number, or a pair of characters of a script without spaces."""

    norm: str
    """In lower case and narrow forms."""
    start: int
    end: int


def fold_case(text: str) -> str:
    """`text` in lower case and narrow forms (NFKC), with the same length, so that offsets stay valid."""
    if text.isascii():
        return text.lower()
    # The whole at once, where that is the same: "Σ" has another lower case at the end of a word.
    if unicodedata.is_normalized("NFKC", text) and "Σ" not in text and len(low := text.lower()) == len(text):
        return low
    return "".join(map(_fold_char, text))


@lru_cache(maxsize=4096)
def _fold_char(char: str) -> str:
    low = unicodedata.normalize("NFKC", char).lower()
    return low if len(low) == 1 else char


@lru_cache(maxsize=8192)
def tokenize(text: str) -> tuple[Token, ...]:
    """`split_tokens` with a cache, for the lines of the few pages that are searched."""
    return split_tokens(text)


def split_tokens(text: str) -> tuple[Token, ...]:
    """The tokens of `text` in order; pairs of characters overlap."""
    low = fold_case(text)
    narrow = low.isascii()
    tokens: list[Token] = []
    for match in _TOKEN.finditer(low):
        start, end = match.span()
        if narrow or not has_unspaced(low[start]):
            tokens.append(Token(low[start:end].replace("’", "'"), start, end))
        elif end - start == 1:
            tokens.append(Token(low[start], start, end))
        else:
            indices = [index for index in range(start, end) if not low[index].isspace()]
            tokens += [Token(low[i] + low[j], i, j + 1) for i, j in pairwise(indices)]
    return tuple(tokens)


def split_words(text: str) -> list[str]:
    """The norms of the tokens of `text`, in less time, if it is of a script with spaces."""
    low = fold_case(text)
    if low.isascii():
        return _TOKEN.findall(low)
    if has_unspaced(low):
        return [token.norm for token in split_tokens(text)]
    return [word.replace("’", "'") for word in _TOKEN.findall(low)]


@lru_cache(maxsize=16384)
def stem(word: str) -> str:
    """`word` without accents and the most common English endings."""
    if not word.isascii():
        word = "".join(map(_without_accents, word))
    word = word.removesuffix("'s").removesuffix("'")
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    for ending in ("ing", "ed"):
        if len(word) > len(ending) + 3 and word.endswith(ending):
            return word[: -len(ending)].rstrip("e")
    return word


@lru_cache(maxsize=4096)
def _without_accents(char: str) -> str:
    bare = "".join(part for part in unicodedata.normalize("NFD", char) if not unicodedata.combining(part))
    return unicodedata.normalize("NFC", bare).lower().translate(_LETTERS_ALIKE)


@lru_cache(maxsize=65536)
def match_strength(asked: str, printed: str) -> float:
    """How well a printed word matches a word of the question, 0 to 1; both as `Token.norm`."""
    if asked == printed:
        return 1.0
    if asked[0].isdigit() or printed[0].isdigit():
        return float(_plain_number(asked) == _plain_number(printed))
    if has_unspaced(asked) or has_unspaced(printed):
        return 0.0
    asked_stem, printed_stem = stem(asked), stem(printed)
    if asked_stem == printed_stem or (
        min(len(asked_stem), len(printed_stem)) >= 4 and asked_stem.rstrip("e") == printed_stem.rstrip("e")
    ):
        return 1.0
    shorter, longer = sorted((asked_stem, printed_stem), key=len)
    if (
        len(shorter) >= 3
        and longer.startswith(shorter)
        and (len(shorter) >= 0.6 * len(longer) or shorter == printed_stem)
    ):
        return ABBREVIATION_STRENGTH
    if len(shorter) >= 5:
        max_edits = 1 if len(longer) <= 7 else 2
        if Levenshtein.distance(asked_stem, printed_stem, score_cutoff=max_edits) <= max_edits:
            return MISREAD_STRENGTH
    return 0.0


def _plain_number(number: str) -> str:
    """A number without grouping commas and leading zeros."""
    plain = number.replace(",", "")
    return plain.lstrip("0") or "0" if plain.isdigit() else plain
