"""The data types of electronic invoices, and the table of their terms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import tomli

Syntax = Literal["cii", "ubl"]
"""UN/CEFACT Cross Industry Invoice (ZUGFeRD, Factur-X, Order-X, XRechnung), or OASIS UBL (XRechnung, Peppol)."""


class TermType(StrEnum):
    """What the value of a term is."""

    TEXT = "text"
    DATE = "date"
    MONEY = "money"
    NUMBER = "number"
    PERCENT = "percent"
    CODE = "code"
    """An entry of a list of codes, which pages print in words."""


@dataclass(frozen=True, slots=True)
class InvoiceValue:
    """The value of a business term."""

    term: str
    """Its number in EN 16931, such as "BT-1"."""
    name: str
    type: TermType
    text: str
    """As the file has it; dates as ISO 8601."""
    currency: str = ""
    """Of an amount, as ISO 4217 code; empty if the file names none."""


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """One row of a group that repeats, such as one line item."""

    values: tuple[InvoiceValue, ...]


@dataclass(frozen=True, slots=True)
class InvoiceGroup:
    """A group of terms that repeats."""

    group: str
    """Its number in EN 16931, such as "BG-25"."""
    name: str
    rows: tuple[InvoiceRow, ...]


@dataclass(frozen=True, slots=True)
class ElectronicInvoice:
    """The invoice that an XML file in a PDF states."""

    file_name: str
    syntax: Syntax
    values: tuple[InvoiceValue, ...]
    groups: tuple[InvoiceGroup, ...]
    is_order: bool = False
    """Whether it is an order (Order-X)."""
    is_cut_off: bool = False
    """Whether it has more rows, or longer texts, than are read."""

    def value(self, name: str) -> InvoiceValue | None:
        """The value of the term with this name."""
        return next((value for value in self.values if value.name == name), None)


@dataclass(frozen=True, slots=True)
class Term:
    """A business term, and where the syntaxes have it."""

    id: str
    name: str
    type: TermType
    paths: Mapping[str, tuple[str, ...]]
    """By syntax."""


@dataclass(frozen=True, slots=True)
class TermGroup:
    """A group of terms that repeats, and where the syntaxes have it."""

    id: str
    name: str
    paths: Mapping[str, tuple[str, ...]]
    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class TermTable:
    """All terms."""

    terms: tuple[Term, ...]
    groups: tuple[TermGroup, ...]
    renamed: Mapping[str, str]
    """Names of elements today by those in ZUGFeRD 1."""


@cache
def load_terms() -> TermTable:
    """The table of `invoice_terms.toml`."""
    text = files("cogdoc.documents.file_fields").joinpath("invoice_terms.toml").read_text(encoding="utf-8")
    table = tomli.loads(text)
    groups = tuple(
        TermGroup(entry["id"], entry["name"], _paths(entry), tuple(map(_term, entry["term"])))
        for entry in table["group"]
    )
    return TermTable(tuple(map(_term, table["term"])), groups, table["rename"])


def _term(entry: dict[str, Any]) -> Term:
    return Term(entry["id"], entry["name"], TermType(entry["type"]), _paths(entry))


def _paths(entry: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    return {syntax: tuple(entry[syntax]) for syntax in ("cii", "ubl")}
