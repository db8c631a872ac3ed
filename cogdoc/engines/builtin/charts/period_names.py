"""Writes the periods that the axis of a chart abbreviates in full: "May '21", "Q3 16", "2019-05", "2000/01"."""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence

from cogdoc.query.dates import month_numbers

FIRST_YEAR_OF_LAST_CENTURY = 50
"""Years with two digits from this one on belong to the 20th century."""

_SHORT_YEAR = re.compile(r"(?<!\w)['’‘`](\d\d)(?!\d)")
_YEAR_SPAN = re.compile(r"(?<!\d)(19|20)(\d\d)\s?([/–-])\s?(\d\d)(?!\d)")
_YEAR_AND_MONTH = re.compile(r"((?:19|20)\d\d)-(0[1-9]|1[0-2])\*{0,3}")
_QUARTER = re.compile(r"Q([1-4])\s?['’‘`]?\s?(\d\d)\*{0,3}")
_SHORT_SPAN = re.compile(r"(\d\d)\s?/\s?(\d\d)\*{0,3}")
_FINANCIAL_YEAR = re.compile(r"FY\s?['’‘`]?\s?(\d\d)\*{0,3}")
_MONTH = re.compile(r"([^\W\d_]{3,9})\.?\s?(['’‘`]?)\s?(\d\d)\*{0,3}")


def full_periods(categories: Sequence[str]) -> list[str]:
    """The names of categories with their periods in full; other names as they are."""
    has_years = _has_short_years(categories)
    return [_full_period(name, after_month=has_years) for name in categories]


def _has_short_years(categories: Sequence[str]) -> bool:
    """Whether the numbers after months are years, not days: one has an apostrophe, or several months share one."""
    found = [match for name in categories if (match := _month(name)) is not None]
    numbers = [match[3] for match in found]
    return any(match[2] for match in found) or len(set(numbers)) < len(numbers)


def _month(name: str) -> re.Match[str] | None:
    match = _MONTH.fullmatch(name.strip())
    return match if match is not None and match[1].lower() in month_numbers() else None


def _full_period(name: str, *, after_month: bool) -> str:
    if quarter := _QUARTER.fullmatch(name.strip()):
        return f"Q{quarter[1]} {_full_year(quarter[2])}"
    if after_month and (month := _month(name)):
        return f"{month[1]} {_full_year(month[3])}"
    if iso := _YEAR_AND_MONTH.fullmatch(name.strip()):
        return f"{calendar.month_name[int(iso[2])]} {iso[1]}"
    if (short := _SHORT_SPAN.fullmatch(name.strip())) and int(short[2]) == (int(short[1]) + 1) % 100:
        return f"{_full_year(short[1])}/{_full_year(short[2])}"
    if financial := _FINANCIAL_YEAR.fullmatch(name.strip()):
        return f"FY {_full_year(financial[1])}"
    name = _SHORT_YEAR.sub(lambda match: _full_year(match[1]), name)
    return _YEAR_SPAN.sub(_span, name)


def _span(match: re.Match[str]) -> str:
    """Both years of a season or a financial year; "2000-05" may be a month."""
    follows = int(match[4]) == (int(match[2]) + 1) % 100
    return f"{match[1]}{match[2]}/{match[1]}{match[4]}" if follows or match[3] == "/" else match[0]


def _full_year(digits: str) -> str:
    return ("20" if int(digits) < FIRST_YEAR_OF_LAST_CENTURY else "19") + digits
