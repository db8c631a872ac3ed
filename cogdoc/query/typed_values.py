"""Finds typed values in text (dates, amounts, names and so on), each with a score of how well it fits its kind.

The words that the types are known by (units of time, ends of companies' names, titles of people) are those of all
languages' lexicons together.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from functools import cache, lru_cache
from string import ascii_lowercase
from typing import NamedTuple

from cogdoc.parsing.numbers import Number, find_numbers
from cogdoc.query.dates import find_dates
from cogdoc.query.proper_names import (
    Span,
    find_addresses,
    find_organisations,
    find_people,
    find_places,
    is_spaceless,
    value_words,
)
from cogdoc.text import HAN


class ValueKind(StrEnum):
    """The type of an answer."""

    TEXT = "text"
    AMOUNT = "amount"
    NUMBER = "number"
    PERCENT = "percent"
    DATE = "date"
    DATE_AND_TIME = "date-and-time"
    YEAR = "year"
    TIME = "time"
    PHONE = "phone"
    EMAIL = "email"
    URL = "url"
    IDENTIFIER = "identifier"
    PERSON = "person"
    ORGANISATION = "organisation"
    PLACE = "place"
    ADDRESS = "address"
    DURATION = "duration"
    YES_OR_NO = "yes-or-no"


NUMERIC = frozenset({ValueKind.AMOUNT, ValueKind.NUMBER, ValueKind.PERCENT})

CERTAIN_TYPES: dict[ValueKind, tuple[ValueKind, ...]] = {
    **{
        kind: (kind,)
        for kind in (ValueKind.TIME, ValueKind.PHONE, ValueKind.EMAIL, ValueKind.URL, ValueKind.IDENTIFIER)
    },
    **{kind: tuple(NUMERIC) for kind in NUMERIC},
    ValueKind.DATE: (ValueKind.DATE, ValueKind.DATE_AND_TIME, ValueKind.YEAR),
    ValueKind.DATE_AND_TIME: (ValueKind.DATE_AND_TIME, ValueKind.TIME),
    ValueKind.YEAR: (ValueKind.YEAR, ValueKind.DATE),
    ValueKind.DURATION: (ValueKind.DURATION, ValueKind.NUMBER),
}
"""Types whose values show what they are, and the types of the values that answer a question for them."""

NAMES = frozenset({ValueKind.PERSON, ValueKind.ORGANISATION, ValueKind.PLACE})
NO_NAMES = (*NUMERIC, ValueKind.DATE, ValueKind.TIME, ValueKind.PHONE, ValueKind.EMAIL, ValueKind.URL)
"""Types whose values are not names of people, organisations and places."""

SURE_FIT = 0.9
"""A text that fits one of these types as well as this is no name."""

MIN_FIT = 0.3
"""A text that fits no type better is of none of them."""

SURE_DATE = 0.6
"""A date with a better fit is not a number as well."""


class TypedValue(NamedTuple):
    """A value in a text: its slice, and how well it fits the kind that was searched for, 0 to 1."""

    start: int
    end: int
    fit: float


_TIME = re.compile(
    r"(?<![\d:.])(?:\d{1,2}[:：]\d{2}(?:[:：]\d{2})?(?:\s?[ap]\.?\s?m\b\.?)?|\d{1,2}(?:\.\d\d)?\s?[ap]\.?\s?m\b\.?|"
    r"\d{1,2}\s?[時时点시](?:\s?\d{1,2}\s?[分분])?|\d{1,2}(?:[.:]\d\d)?\s?(?:uhr|heures|h\d\d|h)\b|"
    r"\d{4}\s(?:utc|gmt|hours|hrs|[ecmp][sd]t|local))",
    re.I,
)
_ZONE = re.compile(r"\s?(?:[A-Z]{3,4}|[AaPp]\.?[Mm]\.?)\b")
_PHONE = re.compile(r"(?<![\w.,])(?:ext\.?\s*)?[+(]{0,2}\d[\d\s()./\-–—:*]{5,}\d(?!\w)")
_EMAIL = re.compile(r"[\w.+-]+\s?@\s?[\w-]+(?:\.[\w-]+)+")
_URL = re.compile(
    r"(?:https?://|www\.)[^\s,;]+|\b[\w-]{2,}(?:\.[\w-]+)*\.(?:com|org|net|gov|edu|info|[a-z]{2})(?:/[^\s,;]*)?\b", re.I
)
_IDENTIFIER = re.compile(
    rf"(?<![\w])[#]?[A-Za-z\d](?:[A-Za-z\d/._#*\-]|\s(?=\d))*[A-Za-z\d*]|(?<!\w)\d(?!\w)|[{HAN}]字?第\s?\d+\s?号"
)
_YEAR = re.compile(r"(?<![\d.,])(?:FY\s?)?(?:1[5-9]|2[05])\d\d(?:\s?[-–/]\s?\d{2,4})?\s?[年년EA]?(?![\d,]|\.\d)")
_DECIMAL = re.compile(r"[\d,]*\.\d\d|[\d.]*,\d\d")


@lru_cache(maxsize=8192)
def find_values(kind: ValueKind, text: str) -> tuple[TypedValue, ...]:
    """All values of a kind in `text`, left to right, without overlaps; none for free text."""
    finder = _FINDERS.get(kind)
    return tuple(TypedValue(*found) for found in finder(text)) if finder else ()


def fit(kind: ValueKind, text: str) -> float:
    """How well the whole of `text` is a value of a kind, 0 to 1."""
    stripped = text.strip(" :.,;*")
    if not stripped:
        return 0.0
    if kind is ValueKind.TEXT:
        return 0.7
    length = len(stripped)
    best = max((found.fit * (found.end - found.start) / length for found in find_values(kind, stripped)), default=0.0)
    return min(1.0, best)


def may_be(kind: ValueKind, text: str) -> bool:
    """Whether a text may answer a question for a kind of value: it is of that type, or nobody can tell."""
    if kind in NAMES:
        return not any(fit(other, text) >= SURE_FIT for other in NO_NAMES)
    accepted = CERTAIN_TYPES.get(kind)
    return accepted is None or any(fit(one, text) >= MIN_FIT for one in accepted)


def _matches(pattern: re.Pattern[str]) -> Callable[[str], Iterator[Span]]:
    def find(text: str) -> Iterator[Span]:
        return ((*match.span(), 1.0) for match in pattern.finditer(text))

    return find


def _find_dates(text: str) -> Iterator[Span]:
    return ((found.start, found.end, found.fit) for found in find_dates(text))


def _find_dates_with_time(text: str) -> Iterator[Span]:
    for found in find_dates(text):
        time = _TIME.search(text, found.end, found.end + 16)
        if time and len(text[found.end : time.start()].strip(" ,;.at")) <= 1:
            zone = _ZONE.match(text, time.end())
            yield (found.start, zone.end() if zone else time.end(), found.fit)
        else:
            yield (found.start, found.end, 0.6 * found.fit)


def _in_date(text: str, start: int, end: int, share: float = 0.0) -> bool:
    """Whether a date takes more than this share of a slice."""
    return any(
        min(end, found.end) - max(start, found.start) > share * (end - start)
        for found in find_dates(text)
        if found.fit > SURE_DATE
    )


def _is_year(number: Number) -> bool:
    return number.end - number.start == 4 and 1900 <= number.value <= 2100


def _find_amounts(text: str) -> Iterator[Span]:
    for number in find_numbers(text):
        if _in_date(text, number.start, number.end) or number.percent or number.text[0] in ",，":
            continue
        fitting = 0.6
        if number.currency or number.scale > 1:
            fitting = 1.0
        elif number.decimals == 2:
            fitting = 0.95
        elif _is_year(number):
            fitting = 0.25
        elif any(separator in number.text for separator in ",'’ ") or "." in number.text.lstrip("."):
            fitting = 0.85
        elif number.text[0] == ".":
            fitting = 0.3
        dash = re.match(r"[-–—]\s+", number.text)
        yield (number.start + (dash.end() if dash else 0), number.end, fitting)


def _find_counts(text: str) -> Iterator[Span]:
    for number in find_numbers(text):
        if not _in_date(text, number.start, number.end):
            fitting = 0.3 if _is_year(number) else 0.2 if number.currency or number.percent else 1.0
            yield (number.start, number.end, fitting)
    # Without `re.I`, `re` skips words by their first letter, which takes a tenth of the time.
    words = _ascii_number_words().finditer(text.lower()) if text.isascii() else _number_words().finditer(text)
    for match in words:
        yield (*match.span(), 0.8)


@cache
def _number_words() -> re.Pattern[str]:
    return _any_word((word for word in value_words("numbers") if not is_spaceless(word)), re.I)


@cache
def _ascii_number_words() -> re.Pattern[str]:
    """What `_number_words` finds in texts of ASCII in lower case."""
    spellings = (_in_ascii(word) for word in value_words("numbers") if not is_spaceless(word))
    return _any_word({word for word in spellings if word.isascii()})


def _in_ascii(word: str) -> str:
    """`word` with the letters of ASCII that `re.I` takes some of its letters for, as "i" for the dotless one."""
    others = {char for char in word if not char.isascii()}
    for char in others:
        alike = re.search(re.escape(char), ascii_lowercase, re.I)
        word = word.replace(char, alike[0]) if alike else word
    return word.lower()


def _any_word(words: Iterable[str], flags: re.RegexFlag = re.NOFLAG) -> re.Pattern[str]:
    listed = "|".join(sorted(map(re.escape, words), key=len, reverse=True))
    return re.compile(rf"(?<!\w)(?:{listed})(?!\w)", flags)


def _find_percents(text: str) -> Iterator[Span]:
    for number in find_numbers(text):
        if number.percent:
            yield (number.start, number.end, 1.0)
        elif number.currency is None and abs(number.value) <= 1000 and not _in_date(text, number.start, number.end):
            yield (number.start, number.end, 0.7)


@cache
def _durations() -> re.Pattern[str]:
    units = value_words("durations") | value_words("units")
    words = "|".join(sorted((re.escape(unit) for unit in units if not is_spaceless(unit)), key=len, reverse=True))
    signs = "|".join(sorted((re.escape(unit) for unit in units if is_spaceless(unit)), key=len, reverse=True))
    return re.compile(
        rf"(?:(?<![\w.])\d+(?:[.,]\d+)?|{_number_words().pattern})(?:[\s-](?:to|and|-|–)[\s-]\w+)?[\s-]?(?:{words})(?!\w)|"
        rf"[\d一二三四五六七八九十]+\s?(?:{signs})(?!月)",
        re.I,
    )


def _find_durations(text: str) -> Iterator[Span]:
    return ((*match.span(), 1.0) for match in _durations().finditer(text))


def _find_phones(text: str) -> Iterator[Span]:
    for match in _PHONE.finditer(text):
        digits = sum(char.isdigit() for char in match[0])
        if 7 <= digits <= 15 and not _in_date(text, *match.span()):
            yield (*match.span(), 1.0)


def _find_identifiers(text: str) -> Iterator[Span]:
    for match in _IDENTIFIER.finditer(text):
        digits = sum(char.isdigit() for char in match[0])
        if digits and not _in_date(text, *match.span(), share=0.8):
            yield (*match.span(), 0.3 if _DECIMAL.fullmatch(match[0]) else min(1.0, 0.6 + 0.1 * digits))


def _find_yes_or_no(text: str) -> Iterator[Span]:
    for match in _yes_or_no().finditer(text):
        if text[match.end() : match.end() + 1] != ".":
            yield (*match.span(), 1.0)


@cache
def _yes_or_no() -> re.Pattern[str]:
    words = value_words("yes") | value_words("no")
    return _any_word((word for word in words if len(word) > 1 or is_spaceless(word)), re.I)


_FINDERS: dict[ValueKind, Callable[[str], Iterator[Span]]] = {
    ValueKind.AMOUNT: _find_amounts,
    ValueKind.NUMBER: _find_counts,
    ValueKind.PERCENT: _find_percents,
    ValueKind.DATE: _find_dates,
    ValueKind.DATE_AND_TIME: _find_dates_with_time,
    ValueKind.YEAR: _matches(_YEAR),
    ValueKind.TIME: _matches(_TIME),
    ValueKind.PHONE: _find_phones,
    ValueKind.EMAIL: _matches(_EMAIL),
    ValueKind.DURATION: _find_durations,
    ValueKind.YES_OR_NO: _find_yes_or_no,
    ValueKind.URL: _matches(_URL),
    ValueKind.IDENTIFIER: _find_identifiers,
    ValueKind.PERSON: find_people,
    ValueKind.ORGANISATION: find_organisations,
    ValueKind.PLACE: find_places,
    ValueKind.ADDRESS: find_addresses,
}
