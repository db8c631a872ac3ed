"""The fields of a document as they are shown: values beside the pages that they come from."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from cogdoc.results.certainty import certainty_of
from cogdoc.results.field_result import FieldResult, HowFound
from cogdoc.results.field_rows import plain
from cogdoc.results.html.marks import Mark
from cogdoc.results.page_picture import PageArea
from cogdoc.results.records import ExtractRecord
from cogdoc.results.wording import Sureness, flag_sentences, sureness_in_words
from cogdoc.text import language_of

HOW_TEXTS = {
    HowFound.FORM_FIELD: "from a form field",
    HowFound.EMBEDDED_XML: "from the data inside the file",
    HowFound.LABEL: "beside its label",
    HowFound.TABLE: "from a table",
    HowFound.TICK: "by a ticked box",
    HowFound.SENTENCE: "from a sentence",
    HowFound.PLACE: "by its place, without a label",
    HowFound.MODEL: "read by the model",
}
"""How a value was found, in words."""


@dataclass(frozen=True, slots=True)
class FieldView:
    """A field, a cell or an element of a list, and how it is shown."""

    key: str
    field: FieldResult
    name: str
    text: str
    """As printed, or the value if it is printed nowhere."""
    language: str | None
    plain: str | None
    """The value in plain form, if that says more than the text."""
    sure: Sureness | None
    how: str | None
    linked: bool
    """Whether its place is on a page with a picture."""
    notes: tuple[str, ...]
    items: tuple[FieldView, ...]
    rows: tuple[tuple[FieldView, ...], ...]


def view_fields(record: ExtractRecord, key: str, pages: Collection[int]) -> list[FieldView]:
    """
    Args:
        key: the beginning of the fields' keys.
        pages: those that have pictures.
    """
    return [_view(field, f"{key}-f{index}", pages) for index, field in enumerate(record.fields)]


def field_marks(views: Iterable[FieldView]) -> Iterator[tuple[int, Mark]]:
    """The marks of all values, each with its page."""
    for view in views:
        field = view.field
        if view.linked and field.page is not None and field.box is not None:
            yield field.page, Mark(view.key, field.box, "found", f"{field.name}: {view.text}", view.key)
        yield from field_marks(view.items)
        for row in view.rows:
            yield from field_marks(row)


def field_areas(fields: Iterable[FieldResult]) -> Iterator[PageArea]:
    """The pages that values come from."""
    for field in fields:
        if field.page is not None and field.box is not None and field.found:
            yield PageArea(field.page)
        yield from field_areas(field.items)
        for row in field.rows:
            yield from field_areas(row)


def _view(field: FieldResult, key: str, pages: Collection[int]) -> FieldView:
    value = field.typed.plain if field.typed is not None else plain(field.value)
    is_simple = field.found and not field.items and not field.rows
    text = (field.text or value) if is_simple else ""
    sure = None
    if is_simple and field.confidence is not None:
        sure = sureness_in_words(field.confidence, certainty_of(field.confidence))
    return FieldView(
        key,
        field,
        field.name.replace(".", " › "),
        text,
        language_of(text),
        value if is_simple and value != text else None,
        sure,
        HOW_TEXTS.get(field.how) if field.how is not None else None,
        is_simple and field.box is not None and field.page in pages,
        tuple(_notes(field)),
        tuple(_view(item, f"{key}-{index}", pages) for index, item in enumerate(field.items)),
        tuple(
            tuple(_view(cell, f"{key}-{row}-{column}", pages) for column, cell in enumerate(cells))
            for row, cells in enumerate(field.rows)
        ),
    )


def _notes(field: FieldResult) -> Iterator[str]:
    if field.message is not None:
        yield field.message[:1].upper() + field.message[1:]
    if field.typed is not None and field.typed.other_reading is not None:
        yield f"It may also mean {field.typed.other_reading}: the document does not tell which."
    yield from flag_sentences(field.flags)
    for other in field.others:
        if not other.agrees:
            yield f"Another value {HOW_TEXTS[other.how]}: {other.text}"
