"""Gives cells their typed values, and prints computed numbers the way a table prints its own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache

from cogdoc.parsing.numbers import Number, find_numbers
from cogdoc.query.dates import find_dates
from cogdoc.query.table import DataCell, Quantity

MIN_DATE_SHARE = 0.6
"""Share of a text that a date has to fill, so that the text is a date."""

MAX_UNIT = 14
"""Characters after a number that may be its unit or a note."""

SECONDS = "s"
"""Unit of durations that are printed with colons."""

_BRACKETS = re.compile(r"[(\[][^)\]]*[)\]]")
_DURATION = re.compile(r"\s*(\d{1,3}):(\d\d)(?::(\d\d))?(?:[.,](\d+))?\s*")
_DECIMAL_COMMA = re.compile(r"\d,(?:\d{1,2}|\d{4,})(?!\d)|\d\.\d{3},\d")
_DECIMAL_POINT = re.compile(r"\d\.(?:\d{1,2}|\d{4,})(?!\d)|\d,\d{3}\.\d")
_DIGITS = re.compile(r"\d(?:[\d.,'’\s\u00a0\u202f]*\d)?")


def uses_decimal_comma(texts: Iterable[str]) -> bool:
    """Whether numbers are printed as "1.234,56" rather than "1,234.56"."""
    commas = points = 0
    for text in texts:
        commas += _DECIMAL_COMMA.search(text) is not None
        points += _DECIMAL_POINT.search(text) is not None
    return commas > points


@lru_cache(maxsize=16384)
def quantity_of(text: str, *, unit: str = "", scale: float = 1.0, decimal_comma: bool = False) -> Quantity | None:
    """The typed value of a cell; `unit` and `scale` come from its headers. None for a text that is not a value."""
    day = parse_day(text)
    if duration := _DURATION.fullmatch(text):
        return Quantity(number=_seconds(duration), unit=SECONDS)
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


def order_key(cell: DataCell | None) -> float | None:
    """By what cells of a column are compared: their numbers or their dates; None without either."""
    if cell is None or cell.quantity is None:
        return None
    if cell.quantity.number is not None:
        return cell.quantity.number
    return float(cell.quantity.day.toordinal()) if cell.quantity.day is not None else None


def print_number(number: float, samples: Sequence[DataCell], *, decimals: int | None = None) -> str:
    """A number of the unit of `samples`, printed as they are: with their separators, scale, currency and unit."""
    model = next((cell for cell in samples if cell.quantity is not None and _DIGITS.search(cell.text)), None)
    if model is None or model.quantity is None:
        return plain_number(number, 2 if decimals is None else decimals)
    scaled = number / model.quantity.scale
    texts = [cell.text for cell in samples]
    if decimals is None:
        decimals = max(len(_decimals(text)) for text in texts)
        if abs(scaled * 10**decimals - round(scaled * 10**decimals)) > 0.01:
            decimals += 1
    body = plain_number(scaled, decimals, grouped=any(_is_grouped(text) for text in texts) or abs(scaled) >= 1e4,
                        comma=uses_decimal_comma(texts))  # fmt: skip
    digits = _DIGITS.search(model.text)
    assert digits is not None
    before = model.text[: digits.start()].strip("+-−–( ")
    after = _BRACKETS.sub("", model.text[digits.end() :]).rstrip(")* ")
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
    return f"{plain_number(percent, 1, comma=uses_decimal_comma(cell.text for cell in samples))}%"


def _decimals(text: str) -> str:
    """The digits after the decimal mark of the first number in a text."""
    numbers = find_numbers(text)
    return "0" * numbers[0].decimals if numbers else ""


def _is_grouped(text: str) -> bool:
    return re.search(r"\d[.,'’\s\u00a0\u202f]\d{3}(?!\d)", text) is not None
