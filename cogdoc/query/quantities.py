"""Gives cells their typed values, and prints computed numbers the way a table prints its own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from functools import cache, lru_cache

from cogdoc.parsing.numbers import Number, find_numbers
from cogdoc.query.dates import find_dates, month_numbers
from cogdoc.query.lexicon.loading import load_lexicon
from cogdoc.query.table import DataCell, Quantity
from cogdoc.query.terms import fold_case

MIN_DATE_SHARE = 0.6
"""Share of a text that a date has to fill, so that the text is a date."""

MIN_SEPARATED = 1e4
"""Numbers from which on thousands are separated, unless the table prints as long ones without."""

MIN_GROUPED = 1000

MAX_UNIT = 14
"""Characters after a number that may be its unit or a note."""

SECONDS = "s"
"""Unit of durations that are printed with colons."""

NO_YEAR = 4
"""Year of dates that are printed without one; a leap year."""

_PARTS = (
    (("ft", "feet", "foot", "'"), ("in", "inch", "inches", '"'), 12),
    (("h", "hr", "hrs", "hour", "hours"), ("m", "min", "mins", "minute", "minutes"), 60),
    (("m", "min", "mins", "minute", "minutes"), ("s", "sec", "secs", "second", "seconds"), 60),
    (("lb", "lbs", "pounds"), ("oz", "ounces"), 16),
)
"""Units, the units of what follows them, and how many of these they have."""

_UNIT = r"[^\W\d_]{1,7}\.?|['\"]"
_COMPOUND = re.compile(
    rf"\s*(?P<number>\d[\d,]*(?:\.\d+)?)\s?(?P<larger>{_UNIT})\s*(?P<rest>\d[\d,]*(?:\.\d+)?)\s?(?P<smaller>{_UNIT})\s*"
)
"""Two numbers with a unit each: of a sum ("5 ft 11 in"), or the same in another unit ("4220 m 13,845 ft")."""

_ORDINAL = re.compile(r"\s*\d{1,3}(?:st|nd|rd|th|º|ª)\s*", re.I)
_FACTORS = {
    unit: factor
    for units, factor in (
        (("h", "hr", "hrs", "hour", "hours"), 3600.0),
        (("min", "mins", "minute", "minutes"), 60.0),
        (("day", "days"), 86_400.0),
        (("week", "weeks"), 604_800.0),
        (("month", "months"), 2_629_800.0),
        (("year", "years"), 31_557_600.0),
        (("km", "kg"), 1000.0),
        (("cm",), 0.01),
        (("mm",), 0.001),
        (("mg",), 0.001),
    )
    for unit in units
}
_WORDS = re.compile(r"[^\W_]+")
_BRACKETS = re.compile(r"[(\[][^)\]]*[)\]]")
_DURATION = re.compile(r"\s*(\d{1,3}):(\d\d)(?::(\d\d))?(?:[.,](\d+))?\s*")
_DECIMAL_COMMA = re.compile(r"\d,(?:\d{1,2}|\d{4,})(?!\d)|\d\.\d{3},\d")
_DECIMAL_POINT = re.compile(r"\d\.(?:\d{1,2}|\d{4,})(?!\d)|\d,\d{3}\.\d")
_UNGROUPED = re.compile(r"(?<![\d.,])\d{5}")
_GROUPED_BY_POINTS = re.compile(r"\D*[1-9]\d{0,2}(?:\.\d{3})+\D*")
_THREE_DECIMALS = re.compile(r"(?<![\d.])0\d*\.\d{3}(?!\d)|(?<![\d.])\d{4,}\.\d{3}(?!\d)")
_SMALL = re.compile(r"\D*[1-9]\d\d\D*")
_DIGITS = re.compile(r"\d(?:[\d.,'’\s\u00a0\u202f]*\d)?")


def uses_decimal_comma(texts: Iterable[str]) -> bool:
    """Whether numbers are printed as "1.234,56" rather than "1,234.56"."""
    commas = points = grouped = plain = 0
    for text in texts:
        commas += _DECIMAL_COMMA.search(text) is not None
        points += _DECIMAL_POINT.search(text) is not None
        grouped += _GROUPED_BY_POINTS.fullmatch(text) is not None
        plain += _SMALL.fullmatch(text) is not None
        points += _THREE_DECIMALS.search(text) is not None
    # "1.240" and "702" in one table are whole numbers, since nobody prints three decimals of some numbers only.
    return commas > points or (not commas and not points and grouped > 0 and plain > 0 and grouped + plain > 2)


@lru_cache(maxsize=16384)
def quantity_of(text: str, *, unit: str = "", scale: float = 1.0, decimal_comma: bool = False) -> Quantity | None:
    """The typed value of a cell; `unit` and `scale` come from its headers. None for a text that is not a value."""
    day = parse_day(text) or _day_of_year(text)
    if duration := _DURATION.fullmatch(text):
        return Quantity(number=_seconds(duration), unit=SECONDS)
    if compound := _COMPOUND.fullmatch(text):
        return _compound(compound)
    number = _leading_number(text.replace(".", "") if decimal_comma else text)
    if day is not None:
        year = number.value if number is not None and re.fullmatch(r"\s*\d{4}\s*", text) else None
        return Quantity(number=year, day=day)
    if number is None:
        return None
    own_unit = number.currency or ("%" if number.percent else number.unit) or ""
    is_scaled = number.scale == 1.0 and own_unit != "%"
    return Quantity(
        number=number.value * (scale if is_scaled else 1.0),
        unit=own_unit or unit,
        scale=scale if is_scaled else number.scale,
    )


def _day_of_year(text: str) -> date | None:
    """The day of a date without a year, "Sat, Oct 6", in the year `NO_YEAR`."""
    words = _WORDS.findall(fold_case(text))
    months = [month_numbers()[word] for word in words if word in month_numbers()]
    days = [int(word) for word in words if word.isdecimal()]
    if len(months) != 1 or len(days) != 1 or any(not word.isdecimal() and not _is_calendar(word) for word in words):
        return None
    try:
        return date(NO_YEAR, months[0], days[0])
    except ValueError:
        return None


def _is_calendar(word: str) -> bool:
    return word in month_numbers() or word in _weekdays()


@cache
def _weekdays() -> frozenset[str]:
    listed = load_lexicon().values.get("weekdays", ())
    return frozenset(word for days in listed for names in days for word in names)


def _compound(match: re.Match[str]) -> Quantity:
    """The value of "5 ft 11 in" or "2 h 15 min", in the larger unit."""
    larger, smaller = match["larger"].lower(), match["smaller"].lower()
    of = next((parts for names, inner, parts in _PARTS if larger in names and smaller in inner), None)
    number = float(match["number"].replace(",", ""))
    return Quantity(number + float(match["rest"].replace(",", "")) / of if of else number, larger)


def _seconds(match: re.Match[str]) -> float:
    parts = [int(part) for part in match.groups()[:3] if part is not None]
    total = 0
    for part in parts:
        total = 60 * total + part
    return total + (float(f"0.{match[4]}") if match[4] else 0.0)


def _leading_number(text: str) -> Number | None:
    """The number that a text starts with, if nothing but a unit or a note in brackets follows it."""
    numbers = find_numbers(text)
    if not numbers or text[: numbers[0].start].strip(" #~≈*+±"):
        return None
    rest = _BRACKETS.sub("", text[numbers[0].end :]).strip()
    if len(rest) > MAX_UNIT or any(char.isdigit() for char in rest) or rest[:1] in (":", "/"):
        return None
    number = numbers[0]
    if rest and not number.percent and number.currency is None:
        return Number(
            number.value,
            number.text,
            number.start,
            number.end,
            number.decimals,
            number.scale,
            unit=rest.strip(" .,*†‡"),
        )
    return number


def parse_day(text: str) -> date | None:
    """The date that makes up most of a text; the first day of a period such as "June 2013" or "2013"."""
    length = len(text.strip())
    return next((found.day for found in find_dates(text) if found.end - found.start >= MIN_DATE_SHARE * length), None)


def unit_factor(unit: str) -> float:
    """How many of the smallest usual unit one of `unit` is, so that "50 min" is less than "1 h"; 1 for others."""
    return _FACTORS.get(unit.lower().strip("."), 1.0)


def order_key(cell: DataCell | None) -> float | None:
    """By what cells of a column are compared: their numbers or their dates; None without either."""
    if cell is None or cell.quantity is None:
        return None
    if cell.quantity.number is not None:
        return cell.quantity.number * unit_factor(cell.quantity.unit)
    return float(cell.quantity.day.toordinal()) if cell.quantity.day is not None else None


def is_ordinal_number(text: str) -> bool:
    """Whether a text is a rank: "1st", "12th"."""
    return _ORDINAL.fullmatch(text) is not None


def print_number(number: float, samples: Sequence[DataCell], *, decimals: int | None = None) -> str:
    """A number of the unit of `samples`, printed as they are: with their separators, scale, currency and unit."""
    model = next((cell for cell in samples if cell.quantity is not None and _DIGITS.search(cell.text)), None)
    if model is None or model.quantity is None:
        return plain_number(number, 2 if decimals is None else decimals)
    scaled = number / model.quantity.scale
    texts = [cell.text for cell in samples]
    comma = prints_commas(samples)
    if decimals is None:
        decimals = 0 if _groups_by_points(model) else max(len(_decimals(text)) for text in texts)
        if abs(scaled * 10**decimals - round(scaled * 10**decimals)) > 0.01:
            decimals += 1
    is_plain = any(_UNGROUPED.search(text) for text in texts)
    is_grouped = any(_is_grouped(text) for text in texts) or (abs(scaled) >= MIN_SEPARATED and not is_plain)
    body = plain_number(scaled, decimals, grouped=is_grouped, comma=comma)
    digits = _DIGITS.search(model.text)
    assert digits is not None
    before = model.text[: digits.start()].strip("+-−–( ")
    is_compound = _COMPOUND.fullmatch(model.text) is not None
    rest = f" {model.quantity.unit}" if is_compound else model.text[digits.end() :]
    after = _BRACKETS.sub("", rest).rstrip(")* ")
    sign = "-" if body.startswith("-") else ""
    return f"{sign}{before}{body.removeprefix('-')}{after if len(after) <= MAX_UNIT else ''}"


def plain_number(number: float, decimals: int, *, grouped: bool = False, comma: bool = False) -> str:
    """A number without unit; trailing zeros after the decimal mark go only if nothing but zeros follows it."""
    text = f"{number:{',' if grouped else ''}.{decimals}f}"
    if text.startswith("-") and not any(char in "123456789" for char in text):
        text = text[1:]
    return text.translate(str.maketrans(",.", ".,")) if comma else text


def print_percent(percent: float, samples: Sequence[DataCell]) -> str:
    """A percentage with one decimal, and with the decimal mark of `samples`."""
    return f"{plain_number(percent, 1, comma=prints_commas(samples))}%"


def prints_commas(samples: Sequence[DataCell]) -> bool:
    return uses_decimal_comma(cell.text for cell in samples) or any(map(_groups_by_points, samples))


def _groups_by_points(cell: DataCell) -> bool:
    """Whether the points of a number separate thousands, as its value says."""
    if cell.quantity is None or cell.quantity.number is None or not _GROUPED_BY_POINTS.fullmatch(cell.text):
        return False
    return abs(cell.quantity.number / cell.quantity.scale) >= MIN_GROUPED


def _decimals(text: str) -> str:
    """The digits after the decimal mark of the first number in a text."""
    numbers = find_numbers(text)
    return "0" * numbers[0].decimals if numbers else ""


def _is_grouped(text: str) -> bool:
    return re.search(r"\d[.,'’\s\u00a0\u202f]\d{3}(?!\d)", text) is not None
