"""Turns a printed text into a value of a field's type, or says why it is none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from pydantic import JsonValue
from rapidfuzz import fuzz

from cogdoc.fields.field import NUMERIC, Field, FieldType
from cogdoc.fields.validation import first_problem
from cogdoc.query.concepts import concepts_in
from cogdoc.query.printed_values import ValueContext, read_value
from cogdoc.query.proper_names import value_words
from cogdoc.query.terms import fold_case
from cogdoc.query.typed_values import ValueKind, find_values
from cogdoc.results.field_result import Missing
from cogdoc.results.printed_value import PrintedValue
from cogdoc.text import comparison_key

SAME_CHOICE = 85.0
"""Similarity in percent from which on a printed text is a choice, since OCR may misread a letter."""

MIN_CHOICE_LENGTH = 5
"""Characters below which a choice is only itself."""

_SEARCHED: Final = {
    FieldType.NUMBER: (ValueKind.NUMBER, ValueKind.AMOUNT),
    FieldType.INTEGER: (ValueKind.NUMBER,),
    FieldType.MONEY: (ValueKind.AMOUNT, ValueKind.NUMBER),
    FieldType.PERCENT: (ValueKind.PERCENT,),
    FieldType.DATE: (ValueKind.DATE,),
}
_FORMATS: Final = {"email": ValueKind.EMAIL, "uri": ValueKind.URL}
_TIME = re.compile(r"(?<!\d)(\d{1,2})[:.hH点时](\d{2})(?:[:.](\d{2}))?(?:\s?([ap])\.?\s?m\b\.?)?(?!\d)", re.I)
_HOUR = re.compile(r"(?<!\d)(\d{1,2})\s?([ap])\.?\s?m\b\.?", re.I)
_TICKED = re.compile(r"[☒☑✓✔✗✘🗹🗵◉⦿]|[\[(]\s?[xX✓✗]\s?[\])]|^[xX]$")
_BLANK = re.compile(r"[☐□▢◯○]|\[\s?\]|\(\s\)")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True, slots=True)
class Converted:
    """The value of a text, or the reason why it is none of the field's type."""

    value: JsonValue = None
    typed: PrintedValue | None = None
    reason: Missing | None = None
    message: str | None = None


def convert(field: Field, text: str, context: ValueContext) -> Converted:
    """The value of `text` as the field's type and schema want it."""
    converted = _convert(field, text, context)
    if converted.reason is not None:
        return converted
    if (problem := first_problem(field.schema, converted.value)) is not None:
        return Converted(typed=converted.typed, reason=Missing.INVALID, message=f"{_shortened(text)}: {problem}")
    return converted


def _convert(field: Field, text: str, context: ValueContext) -> Converted:
    match field.type:
        case FieldType.TEXT:
            return _text(field, text, context)
        case FieldType.CHOICE:
            choice = choose(field.choices, text)
            if choice is not None:
                return Converted(choice)
            allowed = ", ".join(field.choices[:10])
            return Converted(reason=Missing.NOT_A_CHOICE, message=f"{_shortened(text)} is none of {allowed}")
        case FieldType.BOOLEAN:
            yes = truth_of(text)
            return _wrong_type(field, text) if yes is None else Converted(yes)
        case FieldType.TIME:
            time = _time(text)
            return _wrong_type(field, text) if time is None else Converted(time)
    typed = typed_value(field.type, text, context)
    if typed is None:
        return _wrong_type(field, text)
    if field.type is FieldType.DATE:
        if field.format == "date" and not _DAY.fullmatch(typed.date or ""):
            message = f"{_shortened(text)} is no date with a day"
            return Converted(typed=typed, reason=Missing.WRONG_TYPE, message=message)
        return Converted(typed.date, typed)
    number = typed.number
    assert number is not None
    if field.type is FieldType.INTEGER:
        return Converted(int(number), typed) if number.is_integer() else _wrong_type(field, text)
    return Converted(int(number) if number.is_integer() and abs(number) < 2**53 else number, typed)


def typed_value(kind: FieldType, text: str, context: ValueContext) -> PrintedValue | None:
    """What a text means as a number, an amount, a percentage or a date; the first one in it if there are several."""
    whole = read_value(text, context)
    if whole is not None and _is_of(kind, whole):
        return whole
    for searched in _SEARCHED[kind]:
        for found in find_values(searched, text):
            part = read_value(text[found.start : found.end], context)
            if part is not None and _is_of(kind, part):
                return part
    return None


def _is_of(kind: FieldType, value: PrintedValue) -> bool:
    if kind is FieldType.DATE:
        return value.date is not None
    return kind in NUMERIC and value.number is not None and value.kind in ("number", "money", "percent")


def _text(field: Field, text: str, context: ValueContext) -> Converted:
    if field.format in _FORMATS:
        found = find_values(_FORMATS[field.format], text)
        return Converted(text[found[0].start : found[0].end].replace(" ", "")) if found else _wrong_type(field, text)
    if field.format == "date-time":
        day, time = typed_value(FieldType.DATE, text, context), _time(text)
        if day is None or not _DAY.fullmatch(day.date or ""):
            return _wrong_type(field, text)
        return Converted(f"{day.date}T{(time or '00:00') + ':00' if len(time or '00:00') == 5 else time}", day)
    if field.format == "duration":
        value = read_value(text, context)
        return _wrong_type(field, text) if value is None or value.duration is None else Converted(value.duration, value)
    return Converted(" ".join(text.split()), read_value(text, context) if _is_value(text) else None)


def _is_value(text: str) -> bool:
    return any(map(str.isdigit, text))


def choose(choices: Sequence[str], text: str) -> str | None:
    """The choice that a text is or names; None if it names none, or several."""
    key = comparison_key(text)
    for choice in choices:
        if comparison_key(choice) == key:
            return choice
    contained = [choice for choice in choices if _contains(text, choice)]
    if len(contained) == 1:
        return contained[0]
    meant = [choice for choice in choices if concepts_in(choice) and concepts_in(choice) <= concepts_in(text)]
    if len(meant) == 1 and not contained:
        return meant[0]
    alike = [
        choice
        for choice in choices
        if len(choice) >= MIN_CHOICE_LENGTH and fuzz.ratio(comparison_key(choice), key) >= SAME_CHOICE
    ]
    return alike[0] if len(alike) == 1 and not contained else None


def _contains(text: str, choice: str) -> bool:
    folded = fold_case(choice.strip())
    edge_start, edge_end = (r"(?<!\w)" if folded[:1].isascii() else ""), (r"(?!\w)" if folded[-1:].isascii() else "")
    return bool(folded) and re.search(edge_start + re.escape(folded) + edge_end, fold_case(text)) is not None


def truth_of(text: str) -> bool | None:
    """Whether a text says yes or no, in words of any language, or by a mark; None if it says neither."""
    if _TICKED.search(text.strip()) or _BLANK.search(text):
        return _TICKED.search(text.strip()) is not None
    first = fold_case(text).strip(" .,:;!()").split(" ")[0].strip(".,:;!") if text.strip() else ""
    if first in _words("yes") or first in ("true", "on"):
        return True
    return False if first in _words("no") or first in ("false", "off") else None


@lru_cache(maxsize=2)
def _words(name: str) -> frozenset[str]:
    return frozenset(map(fold_case, value_words(name)))


def _time(text: str) -> str | None:
    """The first time of day in a text, in ISO 8601."""
    match = _TIME.search(text) or _HOUR.search(text)
    if match is None:
        return None
    hours, minutes, seconds, half = match.groups() if match.re is _TIME else (match[1], "00", None, match[2])
    hour = int(hours)
    if half is not None:
        hour = hour % 12 + (12 if half in "pP" else 0)
    if hour > 23 or int(minutes) > 59:
        return None
    return f"{hour:02}:{minutes}" + (f":{seconds}" if seconds else "")


def _wrong_type(field: Field, text: str) -> Converted:
    wanted = field.format or field.type.value
    article = "an" if wanted[0] in "aeiou" else "a"
    return Converted(reason=Missing.WRONG_TYPE, message=f"{_shortened(text)} is not {article} {wanted}")


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return repr(line if len(line) <= 60 else f"{line[:60]}...")
