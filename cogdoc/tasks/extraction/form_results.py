"""The fields of an interactive form as results, with the labels that pages print beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from cogdoc.documents.file_fields.form_field import FieldKind, FieldWidget, FileForm, FormField
from cogdoc.fields.field import FieldType, words_of
from cogdoc.parsing.page_text import PageText
from cogdoc.query.printed_values import Style, ValueContext, read_value
from cogdoc.query.widget_labels import PrintedLabel, WidgetLabels
from cogdoc.results.field_result import FieldResult, FormFieldInfo, HowFound, Missing, OtherReading
from cogdoc.results.flags import Flag
from cogdoc.tasks.describe import box_tuple

_TYPES = {
    FieldKind.TEXT: FieldType.TEXT,
    FieldKind.CHOICE: FieldType.CHOICE,
    FieldKind.RADIO: FieldType.CHOICE,
    FieldKind.CHECKBOX: FieldType.BOOLEAN,
    FieldKind.SIGNATURE: FieldType.BOOLEAN,
}


def form_results(form: FileForm, pages: Mapping[int, PageText], style: Style) -> list[FieldResult]:
    """A result for each field of a form that these pages show, or that no page shows."""
    looks = {number: WidgetLabels(page, form.fields) for number, page in pages.items()}
    return [
        _result(field, [widget for widget in field.widgets if widget.page in pages], looks, style)
        for field in form.fields
        if not field.widgets or any(widget.page in pages for widget in field.widgets)
    ]


def _result(
    field: FormField, widgets: Sequence[FieldWidget], looks: Mapping[int, WidgetLabels], style: Style
) -> FieldResult:
    place = next((widget for widget in widgets if widget.is_on), next(iter(widgets), None))
    first = next(iter(widgets), None)
    printed = looks[first.page].label(field, first) if first is not None else None
    text = chosen_options(field, looks) if field.kind is FieldKind.RADIO else field.value
    kind = FieldType.LIST if len(field.values) > 1 and field.kind is FieldKind.CHOICE else _TYPES[field.kind]
    value: JsonValue = text or None
    if kind is FieldType.BOOLEAN:
        value = bool(field.is_on)
    elif kind is FieldType.LIST:
        value = list(field.values)
    result = FieldResult(
        name=_name(field, printed),
        type=kind.value,
        text=text or None,
        value=value,
        typed=read_value(text, ValueContext(style)) if field.kind is FieldKind.TEXT and text else None,
        confidence=1.0 if value is not None else None,
        how=HowFound.FORM_FIELD if value is not None else None,
        page=place.page if place is not None else None,
        box=box_tuple(place.box) if place is not None else None,
        label_box=box_tuple(printed.box) if printed is not None else None,
        form_field=_info(field),
        flags=(Flag.HIDDEN_TEXT_INCLUDED.value,) if field.is_hidden else (),
    )
    if value is None:
        message = "the field is a password" if field.is_withheld else "the field is blank"
        return result.model_copy(update={"reason": Missing.NOT_FOUND, "message": message})
    if not field.shows_other_value:
        return result
    stored = OtherReading(how=HowFound.FORM_FIELD, text=field.stored, value=field.stored or None, agrees=False)
    return result.model_copy(update={"others": (stored,), "flags": (*result.flags, Flag.SOURCES_DISAGREE.value)})


def _name(field: FormField, printed: PrintedLabel | None) -> str:
    """The printed label, else the one that the file states, else the name for programs as words."""
    own = field.name.rpartition(".")[2].partition("[")[0]
    return (printed.text if printed is not None else "") or field.caption or words_of(own) or field.name


def chosen_options(field: FormField, looks: Mapping[int, WidgetLabels]) -> str:
    """The labels of the buttons of a group that are ticked; without labels, the values that they give."""
    ticked = [widget for widget in field.widgets if widget.is_on]
    if not ticked:
        return field.stored
    labels = [looks[widget.page].option_label(widget) if widget.page in looks else None for widget in ticked]
    return ", ".join(
        label.text if label is not None else widget.option for label, widget in zip(labels, ticked, strict=True)
    )


def _info(field: FormField) -> FormFieldInfo:
    return FormFieldInfo(
        name=field.name,
        kind=field.kind.value,
        caption=field.caption or None,
        stored=() if field.is_withheld else field.values,
        exported=field.exported,
        options=field.options,
        read_only=field.is_read_only,
        required=field.is_required,
        hidden=field.is_hidden,
    )
