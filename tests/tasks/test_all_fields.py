"""`--preset form` and `auto` find what a file says in fields and what its pages print in pairs."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pymupdf
import pytest
from form_files import CHECKBOX, CII, TEXT, add_field, add_xfa, invoice_pdf
from small_pdfs import save_pdf

from cogdoc.documents.document import open_path
from cogdoc.documents.page_selection import PageSelection
from cogdoc.documents.sandbox import Sandbox
from cogdoc.engines.builtin.engine import BuiltinEngine
from cogdoc.errors import UsageError
from cogdoc.fields.field import FieldList
from cogdoc.fields.language import parse_fields
from cogdoc.fields.presets import EVERYTHING, PRESETS, load_preset
from cogdoc.results.field_result import FieldResult
from cogdoc.results.records import ExtractRecord
from cogdoc.tasks.extract import extract_fields

Extract = Callable[..., ExtractRecord]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as shared:
        yield shared


@pytest.fixture
def extract(sandbox: Sandbox) -> Extract:
    def run(path: Path, wanted: FieldList | str = "auto", *, hidden: bool = False) -> ExtractRecord:
        document = open_path(path, sandbox, hidden=hidden)
        fields = load_preset(wanted) if isinstance(wanted, str) else wanted
        return extract_fields(document, BuiltinEngine(), fields, PageSelection())

    return run


def fields(record: ExtractRecord) -> dict[str, FieldResult]:
    return {field.name: field for field in record.fields}


def form(path: Path) -> Path:
    """A form with a text field, two checkboxes, a hidden field, and a printed pair."""
    with pymupdf.open() as file:
        page = file.new_page()
        page.insert_text((60, 60), "Order number: K-4471")
        page.insert_text((60, 114), "Place of residence:")
        xref = add_field(page, TEXT, (180, 100, 300, 120), "Malmo", field_name="person.city").xref
        parent = int(file.xref_get_key(xref, "Parent")[1].split()[0])
        file.xref_set_key(parent, "V", "(Lund)")
        add_field(page, TEXT, (180, 130, 300, 150), "", field_name="phoneNumber")
        add_field(page, CHECKBOX, (60, 160, 72, 172), True, field_name="a")
        page.insert_text((78, 170), "Newsletter wanted")
        hidden = add_field(page, TEXT, (180, 200, 300, 220), "secret", field_name="hidden")
        file.xref_set_key(hidden.xref, "F", "2")
        file.save(path)
    return path


@pytest.mark.parametrize("preset", EVERYTHING)
def test_form_fields_have_printed_labels_and_pages_have_pairs(tmp_path: Path, extract: Extract, preset: str) -> None:
    record = extract(form(tmp_path / "form.pdf"), preset)
    assert record.values == {
        "Place of residence": "Malmo",
        "phone number": None,
        "Newsletter wanted": True,
        "Order number": "K-4471",
    }
    assert record.flags == ("hidden-fields",)
    assert record.problems == ()
    found = fields(record)
    city = found["Place of residence"]
    assert (city.flags, city.others[0].text) == (("sources-disagree",), "Lund")
    assert city.form_field is not None
    assert (city.form_field.name, city.form_field.stored, city.how) == ("person.city", ("Lund",), "form-field")
    assert city.box == (180, 100, 300, 120)
    assert city.label_box is not None
    assert city.label_box[2] < 180
    assert found["phone number"].message == "the field is blank"
    assert found["Order number"].label_box is not None


def test_hidden_fields_are_there_if_they_are_asked_for(tmp_path: Path, extract: Extract) -> None:
    record = extract(form(tmp_path / "form.pdf"), hidden=True)
    assert record.values["hidden"] == "secret"
    assert fields(record)["hidden"].flags == ("hidden-text-included",)


def test_terms_of_an_electronic_invoice_are_looked_up_on_the_page(tmp_path: Path, extract: Extract) -> None:
    lines = ("Rechnung R-2026-17", "5. März 2026", "Kabel 200 m 4,50 900,00", "USt. 19 % 171,00", "Summe 1.071,00 EUR")
    record = extract(invoice_pdf(tmp_path / "invoice.pdf", CII, lines=lines))
    found = fields(record)
    assert (found["total"].value, found["total"].term, found["total"].how) == (1071, "BT-112", "embedded-xml")
    assert found["total"].typed is not None
    assert found["total"].typed.currency == "EUR"
    printed = {"invoice_number", "issue_date", "line_total", "tax_total", "total", "amount_due"}
    assert {name for name in printed if found[name].box is None} == set()
    assert found["seller_name"].flags == ("not-literally-on-the-page",)
    assert found["currency"].flags == ()
    (line,) = found["lines"].rows
    cells = {cell.name: cell for cell in line}
    assert cells["amount"].value == 900
    assert (cells["amount"].page, cells["quantity"].page) == (1, 1)
    assert cells["article_number"].flags == ("not-literally-on-the-page",)


def test_the_fields_of_an_xfa_form_are_there_once(tmp_path: Path, extract: Extract) -> None:
    template = """<template><subform name="f"><field name="Sum"><caption><value><text>Betrag:</text></value></caption>
        </field></subform></template>"""
    with pymupdf.open() as file:
        file.new_page().insert_text((72, 72), "Please wait...")
        add_xfa(file, template, "<datasets><data><f><Sum>312.40</Sum></f></data></datasets>")
        file.save(tmp_path / "form.pdf")
    record = extract(tmp_path / "form.pdf")
    assert record.values == {"Betrag": "312.40"}
    assert record.flags == ("xfa-form",)


def test_names_that_repeat_are_numbered(tmp_path: Path, extract: Extract) -> None:
    with pymupdf.open() as file:
        page = file.new_page()
        for index in range(3):
            page.insert_text((60, 60 + 60 * index), f"Order number: K-447{index}")
        file.save(tmp_path / "form.pdf")
    values = extract(tmp_path / "form.pdf").values
    assert values == {"Order number": "K-4470", "Order number (2)": "K-4471", "Order number (3)": "K-4472"}


def test_the_data_of_an_invoice_are_the_values_of_the_preset(tmp_path: Path, extract: Extract) -> None:
    record = extract(invoice_pdf(tmp_path / "invoice.pdf", CII, lines=("Rechnung R-2026-17",)), "invoice")
    expected = {
        "invoice_number": "R-2026-17",
        "issue_date": "2026-03-05",
        "seller_name": "Lindqvist & Söhne GmbH",
        "buyer_name": "Kunden AG",
        "total": 1071,
        "amount_due": 1071,
        "iban": "DE02120300000000202051",
    }
    assert {name: record.values[name] for name in expected} == expected


def test_a_field_is_found_in_a_form_by_the_label_that_the_page_prints(tmp_path: Path, extract: Extract) -> None:
    with pymupdf.open() as file:
        page = file.new_page()
        page.insert_text((60, 114), "Place of residence:")
        add_field(page, TEXT, (180, 100, 300, 120), "Malmo", field_name="f17")
        file.save(tmp_path / "form.pdf")
    record = extract(tmp_path / "form.pdf", parse_fields("place of residence"))
    assert record.values == {"place of residence": "Malmo"}
    assert record.fields[0].how == "form-field"


def test_lists_of_fields_may_name_a_preset() -> None:
    assert parse_fields(" Preset: invoice ") == load_preset("invoice")
    with pytest.raises(UsageError, match="no preset 'bill'"):
        parse_fields("preset:bill")
    assert [field.name for field in parse_fields("preset, date").fields] == ["preset", "date"]


def test_a_printed_date_is_one_of_the_dates_of_an_invoice(tmp_path: Path, extract: Extract) -> None:
    path = save_pdf(
        tmp_path / "invoice.pdf", "Invoice number: R-2026-17\nInvoice date: 5 March 2026\nTotal: 120.00 EUR"
    )
    record = extract(path, "invoice")
    dates = {name: record.values[name] for name in ("issue_date", "due_date", "delivery_date")}
    assert dates == {"issue_date": "2026-03-05", "due_date": None, "delivery_date": None}
    assert record.values["invoice_number"] == "R-2026-17"


@pytest.mark.parametrize("preset", ["invoice", "receipt"])
def test_groups_of_presets_name_their_fields(preset: str) -> None:
    wanted = load_preset(preset)
    assert {name for group in wanted.apart for name in group} <= {field.name for field in wanted.fields}


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_have_fields_with_labels(preset: str) -> None:
    wanted = load_preset(preset)
    assert wanted.finds_all == (preset in EVERYTHING)
    assert all(field.labels for field in wanted.fields)
    assert bool(wanted.fields) != wanted.finds_all


def test_a_preset_runs_from_the_command_line(tmp_path: Path, cogdoc: Any) -> None:
    result = cogdoc("extract", form(tmp_path / "form.pdf"), "--preset", "form", "--out", "json")
    assert result.code == 0
    (record,) = json.loads(result.out)["records"]
    assert record["values"]["Newsletter wanted"] is True
    both = cogdoc("extract", tmp_path / "form.pdf", "--preset", "form", "--fields", "date")
    assert both.code == 2
    assert "--preset" in both.err


def test_csv_has_a_row_for_each_field_of_several_documents(tmp_path: Path, cogdoc: Any) -> None:
    paths = form(tmp_path / "form.pdf"), invoice_pdf(tmp_path / "invoice.pdf", CII, lines=("Summe 1.071,00",))
    result = cogdoc("extract", *paths, "--preset", "auto", "--out", "csv")
    header, *rows = csv.reader(result.out.splitlines())
    assert {len(row) for row in rows} == {len(header)}
    cells = {(Path(row[0]).name, row[1]): row[2:6] for row in rows}
    assert cells["form.pdf", "Newsletter wanted"] == ["true", "", "1", "form-field"]
    assert cells["invoice.pdf", "total"] == ["1071", "EUR", "1", "embedded-xml"]
