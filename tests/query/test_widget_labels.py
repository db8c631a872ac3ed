"""The fields of forms have the labels that pages print beside them."""

from __future__ import annotations

from pathlib import Path

import pymupdf
import pytest
from form_files import CHECKBOX, TEXT, add_field

from cogdoc.documents.file_fields.reading import read_form
from cogdoc.documents.open_request import OpenRequest
from cogdoc.parsing.reading import read_page_text
from cogdoc.query.widget_labels import WidgetLabels


@pytest.fixture
def file() -> pymupdf.Document:
    return pymupdf.open()


def labels(file: pymupdf.Document, path: Path) -> dict[str, str | None]:
    """The label of each field by the field's name."""
    file.save(path / "form.pdf")
    request = OpenRequest(path / "form.pdf")
    form = read_form(request)
    look = WidgetLabels(read_page_text(request, 1), form.fields)
    found = {field.name: look.label(field, field.widgets[0]) for field in form.fields}
    return {name: label.text if label else None for name, label in found.items()}


def test_labels_are_left_of_fields(file: pymupdf.Document, tmp_path: Path) -> None:
    page = file.new_page()
    for index, (label, value) in enumerate([("Place of residence:", "Malmö"), ("Phone", ""), ("Fax .....", "12")]):
        page.insert_text((60, 114 + 30 * index), label)
        add_field(page, TEXT, (180, 100 + 30 * index, 300, 120 + 30 * index), value, field_name=f"f{index}")
    assert labels(file, tmp_path) == {"f0": "Place of residence", "f1": "Phone", "f2": "Fax"}


def test_labels_are_above_fields(file: pymupdf.Document, tmp_path: Path) -> None:
    page = file.new_page()
    for index, label in enumerate(["Date of birth", "Nationality"]):
        page.insert_text((60 + 200 * index, 96), label)
        add_field(page, TEXT, (60 + 200 * index, 100, 220 + 200 * index, 120), "x", field_name=f"f{index}")
    assert labels(file, tmp_path) == {"f0": "Date of birth", "f1": "Nationality"}


def test_values_of_other_fields_are_no_labels(file: pymupdf.Document, tmp_path: Path) -> None:
    page = file.new_page()
    page.insert_text((60, 114), "Name:")
    add_field(page, TEXT, (100, 100, 200, 120), "Philippa Okonjo", field_name="first")
    add_field(page, TEXT, (205, 100, 300, 120), "", field_name="second")
    assert labels(file, tmp_path) == {"first": "Name", "second": None}


def test_labels_are_right_of_checkboxes_else_left(file: pymupdf.Document, tmp_path: Path) -> None:
    page = file.new_page()
    add_field(page, CHECKBOX, (60, 100, 72, 112), True, field_name="news")
    page.insert_text((78, 110), "Newsletter wanted")
    page.insert_text((60, 150), "Already paid")
    add_field(page, CHECKBOX, (135, 141, 147, 153), False, field_name="paid")
    assert labels(file, tmp_path) == {"news": "Newsletter wanted", "paid": "Already paid"}
