"""Finds the names of people, organisations and places, and postal addresses, in text of any script.

Scripts with capitals show names by them. The words that tell one kind of name from another (titles, ends of companies'
names, words of streets) are those of all languages' lexicons together.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache

from cogdoc.query.dates import month_numbers
from cogdoc.query.lexicon.loading import load_lexicon
from cogdoc.query.terms import fold_case
from cogdoc.text import HAN, KANA, has_han

LONGEST_NAME = 6
"""Words."""

Span = tuple[int, int, float]
"""A slice of a text, and how well it fits the kind that was searched for, 0 to 1."""

_POSTCODE = re.compile(r"(?<!\d)\d{4,6}(?!\d)|\b[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}\b|\b\d{2,3}-\d{3,4}\b")
_WORD = re.compile(r"[^\W\d_][\w'’.-]*|&|\([A-Z]\)")
_KATAKANA_NAME = re.compile(f"[{KANA}]{{2,}}(?:[・=＝ ][{KANA}]{{2,}})*")
_HAN_NAME = re.compile(rf"(?<![{HAN}])[{HAN}]{{2,4}}(?![{HAN}])")
_HAN_PLACE = re.compile(rf"[{HAN}]{{2,8}}?[省市区县镇州国都府県町村]")
_PLACE = re.compile(r"(?:\d{1,4}[A-Za-z]?\s)?[^\W\d_][\w.'’-]*(?:[\s,]+(?:of\s|de\s)?[^\W_][\w.'’-]*)*")
_CONNECTORS = frozenset(
    {"and", "of", "&", "de", "von", "van", "der", "la", "und", "et", "y", "e", "du", "del", "da", "bin"}
)


@cache
def value_words(name: str) -> frozenset[str]:
    """The words of all languages of one list of the lexicons' section `values`; lists of lists are joined."""
    words: set[str] = set()
    for entries in load_lexicon().values.get(name, ()):
        for entry in entries:
            words.update((entry,) if isinstance(entry, str) else entry)
    return frozenset(words)


@cache
def _endings(name: str) -> tuple[str, ...]:
    """Those words of a list that are written without a space before them: 公司, 株式会社."""
    return tuple(sorted((word for word in value_words(name) if is_spaceless(word)), key=len, reverse=True))


def is_spaceless(word: str) -> bool:
    return any("\u0e00" <= char <= "\u0e7f" or char >= "\u3040" for char in word)


def find_people(text: str) -> Iterator[Span]:
    for pattern in (_HAN_NAME, _KATAKANA_NAME):
        for match in pattern.finditer(text):
            yield (*match.span(), 0.7)
    for start, end in _names(text):
        words = text[start:end].split()
        low = _bare_words(words)
        if len(words) > LONGEST_NAME or (len(words) == 1 and len(words[0]) < 3) or low <= value_words("roles"):
            continue
        fitting = 0.9 if 2 <= len(words) <= 4 else 0.55
        if low & value_words("titles"):
            fitting = 1.0
        elif low & value_words("organizations"):
            fitting = 0.4
        yield (start, end, fitting)


def _bare_words(words: Iterable[str]) -> set[str]:
    return {fold_case(word).strip(".,()") for word in words}


def _names(text: str) -> Iterator[tuple[int, int]]:
    """Runs of capitalized words with connectors between them, without function words at the start.

    A script without capitals gives no runs; a short text in it may be a name as a whole.
    """
    words = list(_WORD.finditer(text))
    if words and not any(_has_case(match[0]) for match in words):
        if len(words) <= LONGEST_NAME and not has_han(text):
            yield words[0].start(), words[-1].end()
        return
    stop = load_lexicon().words.get("stop", frozenset())
    run: list[re.Match[str]] = []
    for match in [*words, None]:
        adjoins = bool(run) and match is not None and not text[run[-1].end() : match.start()].strip()
        if match is not None and (adjoins or not run) and _is_part_of_name(match[0], bool(run)):
            run.append(match)
            if not _ends_sentence(match[0]):
                continue
        if run:
            yield from _trimmed(run, stop)
        run = [match] if match is not None and match not in run and _is_part_of_name(match[0], False) else []


def _has_case(word: str) -> bool:
    return word.lower() != word.upper()


def _is_part_of_name(word: str, inside: bool) -> bool:
    return word[0].isupper() or word[0] == "(" or (inside and word.lower() in _CONNECTORS)


def _ends_sentence(word: str) -> bool:
    return word.endswith(".") and len(word) > 4


def _trimmed(run: list[re.Match[str]], stop: frozenset[str]) -> Iterator[tuple[int, int]]:
    months = month_numbers()
    while run and (run[-1][0].lower() in _CONNECTORS or (len(run) > 1 and run[-1][0].lower() in months)):
        run = run[:-1]
    while run and run[0][0].lower() in stop and len(run[0][0]) > 1 and not run[0][0].isupper():
        run = run[1:]
    if run:
        text = run[-1][0]
        yield run[0].start(), run[-1].end() - (len(text) - len(text.rstrip("."))) * _ends_sentence(text)


def find_organisations(text: str) -> Iterator[Span]:
    if endings := [ending for ending in _endings("organizations") if ending in text]:
        spaceless = rf"[{HAN}{KANA}（）()A-Za-z]{{2,24}}(?:{'|'.join(endings)})(?!司|的)|株式会社[{HAN}{KANA}]{{2,12}}"
        for match in re.finditer(spaceless, text):
            yield (*match.span(), 1.0)
    for start, end in _names(text):
        known = _bare_words(text[start:end].split()) & value_words("organizations")
        yield (start, end, 1.0 if known else 0.6)


def find_places(text: str) -> Iterator[Span]:
    for match in _HAN_PLACE.finditer(text):
        yield (*match.span(), 0.9)
    for start, end in _names(text):
        yield (start, end, 0.7)
    for match in _PLACE.finditer(text):
        if "," in match[0] and match[0].lstrip("0123456789 ")[0].isupper():
            yield (*match.span(), 0.9)


def address_likeness(text: str) -> float:
    """How much a line looks like part of a postal address, 0 to 1."""
    words = re.findall(r"[^\W\d_]+|\d+", fold_case(text))
    listed = value_words("addresses")
    known = sum(word in listed or _is_compound(word, listed) for word in words)
    signs = sum(text.count(ending) for ending in _endings("addresses")) if has_han(text) else 0
    digits = any(word.isdigit() for word in words)
    postcode = _POSTCODE.search(text) is not None
    score = 0.35 * min(known, 2) + 0.2 * digits + 0.3 * postcode + 0.15 * ("," in text) + 0.25 * min(signs, 3)
    return min(1.0, score)


def _is_compound(word: str, endings: frozenset[str]) -> bool:
    """Whether a long word ends with one of these: "Hauptstrasse", "Kerkstraat"."""
    return len(word) > 7 and any(word[cut:] in endings for cut in range(3, len(word) - 3))


def organisation_likeness(text: str) -> float:
    """How much a line looks like the name of a company or institution, 0 to 1."""
    if any(len(ending) > 1 and ending in text for ending in _endings("organizations")):
        return 1.0
    letters = sum(char.isalpha() for char in text)
    if letters < 0.6 * len(text.replace(" ", "")):
        return 0.1
    words = text.split()
    known = len(_bare_words(words) & value_words("organizations"))
    capitals = sum(word[:1].isupper() for word in words) / max(1, len(words))
    return min(1.0, 0.25 + 0.2 * capitals + 0.3 * min(known, 2))


def find_addresses(text: str) -> Iterator[Span]:
    likeness = address_likeness(text)
    if likeness >= 0.3:
        yield (len(text) - len(text.lstrip()), len(text.rstrip()), likeness)
