"""Fields that a document does not have get no value from whatever is in their place."""

from __future__ import annotations

import pytest
from placed_pages import page as sheet
from placed_pages import paragraph

from cogdoc.engines.builtin.answering.field_values import find_field_values
from cogdoc.fields.field import Field, FieldType
from cogdoc.parsing.page_text import PageLayout

ENVELOPE = sheet("STANDARD", "PRSRT MAIL|US POSTAGE PAID", "", "Ada Birk", "12 Hill Road", "Weston 54321")
RECEIPT = sheet("Harbour Bakery", "2 loaves|7.80", "1 cake|12.40", "20.20", "Cash|30.00", "Change|9.80")


def _first(page: PageLayout, field: Field) -> str | None:
    return next((one.text for one in find_field_values(field, [page])), None)


@pytest.mark.parametrize("name", ["total", "change", "subtotal", "tax", "discount"])
def test_a_post_code_is_no_amount(name: str) -> None:
    assert _first(ENVELOPE, Field(name, FieldType.MONEY)) is None


def test_amounts_have_a_label_or_a_place_in_the_sums() -> None:
    assert _first(RECEIPT, Field("change", FieldType.MONEY)) == "9.80"
    assert _first(RECEIPT, Field("discount", FieldType.MONEY)) is None


def test_a_line_of_a_paragraph_is_no_name_or_address() -> None:
    page = paragraph(
        "Much of the work of the board is done in small groups that meet on the days between its own meetings and "
        "take evidence from 12 witnesses in the hall of the old mill in Weston, where most of them live and work."
    )
    assert _first(page, Field("merchant address", labels=("address",))) is None
    assert _first(page, Field("total", FieldType.MONEY)) is None


def test_a_tax_number_has_more_than_a_few_digits() -> None:
    assert _first(sheet("Tax number: 10"), Field("tax number")) is None
    assert _first(sheet("Tax number: 002139201536"), Field("tax number")) == "002139201536"


def test_the_label_of_another_number_is_none_of_the_field() -> None:
    accident = sheet("Location|Chevroux, France", "Accident Number|DEN08WA042", "Number of pages (including cover)|10")
    assert _first(accident, Field("order number")) is None
    assert _first(accident, Field("customer number")) is None
    order = sheet("Hall & Sons", "Order number|A-4711", "Number of parcels|10")
    assert _first(order, Field("order number")) == "A-4711"


def test_a_field_is_found_over_the_line_that_names_it() -> None:
    form = sheet("Loan request", "Item|Microscope", "H. Lindqvarn|March 6, 2024", "Approved by|Date")
    assert _first(form, Field("approved by")) == "H. Lindqvarn"
