"""Finds all that a document says in fields: an electronic invoice in it, its interactive form, and printed labels with
their values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cogdoc.documents.document import Document
from cogdoc.documents.file_fields.form_field import FileForm
from cogdoc.documents.file_fields.reading import read_electronic_invoice, read_form
from cogdoc.documents.geometry import Box
from cogdoc.errors import InputError, TimeLimitError
from cogdoc.fields.field import FieldType
from cogdoc.parsing.page_text import PageLayout, PageText
from cogdoc.query.label_pairs import LabelledValue, label_pairs
from cogdoc.query.printed_values import Style, ValueContext, read_value, style_of
from cogdoc.query.segments import view_page
from cogdoc.results.field_result import FieldResult, HowFound
from cogdoc.results.flags import Flag
from cogdoc.tasks.describe import box_tuple
from cogdoc.tasks.extraction.form_results import form_results
from cogdoc.tasks.extraction.invoice_results import invoice_results

MAX_RESULTS = 20_000
"""Fields of a document."""


@dataclass(frozen=True, slots=True)
class AllFields:
    """All fields of a document."""

    results: tuple[FieldResult, ...] = ()
    """Each with a name of its own."""
    flags: tuple[str, ...] = ()
    """What concerns the document as a whole."""


def find_all_fields(document: Document, texts: Sequence[PageText]) -> AllFields:
    """The fields of a document on these pages."""
    pages = {text.number: text for text in texts}
    style = style_of(line.text for text in texts for line in text.lines)
    form, invoice, flags = FileForm(), None, list[str]()
    try:
        form = document.sandbox.run(read_form, document.request)
        invoice = document.sandbox.run(read_electronic_invoice, document.request)
    except (InputError, TimeLimitError):
        flags.append(Flag.FIELDS_OMITTED.value)  # the pages were read, and may have the same
    if form.has_xfa:
        flags.append(Flag.XFA_FORM.value)
    if form.hidden_fields:
        flags.append(Flag.HIDDEN_FIELDS.value)
    results = [*(invoice_results(invoice, pages) if invoice is not None else ()), *form_results(form, pages, style)]
    for text in texts:
        if len(results) >= MAX_RESULTS:
            break
        if Flag.XFA_FORM.value in text.flags:
            continue  # the text of the page is the form's fields
        boxes = [widget.box for field in form.fields for widget in field.widgets if widget.page == text.number]
        results += _printed(text, boxes, style)
    if form.is_cut_off or (invoice is not None and invoice.is_cut_off) or len(results) > MAX_RESULTS:
        flags.append(Flag.FIELDS_OMITTED.value)
    return AllFields(tuple(_named(results[:MAX_RESULTS])), tuple(dict.fromkeys(flags)))


def _printed(text: PageText, widgets: Sequence[Box], style: Style) -> Iterator[FieldResult]:
    """The printed labels of a page with their values, but for those that the form's fields show."""
    for pair in label_pairs(view_page(PageLayout(text, ()))):
        value_box = text.displayed(pair.value_box)
        if not any(box.overlap(value_box) > 0 for box in widgets):
            yield _pair(pair, text, value_box, style)


def _pair(pair: LabelledValue, text: PageText, value_box: Box, style: Style) -> FieldResult:
    is_tick = pair.is_ticked is not None
    return FieldResult(
        name=pair.label,
        type=(FieldType.BOOLEAN if is_tick else FieldType.TEXT).value,
        text=pair.value,
        value=pair.is_ticked if is_tick else pair.value,
        typed=None if is_tick else read_value(pair.value, ValueContext(style)),
        confidence=pair.confidence,
        how=HowFound.TICK if is_tick else HowFound.LABEL,
        page=pair.page,
        label=text.label,
        box=box_tuple(value_box),
        label_box=box_tuple(text.displayed(pair.label_box)),
        flags=(Flag.LOW_CONFIDENCE.value,) if pair.confidence < 0.5 else (),
    )


def _named(results: Sequence[FieldResult]) -> Iterator[FieldResult]:
    """The results, with a number behind the name of each that repeats another."""
    counts: dict[str, int] = {}
    names: set[str] = set()
    for result in results:
        name = result.name
        while name in names:
            counts[result.name] = counts.get(result.name, 1) + 1
            name = f"{result.name} ({counts[result.name]})"
        names.add(name)
        yield result if name == result.name else result.model_copy(update={"name": name})
