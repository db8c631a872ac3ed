"""Words made comparable: tokens with their stems, and how strongly one word stands for another.

Latin words are compared by stem, synonym, abbreviation and, against misread letters, by edit distance. A run of
Chinese characters is taken as its overlapping pairs, so that no dictionary is needed to part it.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from rapidfuzz.distance import Levenshtein

from cogdoc.query.vocabulary import CHINESE_SYNONYMS, SYNONYMS

SYNONYM_STRENGTH = 0.85
ABBREVIATION_STRENGTH = 0.8
MISREAD_STRENGTH = 0.85

CJK = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_TOKEN = re.compile(
    rf"[^\W\d_{CJK}]+(?:['’][^\W\d_{CJK}]+)?|\d+(?:,\d{{3}}(?!\d))*(?:\.\d+)?|"
    rf"(?<![{CJK}])[{CJK}](?:\s+[{CJK}](?![{CJK}]))+|[{CJK}]+|[#%&]"
)
_CJK_SIGN = re.compile(f"[{CJK}]")


@dataclass(frozen=True, slots=True)
class Token:
    """A comparable piece of a text: a word, a number, or a pair of Chinese characters."""

    norm: str
    start: int
    end: int


def folded(text: str) -> str:
    """`text` in lower case and narrow forms, of the same length, so that offsets stay valid."""
    if text.isascii():
        return text.lower()
    return "".join(_fold(sign) for sign in text)


@lru_cache(maxsize=4096)
def _fold(sign: str) -> str:
    low = unicodedata.normalize("NFKC", sign).lower()
    return low if len(low) == 1 else sign


def is_cjk(text: str) -> bool:
    """Whether `text` holds a Chinese character."""
    return _CJK_SIGN.search(text) is not None


@lru_cache(maxsize=8192)
def tokenize(text: str) -> tuple[Token, ...]:
    """`split_tokens`, which remembers the lines of the pages at hand."""
    return split_tokens(text)


def split_tokens(text: str) -> tuple[Token, ...]:
    """The tokens of `text`, left to right; pairs of Chinese characters overlap."""
    low = folded(text)
    narrow = low.isascii()
    tokens: list[Token] = []
    for match in _TOKEN.finditer(low):
        start, end = match.span()
        if narrow or not is_cjk(low[start]):
            tokens.append(Token(low[start:end].replace("’", "'"), start, end))
        elif end - start == 1:
            tokens.append(Token(low[start], start, end))
        else:
            places = [place for place in range(start, end) if not low[place].isspace()]
            tokens += [Token(low[i] + low[j], i, j + 1) for i, j in pairwise(places)]
    return tuple(tokens)


@lru_cache(maxsize=16384)
def stem(word: str) -> str:
    """`word` without the commonest English endings."""
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


def _groups() -> dict[str, frozenset[int]]:
    groups: dict[str, set[int]] = {}
    for place, words in enumerate(SYNONYMS):
        for word in words:
            groups.setdefault(word, set()).add(place)
            groups.setdefault(stem(word), set()).add(place)
    return {word: frozenset(places) for word, places in groups.items()}


_GROUPS = _groups()


@lru_cache(maxsize=65536)
def strength(wanted: str, printed: str) -> float:
    """How well the printed word stands for the wanted one, 0 to 1; both as `Token.norm`."""
    if wanted == printed:
        return 1.0
    if wanted[0].isdigit() or printed[0].isdigit():
        return float(_plain(wanted) == _plain(printed))
    if is_cjk(wanted) or is_cjk(printed):
        return 0.0
    stemmed, other = stem(wanted), stem(printed)
    if stemmed == other or (min(len(stemmed), len(other)) >= 4 and stemmed.rstrip("e") == other.rstrip("e")):
        return 1.0
    shared = _GROUPS.get(wanted, frozenset()) | _GROUPS.get(stemmed, frozenset())
    if shared & (_GROUPS.get(printed, frozenset()) | _GROUPS.get(other, frozenset())):
        return SYNONYM_STRENGTH
    shorter, longer = sorted((stemmed, other), key=len)
    if len(shorter) >= 3 and longer.startswith(shorter) and (len(shorter) >= 0.6 * len(longer) or shorter == other):
        return ABBREVIATION_STRENGTH
    if len(shorter) >= 5:
        allowed = 1 if len(longer) <= 7 else 2
        if Levenshtein.distance(stemmed, other, score_cutoff=allowed) <= allowed:
            return MISREAD_STRENGTH
    return 0.0


def _plain(number: str) -> str:
    plain = number.replace(",", "")
    return plain.lstrip("0") or "0" if plain.isdigit() else plain


def chinese_variants(text: str) -> tuple[str, ...]:
    """`text` with each Chinese term that it contains replaced by those that mean the same."""
    variants: list[str] = []
    for group in CHINESE_SYNONYMS:
        held = [word for word in group if word in text]
        if held:
            longest = max(held, key=len)
            others = [other for other in group if other not in held and (text == longest or longest not in other)]
            variants += [text.replace(longest, other) for other in others]
    return tuple(dict.fromkeys(variants))
