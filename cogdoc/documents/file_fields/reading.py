"""What a file says about its fields, read in worker processes."""

from __future__ import annotations

from dataclasses import replace

from cogdoc.documents.file_fields.form_field import FieldKind, FileForm, FormField
from cogdoc.documents.file_fields.invoice_terms import ElectronicInvoice
from cogdoc.documents.open_request import OpenRequest
from cogdoc.documents.reading_cache.cacheable import cacheable

# The functions import libraries inside that the parent process does not need.


@cacheable(lambda _: 0)
def read_form(request: OpenRequest) -> FileForm:
    """The interactive form of a file: AcroForm fields, XFA fields, or both joined.

    Raises:
        InputError, EncryptedError: the file cannot be read.
    """
    from cogdoc.documents.file_fields.acroform import read_acroform
    from cogdoc.documents.file_fields.xfa_fields import read_xfa_fields
    from cogdoc.documents.file_fields.xfa_packets import read_xfa_packets
    from cogdoc.documents.mupdf_document import MupdfDocument
    from cogdoc.documents.opening import open_document

    document = open_document(request)
    if not isinstance(document, MupdfDocument):
        return FileForm()
    form = read_acroform(document.file, hidden=request.hidden)
    packets = read_xfa_packets(document.file)
    if packets is None:
        return form
    xfa = read_xfa_fields(packets, hidden=request.hidden)
    return _joined(form, xfa) if form.fields else xfa


@cacheable(lambda _: 0)
def read_electronic_invoice(request: OpenRequest) -> ElectronicInvoice | None:
    """The invoice that an XML file attached to a PDF states; None without one.

    Raises:
        InputError, EncryptedError: the file cannot be read.
    """
    from cogdoc.documents.file_fields.attached_xml import attached_xml
    from cogdoc.documents.file_fields.electronic_invoice import read_invoice
    from cogdoc.documents.mupdf_document import MupdfDocument
    from cogdoc.documents.opening import open_document

    document = open_document(request)
    if not isinstance(document, MupdfDocument):
        return None
    invoices = (read_invoice(attached.data, attached.name) for attached in attached_xml(document.file))
    return next((invoice for invoice in invoices if invoice is not None), None)


def _joined(form: FileForm, xfa: FileForm) -> FileForm:
    """One form from the two of a hybrid file.

    The fields of the pages count, since they are what a reader sees; the XFA form has better captions for them, and
    those of its fields that no page has.
    """
    by_name = {_plain(field.name): field for field in xfa.fields}
    fields = []
    for field in form.fields:
        other = by_name.pop(_plain(field.name), None)
        fields.append(field if other is None else _with_caption(field, other))
    paged = {_plain(field.name) for field in form.fields}
    added = [field for field in by_name.values() if field.stored and _plain(field.name) not in paged]
    hidden = max(form.hidden_fields, xfa.hidden_fields)
    return replace(
        form,
        fields=(*fields, *added),
        hidden_fields=hidden,
        is_cut_off=form.is_cut_off or xfa.is_cut_off,
        has_xfa=True,
    )


def _with_caption(field: FormField, other: FormField) -> FormField:
    options = field.options
    if field.kind is FieldKind.CHOICE and not options:
        options = other.options
    return replace(field, caption=field.caption or other.caption, options=options)


def _plain(name: str) -> str:
    """A name without what only one kind of form has: `form1.City` for `form1[0].#subform[0].City[0]`."""
    steps = (step.partition("[") for step in name.split("."))
    return ".".join(
        before + (f"[{index}" if index not in ("", "0]") else "")
        for before, _, index in steps
        if not before.startswith("#")
    )
