"""Finds dates in text, in the orders, separators and month names of all languages of the lexicons."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from functools import cache, lru_cache
from itertools import chain
from typing import NamedTuple

from cogdoc.query.lexicon.loading import load_lexicon, load_lexicons
from cogdoc.query.terms import fold_case

_ERAS = {"令和": 2018, "平成": 1988, "昭和": 1925, "大正": 1911, "民國": 1911, "民国": 1911}
"""East Asian eras, and the year before their first."""

_THAI_ERA = 543
"""Thai years are ahead of Gregorian ones by this much."""

MIN_THAI_YEAR, MAX_THAI_YEAR = 2400, 2700

_CENTURY = 2000
_CENTURY_CHANGES = 70
"""A year of two digits from here on is of the last century."""

_SEP = r"\s?(?P<separator>[-/.])\s?"
_SAME = r"\s?(?P=separator)\s?"
_CENTURIES = r"(?:1[5-9]|20)\d\d"
_YEAR = rf"(?P<year>{_CENTURIES})"
_ANY_YEAR = r"(?P<year>\d{4})(?!\d)"
_SHORT_YEAR = r"(?P<year>\d\d)(?!\d)"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th|er|º|ª|°|-?го)?"
_FIRST = r"(?<![\d/.-])(?P<first>\d{1,2})"
_OF = r"[\s.,/'’-]*(?:(?:of|de|do|del|di|den)\s|d['’])?"
_ERA = rf"(?:(?P<era>{'|'.join(_ERAS)})\s?(?P<era_year>\d{{1,3}}|元)|(?P<year>\d{{4}}))\s?[年년]\s?"
_MONTH, _FULL_MONTH = "@month", "@full"
"""Stand for the names of months, which are filled in when they are first needed."""
_LETTERS = re.compile(r"[^\W\d_]+")

_PATTERNS: tuple[tuple[str, float], ...] = (
    (rf"{_MONTH}{_OF}\d{{1,2}}(?:,\s?\d{{4}})?\s?(?:[-–—]|to)\s?(?:{_MONTH}\s?)?\d{{1,2}}\s?,\s?{_ANY_YEAR}", 0.95),
    (rf"{_ERA}(?P<month>\d{{1,2}})\s?[月월]\s?(?P<day>\d{{1,2}})\s?[日号號일]?", 1.0),
    (r"(?:ngày\s)?(?P<day>\d{1,2})\stháng\s(?P<month>\d{1,2})[\s,]+(?:năm\s)?(?P<year>\d{4})", 1.0),
    (rf"(?<![\d.,]){_YEAR}{_SEP}(?P<month>\d{{1,2}}){_SAME}(?P<day>\d{{1,2}})(?!\d)", 1.0),
    (rf"{_FIRST}{_SEP}(?P<second>\d{{1,2}}){_SAME}(?P<year>(?:1[5-9]|2[0-6])\d\d)(?!\d(?!\d?:\d))", 1.0),
    (rf"{_FIRST}{_SEP}(?P<second>\d{{1,2}}){_SAME}(?P<year>\d\d)(?![\d/])", 1.0),
    (rf"(?<!\d){_DAY}{_OF}{_MONTH}{_OF}{_ANY_YEAR}", 1.0),
    (rf"(?<!\d){_DAY}{_OF}{_MONTH}[\s/.,'’-]*{_SHORT_YEAR}", 1.0),
    (rf"{_MONTH}[\s.]*{_DAY}[\s,.]+{_ANY_YEAR}", 1.0),
    (rf"{_MONTH}[\s.]*{_DAY}(?:[,.]\s?|\s?'|\s){_SHORT_YEAR}", 0.9),
    (rf"(?<!\d){_ANY_YEAR}[\s.,-]*{_MONTH}[\s.,-]*{_DAY}(?!\d)", 0.9),
    (r"(?<!\d)(?P<year>20\d\d)(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]|[12]\d|3[01])(?!\d)", 0.7),
    (rf"{_ERA}(?P<month>\d{{1,2}})\s?[月월](?:末|底|份)?", 0.8),
    (rf"{_MONTH}{_OF}{_ANY_YEAR}", 0.8),
    (rf"(?<!\d){_DAY}{_OF}{_FULL_MONTH}", 0.7),
    (rf"{_FULL_MONTH}[\s.]*{_DAY}(?!\d)", 0.7),
    (r"(?P<month>\d{1,2})\s?[月월]\s?(?P<day>\d{1,2})\s?[日号號일]", 0.7),
    (rf"{_ERA}(?:末|底|度)?", 0.5),
    (rf"(?<![\d.,/-]){_YEAR}(?![\d,/-]|\.\d)", 0.4),
)
"""Patterns with how surely what they match is a date; an earlier pattern takes precedence over later ones."""


class Precision(StrEnum):
    """The smallest unit of a printed date."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"


class FoundDate(NamedTuple):
    start: int
    end: int
    fit: float
    """How surely it is a date, 0 to 1; less than 0.6 for a year alone."""
    day: date | None
    """The first day of a month or year if no day is printed; None without a year."""
    precision: Precision


@lru_cache(maxsize=8192)
def find_dates(text: str) -> tuple[FoundDate, ...]:
    """All dates in `text`, left to right, without overlaps."""
    folded = fold_case(text)
    if not any(map(str.isdigit, folded)):
        return ()
    found: list[FoundDate] = []
    for pattern, fitting in _patterns(_languages_of_months(folded)):
        for match in pattern.finditer(folded):
            start, end = match.span()
            if all(end <= other.start or other.end <= start for other in found) and _is_possible(match):
                found.append(FoundDate(start, end, fitting, _day_of(match), _precision(match)))
    return tuple(sorted(found, key=lambda one: one.start))


def _languages_of_months(folded: str) -> frozenset[int]:
    """The languages, one if possible, of the names of months in a text, as indices into the lexicons' months."""
    words, parts = _month_words()
    named = [words[word] for word in _LETTERS.findall(folded) if word in words]
    named += [languages for part, languages in parts.items() if part in folded]
    common = frozenset(named[0]).intersection(*named[1:]) if named else frozenset[int]()
    english = list(load_lexicons()).index("en")
    return frozenset([english if english in common else min(common)]) if common else frozenset(chain(*named))


@cache
def _month_words() -> tuple[dict[str, list[int]], dict[str, list[int]]]:
    """The languages of the names of months, first of those that are letters alone to `re`: vowel signs are none."""
    names: dict[str, list[int]] = {}
    for language, months in enumerate(load_lexicon().values.get("months", ())):
        for name in chain(*months):
            if name in month_numbers() and language not in names.setdefault(name, []):
                names[name].append(language)
    words = {name: languages for name, languages in names.items() if _LETTERS.fullmatch(name)}
    return words, {name: languages for name, languages in names.items() if name not in words}


@cache
def month_numbers() -> dict[str, int]:
    """The names of months in all languages, in lower case, without those written in digits."""
    return {
        name: number
        for months in load_lexicon().values.get("months", ())
        for number, names in enumerate(months, start=1)
        for name in names
        if not any(char.isdigit() for char in name)
    }


@lru_cache(maxsize=64)
def _patterns(languages: frozenset[int]) -> tuple[tuple[re.Pattern[str], float], ...]:
    """The patterns, with the names of months in some languages; without them, only those that need none.

    To compile the names of all languages takes longer than to search a page.
    """
    listed = [months for index, months in enumerate(load_lexicon().values.get("months", ())) if index in languages]
    names = {name for months in listed for name in chain(*months)} & month_numbers().keys()
    full = names & {month[0] for months in listed for month in months}
    month, second_month, full_month = _any_of(names, "name"), _any_of(names), _any_of(full, "name")
    return tuple(
        (
            # The second month of a range has no group, since the names of groups are unique.
            re.compile(
                pattern.replace(_MONTH, month, 1).replace(_MONTH, second_month).replace(_FULL_MONTH, full_month)
            ),
            fitting,
        )
        for pattern, fitting in _PATTERNS
        if languages or not (_MONTH in pattern or _FULL_MONTH in pattern)
    )


def _any_of(names: Iterable[str], group: str = "") -> str:
    listed = "|".join(sorted(map(re.escape, names), key=len, reverse=True))
    return rf"(?<![^\W\d_])(?{f'P<{group}>' if group else ':'}{listed})(?![^\W\d_])\.?"


def _is_possible(match: re.Match[str]) -> bool:
    """Whether the day and the month exist, whichever comes first."""
    parts = match.groupdict()
    if parts.get("first"):
        first, second = int(parts["first"]), int(parts["second"])
        return 1 <= min(first, second) <= 12 and max(first, second) <= 31
    return 1 <= int(parts.get("month") or 1) <= 12 and 1 <= int(parts.get("day") or 1) <= 31


def _day_of(match: re.Match[str]) -> date | None:
    parts = match.groupdict()
    year = _year(parts)
    if year is None:
        return None
    month, day = int(parts.get("month") or 1), int(parts.get("day") or 1)
    if parts.get("name"):
        month = month_numbers()[parts["name"]]
    elif parts.get("first"):
        first, second = int(parts["first"]), int(parts["second"])
        # With points, the day comes first; with slashes the order is known only if one number is no month.
        day_first = first > 12 or (parts["separator"] == "." and second <= 12)
        day, month = (first, second) if day_first else (second, first)
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _precision(match: re.Match[str]) -> Precision:
    parts = match.groupdict()
    if parts.get("day") or parts.get("first"):
        return Precision.DAY
    return Precision.MONTH if parts.get("month") or parts.get("name") else Precision.YEAR


def _year(parts: Mapping[str, str | None]) -> int | None:
    if parts.get("era"):
        printed = parts.get("era_year")
        return _ERAS[str(parts["era"])] + (1 if printed in (None, "元") else int(str(printed)))
    if not parts.get("year"):
        return None
    year = int(str(parts["year"]))
    if year < 100:
        return _CENTURY + year - (100 if year >= _CENTURY_CHANGES else 0)
    return year - _THAI_ERA if MIN_THAI_YEAR <= year < MAX_THAI_YEAR else year
