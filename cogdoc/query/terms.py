"""Splits text into tokens, and scores how well one word matches another.

Latin words are compared by stem, synonym, abbreviation and edit distance, which allows for misread letters. A run of
Chinese characters becomes its overlapping pairs, so that no dictionary is needed to segment it.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from rapidfuzz.distance import Levenshtein

from cogdoc.query.vocabulary import CHINESE_SYNONYMS, SYNONYMS
from cogdoc.text import HAN, has_han

SYNONYM_STRENGTH = 0.85
ABBREVIATION_STRENGTH = 0.8
MISREAD_STRENGTH = 0.85

_TOKEN = re.compile(
    rf"[^\W\d_{HAN}]+(?:['’][^\W\d_{HAN}]+)?|\d+(?:,\d{{3}}(?!\d))*(?:\.\d+)?|"
    rf"(?<![{HAN}])[{HAN}](?:\s+[{HAN}](?![{HAN}]))+|[{HAN}]+|[#%&]"
)


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a text that is compared: a word, a number, or a pair of Chinese characters."""

    norm: str
    """In lower case and narrow forms."""
    start: int
    end: int


def fold_case(text: str) -> str:
    """`text` in lower case and narrow forms (NFKC), with the same length, so that offsets stay valid."""
    if text.isascii():
        return text.lower()
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
    """The tokens of `text` in order; pairs of Chinese characters overlap."""
    low = fold_case(text)
    narrow = low.isascii()
    tokens: list[Token] = []
    for match in _TOKEN.finditer(low):
        start, end = match.span()
        if narrow or not has_han(low[start]):
            tokens.append(Token(low[start:end].replace("’", "'"), start, end))
        elif end - start == 1:
            tokens.append(Token(low[start], start, end))
        else:
            indices = [index for index in range(start, end) if not low[index].isspace()]
            tokens += [Token(low[i] + low[j], i, j + 1) for i, j in pairwise(indices)]
    return tuple(tokens)


@lru_cache(maxsize=16384)
def stem(word: str) -> str:
    """`word` without the most common English endings."""
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


def _synonym_groups() -> dict[str, frozenset[int]]:
    """The indices of the synonym groups that each word, or its stem, belongs to."""
    groups: dict[str, set[int]] = {}
    for index, words in enumerate(SYNONYMS):
        for word in words:
            groups.setdefault(word, set()).add(index)
            groups.setdefault(stem(word), set()).add(index)
    return {word: frozenset(indices) for word, indices in groups.items()}


_SYNONYM_GROUPS = _synonym_groups()


@lru_cache(maxsize=65536)
def match_strength(asked: str, printed: str) -> float:
    """How well a printed word matches a word of the question, 0 to 1; both as `Token.norm`."""
    if asked == printed:
        return 1.0
    if asked[0].isdigit() or printed[0].isdigit():
        return float(_plain_number(asked) == _plain_number(printed))
    if has_han(asked) or has_han(printed):
        return 0.0
    asked_stem, printed_stem = stem(asked), stem(printed)
    if asked_stem == printed_stem or (
        min(len(asked_stem), len(printed_stem)) >= 4 and asked_stem.rstrip("e") == printed_stem.rstrip("e")
    ):
        return 1.0
    asked_groups = _SYNONYM_GROUPS.get(asked, frozenset()) | _SYNONYM_GROUPS.get(asked_stem, frozenset())
    if asked_groups & (_SYNONYM_GROUPS.get(printed, frozenset()) | _SYNONYM_GROUPS.get(printed_stem, frozenset())):
        return SYNONYM_STRENGTH
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


def chinese_variants(text: str) -> tuple[str, ...]:
    """`text` with each Chinese term that it contains replaced by each of the term's synonyms."""
    variants: list[str] = []
    for group in CHINESE_SYNONYMS:
        contained = [word for word in group if word in text]
        if contained:
            longest = max(contained, key=len)
            others = [other for other in group if other not in contained and (text == longest or longest not in other)]
            variants += [text.replace(longest, other) for other in others]
    return tuple(dict.fromkeys(variants))
