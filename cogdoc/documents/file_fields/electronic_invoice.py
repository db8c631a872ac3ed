"""Reads the XML of electronic invoices (EN 16931): ZUGFeRD, Factur-X, XRechnung and Order-X, in both syntaxes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from itertools import islice
from xml.etree.ElementTree import Element

from cogdoc.documents.file_fields.bounded_xml import XmlDocument, parse_xml, text_of
from cogdoc.documents.file_fields.invoice_terms import (
    ElectronicInvoice,
    InvoiceGroup,
    InvoiceRow,
    InvoiceValue,
    Syntax,
    Term,
    TermGroup,
    TermType,
    load_terms,
)

MAX_ROWS = 2000
"""Rows of a group."""

MAX_TEXT = 5000
"""Characters of a value."""

MAX_CHARS = 4_000_000
"""Characters of all values together."""

_ROOTS: dict[tuple[str, str], Syntax] = {
    ("CrossIndustryInvoice", "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:"): "cii",
    ("CrossIndustryDocument", "urn:ferd:CrossIndustryDocument:invoice:"): "cii",
    ("SCRDMCCBDACIOMessageStructure", "urn:un:unece:uncefact:data:SCRDMCCBDACIOMessageStructure:"): "cii",
    ("Invoice", "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"): "ubl",
    ("CreditNote", "urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2"): "ubl",
}
"""The syntax by the root's name and the beginning of its namespace."""

_ORDER = "SCRDMCCBDACIOMessageStructure"
_DIGITS = re.compile(r"(\d{4})-?(\d\d)(?:-?(\d\d))?(?!\d)")
_DECIMAL = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)")
_NUMERIC = (TermType.MONEY, TermType.NUMBER, TermType.PERCENT)


def read_invoice(data: bytes, file_name: str) -> ElectronicInvoice | None:
    """The invoice that an XML file states; None if the file is no invoice, or cannot be read."""
    document = parse_xml(data)
    if document is None or (syntax := _syntax(document)) is None:
        return None
    table, root = load_terms(), document.root
    is_order = root.tag == _ORDER
    for element in root.iter():
        element.tag = table.renamed.get(element.tag, element.tag)
        # Paths compare texts, which line breaks would make different.
        element.text, element.tail = (element.text or "").strip(), None
    currency = next((value.text for value in _values(root, table.terms, syntax, "") if value.name == "currency"), "")
    values = tuple(_values(root, table.terms, syntax, currency))
    groups = []
    is_cut_off = any(len(value.text) >= MAX_TEXT for value in values)
    room = MAX_CHARS - sum(len(value.text) for value in values)
    for group in table.groups:
        rows: list[InvoiceRow] = []
        for element in islice(_elements(root, group, syntax), MAX_ROWS + 1):
            row = tuple(_values(element, group.terms, syntax, currency))
            room -= sum(len(value.text) for value in row)
            if room < 0 or len(rows) == MAX_ROWS:
                is_cut_off = True
                break
            if any(value.type in _NUMERIC for value in row):  # others are texts between the lines
                rows.append(InvoiceRow(row))
        if rows:
            groups.append(InvoiceGroup(group.id, group.name, tuple(rows)))
    if not values:
        return None
    return ElectronicInvoice(file_name, syntax, values, tuple(groups), is_order=is_order, is_cut_off=is_cut_off)


def _syntax(document: XmlDocument) -> Syntax | None:
    return next(
        (
            syntax
            for (name, namespace), syntax in _ROOTS.items()
            if document.root.tag == name and document.namespace.startswith(namespace)
        ),
        None,
    )


def _elements(root: Element, group: TermGroup, syntax: Syntax) -> Iterator[Element]:
    for path in group.paths[syntax]:
        yield from root.iterfind(path)


def _values(element: Element, terms: tuple[Term, ...], syntax: Syntax, currency: str) -> Iterator[InvoiceValue]:
    """The terms that an element has."""
    for term in terms:
        for path in term.paths[syntax]:
            if (value := _value(element, term, path, currency)) is not None:
                yield value
                break


def _value(element: Element, term: Term, path: str, currency: str) -> InvoiceValue | None:
    where, is_attribute, attribute = path.partition("/@")
    # A tax total in the currency of the books is beside that of the invoice.
    for found in sorted(element.iterfind(where), key=lambda each: each.get("currencyID", currency) != currency):
        text = " ".join(found.get(attribute, "").split()) if is_attribute else text_of(found)
        if text := _well_formed(text[:MAX_TEXT], term.type):
            own = (found.get("currencyID") or currency) if term.type is TermType.MONEY else ""
            return InvoiceValue(term.id, term.name, term.type, text, own[:10])
    return None


def _well_formed(text: str, kind: TermType) -> str:
    """The text of a value; empty if it is none of its type."""
    if kind is TermType.DATE:
        return _iso_date(text)
    if kind in _NUMERIC:
        return text if len(text) <= 40 and _DECIMAL.fullmatch(text) else ""
    return text


def _iso_date(text: str) -> str:
    """A date as ISO 8601, from that or from digits alone, as the formats 102 and 610 of UN/CEFACT 2379 have it."""
    match = _DIGITS.match(text)
    if match is None:
        return ""
    year, month, day = match.groups()
    try:
        date(int(year), int(month), int(day or 1))
    except ValueError:
        return ""
    return "-".join(filter(None, (year, month, day)))
