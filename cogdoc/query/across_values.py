"""Arithmetic with printed values: exact, and only of values with the same currency and unit."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from statistics import median
from typing import Any, TypeVar

from cogdoc.parsing.numbers import find_numbers
from cogdoc.query.printed_values import read_value
from cogdoc.query.tree import Comparator
from cogdoc.results.across import AcrossOperand
from cogdoc.results.printed_value import PrintedValue

EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)
"""Sums of a million values of 15 digits are exact."""

MEAN_DECIMALS = 2
"""At least; quotients are rounded."""

Comparable = TypeVar("Comparable", Decimal, str)

_OPERATIONS: dict[Comparator, Callable[[Any, Any], bool]] = {
    Comparator.MORE: operator.gt,
    Comparator.LESS: operator.lt,
    Comparator.AT_LEAST: operator.ge,
    Comparator.AT_MOST: operator.le,
    Comparator.EQUAL: operator.eq,
    Comparator.NOT_EQUAL: operator.ne,
}


@dataclass(frozen=True, slots=True)
class Unit:
    """What values have to share to be added or compared."""

    kind: str
    name: str = ""
    """The currency or unit; empty if none is printed."""

    def __str__(self) -> str:
        return self.name or {"percent": "%", "number": "no currency or unit"}.get(self.kind, self.kind)


@dataclass(frozen=True, slots=True)
class Group:
    """Values with the same unit."""

    unit: Unit
    operands: tuple[AcrossOperand, ...]


def unit_of(value: PrintedValue) -> Unit:
    if value.kind == "date":
        return Unit("date")
    if value.kind == "duration":
        return Unit("duration", value.unit or value.duration or "")
    return Unit(value.kind if value.kind == "percent" else "number", value.currency or value.unit or "")


def group(operands: Sequence[AcrossOperand]) -> tuple[list[Group], bool]:
    """The operands by unit, in the order of their first values; and whether some are taken to have a unit that is not
    printed beside them: that of all others."""
    units: dict[Unit, list[AcrossOperand]] = {}
    for operand in operands:
        if operand.value is not None:
            units.setdefault(unit_of(operand.value), []).append(operand)
    bare, named = Unit("number"), [unit for unit in units if unit.kind == "number" and unit.name]
    assumed = bare in units and len(named) == 1
    if assumed:
        joined = {*map(id, units.pop(bare)), *map(id, units[named[0]])}
        units[named[0]] = [operand for operand in operands if id(operand) in joined]
    return [Group(unit, tuple(found)) for unit, found in units.items()], assumed


def number_of(operand: AcrossOperand) -> Decimal:
    """The exact number that is printed; its float is the nearest to it, and short enough to tell it."""
    assert operand.value is not None
    assert operand.value.number is not None
    return Decimal(repr(operand.value.number))


def decimals_of(operands: Sequence[AcrossOperand]) -> int:
    """The most digits after the decimal mark that are printed, or that scales leave."""
    most = 0
    for operand in operands:
        exponent = number_of(operand).normalize().as_tuple().exponent
        printed = find_numbers(operand.text)
        is_scaled = operand.value is not None and operand.value.scale != 1.0
        own = max((number.decimals for number in printed), default=0) if not is_scaled else 0
        most = max(most, own, -exponent if isinstance(exponent, int) else 0)
    return most


def total(operands: Sequence[AcrossOperand]) -> Decimal:
    result = Decimal(0)
    for operand in operands:
        result = EXACT.add(result, number_of(operand))
    return result


def mean(operands: Sequence[AcrossOperand]) -> Decimal:
    return EXACT.divide(total(operands), Decimal(len(operands)))


def median_of(operands: Sequence[AcrossOperand]) -> Decimal:
    return median(map(number_of, operands))


def spread(operands: Sequence[AcrossOperand]) -> Decimal:
    numbers = list(map(number_of, operands))
    return EXACT.subtract(max(numbers), min(numbers))


def as_value(number: Decimal, unit: Unit, decimals: int) -> tuple[str, PrintedValue]:
    """A computed number as text and as a value, rounded to some decimals."""
    rounded = number.quantize(Decimal(1).scaleb(-decimals), context=EXACT)
    text = f"{rounded:f}%" if unit.kind == "percent" else " ".join(filter(None, (f"{rounded:f}", unit.name)))
    if unit.kind == "duration":
        return text, PrintedValue(kind="duration", number=float(rounded), unit=unit.name or None)
    is_currency = len(unit.name) == 3 and unit.name.isascii() and unit.name.isupper()
    if unit.kind == "percent":
        return text, PrintedValue(kind="percent", number=float(rounded))
    if is_currency:
        return text, PrintedValue(kind="money", number=float(rounded), currency=unit.name)
    return text, PrintedValue(kind="number", number=float(rounded), unit=unit.name or None)


def sort_key(operand: AcrossOperand) -> tuple[Decimal, str]:
    """Orders values of one unit, dates by their ISO form."""
    assert operand.value is not None
    if operand.value.date is not None:
        return Decimal(0), operand.value.date
    return number_of(operand), ""


def is_comparable(value: PrintedValue) -> bool:
    return value.date is not None or value.number is not None


def fulfils(value: PrintedValue, comparator: Comparator, bound_text: str) -> bool | None:
    """Whether a value compares with what the question states in this way; None if the two cannot be compared."""
    bound = read_value(bound_text)
    if bound is None:
        return None
    if value.date is not None:
        stated = bound.date or (f"{bound.number:.0f}" if bound.number is not None else None)
        return None if stated is None else _compares_dates(value.date, comparator, stated)
    if value.number is None or bound.number is None or bound.date is not None:
        return None
    units = {unit.name for unit in (unit_of(value), unit_of(bound)) if unit.name}
    if len(units) > 1:
        return None
    return compares(Decimal(repr(value.number)), comparator, Decimal(repr(bound.number)))


def compares(left: Comparable, comparator: Comparator, right: Comparable) -> bool:
    """Whether a comparison of two numbers, or of two dates in ISO 8601, is true."""
    operation: Callable[[Comparable, Comparable], bool] = _OPERATIONS[comparator]
    return operation(left, right)


def _compares_dates(date: str, comparator: Comparator, stated: str) -> bool | None:
    """As precisely as both are printed: every day of 2018 equals 2018, and none is after it."""
    if len(date) < len(stated):
        return None
    return compares(date[: len(stated)], comparator, stated)
