"""JSON Schemas and pydantic models as lists of fields: nesting, references, null, and what is refused by name."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field

from cogdoc.errors import UsageError
from cogdoc.fields.field import FieldType, leaves
from cogdoc.fields.json_schema import parse_schema, read_schema
from cogdoc.fields.models import fields_of_model, model_of_values


class Line(BaseModel):
    description: str
    amount: Decimal


class Party(BaseModel):
    name: str
    vat_id: str | None = Field(None, description="VAT number")


class Invoice(BaseModel):
    number: str = Field(alias="invoiceNo")
    issued: date
    total: Decimal = Field(ge=0)
    currency: Literal["EUR", "USD"] | None = None
    seller: Party
    buyer: Party | None = None
    lines: list[Line] = []
    tags: list[str] = []


def test_models_become_typed_fields() -> None:
    found = {leaf.name: leaf.field for leaf in leaves(fields_of_model(Invoice).fields)}
    assert {name: field.type.value for name, field in found.items()} == {
        "invoiceNo": "text",
        "issued": "date",
        "total": "number",
        "currency": "choice",
        "seller.name": "text",
        "seller.vat_id": "text",
        "buyer.name": "text",
        "buyer.vat_id": "text",
        "lines": "table",
        "tags": "list",
    }
    assert [column.type for column in found["lines"].fields] == [FieldType.TEXT, FieldType.NUMBER]
    assert "seller VAT number" in found["seller.vat_id"].wordings
    assert (found["currency"].choices, found["currency"].nullable, found["total"].nullable) == (
        ("EUR", "USD"),
        True,
        False,
    )


def test_values_become_a_model() -> None:
    wanted = fields_of_model(Invoice)
    values: dict[str, Any] = {
        "invoiceNo": "A-1",
        "issued": "2024-03-05",
        "total": 98.76,
        "currency": None,
        "seller": {"name": "Ann", "vat_id": None},
        "buyer": {"name": None, "vat_id": None},
        "lines": None,
        "tags": ["a"],
    }
    invoice, problems = model_of_values(Invoice, wanted, values)
    assert problems == ()
    assert invoice is not None
    assert (invoice.total, invoice.issued, invoice.buyer, invoice.lines) == (
        Decimal("98.76"),
        date(2024, 3, 5),
        None,
        [],
    )
    none, problems = model_of_values(Invoice, wanted, {**values, "total": None})
    assert none is None
    assert problems == ("total: Field required",)


def test_types_that_may_be_null_are_read() -> None:
    schema = {"type": "object", "properties": {"a": {"type": ["number", "null"]}, "b": {"enum": ["x", None]}}}
    a, b = read_schema(schema).fields
    assert (a.type, a.nullable) == (FieldType.NUMBER, True)
    assert (b.type, b.choices, b.nullable) == (FieldType.CHOICE, ("x",), True)


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({"a": {"type": "object"}}, "a: an object without properties cannot be filled"),
        ({"a": {"type": "array"}}, "a: an array without items cannot be filled"),
        ({"a": {"type": "array", "items": {"type": "array", "items": {}}}}, "a: an array of arrays cannot be read"),
        ({"a": {"not": {}}}, "a: not cannot be honoured"),
        ({"a": {"anyOf": [{"type": "string"}, {"type": "boolean"}]}}, "a: anyOf of several types cannot be honoured"),
        ({"a": {"type": ["string", "boolean"]}}, "a: the types string, boolean at once cannot be honoured"),
        ({"a": {"$ref": "https://example.org/a.json"}}, "a: the reference https://example.org/a.json leads out"),
        ({"a": {"$ref": "#/$defs/gone"}}, "a: the reference #/$defs/gone leads nowhere"),
        ({"a": {"$ref": "#"}}, "a.a: # contains itself"),
        ({"a": {"type": "string", "format": "iri"}}, "a: the format iri cannot be honoured"),
        ({"a": {"type": "objekt"}}, "is not a JSON Schema: properties/a/type"),
        ({"a": True}, "a: the schema true says nothing about the value"),
        (
            {"a": {"type": "array", "items": {"type": "object", "properties": {"b": {"type": "array", "items": {}}}}}},
            "a.b: an object or array in a row of a table cannot be read",
        ),
    ],
)
def test_what_cannot_be_honoured_is_refused_by_name(properties: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse_schema(json.dumps({"type": "object", "properties": properties}))
    assert message in raised.value.message
    assert "\n" not in raised.value.message


@pytest.mark.parametrize("text", ["{", "[]", "[" * 100_000, '{"type": "string"}'])
def test_other_texts_are_no_schemas(text: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse_schema(text)
    assert raised.value.message.startswith("--schema: ")
