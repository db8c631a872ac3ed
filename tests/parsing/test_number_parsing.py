"""Printed numbers are parsed in all their notations."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cogdoc.parsing.numbers import find_numbers, parse_number


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,234.5", 1234.5),
        ("(1,234)", -1234),
        ("1.234,56", 1234.56),
        ("1 234 567", 1234567),
        ("1'234'567", 1234567),
        ("1,23,456", 123456),
        ("1.234.567", 1234567),
        ("1,5", 1.5),
        ("0,125", 0.125),
        (".5", 0.5),
        ("１２３", 123),
        ("−4.77", -4.77),
        ("$3.2bn", 3.2e9),
        ("-$5", -5),
        ("$(1,200.50)", -1200.5),
        ("US$ 5 million", 5e6),
        ("1.2K", 1200),
        ("3万", 30000),
        ("1.25万亿", 1.25e12),
        ("49.1亿元", 4.91e9),
        ("$5m", 5e6),
        ("5m", 5),
        ("12*", 12),
        ("1,204¹", 1204),
        ("1,204 ¹,²", 1204),
        ("4.5%³", 4.5),
        ("10³", 1000),
        ("10⁻² m", 0.01),
        ("1.234,56-", -1234.56),
        ("25,- EUR", 25),
        ("1 240,50 zł", 1240.5),
        ("1,5 Mrd. Euro", 1.5e9),
        ("٣٤٫٥", 34.5),
    ],
)
def test_notations(text: str, value: float) -> None:
    number = parse_number(text)
    assert number is not None
    assert number.value == pytest.approx(value)


@pytest.mark.parametrize("text", ["", "-", "abc", "May", "2016-17", "Q3", "A4", "<0.01%", "3 of 4 apples", "12:30"])
def test_text_that_is_no_number(text: str) -> None:
    assert parse_number(text) is None


def test_percent_currency_unit_and_decimals_are_kept() -> None:
    percent, money, weight = parse_number("12.50%"), parse_number("€9,99"), parse_number("7 kg")
    assert percent is not None
    assert money is not None
    assert weight is not None
    assert (percent.value, percent.percent, percent.decimals) == (12.5, True, 2)
    assert (money.value, money.currency) == (9.99, "EUR")
    assert (weight.value, weight.unit) == (7, "kg")


def test_numbers_are_found_in_running_text() -> None:
    text = "Revenue rose (12.5%) to $3.2bn in Q4 2020; the A4 sheets of 2016-17 cost -7 to 9."
    found = find_numbers(text)
    assert [number.value for number in found] == [-12.5, 3.2e9, 2020, 2016, 17, -7, 9]
    assert all(text[number.start : number.end].strip() == number.text for number in found)


@given(st.integers(-(10**12), 10**12))
def test_grouped_whole_numbers_come_back(value: int) -> None:
    number = parse_number(f"{value:,}")
    assert number is not None
    assert number.value == value


@given(st.decimals(min_value=-(10**7), max_value=10**7, places=2))
def test_both_ways_to_write_decimals_agree(value) -> None:
    english = f"{value:,.2f}"
    european = english.translate(str.maketrans(",.", ".,"))
    one, other = parse_number(english), parse_number(european)
    assert one is not None
    assert other is not None
    assert one.value == other.value == pytest.approx(float(value))


GROUPED = {
    ",.": lambda value: f"{value:,.2f}",
    ".,": lambda value: f"{value:,.2f}".translate(str.maketrans(",.", ".,")),
    " ,": lambda value: f"{value:,.2f}".translate(str.maketrans(",.", " ,")),
    "'.": lambda value: f"{value:,.2f}".replace(",", "'"),
}
SIGNED = (lambda text: f"-{text}", lambda text: f"\u2212{text}", lambda text: f"({text})", lambda text: f"{text}-")
PRICED = ("{} EUR", "€ {}", "{} €", "CHF {}", "{} zł", "R$ {}", "{}")


@given(
    st.decimals(min_value="0.01", max_value=10**9, places=2),
    st.sampled_from(sorted(GROUPED)),
    st.sampled_from((str, *SIGNED)),
    st.sampled_from(PRICED),
)
def test_an_amount_is_found_again_however_it_is_printed(value, separators, sign, priced) -> None:
    text = priced.format(sign(GROUPED[separators](value)))
    (number,) = find_numbers(f"Total: {text}")
    assert abs(number.value) == pytest.approx(float(value))
    assert (number.value < 0) == (sign is not str)


@given(st.text(max_size=40))
def test_any_text_is_accepted(text: str) -> None:
    parse_number(text)
    for number in find_numbers(text):
        assert 0 <= number.start < number.end <= len(text)
