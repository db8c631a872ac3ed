"""The terms of an electronic invoice as results, each looked up on the pages, which should print the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import JsonValue

from cogdoc.documents.file_fields.invoice_terms import (
    ElectronicInvoice,
    InvoiceGroup,
    InvoiceRow,
    InvoiceValue,
    TermType,
)
from cogdoc.fields.field import FieldType
from cogdoc.parsing.page_text import PageText
from cogdoc.query.printed_occurrences import Kind, Occurrence, PrintedText
from cogdoc.results.field_result import FieldResult, HowFound
from cogdoc.results.flags import Flag
from cogdoc.results.printed_value import PrintedValue
from cogdoc.tasks.describe import box_tuple

_KINDS: Mapping[TermType, Kind] = {
    TermType.TEXT: "text",
    TermType.CODE: "text",
    TermType.DATE: "date",
    TermType.MONEY: "number",
    TermType.NUMBER: "number",
    TermType.PERCENT: "percent",
}
_NUMERIC: Mapping[TermType, Literal["money", "number", "percent"]] = {
    TermType.MONEY: "money",
    TermType.NUMBER: "number",
    TermType.PERCENT: "percent",
}
_TYPES = {kind: FieldType(kind.value) for kind in TermType if kind is not TermType.CODE} | {
    TermType.CODE: FieldType.TEXT
}


def invoice_results(invoice: ElectronicInvoice, pages: Mapping[int, PageText]) -> list[FieldResult]:
    """A result for each term, and a table for each group; what no page prints is flagged."""
    printed = PrintedText(pages.values())
    values = [_result(value, _occurrence(value, printed), pages) for value in invoice.values]
    return [*values, *(_table(group, printed, pages) for group in invoice.groups)]


def _occurrence(value: InvoiceValue, printed: PrintedText, near: Occurrence | None = None) -> Occurrence | None:
    return printed.find(value.text, _KINDS[value.type], near)


def _result(value: InvoiceValue, found: Occurrence | None, pages: Mapping[int, PageText]) -> FieldResult:
    meant, typed = _typed(value)
    # Pages print codes in words, and leave amounts out that are zero.
    is_unprinted = value.type is TermType.CODE or (typed is not None and typed.number == 0)
    return FieldResult(
        name=value.name,
        type=_TYPES[value.type].value,
        text=value.text,
        value=meant,
        typed=typed,
        confidence=1.0,
        how=HowFound.EMBEDDED_XML,
        term=value.term,
        page=found.page if found is not None else None,
        label=pages[found.page].label if found is not None else None,
        box=box_tuple(pages[found.page].displayed(found.box)) if found is not None else None,
        flags=(Flag.NOT_LITERAL.value,) if found is None and not is_unprinted else (),
    )


def _typed(value: InvoiceValue) -> tuple[JsonValue, PrintedValue | None]:
    match value.type:
        case TermType.DATE:
            return value.text, PrintedValue(kind="date", date=value.text)
        case TermType.MONEY | TermType.NUMBER | TermType.PERCENT:
            number = float(value.text)
            typed = PrintedValue(kind=_NUMERIC[value.type], number=number, currency=value.currency or None)
            return int(number) if number.is_integer() and abs(number) < 2**53 else number, typed
        case _:
            return value.text, None


def _table(group: InvoiceGroup, printed: PrintedText, pages: Mapping[int, PageText]) -> FieldResult:
    rows = [_row(row, printed, pages) for row in group.rows]
    first = next((cell for row in rows for cell in row if cell.box is not None), None)
    return FieldResult(
        name=group.name,
        type=FieldType.TABLE.value,
        value=[{cell.name: cell.value for cell in row} for row in rows],
        confidence=1.0,
        how=HowFound.EMBEDDED_XML,
        term=group.group,
        page=first.page if first is not None else None,
        label=first.label if first is not None else None,
        rows=tuple(rows),
    )


def _row(row: InvoiceRow, printed: PrintedText, pages: Mapping[int, PageText]) -> tuple[FieldResult, ...]:
    """The cells of a row; all are looked up near the one that is easiest to tell from others."""
    by_name = {value.name: value for value in row.values}
    anchors = (by_name[name] for name in ("description", "article_number", "tax_amount", "amount") if name in by_name)
    anchor = next((found for value in anchors if (found := _occurrence(value, printed)) is not None), None)
    return tuple(
        _result(value, _occurrence(value, printed, anchor) if anchor is not None else None, pages)
        for value in row.values
    )
