"""Ticks, choices and values of PDF forms are read beside their labels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pymupdf
import pytest

from cogdoc.documents.open_request import OpenRequest
from cogdoc.parsing.reading import read_page_text

TEXT, CHECKBOX = pymupdf.PDF_WIDGET_TYPE_TEXT, pymupdf.PDF_WIDGET_TYPE_CHECKBOX
COMBOBOX, LISTBOX = pymupdf.PDF_WIDGET_TYPE_COMBOBOX, pymupdf.PDF_WIDGET_TYPE_LISTBOX


def add_field(page: pymupdf.Page, kind: int, box: tuple[float, ...], value: Any, **settings: Any) -> None:
    widget = pymupdf.Widget()
    widget.field_type, widget.rect, widget.field_value = kind, pymupdf.Rect(box), value
    widget.field_name = f"field {box}"
    for name, setting in settings.items():
        setattr(widget, name, setting)
    page.add_widget(widget)


def read(file: pymupdf.Document, path: Path) -> list[str]:
    file.save(path)
    return read_page_text(OpenRequest(path), 1).text.splitlines()


def without_appearances(file: pymupdf.Document) -> None:
    for widget in file[0].widgets():
        file.xref_set_key(widget.xref, "AP", "null")


@pytest.mark.parametrize("size", [8, 12, 18])
def test_ticks_of_checkboxes_come_before_their_labels(tmp_path: Path, size: int) -> None:
    file = pymupdf.open()
    page = file.new_page()
    for index, (label, ticked) in enumerate([("Newsletter wanted", True), ("Photographs allowed", False)]):
        top = 100 + 40 * index
        add_field(page, CHECKBOX, (60, top, 60 + size, top + size), ticked)
        page.insert_text((66 + size, top + 0.8 * size), label, fontsize=size)
    assert read(file, tmp_path / "form.pdf") == ["☒ Newsletter wanted", "☐ Photographs allowed"]


def test_a_box_after_its_label_belongs_to_that_label(tmp_path: Path) -> None:
    file = pymupdf.open()
    page = file.new_page()
    for index, (label, ticked) in enumerate([("Already paid", True), ("Already sent", False)]):
        left = 60 + 200 * index
        page.insert_text((left, 110), label)
        add_field(page, CHECKBOX, (left + 75, 101, left + 87, 113), ticked)
    assert read(file, tmp_path / "form.pdf") == ["☒ Already paid", "☐ Already sent"]


def radio_buttons(file: pymupdf.Document, page: pymupdf.Page, labels: list[str], selected: str) -> None:
    """A group of radio buttons as forms have them: one field, whose value names the appearance of one of its parts."""
    states = []
    for ring in ("", "4 4 4 4 re f"):
        state = file.get_new_xref()
        file.update_object(state, "<</Type/XObject/Subtype/Form/BBox[0 0 12 12]>>")
        file.update_stream(state, f"0.5 0.5 11 11 re S {ring}".encode())
        states.append(state)
    parent = file.get_new_xref()
    kids = []
    for index, label in enumerate(labels):
        page.insert_text((120 + 120 * index, 110), label)
        kid = file.get_new_xref()
        left, bottom = 100 + 120 * index, page.rect.height - 112
        file.update_object(
            kid,
            f"<</Type/Annot/Subtype/Widget/Parent {parent} 0 R/F 4/Rect[{left} {bottom} {left + 12} {bottom + 12}]"
            f"/AS/{label if label == selected else 'Off'}/AP<</N<</Off {states[0]} 0 R/{label} {states[1]} 0 R>>>>>>",
        )
        kids.append(f"{kid} 0 R")
    file.update_object(parent, f"<</FT/Btn/Ff 49152/T(kind)/V/{selected}/Kids[{' '.join(kids)}]>>")
    file.xref_set_key(page.xref, "Annots", f"[{' '.join(kids)}]")
    file.xref_set_key(file.pdf_catalog(), "AcroForm", f"<</Fields[{parent} 0 R]>>")


@pytest.mark.parametrize("selected", ["Student", "Regular", "Honorary"])
def test_the_selected_radio_button_is_marked(tmp_path: Path, selected: str) -> None:
    file = pymupdf.open()
    page = file.new_page()
    labels = ["Student", "Regular", "Honorary"]
    radio_buttons(file, page, labels, selected)
    expected = [f"{'◉' if label == selected else '◯'} {label}" for label in labels]
    assert read(file, tmp_path / "form.pdf") == expected


@pytest.mark.parametrize("drawn", [True, False])
def test_values_are_read_whether_or_not_the_file_draws_them(tmp_path: Path, drawn: bool) -> None:
    file = pymupdf.open()
    page = file.new_page()
    for index, (kind, value) in enumerate([(TEXT, "Erika Mustermann"), (COMBOBOX, "Norway")]):
        page.insert_text((60, 110 + 40 * index), f"Field {index}")
        choices = {"choice_values": ["Sweden", "Norway"]} if kind == COMBOBOX else {}
        add_field(page, kind, (150, 98 + 40 * index, 350, 114 + 40 * index), value, **choices)
    if not drawn:
        without_appearances(file)
    text = read(file, tmp_path / "form.pdf")
    assert sorted(text) == ["Erika Mustermann", "Field 0", "Field 1", "Norway"]


def test_selected_options_of_a_list_are_marked(tmp_path: Path) -> None:
    file = pymupdf.open()
    page = file.new_page()
    add_field(page, LISTBOX, (150, 98, 350, 140), "German", choice_values=["English", "German"])
    assert read(file, tmp_path / "form.pdf") == ["☐ English", "☒ German"]


def test_characters_in_cells_are_one_word(tmp_path: Path) -> None:
    file = pymupdf.open()
    page = file.new_page()
    comb = {"field_flags": pymupdf.PDF_TX_FIELD_IS_COMB, "text_maxlen": 22}
    add_field(page, TEXT, (150, 98, 450, 114), "DE02120300000000202051", **comb)
    assert read(file, tmp_path / "form.pdf") == ["DE02120300000000202051"]


def test_a_letter_typed_into_a_drawn_box_is_its_tick(tmp_path: Path) -> None:
    file = pymupdf.open()
    page = file.new_page()
    for index, label in enumerate(("Agree", "Disagree")):
        left = 60 + 120 * index
        page.draw_rect(pymupdf.Rect(left, 100, left + 11, 111))
        page.insert_text((left + 16, 110), label)
    page.insert_text((62.3, 109.5), "X", fontsize=10)
    assert read(file, tmp_path / "form.pdf") == ["☒ Agree", "☐ Disagree"]


def test_hidden_fields_are_left_out(tmp_path: Path) -> None:
    file = pymupdf.open()
    page = file.new_page()
    page.insert_text((60, 110), "Name")
    add_field(page, TEXT, (150, 98, 350, 114), "secret")
    for widget in page.widgets():
        file.xref_set_key(widget.xref, "F", "2")
        file.xref_set_key(widget.xref, "AP", "null")
    assert read(file, tmp_path / "form.pdf") == ["Name"]


@pytest.mark.parametrize("size", [8, 11, 15])
def test_drawn_circles_are_radio_buttons(tmp_path: Path, size: float) -> None:
    file = pymupdf.open()
    page = file.new_page()
    for index, label in enumerate(("Student", "Regular", "Honorary")):
        center = pymupdf.Point(100, 100 + 30 * index)
        page.draw_circle(center, size / 2)
        if label == "Regular":
            page.draw_circle(center, size / 4, fill=(0, 0, 0))
        page.insert_text((105 + size, 104 + 30 * index), label)
    assert read(file, tmp_path / "form.pdf") == ["◯ Student", "◉ Regular", "◯ Honorary"]
