"""What a file itself says about fields, besides its pages: the fields of forms, and the data of electronic invoices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cogdoc.documents.document import Document
from cogdoc.documents.file_fields.form_field import FieldKind, FileForm, FormField
from cogdoc.documents.file_fields.invoice_terms import ElectronicInvoice, InvoiceGroup, InvoiceValue, TermType
from cogdoc.documents.file_fields.reading import read_electronic_invoice, read_form
from cogdoc.errors import InputError, TimeLimitError
from cogdoc.fields.field import Field, words_of
from cogdoc.parsing.page_text_store import PageTextStore
from cogdoc.query.column_matching import wording_match
from cogdoc.query.table import DataCell, DataTable, Quantity, TableOrigin
from cogdoc.query.widget_labels import WidgetLabels
from cogdoc.results.field_result import FieldResult, HowFound
from cogdoc.results.record_model import BoxTuple
from cogdoc.tasks.extraction.form_results import chosen_options
from cogdoc.tasks.extraction.invoice_results import invoice_results

MIN_NAME_MATCH = 0.7
"""How well a name in the file has to match a field."""

_NUMERIC = (TermType.MONEY, TermType.NUMBER, TermType.PERCENT)


@dataclass(frozen=True, slots=True)
class KnownValue:
    """A value that the file states, and the names that it goes by."""

    names: tuple[str, ...]
    text: str
    how: HowFound
    page: int | None = None
    box: BoxTuple | None = None
    shown: str | None = None
    """What the page shows in its place, if that is something else."""
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """All that the file of a document states."""

    values: tuple[KnownValue, ...] = ()
    tables: tuple[DataTable, ...] = ()
    """The rows of an electronic invoice. Their pages are 0, since no page has them."""


@dataclass(frozen=True, slots=True)
class KnownMatch:
    """A value that the file states for a field, and how well its name matches, 0 to 1."""

    value: KnownValue
    score: float


def known_values(document: Document, store: PageTextStore) -> Known:
    """All values that the file of a document states; none if they cannot be read, since the pages may have them too.

    Args:
        store: the texts of pages, which print labels beside the fields of forms.
    """
    values: list[KnownValue] = []
    tables: list[DataTable] = []
    try:
        form = document.sandbox.run(read_form, document.request)
        looks = _looks(form, store)
        values += (value for field in form.fields for value in _form_values(field, looks))
        if document.attachments:
            invoice = document.sandbox.run(read_electronic_invoice, document.request)
            if invoice is not None:
                pages = {text.number: text for text in store}
                values += (_invoice_value(one) for one in invoice_results(invoice, pages) if one.text)
                tables += map(_table, _filled(invoice))
    except (InputError, TimeLimitError):
        return Known(tuple(values))
    return Known(tuple(values), tuple(tables))


def match_known(field: Field, known: Sequence[KnownValue]) -> list[KnownMatch]:
    """The values whose names match a field, the best first."""
    matches = [KnownMatch(value, _score(field, value)) for value in known]
    return sorted((match for match in matches if match.score >= MIN_NAME_MATCH), key=lambda match: -match.score)


def _score(field: Field, value: KnownValue) -> float:
    return max(
        (wording_match(wording, name) for wording in field.wordings for name in value.names),
        default=0.0,
    )


def _looks(form: FileForm, store: PageTextStore) -> dict[int, WidgetLabels]:
    """The labels on the pages that show fields of a form."""
    numbers = {widget.page for field in form.fields for widget in field.widgets}
    return {number: WidgetLabels(store.get(number), form.fields) for number in sorted(numbers) if number in store}


def _form_values(field: FormField, looks: Mapping[int, WidgetLabels]) -> Iterator[KnownValue]:
    if field.is_withheld or field.kind is FieldKind.SIGNATURE:
        return
    text = chosen_options(field, looks) if field.kind is FieldKind.RADIO else field.stored
    if field.kind is FieldKind.CHECKBOX:
        text = "yes" if field.is_on else "no"
    if not text.strip():
        return
    first = next((widget for widget in field.widgets if widget.page in looks), None)
    printed = looks[first.page].label(field, first) if first is not None else None
    names = (
        printed.text if printed is not None else "",
        field.caption,
        words_of(field.name.rpartition(".")[2].partition("[")[0]),
    )
    widget = next((widget for widget in field.widgets if widget.is_on), next(iter(field.widgets), None))
    yield KnownValue(
        tuple(filter(None, names)),
        text,
        HowFound.FORM_FIELD,
        page=widget.page if widget is not None else None,
        box=(widget.box.x0, widget.box.y0, widget.box.x1, widget.box.y1) if widget is not None else None,
        shown=field.shown if field.shows_other_value else None,
    )


def _invoice_value(result: FieldResult) -> KnownValue:
    currency = result.typed.currency if result.typed is not None else None
    place = (result.page, result.box)
    return KnownValue(
        (words_of(result.name),), result.text or "", HowFound.EMBEDDED_XML, *place, currency=currency or ""
    )


def _filled(invoice: ElectronicInvoice) -> Iterator[InvoiceGroup]:
    return (group for group in invoice.groups if group.rows)


def _table(group: InvoiceGroup) -> DataTable:
    names = tuple(dict.fromkeys(value.name for row in group.rows for value in row.values))
    rows = []
    for row in group.rows:
        by_name = {value.name: value for value in row.values}
        rows.append(tuple(_cell(by_name[name]) if name in by_name else None for name in names))
    headers = tuple((words_of(name),) for name in names)
    return DataTable(TableOrigin.TABLE, group.name, headers, ((),) * len(rows), tuple(rows))


def _cell(value: InvoiceValue) -> DataCell:
    number = float(value.text) if value.type in _NUMERIC else None
    unit = "%" if value.type is TermType.PERCENT else value.currency
    quantity = Quantity(number, unit) if number is not None else None
    return DataCell(value.text, quantity, 0, None)
