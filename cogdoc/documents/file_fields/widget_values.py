"""Reads what MuPDF knows about a single widget of a PDF form: its kind, its values, whether it is ticked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cogdoc.documents.geometry import Box
from cogdoc.documents.mupdf import pymupdf

mupdf = pymupdf.mupdf

MAX_VALUE = 10_000
"""Characters of a value."""

MAX_OPTIONS = 5000

MAX_NAME = 500
MAX_ANCESTORS = 50

NOT_SHOWN = mupdf.PDF_ANNOT_IS_HIDDEN | mupdf.PDF_ANNOT_IS_NO_VIEW
"""Flags of widgets that viewers do not show."""


@dataclass(frozen=True, slots=True)
class Options:
    """What can be chosen in a field: the values as programs get them, and the texts that are shown for them."""

    exported: tuple[str, ...]
    shown: tuple[str, ...]


def page_widgets(page: pymupdf.Page, limit: int) -> Iterator[Any]:
    """The widgets of a page in the order of the file, at most `limit`."""
    if not page.parent.is_pdf:
        return
    widget = mupdf.pdf_first_widget(pymupdf._as_pdf_page(page))
    for _ in range(limit):
        if not widget.m_internal:
            return
        yield widget
        widget = mupdf.pdf_next_widget(widget)


def widget_box(page: pymupdf.Page, widget: Any) -> Box:
    """The box on the page as displayed."""
    rect = mupdf.pdf_bound_annot(widget)
    left, top = page.rect.x0, page.rect.y0
    return Box(rect.x0 - left, rect.y0 - top, rect.x1 - left, rect.y1 - top)


def is_ticked(field: Any) -> bool:
    """Whether a button is on: its appearance state says so, or without one, the value of its field."""
    state = mupdf.pdf_dict_gets(field, "AS")
    if mupdf.pdf_is_name(state):
        return str(mupdf.pdf_to_name(state)) != "Off"
    value = mupdf.pdf_dict_gets_inheritable(field, "V")
    name = mupdf.pdf_to_name(value) if mupdf.pdf_is_name(value) else ""
    own = mupdf.pdf_dict_getp(field, "AP/N")
    return bool(name and name != "Off" and (not own.m_internal or mupdf.pdf_dict_gets(own, name).m_internal))


def on_state(field: Any) -> str:
    """The name of the state in which a button is on; empty if its appearances name none."""
    states = mupdf.pdf_dict_getp(field, "AP/N")
    if not mupdf.pdf_is_dict(states) or mupdf.pdf_is_stream(states):
        states = mupdf.pdf_dict_getp(field, "AP/D")
    for index in range(min(mupdf.pdf_dict_len(states), MAX_OPTIONS) if mupdf.pdf_is_dict(states) else 0):
        name = str(mupdf.pdf_to_name(mupdf.pdf_dict_get_key(states, index)))
        if name != "Off":
            return name
    state = mupdf.pdf_dict_gets(field, "AS")
    name = str(mupdf.pdf_to_name(state)) if mupdf.pdf_is_name(state) else "Off"
    return "" if name == "Off" else name


def stored_values(field: Any) -> tuple[str, ...]:
    """The values of a text or choice field as they are stored."""
    value = mupdf.pdf_dict_gets_inheritable(field, "V")
    if mupdf.pdf_is_array(value):
        count = min(mupdf.pdf_array_len(value), MAX_OPTIONS)
        entries = [mupdf.pdf_array_get(value, index) for index in range(count)]
    else:
        entries = [value]
    return tuple(text for entry in entries if (text := _text(entry)) is not None)


def options_of(field: Any) -> Options:
    """The options of a choice, or of a group of buttons."""
    listed = mupdf.pdf_dict_gets_inheritable(field, "Opt")
    exported: list[str] = []
    shown: list[str] = []
    for index in range(min(mupdf.pdf_array_len(listed), MAX_OPTIONS) if listed.m_internal else 0):
        option = mupdf.pdf_array_get(listed, index)
        if mupdf.pdf_is_array(option):
            export, text = (mupdf.pdf_to_text_string(mupdf.pdf_array_get(option, part))[:MAX_VALUE] for part in (0, 1))
        else:
            export = text = mupdf.pdf_to_text_string(option)[:MAX_VALUE]
        exported.append(export)
        shown.append(text)
    return Options(tuple(exported), tuple(shown))


def full_name(field: Any) -> str:
    """The names of a field's ancestors and its own, with periods between them; empty if it has none."""
    names: list[str] = []
    for _ in range(MAX_ANCESTORS):
        if not mupdf.pdf_is_dict(field):
            break
        name = _text(mupdf.pdf_dict_gets(field, "T"))
        if name:
            names.append(name[:MAX_NAME])
        field = mupdf.pdf_dict_gets(field, "Parent")
    return ".".join(reversed(names))[-MAX_NAME:]


def inherited_text(field: Any, key: str) -> str:
    """A text of a field or the nearest ancestor that has it, with single spaces."""
    return " ".join((_text(mupdf.pdf_dict_gets_inheritable(field, key)) or "").split())


def shown_text(widget: Any) -> str | None:
    """The text that a widget's appearance paints; None if the file leaves painting it to viewers."""
    if not mupdf.pdf_is_stream(mupdf.pdf_dict_getp(mupdf.pdf_annot_obj(widget), "AP/N")):
        return None
    page = mupdf.FzStextPage(mupdf.FzRect(mupdf.pdf_bound_annot(widget)))
    device = mupdf.fz_new_stext_device(page, mupdf.FzStextOptions())
    mupdf.pdf_run_annot(widget, device, mupdf.FzMatrix(), mupdf.FzCookie())
    mupdf.fz_close_device(device)
    painted = mupdf.fz_string_from_buffer(mupdf.fz_new_buffer_from_stext_page(page))
    return " ".join(painted[: 2 * MAX_VALUE].split())[:MAX_VALUE]


def _text(value: Any) -> str | None:
    """A string, or a stream with a long text or a rich one (PDF 2.0, 12.7.4)."""
    if mupdf.pdf_is_string(value):
        return str(mupdf.pdf_to_text_string(value))[:MAX_VALUE]
    if mupdf.pdf_is_stream(value):
        return str(mupdf.pdf_load_stream_or_string_as_utf8(value))[:MAX_VALUE]
    return None
