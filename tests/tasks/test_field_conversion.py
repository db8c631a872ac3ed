"""Printed texts become values of the asked types, or the reason says why not."""

from __future__ import annotations

import pytest
from pydantic import JsonValue

from cogdoc.fields.language import parse_fields
from cogdoc.query.printed_values import Style, ValueContext
from cogdoc.tasks.extraction.conversion import convert

PLAIN = ValueContext()


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        ("a:number", "1,234.5 kg", 1234.5),
        ("a:integer", "12 pcs", 12),
        ("a:money", "EUR 1,200.00", 1200),
        ("a:money", "Total: $98.76 incl. tax", 98.76),
        ("a:percent", "19 %", 19),
        ("a:date", "8 November 2024", "2024-11-08"),
        ("a:date", "2024年11月08日", "2024-11-08"),
        ("a:time", "at 9:05 pm", "21:05"),
        ("a:boolean", "Ja", True),
        ("a:boolean", "☐", False),
        ("a:boolean", "[x]", True),
        ("a:choice(paid, open)", "PAID", "paid"),
        ("a:choice(paid, open)", "Status: open", "open"),
        ("a:choice(overdue, settled)", "0verdue", "overdue"),
        ("a", "  Ann   Holt ", "Ann Holt"),
    ],
)
def test_values_are_typed(field: str, text: str, value: JsonValue) -> None:
    converted = convert(parse_fields(field).fields[0], text, PLAIN)
    assert (converted.value, converted.reason) == (value, None)


@pytest.mark.parametrize(
    ("field", "text", "reason", "message"),
    [
        ("a:money", "on request", "wrong-type", "'on request' is not a money"),
        ("a:integer", "1.5", "wrong-type", "'1.5' is not an integer"),
        ("a:date", "soon", "wrong-type", "'soon' is not a date"),
        ("a:choice(paid, open)", "void", "not-a-choice", "'void' is none of paid, open"),
        ("a:choice(paid, open)", "paid or open", "not-a-choice", "'paid or open' is none of paid, open"),
        ("a:boolean", "maybe", "wrong-type", "'maybe' is not a boolean"),
    ],
)
def test_other_texts_are_refused_with_the_reason(field: str, text: str, reason: str, message: str) -> None:
    converted = convert(parse_fields(field).fields[0], text, PLAIN)
    assert (converted.value, converted.reason, converted.message) == (None, reason, message)


def test_amounts_have_currency_and_scale_of_their_table() -> None:
    context = ValueContext(Style(decimal_comma=True), "EUR", 1000.0)
    converted = convert(parse_fields("a:money").fields[0], "1.234,5", context)
    assert converted.typed is not None
    assert (converted.value, converted.typed.currency) == (1234500, "EUR")
