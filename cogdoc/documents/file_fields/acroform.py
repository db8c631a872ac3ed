"""Reads the fields of a PDF's interactive form (PDF 2.0, 12.7) from the widgets of its pages.

The widgets lead, not the form's tree of fields: a field that no page shows is hidden, and damaged files have widgets
that their tree does not list.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from cogdoc.documents.file_fields.form_field import FieldKind, FieldWidget, FileForm, FormField
from cogdoc.documents.file_fields.widget_values import (
    NOT_SHOWN,
    full_name,
    inherited_text,
    is_ticked,
    on_state,
    options_of,
    page_widgets,
    shown_text,
    stored_values,
    widget_box,
)
from cogdoc.documents.geometry import Box
from cogdoc.documents.mupdf import ERRORS, pymupdf

mupdf = pymupdf.mupdf

MAX_WIDGETS = 10_000
"""Widgets of a file that are read, which takes a few seconds."""

MAX_OBJECTS = 100_000
"""Pages, widgets and fields of the tree that are counted."""

MAX_CHARS = 4_000_000
"""Characters of all values and options of a file together."""

OPTION_SIZE = 20
"""What an option counts besides its characters."""

MIN_SIDE = 1.0
"""Points; a smaller widget is not seen."""

_KINDS = {
    mupdf.PDF_WIDGET_TYPE_TEXT: FieldKind.TEXT,
    mupdf.PDF_WIDGET_TYPE_COMBOBOX: FieldKind.CHOICE,
    mupdf.PDF_WIDGET_TYPE_LISTBOX: FieldKind.CHOICE,
    mupdf.PDF_WIDGET_TYPE_CHECKBOX: FieldKind.CHECKBOX,
    mupdf.PDF_WIDGET_TYPE_RADIOBUTTON: FieldKind.RADIO,
    mupdf.PDF_WIDGET_TYPE_SIGNATURE: FieldKind.SIGNATURE,
}
_BUTTONS = (FieldKind.CHECKBOX, FieldKind.RADIO)


@dataclass(slots=True)
class _Found:
    """A field, and what its widgets have shown so far."""

    known: FormField
    buttons: tuple[str, ...]
    """The values that the buttons of a group give, in their order; empty if these are the names of their states."""
    widgets: list[FieldWidget] = field(default_factory=list)


@dataclass(slots=True)
class _Form:
    """What is read so far."""

    fields: dict[str, _Found] = field(default_factory=dict)
    """By full name: all widgets with one name show one field."""
    hidden: dict[str, FormField] = field(default_factory=dict)
    """Those without a widget on the pages so far."""
    seen: set[int] = field(default_factory=set)
    """The object numbers of widgets and their ancestors."""
    size: int = 0
    """Characters of values and options, and a bit for each option."""
    is_cut_off: bool = False


def read_acroform(file: pymupdf.Document, *, hidden: bool) -> FileForm:
    """The fields of a PDF's form; none if it is another kind of file, or has no form.

    Args:
        hidden: read the fields too that no page shows.
    """
    if not file.is_pdf:
        return FileForm()
    form = _Form()
    remaining = MAX_WIDGETS
    for index in _pages_with_widgets(file):
        try:
            page = file.load_page(index)
            for widget in page_widgets(page, remaining + 1):
                remaining -= 1
                if remaining < 0 or form.size > MAX_CHARS:
                    form.is_cut_off = True
                    break
                _add_widget(form, page, widget)
        except ERRORS:
            continue  # the rest of the page is damaged
        if form.is_cut_off:
            break
    if not form.is_cut_off:
        _add_fields_without_widgets(form, file)
    only_hidden = {name: found for name, found in form.hidden.items() if name not in form.fields}
    fields = [*map(_complete, form.fields.values()), *(only_hidden.values() if hidden else ())]
    return FileForm(tuple(fields), 0 if hidden else len(only_hidden), is_cut_off=form.is_cut_off)


def _pages_with_widgets(file: pymupdf.Document) -> Iterator[int]:
    """The indexes of the pages that have annotations; loading the others would take seconds for long files."""
    pdf = pymupdf._as_pdf_document(file).m_internal
    for index in range(min(file.page_count, MAX_OBJECTS)):
        try:
            if mupdf.ll_pdf_array_len(mupdf.ll_pdf_dict_gets(mupdf.ll_pdf_lookup_page_obj(pdf, index), "Annots")):
                yield index
        except ERRORS:
            continue


def _add_widget(form: _Form, page: pymupdf.Page, widget: Any) -> None:
    entry = mupdf.pdf_annot_obj(widget)
    _mark_seen(form, entry)
    kind = _KINDS.get(mupdf.pdf_widget_type(widget))
    if kind is None:
        return  # a push button, which has no value
    box = widget_box(page, widget)
    name = full_name(entry) or f"#{mupdf.pdf_to_num(entry)}"
    is_visible = _is_visible(page, box) and not mupdf.pdf_annot_flags(widget) & NOT_SHOWN
    # An invisible signature is no trick: forms sign whole documents so.
    if not is_visible and kind is not FieldKind.SIGNATURE:
        form.hidden.setdefault(name, replace(_field(entry, kind, name), is_hidden=True))
        return
    found = form.fields.get(name)
    if found is None:
        found = form.fields[name] = _Found(_field(entry, kind, name), _buttons(entry, kind))
        form.size += len(name) + _size(found.known) + sum(map(len, found.buttons))
        if kind in (FieldKind.TEXT, FieldKind.CHOICE) and not found.known.is_withheld:
            found.known = replace(found.known, shown=shown_text(widget))
    if kind in _BUTTONS:
        option = _option(entry, found)
        found.widgets.append(FieldWidget(page.number + 1, box, option, is_ticked(entry)))
    else:
        found.widgets.append(FieldWidget(page.number + 1, box))


def _size(found: FormField) -> int:
    options = (*found.options, *found.exported)
    return sum(map(len, (*found.values, *options))) + OPTION_SIZE * len(options)


def _buttons(entry: Any, kind: FieldKind) -> tuple[str, ...]:
    return options_of(entry).shown if kind in _BUTTONS else ()


def _option(entry: Any, found: _Found) -> str:
    """The value that a button gives its field; states that are only numbers are indices of a list."""
    state, listed = on_state(entry), found.buttons
    if not listed:
        return state
    position = int(state) if state.isdecimal() and len(state) < 6 else len(found.widgets)
    return listed[position] if position < len(listed) else state


def _complete(found: _Found) -> FormField:
    """The field with all of its widgets."""
    widgets = tuple(found.widgets)
    if found.known.kind not in _BUTTONS:
        return replace(found.known, widgets=widgets)
    options = tuple(dict.fromkeys(widget.option for widget in widgets if widget.option))
    return replace(
        found.known,
        kind=FieldKind.RADIO if len(options) > 1 else found.known.kind,
        values=tuple(dict.fromkeys(widget.option for widget in widgets if widget.is_on and widget.option)),
        options=options,
        widgets=widgets,
        is_on=any(widget.is_on for widget in widgets),
    )


def _field(entry: Any, kind: FieldKind, name: str) -> FormField:
    """A field without the places that show it."""
    flags = mupdf.pdf_field_flags(entry)
    found = FormField(
        name=name,
        kind=kind,
        origin="acroform",
        caption=inherited_text(entry, "TU"),
        is_read_only=bool(flags & mupdf.PDF_FIELD_IS_READ_ONLY),
        is_required=bool(flags & mupdf.PDF_FIELD_IS_REQUIRED),
    )
    match kind:
        case FieldKind.SIGNATURE:
            signature = mupdf.pdf_dict_gets_inheritable(entry, "V")
            signer = mupdf.pdf_dict_gets(signature, "Name") if mupdf.pdf_is_dict(signature) else None
            names = (mupdf.pdf_to_text_string(signer),) if signer is not None and mupdf.pdf_is_string(signer) else ()
            return replace(found, values=names, is_on=bool(mupdf.pdf_is_dict(signature)))
        case FieldKind.CHECKBOX | FieldKind.RADIO:
            return replace(found, is_on=is_ticked(entry))
        case FieldKind.TEXT if flags & mupdf.PDF_TX_FIELD_IS_PASSWORD:
            return replace(found, is_withheld=True)
        case FieldKind.TEXT:
            return replace(found, values=_entered(stored_values(entry)))
        case FieldKind.CHOICE:
            options, stored = options_of(entry), _entered(stored_values(entry))
            texts = dict(zip(options.exported, options.shown, strict=True))
            shown = tuple(texts.get(value, value) for value in stored)
            return replace(found, values=shown, exported=stored if stored != shown else (), options=options.shown)


def _entered(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(value.strip() for value in values if value.strip())


def _is_visible(page: pymupdf.Page, box: Box) -> bool:
    on_page = Box(0, 0, page.rect.width, page.rect.height)
    return min(box.width, box.height) >= MIN_SIDE and box.overlap(on_page) > 0


def _mark_seen(form: _Form, entry: Any) -> None:
    for _ in range(MAX_OBJECTS):
        number = mupdf.pdf_to_num(entry)
        if not mupdf.pdf_is_dict(entry) or number in form.seen:
            return
        form.seen.add(number)
        entry = mupdf.pdf_dict_gets(entry, "Parent")


def _add_fields_without_widgets(form: _Form, file: pymupdf.Document) -> None:
    """The fields of the form's tree without a widget on any page."""
    waiting = [mupdf.pdf_dict_getp(mupdf.pdf_trailer(pymupdf._as_pdf_document(file)), "Root/AcroForm/Fields")]
    visited: set[int] = set()
    looked_at = 0
    while waiting:
        entries = waiting.pop()
        for index in range(mupdf.pdf_array_len(entries)):
            looked_at += 1
            if looked_at > MAX_OBJECTS:
                form.is_cut_off = True
                return
            entry = mupdf.pdf_array_get(entries, index)
            number = mupdf.pdf_to_num(entry)
            if not mupdf.pdf_is_dict(entry) or number in visited:
                continue
            visited.add(number)
            kids = mupdf.pdf_dict_gets(entry, "Kids")
            if mupdf.pdf_array_len(kids):
                waiting.append(kids)
            elif number not in form.seen:
                _add_hidden(form, entry)


def _add_hidden(form: _Form, entry: Any) -> None:
    try:
        kind = _KINDS.get(mupdf.pdf_field_type(entry))
        name = full_name(entry)
        if kind is not None and kind is not FieldKind.SIGNATURE and name:
            form.hidden.setdefault(name, replace(_field(entry, kind, name), is_hidden=True))
    except ERRORS:
        return
