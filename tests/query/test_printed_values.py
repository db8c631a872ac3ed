"""Printed numbers, amounts, percentages, dates and durations are read as the document means them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cogdoc.query.printed_values import Style, ValueContext, read_value, style_of

POINTS, COMMAS = Style(decimal_comma=False), Style(decimal_comma=True)
DAY_FIRST = Style(day_first=True)


def plain(text: str, context: ValueContext | None = None) -> str | None:
    value = read_value(text, context or ValueContext())
    return None if value is None else value.plain


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *(("412,860", "412860"), ("(1,234.5)", "-1234.5"), ("5.00-", "-5"), ("−3", "-3"), ("1 234,5", "1234.5")),
        *(("€412,860", "412860 EUR"), ("1.234,56 €", "1234.56 EUR"), ("US$ 1.2 million", "1200000 USD")),
        *(("3万元", "30000 CNY"), ("RM 12.50", "12.5 MYR"), ("12.5%", "12.5%"), ("98 %", "98%"), ("5 kg", "5 kg")),
        *(("31 December 2024", "2024-12-31"), ("Monday, 4 May 2020", "2020-05-04"), ("2024年3月5日", "2024-03-05")),
        *(("March 2024", "2024-03"), ("2024", "2024"), ("13/04/2024", "2024-04-13"), ("04/13/2024", "2024-04-13")),
        *(("30 days", "P30D"), ("3个月", "P3M"), ("2 Jahre und 6 Monate", "P2Y6M"), ("2 h 15 min", "PT2H15M")),
        *(("3 quarters", "P9M"), ("1:23:45", "PT1H23M45S"), ("1.5 hours", "PT1.5H")),
    ],
)
def test_values_have_one_plain_form(text: str, expected: str) -> None:
    assert plain(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("Alice", "A-1047", "(212) 555-0147", "00123", "12-15", "10:30", "1st", "192.168.1.1", "5 out of 10", ""),
        *("April 5, 2024 to May 6, 2024", "see page 7", "4111 1111 1111 1111", "quarter 3", "3 x 4", "N/A", "—"),
    ],
)
def test_names_codes_ranges_and_sentences_are_no_values(text: str) -> None:
    assert plain(text) is None


def test_separators_are_read_as_the_document_prints_them() -> None:
    assert plain("1.234", ValueContext(COMMAS)) == "1234"
    assert plain("1,234", ValueContext(COMMAS)) == "1.234"
    assert plain("1.234", ValueContext(POINTS)) == "1.234"
    assert plain("03/04/2024", ValueContext(DAY_FIRST)) == "2024-04-03"


def test_what_nothing_tells_has_its_other_reading() -> None:
    number, day = read_value("1.234"), read_value("03/04/2024")
    assert number is not None
    assert day is not None
    assert {number.plain, number.other_reading} == {"1.234", "1234"}
    assert {day.plain, day.other_reading} == {"2024-03-04", "2024-04-03"}
    for known in (read_value("1.234", ValueContext(COMMAS)), read_value("05/05/2024"), read_value("12.5")):
        assert known is not None
        assert known.other_reading is None


def test_a_document_s_other_values_tell_its_style() -> None:
    assert style_of(["Total 1.234,56", "VAT 12,30"]).decimal_comma is True
    assert style_of(["Total 1,234.56", "VAT 12.30"]).decimal_comma is False
    assert style_of(["Total 12.30", "VAT 4,20"]).decimal_comma is None
    assert style_of(["Dated 25/12/2023", "due 01/02/2024"]).day_first is True
    assert style_of(["Dated 12/25/2023"]).day_first is False
    assert style_of(["Total £12.30", "Date 01/02/2024"]).day_first is True
    assert style_of(["Total $12.30", "Date 01/02/2024"]).day_first is None


def test_headers_give_units_and_scales_that_the_text_lacks() -> None:
    thousands = ValueContext(unit="EUR", scale=1e3)
    assert plain("412,860", thousands) == "412860000 EUR"
    assert plain("$5 million", thousands) == "5000000 USD"
    assert plain("12.1%", thousands) == "12.1%"
    assert plain("45", ValueContext(unit="%")) == "45%"
    assert plain("0.1", ValueContext(scale=3.0)) == "0.3"


@given(st.integers(-(10**9), 10**9), st.sampled_from(["USD", "EUR", "MYR"]))
def test_printed_amounts_are_read_back(cents: int, currency: str) -> None:
    amount = f"{currency} {cents / 100:,.2f}"
    value = read_value(amount)
    assert value is not None
    assert (value.number, value.currency) == (cents / 100, currency)
    commas = amount.translate(str.maketrans(",.", ".,"))
    assert read_value(commas, ValueContext(COMMAS)) == value


@given(st.dates(date(1950, 1, 1), date(2030, 1, 1)))
def test_printed_dates_are_read_back(day: date) -> None:
    iso = day.isoformat()
    assert plain(iso) == iso
    assert plain(f"{day.day} {day:%B} {day.year}") == iso
    assert plain(f"{day:%d/%m/%Y}", ValueContext(DAY_FIRST)) == iso
    next_day = day + timedelta(days=1)
    assert plain(f"{iso} to {next_day.isoformat()}") is None


@given(st.text(max_size=60))
def test_any_text_is_read_or_left(text: str) -> None:
    value = read_value(text, ValueContext(COMMAS, "EUR", 1e3))
    assert value is None or value.plain
