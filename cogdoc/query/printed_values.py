"""Reads printed numbers, amounts, percentages, dates and durations into values that programs can use.

The same digits mean different values in different places: "1.234" and "03/04/2024" are read as the document's other
values tell (`style_of`), with the unit and the scale that its headers state (`ValueContext`). Where nothing tells, the
value has its other reading beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Final

from cogdoc.parsing.numbers import Number, find_numbers, parse_number
from cogdoc.query.dates import FoundDate, Precision, find_dates
from cogdoc.query.lexicon.loading import load_lexicon
from cogdoc.query.quantities import MAX_UNIT, is_ordinal_number
from cogdoc.query.terms import fold_case
from cogdoc.results.printed_value import PrintedValue, plain_decimal


@dataclass(frozen=True, slots=True)
class Style:
    """How a document prints its values; None where its values do not tell."""

    decimal_comma: bool | None = None
    """Whether "1,5" is one and a half."""
    day_first: bool | None = None
    """Whether "03/04/2024" is in April."""


@dataclass(frozen=True, slots=True)
class ValueContext:
    """What is known about a value besides its own text."""

    style: Style = Style()
    unit: str = ""
    """The unit, "%" or currency that the headers state, as in `cogdoc.query.table.Quantity`."""
    scale: float = 1.0
    """The factor that the headers state: 1000.0 for "in thousands"."""


NO_CONTEXT: Final = ValueContext()

MOST_DIGITS = 15
"""A longer number is an account or a code, and does not fit a float."""

MIN_DATE_SHARE = 0.5
"""The share of a text that a date has to fill, so that the text is a date; a weekday can be beside it."""

MAJORITY = 4
"""How many times as many values of one style as of the other tell that it is the document's."""

_ISO_UNITS = ("Y", "M", "W", "D", "H", "M", "S", "M")
_UNITS = ("year", "month", "week", "day", "hour", "minute", "second", "quarter")
"""The units of duration in the order in which every lexicon lists them, and their letters in ISO 8601."""

_HOUR, _QUARTER = 4, 7
_SYMBOLS = {"h": 4, "min": 5, "s": 6}
"""Symbols of units of duration, the same in all languages."""

_NUMERIC_DATE = re.compile(
    r"(?<![\d/.-])(?P<first>\d{1,2})\s?(?P<mark>[-/])\s?(?P<second>\d{1,2})\s?(?P=mark)\s?(?P<year>\d{4}|\d\d)(?!\d)"
)
_GROUPED_COMMA = re.compile(r"(?<![\d.,])\d{1,3}(?:[. ]\d{3})+,\d{1,2}(?!\d)")
_GROUPED_POINT = re.compile(r"(?<![\d.,])\d{1,3}(?:[, ]\d{3})+\.\d{1,2}(?!\d)")
_PRICE_COMMA = re.compile(r"(?<![\d.,])\d+,\d\d(?![\d.,])")
_PRICE_POINT = re.compile(r"(?<![\d.,])\d+\.\d\d(?![\d.,])")
_THOUSANDS_OR_DECIMALS = re.compile(r"(?<![\d.,])[1-9]\d{0,2}(?P<mark>[.,])\d{3}(?![\d.,])")
_CLOCK = re.compile(r"(?P<hours>\d{1,3}):(?P<minutes>[0-5]\d):(?P<seconds>[0-5]\d)")
_LEADING_ZERO = re.compile(r"0\d")
_JOINED = re.compile(r"\d\s*[-–/:x×]\s*\d|\d[^\W\d_]+\d")
_BRACKETS = re.compile(r"[(\[][^)\]]*[)\]]\s*$")
_BESIDE = " \t\u00a0:*†‡~≈±()[]"
_DAY_FIRST_CURRENCIES = re.compile(r"[€£₹₽₺₫]|(?<!\w)(?:EUR|GBP|RM|MYR|INR|AUD|NZD|CHF|BRL|R\$)(?!\w)")


def style_of(texts: Iterable[str]) -> Style:
    """How a document prints its values, as its unambiguous ones tell."""
    commas = points = days = months = day_first_money = 0
    for text in texts:
        commas += 3 * len(_GROUPED_COMMA.findall(text)) + len(_PRICE_COMMA.findall(text))
        points += 3 * len(_GROUPED_POINT.findall(text)) + len(_PRICE_POINT.findall(text))
        for match in _NUMERIC_DATE.finditer(text):
            days += int(match["first"]) > 12 >= int(match["second"])
            months += int(match["second"]) > 12 >= int(match["first"])
        day_first_money += _DAY_FIRST_CURRENCIES.search(text) is not None
    day_first = _majority(days, months)
    if day_first is None and not months and day_first_money:
        day_first = True
    return Style(_majority(commas, points), day_first)


def _majority(yes: int, no: int) -> bool | None:
    if yes > MAJORITY * no:
        return True
    return False if no > MAJORITY * yes else None


def read_value(text: str, context: ValueContext = NO_CONTEXT) -> PrintedValue | None:
    """The value that makes up a text; None if it is a name, a code, a range or free text."""
    text = text.strip()
    if not text or len(text) > 100 or not any(map(str.isdigit, text)):
        return None
    return _read_date(text, context.style) or _read_duration(text) or _read_number(text, context)


# Dates


def _read_date(text: str, style: Style) -> PrintedValue | None:
    dates = [found for found in find_dates(text) if found.end - found.start >= MIN_DATE_SHARE * len(text)]
    if len(dates) != 1 or dates[0].day is None or not _is_alone(text, dates[0]):
        return None
    found = dates[0]
    assert found.day is not None
    numeric = _NUMERIC_DATE.search(text, found.start, found.end)
    if numeric and int(numeric["first"]) <= 12 and int(numeric["second"]) <= 12:
        return _numeric_date(found.day, int(numeric["first"]), int(numeric["second"]), style)
    return PrintedValue(kind="date", date=_iso(found.day, found.precision))


def _is_alone(text: str, found: FoundDate) -> bool:
    """Whether nothing but a weekday or a place, as in letters, is beside a date; a lone year is a number of four digits
    unless it is all of the text."""
    rest = text[: found.start] + text[found.end :]
    if found.precision is Precision.MONTH and len(re.findall(r"\d+", text)) > 2:
        return False  # from one day to another
    if found.precision is Precision.YEAR:
        return not rest.strip(_BESIDE + ".")
    return not any(map(str.isdigit, rest))


def _numeric_date(day: date, first: int, second: int, style: Style) -> PrintedValue:
    month_first, day_first = date(day.year, first, second), date(day.year, second, first)
    if first == second or style.day_first is not None:
        return PrintedValue(kind="date", date=(day_first if style.day_first else month_first).isoformat())
    other = day_first if day == month_first else month_first
    return PrintedValue(kind="date", date=day.isoformat(), other_reading=other.isoformat())


def _iso(day: date, precision: Precision) -> str:
    parts = {Precision.YEAR: 1, Precision.MONTH: 2, Precision.DAY: 3}[precision]
    return "-".join(day.isoformat().split("-")[:parts])


# Durations


def _read_duration(text: str) -> PrintedValue | None:
    if clock := _CLOCK.fullmatch(text):
        hours, minutes, seconds = (int(part) for part in clock.groups())
        total = 3600.0 * hours + 60.0 * minutes + seconds
        return PrintedValue(kind="duration", number=total, unit="second", duration=f"PT{hours}H{minutes}M{seconds}S")
    parts, end = list[tuple[float, int]](), 0
    for match in _durations().finditer(fold_case(text)):
        between = fold_case(text[end : match.start()]).strip(" ,&")
        if between and (not parts or between not in load_lexicon().operations["and"]):
            return None
        parts.append((float(match["number"].replace(",", ".")), _unit_indices()[match["unit"]]))
        end = match.end()
    if not parts or text[end:].strip(_BESIDE + "."):
        return None
    units = [unit for _, unit in parts]
    if units != sorted(set(units)) or (len(parts) > 1 and _QUARTER in units):
        return None
    number, unit = parts[0]
    alone = len(parts) == 1
    return PrintedValue(
        kind="duration",
        number=number if alone else None,
        unit=_UNITS[unit] if alone else None,
        duration=_iso_duration(parts),
    )


def _iso_duration(parts: Iterable[tuple[float, int]]) -> str:
    days, clock = "", ""
    for number, unit in parts:
        printed = plain_decimal(3 * number if unit == _QUARTER else number) + _ISO_UNITS[unit]
        if _HOUR <= unit < _QUARTER:
            clock += printed
        else:
            days += printed
    return f"P{days}T{clock}" if clock else f"P{days}"


@cache
def _unit_indices() -> dict[str, int]:
    """The words for units of duration in all languages, and which unit they are; the first language decides."""
    words = dict(_SYMBOLS)
    for units in load_lexicon().values.get("durations", ()):
        for index, names in enumerate(units):
            for name in names:
                words.setdefault(fold_case(name), index)
    return words


@cache
def _durations() -> re.Pattern[str]:
    words = sorted(_unit_indices(), key=len, reverse=True)
    listed = "|".join(re.escape(word) if not word.isascii() else rf"{re.escape(word)}(?![^\W\d_])" for word in words)
    return re.compile(rf"(?<![\w.,])(?P<number>\d{{1,6}}(?:[.,]\d{{1,3}})?)\s?-?(?P<unit>{listed})\.?")


# Numbers


def _read_number(text: str, context: ValueContext) -> PrintedValue | None:
    if _JOINED.search(text) or is_ordinal_number(text):
        return None
    number = _only_number(text, decimal_comma=context.style.decimal_comma is True)
    if number is None or sum(map(str.isdigit, number.text)) > MOST_DIGITS:
        return None
    other: float | None = None
    if context.style.decimal_comma is None and (doubtful := _THOUSANDS_OR_DECIMALS.search(number.text)):
        # Nobody prints three decimals of money, and "1,234" without any other sign is how English groups thousands.
        if doubtful["mark"] == "." and number.currency is None:
            grouped = _only_number(text.replace(".", ""), decimal_comma=False)
            other = grouped.value if grouped is not None else None
        elif doubtful["mark"] == ".":
            number = _only_number(text.replace(".", ""), decimal_comma=False) or number
    return _number_value(number, context, other)


def _number_value(number: Number, context: ValueContext, other: float | None) -> PrintedValue:
    is_percent = number.percent or (context.unit == "%" and number.currency is None and number.unit is None)
    unit = None if is_percent else number.unit
    currency = number.currency
    if not is_percent and currency is None and unit is None and context.unit:
        currency, unit = (context.unit, None) if _is_currency(context.unit) else (None, context.unit)
    scale = 1.0 if is_percent else context.scale if number.scale == 1.0 else number.scale
    factor = scale / number.scale
    return PrintedValue(
        kind="percent" if is_percent else "money" if currency else "number",
        number=_exact(number.value, factor),
        currency=currency,
        unit=unit,
        scale=scale,
        other_reading=None if other is None else plain_decimal(_exact(other, factor)),
    )


def _only_number(text: str, *, decimal_comma: bool) -> Number | None:
    """The number that is all of a text but for its unit, marks and brackets."""
    if decimal_comma:
        text = "".join(_with_decimal_point(text))
    if (number := parse_number(text)) is not None:
        return None if _is_code(number) else number
    numbers = find_numbers(text)
    if len(numbers) != 1 or text[: numbers[0].start].strip(_BESIDE):
        return None
    rest = _BRACKETS.sub("", text[numbers[0].end :]).strip(_BESIDE + ".,")
    if len(rest) > MAX_UNIT or (rest and not rest[0].isalpha() and rest[0] not in "°µ'\""):
        return None
    number = numbers[0]
    if rest and number.currency is None and not number.percent:
        number = Number(number.value, number.text, number.start, number.end, number.decimals, number.scale, unit=rest)
    return None if _is_code(number) else number


def _with_decimal_point(text: str) -> Iterator[str]:
    """The characters of a text with decimal points for its decimal commas, and without other separators."""
    for index, char in enumerate(text):
        between_digits = text[index - 1 : index].isdigit() and text[index + 1 : index + 2].isdigit()
        if char == "," and between_digits:
            yield "."
        elif not (char in ".'’" and between_digits):
            yield char


def _is_code(number: Number) -> bool:
    """Whether leading zeros tell that digits are a code."""
    digits = number.text.strip("+-−–() ")
    return _LEADING_ZERO.match(digits) is not None and number.currency is None and number.decimals == 0


def _is_currency(unit: str) -> bool:
    return len(unit) == 3 and unit.isascii() and unit.isupper()


def _exact(number: float, factor: float) -> float:
    """`number` times `factor`, rounded to the digits that a printed number can have: 0.1 times 3 is 0.3."""
    return number if factor == 1.0 else float(f"{number * factor:.{MOST_DIGITS}g}")
