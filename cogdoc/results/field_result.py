"""The result of one field: its value, where and how it was found, or why there is none."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field, JsonValue

from cogdoc.results.printed_value import PrintedValue
from cogdoc.results.record_model import BoxTuple, Confidence, Model


class HowFound(StrEnum):
    """How a value was found."""

    FORM_FIELD = "form-field"
    """In a field of a fillable form."""
    EMBEDDED_XML = "embedded-xml"
    """In the data that an electronic invoice has beside its pages."""
    LABEL = "label"
    """Beside or below a printed label."""
    TABLE = "table"
    TICK = "tick"
    """A box that is ticked."""
    SENTENCE = "sentence"
    PLACE = "place"
    """Without a label, by where such documents print it."""
    MODEL = "model"


class Missing(StrEnum):
    """Why a field has no value."""

    NOT_FOUND = "not-found"
    NOT_A_CHOICE = "not-a-choice"
    """What is printed is none of the choices."""
    WRONG_TYPE = "wrong-type"
    """What is printed is not of the type."""
    INVALID = "invalid"
    """What is printed is against the schema, such as too large a number."""
    PAGE_UNREAD = "page-unread"
    """Pages that may have it cannot be read."""


class OtherReading(Model):
    """What another source says about the same field."""

    how: HowFound = Field(description="how it was found")
    text: str = Field(description="as written there")
    value: JsonValue = Field(default=None, description="of the field's type")
    page: int | None = Field(default=None, description="1-based; null if it is on no page")
    box: BoxTuple | None = Field(default=None, description="where it is on the page")
    agrees: bool = Field(description="whether its value is the same")


class FormFieldInfo(Model):
    """What the file says about a field of its interactive form."""

    name: str = Field(description="the full name, for programs")
    kind: str = Field(description="text, choice, checkbox, radio or signature")
    caption: str | None = Field(default=None, description="the label that the file states")
    stored: tuple[str, ...] = Field(default=(), description="the values in the file; the page may show another")
    exported: tuple[str, ...] = Field(
        default=(), description="the values of a choice for programs, if they differ from the texts that it shows"
    )
    options: tuple[str, ...] = Field(default=(), description="what can be chosen")
    read_only: bool = Field(default=False, description="whether readers cannot change it")
    required: bool = Field(default=False, description="whether the form has to be sent with it")
    hidden: bool = Field(default=False, description="whether no page shows it")


class FieldResult(Model):
    """A field, a column's cell in a row, or an element of a list."""

    name: str = Field(description="with the names of the groups that it is in: seller.name")
    type: str = Field(description="text, number, integer, money, percent, date, time, boolean, choice, list or table")
    text: str | None = Field(default=None, description="as printed")
    value: JsonValue = Field(default=None, description="of the field's type; null if it is missing")
    typed: PrintedValue | None = Field(
        default=None,
        description="what the text means, for programs: a number, amount, percentage, date or duration, with "
        "its currency and scale",
    )
    confidence: Confidence | None = Field(
        default=None,
        description="probability that the value is right; null without one, and if the engine states none",
    )
    how: HowFound | None = Field(default=None, description="how it was found")
    page: int | None = Field(default=None, description="1-based; null if it is on no page")
    label: str | None = Field(default=None, description="the page's printed label")
    box: BoxTuple | None = Field(default=None, description="where it is on the page")
    label_box: BoxTuple | None = Field(default=None, description="of the printed name, where all fields were asked for")
    term: str | None = Field(default=None, description="its number in EN 16931, of an electronic invoice, such as BT-1")
    form_field: FormFieldInfo | None = Field(default=None, description="what the form says of the field that has it")
    reason: Missing | None = Field(default=None, description="why the value is missing")
    message: str | None = Field(default=None, description="the reason in words")
    flags: tuple[str, ...] = Field(default=(), description="what to know before trusting the value")
    others: tuple[OtherReading, ...] = Field(default=(), description="what other sources in the same file say")
    items: tuple[FieldResult, ...] = Field(default=(), description="the elements of a list")
    rows: tuple[tuple[FieldResult, ...], ...] = Field(default=(), description="the rows of a table, a cell a column")

    @property
    def found(self) -> bool:
        return self.value is not None
