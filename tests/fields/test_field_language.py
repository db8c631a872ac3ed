"""The field language: names, types, labels and choices, in any script; a mistake is one clear line."""

from __future__ import annotations

import pytest

from cogdoc.errors import UsageError
from cogdoc.fields.field import Field, FieldType, leaves, words_of
from cogdoc.fields.language import parse_fields
from cogdoc.fields.plain_schemas import field_list


def test_names_types_and_columns_are_read() -> None:
    number, day, lines = parse_fields("invoice no, date:date, lines:table(description, amount:money)").fields
    assert (number.name, number.type) == ("invoice no", FieldType.TEXT)
    assert (day.name, day.type) == ("date", FieldType.DATE)
    assert [(column.name, column.type) for column in lines.fields] == [
        ("description", FieldType.TEXT),
        ("amount", FieldType.MONEY),
    ]


def test_chinese_names_and_punctuation_are_read() -> None:
    number, amount = parse_fields("发票号码，金额：money").fields
    assert (number.name, amount.name, amount.type) == ("发票号码", "金额", FieldType.MONEY)


def test_labels_choices_and_quoted_names_are_read() -> None:
    number, state, net = parse_fields(
        'no=Rechnungsnr.|"Invoice #, old", state:choice(paid, open), "net (EUR)":number'
    ).fields
    assert number.labels == ("Rechnungsnr.", "Invoice #, old")
    assert state.choices == ("paid", "open")
    assert net.name == "net (EUR)"


def test_lists_have_items_of_a_type() -> None:
    days, names = parse_fields("days:list(date), names:list").fields
    assert days.item is not None
    assert names.item is not None
    assert (days.item.type, names.item.type) == (FieldType.DATE, FieldType.TEXT)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the list names no field"),
        ("total:mony", "total: there is no type 'mony'"),
        ("a, a", "'a' is named twice"),
        ("a:", "a: a type is missing after the colon"),
        (":date", "a field needs a name"),
        ("a:table(b", "a: the closing bracket of table is missing"),
        ("a)", "a closing bracket without an opening one"),
        ("a:choice", "a: choice needs its values"),
        ("a:date(b)", "a: date takes nothing in brackets"),
        ("a:table(b:table)", "b: a column of a table is no table"),
        ("a:list(table)", "a: a list of tables cannot be read"),
        ("net (EUR)", "net: a bracket needs a type before it, or quotation marks around the name"),
        ('"a', "a quotation mark without its partner"),
        ("x" * 300, "a name longer than 200 characters"),
        (",".join(f"f{index}" for index in range(1001)), "more than 1000 fields"),
    ],
)
def test_mistakes_are_named_in_one_line(text: str, message: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse_fields(text)
    assert message in raised.value.message
    assert raised.value.message.startswith("--fields: ")
    assert "\n" not in raised.value.message


def test_similar_type_is_suggested() -> None:
    with pytest.raises(UsageError) as raised:
        parse_fields("total:mony")
    assert raised.value.hint is not None
    assert raised.value.hint.startswith("did you mean money?")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("invoice_no", "invoice number"),
        ("invoiceNumber", "invoice number"),
        ("Invoice No.", "Invoice number"),
        ("due-date", "due date"),
        ("IBAN", "IBAN"),
        ("发票号码", "发票号码"),
    ],
)
def test_names_of_programs_become_words(name: str, words: str) -> None:
    assert words_of(name) == words


def test_fields_of_groups_are_looked_for_by_the_name_of_their_group() -> None:
    seller = Field("seller", FieldType.GROUP, fields=(Field("name"), Field("iban")))
    buyer = Field("buyer", FieldType.GROUP, fields=(Field("name"),))
    found = leaves(field_list((seller, buyer)).fields)
    assert [(leaf.name, leaf.field.wordings) for leaf in found] == [
        ("seller.name", ("seller name",)),
        ("seller.iban", ("seller iban", "iban")),
        ("buyer.name", ("buyer name",)),
    ]
