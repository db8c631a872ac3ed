"""Tests of what amounts are in the arithmetic of a page."""

from __future__ import annotations

import pytest

from cogdoc.engines.builtin.answering import answer_question
from cogdoc.engines.builtin.answering.amounts import describe_amounts, describe_item_amounts
from cogdoc.engines.builtin.answering.labelled_values import labelled_values
from cogdoc.query.segments import view_page
from cogdoc.query.typed_values import ValueKind
from training.small_pages import text_page

INVOICE = ("Pos A|200.00 €", "Pos B|300.00 €", "Vsota|500.00 €", "22 %|110.00 €", "Skupaj|610.00 €")


def solved(role: str, *rows: str) -> list[str]:
    page = view_page(text_page(rows))
    values = labelled_values(page, ValueKind.AMOUNT)
    described = describe_amounts(page, values, role, 1.0)
    return [values[index].part.text for index, features in described.items() if features["amount-solved"]]


@pytest.mark.parametrize(("role", "expected"), [("net", ["500.00 €"]), ("tax", ["110.00 €"]), ("gross", ["610.00 €"])])
def test_net_amount_tax_and_total_are_known_by_their_sum_whatever_their_labels(role: str, expected: list[str]) -> None:
    assert solved(role, *INVOICE) == expected


def test_a_total_of_two_rates_is_known_by_its_sum() -> None:
    rows = ("A|200.00|10 %|20.00", "B|100.00|22 %|22.00", "Osnova|300.00", "Skupaj|342.00")
    assert solved("gross", *rows) == ["342.00"]


def test_amounts_that_do_not_add_up_have_no_role_by_their_sum() -> None:
    assert solved("gross", "Vsota|500.00 €", "22 %|111.00 €", "Skupaj|610.00 €") == []


def test_the_total_of_a_column_is_the_sum_of_what_is_above_it() -> None:
    page = view_page(text_page(INVOICE))
    values = labelled_values(page, ValueKind.AMOUNT)
    described = describe_amounts(page, values, "gross", 1.0)
    sums = {values[index].part.text for index, features in described.items() if features["amount-column-sum"]}
    assert "610.00 €" in sums
    assert "110.00 €" not in sums


def test_a_value_without_words_in_its_row_is_labelled_by_its_column() -> None:
    page = view_page(text_page(["Net|VAT|Gross", "100.00|19.00|119.00", "200.00|38.00|238.00"]))
    labels = {value.part.text: value.label for value in labelled_values(page, ValueKind.AMOUNT)}
    assert (labels["119.00"], labels["238.00"]) == ("Gross", "Gross")


ITEMS = (
    "Item|Quantity|Price|Amount",
    "Green tea|3|4.50|13.50",
    "Oat milk|12|2.25|27.00",
    "",
    "Net|||40.50",
    "VAT 20%|||8.10",
    "Total|||48.60",
)


def test_quantity_times_unit_price_is_the_total_of_a_row() -> None:
    page = view_page(text_page(ITEMS))
    values = labelled_values(page, ValueKind.AMOUNT)
    described = describe_item_amounts(page, values, frozenset({"total"}))
    parts = {values[index].part.text: next(iter(features)) for index, features in described.items()}
    assert parts["27.00"] == "item-total-for-total"
    assert parts["2.25"] == "item-unit-for-total"


def test_the_total_of_an_item_is_not_that_of_the_document() -> None:
    answer = answer_question('How much is charged in total for "Oat milk"?', [text_page(ITEMS)])
    assert answer.text != "48.60"
