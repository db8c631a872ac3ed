"""The fields of PDF forms are read with their values, whatever the pages show of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pymupdf
import pytest
from form_files import CHECKBOX, COMBOBOX, LISTBOX, TEXT, add_field, add_xfa

from cogdoc.documents.file_fields.form_field import FieldKind, FileForm, FormField
from cogdoc.documents.file_fields.reading import read_form
from cogdoc.documents.open_request import OpenRequest
from cogdoc.documents.sandbox import Sandbox

Read = Callable[..., FileForm]


@pytest.fixture
def file() -> pymupdf.Document:
    return pymupdf.open()


@pytest.fixture
def read(tmp_path: Path, sandbox: Sandbox) -> Read:
    """Saves a file, and reads its form in a worker process."""

    def read_file(file: pymupdf.Document, *, hidden: bool = False) -> FileForm:
        file.save(tmp_path / "form.pdf")
        return sandbox.run(read_form, OpenRequest(tmp_path / "form.pdf", hidden=hidden))

    return read_file


def only(form: FileForm) -> FormField:
    (field,) = form.fields
    return field


def test_a_text_field_has_its_name_tooltip_value_and_place(file: pymupdf.Document, read: Read) -> None:
    file.new_page()
    page = file.new_page()
    flags = pymupdf.PDF_FIELD_IS_READ_ONLY | pymupdf.PDF_FIELD_IS_REQUIRED
    settings = {"field_name": "person.city", "field_label": "Place of residence", "field_flags": flags}
    add_field(page, TEXT, (100, 100, 250, 120), "Malmö", **settings)
    field = only(read(file))
    assert (field.name, field.caption, field.kind) == ("person.city", "Place of residence", FieldKind.TEXT)
    assert (field.value, field.stored, field.shows_other_value) == ("Malmö", "Malmö", False)
    assert (field.widgets[0].page, tuple(field.widgets[0].box)) == (2, (100, 100, 250, 120))
    assert field.is_read_only
    assert field.is_required


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_boxes_are_those_of_the_page_as_displayed(file: pymupdf.Document, read: Read, rotation: int) -> None:
    page = file.new_page(width=400, height=600)
    add_field(page, TEXT, (50, 100, 150, 120), "Malmö")
    page.set_rotation(rotation)
    field = only(read(file))
    box = pymupdf.Rect(50, 100, 150, 120) * page.rotation_matrix
    assert tuple(field.widgets[0].box) == pytest.approx(tuple(box))
    assert not field.shows_other_value


def test_what_the_page_shows_counts_if_another_value_is_stored(file: pymupdf.Document, read: Read) -> None:
    xref = add_field(file.new_page(), TEXT, (100, 100, 250, 120), "4,200 EUR").xref
    parent = int(file.xref_get_key(xref, "Parent")[1].split()[0])
    file.xref_set_key(parent, "V", "(9900 EUR)")
    field = only(read(file))
    assert (field.shown, field.stored, field.value) == ("4,200 EUR", "9900 EUR", "4,200 EUR")
    assert field.shows_other_value


def test_a_formatted_number_is_no_other_value(file: pymupdf.Document, read: Read) -> None:
    xref = add_field(file.new_page(), TEXT, (100, 100, 250, 120), "$1,234.50").xref
    parent = int(file.xref_get_key(xref, "Parent")[1].split()[0])
    file.xref_set_key(parent, "V", "(1234.5)")
    assert not only(read(file)).shows_other_value


def test_choices_have_the_texts_that_are_shown_and_what_programs_get(file: pymupdf.Document, read: Read) -> None:
    page = file.new_page()
    add_field(page, COMBOBOX, (100, 100, 200, 120), "se", choice_values=[("se", "Sweden"), ("dk", "Denmark")])
    add_field(page, LISTBOX, (100, 140, 200, 200), "two", choice_values=["one", "two"])
    country, number = read(file).fields
    assert (country.kind, country.values, country.exported) == (FieldKind.CHOICE, ("Sweden",), ("se",))
    assert country.options == ("Sweden", "Denmark")
    assert country.value == "Sweden"
    assert (number.values, number.exported) == (("two",), ())


def test_checkboxes_say_whether_they_are_ticked(file: pymupdf.Document, read: Read) -> None:
    page = file.new_page()
    add_field(page, CHECKBOX, (100, 100, 115, 115), True)
    add_field(page, CHECKBOX, (100, 140, 115, 155), False)
    ticked, blank = read(file).fields
    assert (ticked.is_on, ticked.values) == (True, ("Yes",))
    assert (blank.is_on, blank.values) == (False, ())


def buttons(file: pymupdf.Document, states: list[str], options: str = "", selected: int = 1) -> None:
    """A group of radio buttons, whose states have these names."""
    page = file.new_page()
    state = file.get_new_xref()
    file.update_object(state, "<</Type/XObject/Subtype/Form/BBox[0 0 12 12]>>")
    file.update_stream(state, b"0 0 12 12 re S")
    parent, kids = file.get_new_xref(), []
    for index, name in enumerate(states):
        kids.append(file.get_new_xref())
        file.update_object(
            kids[-1],
            f"<</Type/Annot/Subtype/Widget/Parent {parent} 0 R/F 4/Rect[{50 + 40 * index} 700 {62 + 40 * index} 712]"
            f"/AS/{name if index == selected else 'Off'}/AP<</N<</Off {state} 0 R/{name} {state} 0 R>>>>>>",
        )
    listed = " ".join(f"{kid} 0 R" for kid in kids)
    file.update_object(parent, f"<</FT/Btn/Ff 49152/T(kind)/V/{states[selected]}{options}/Kids[{listed}]>>")
    file.xref_set_key(page.xref, "Annots", f"[{listed}]")
    file.xref_set_key(file.pdf_catalog(), "AcroForm", f"<</Fields[{parent} 0 R]>>")


def test_radio_buttons_are_one_field_with_the_option_that_is_chosen(file: pymupdf.Document, read: Read) -> None:
    buttons(file, ["new", "renewal", "change"])
    field = only(read(file))
    assert (field.kind, field.values) == (FieldKind.RADIO, ("renewal",))
    assert field.options == ("new", "renewal", "change")
    assert [widget.is_on for widget in field.widgets] == [False, True, False]


def test_states_that_are_numbers_stand_for_entries_of_the_options(file: pymupdf.Document, read: Read) -> None:
    buttons(file, ["0", "1"], "/Opt[(Männlich)(Weiblich)]")
    assert only(read(file)).values == ("Weiblich",)


def test_hidden_fields_are_left_out_and_counted(file: pymupdf.Document, read: Read) -> None:
    page = file.new_page()
    add_field(page, TEXT, (100, 100, 250, 120), "seen")
    hidden = add_field(page, TEXT, (100, 140, 250, 160), "approved by robot")
    file.xref_set_key(hidden.xref, "F", "2")
    add_field(page, TEXT, (-300, 200, -200, 220), "beside the page")
    pageless = file.get_new_xref()
    file.update_object(pageless, "<</FT/Tx/T(total)/V(1)>>")
    fields = file.xref_get_key(file.pdf_catalog(), "AcroForm/Fields")[1]
    file.xref_set_key(file.pdf_catalog(), "AcroForm/Fields", fields.replace("]", f" {pageless} 0 R]"))
    form = read(file)
    assert only(form).value == "seen"
    assert form.hidden_fields == 3


def test_hidden_fields_are_read_if_that_is_asked_for(file: pymupdf.Document, read: Read) -> None:
    page = file.new_page()
    hidden = add_field(page, TEXT, (100, 140, 250, 160), "approved by robot")
    file.xref_set_key(hidden.xref, "F", "2")
    form = read(file, hidden=True)
    assert (only(form).stored, only(form).is_hidden, form.hidden_fields) == ("approved by robot", True, 0)


def test_passwords_are_not_read(file: pymupdf.Document, read: Read) -> None:
    add_field(file.new_page(), TEXT, (100, 100, 250, 120), "hunter2", field_flags=pymupdf.PDF_TX_FIELD_IS_PASSWORD)
    field = only(read(file))
    assert field.is_withheld
    assert "hunter2" not in repr(field)


def test_a_signature_names_who_signed(file: pymupdf.Document, read: Read) -> None:
    page = file.new_page()
    signature = file.get_new_xref()
    file.update_object(
        signature, "<</Type/Annot/Subtype/Widget/FT/Sig/T(sign)/F 4/Rect[50 50 150 80]/V<</Type/Sig/Name(Ada Holm)>>>>"
    )
    file.xref_set_key(page.xref, "Annots", f"[{signature} 0 R]")
    file.xref_set_key(file.pdf_catalog(), "AcroForm", f"<</Fields[{signature} 0 R]>>")
    field = only(read(file))
    assert (field.kind, field.is_on, field.values) == (FieldKind.SIGNATURE, True, ("Ada Holm",))


def test_a_tree_of_fields_that_contains_itself_is_read(file: pymupdf.Document, read: Read) -> None:
    page = file.new_page()
    first, second = file.get_new_xref(), file.get_new_xref()
    file.update_object(first, f"<</T(a)/FT/Tx/V(loop)/Parent {second} 0 R/Kids[{second} 0 R {first} 0 R]>>")
    file.update_object(
        second,
        f"<</T(b)/Type/Annot/Subtype/Widget/F 4/Rect[50 50 150 80]/Parent {first} 0 R/Kids[{first} 0 R]>>",
    )
    file.xref_set_key(page.xref, "Annots", f"[{second} 0 R 7 /Name (text) null [{second} 0 R]]")
    file.xref_set_key(file.pdf_catalog(), "AcroForm", f"<</Fields[{first} 0 R {second} 0 R 5 null]>>")
    assert len(read(file).fields) <= 1


def test_a_hundred_thousand_fields_are_cut_off(file: pymupdf.Document, read: Read) -> None:
    page = file.new_page()
    start = file.xref_length()
    count = 100_000
    page_reference = f"{page.xref} 0 R"
    entries = " ".join(
        f"<</Type/Annot/Subtype/Widget/FT/Tx/F 4/T(f{index})/V(v)/P {page_reference}/Rect[9 9 90 20]>>"
        for index in range(count)
    )
    file.xref_set_key(page.xref, "Annots", f"[{entries}]")
    assert start
    began = time.perf_counter()
    form = read(file)
    assert form.is_cut_off
    assert 1000 <= len(form.fields) <= 10_000
    assert time.perf_counter() - began < 300


TEMPLATE = """<template xmlns="http://www.xfa.org/schema/xfa-template/3.3/"><subform name="claim">
<field name="City"><ui><textEdit/></ui><caption><value><text>Wohnort:</text></value></caption></field>
<subform name="car"><field name="City"><caption><value><text>Zulassungsort</text></value></caption></field></subform>
<field name="Sum"><ui><numericEdit/></ui><bind match="dataRef" ref="$record.amounts.total"/>
 <caption><value><text>Betrag</text></value></caption><validate nullTest="error"/></field>
<field name="New" access="readOnly"><ui><checkButton/></ui><items><text>1</text><text>0</text></items>
 <assist><toolTip>Neuer Vertrag</toolTip></assist></field>
<field name="Land"><ui><choiceList/></ui><items><text>Schweden</text><text>Norwegen</text></items>
 <items save="1" presence="hidden"><text>SE</text><text>NO</text></items></field>
<exclGroup name="Kind"><field name="a"><items><text>1</text></items>
 <caption><value><text>Diebstahl</text></value></caption></field><field name="b"><items><text>2</text></items>
 <caption><value><text>Brand</text></value></caption></field></exclGroup>
<field name="Secret" presence="hidden"><ui><textEdit/></ui></field>
<field name="Send"><ui><button/></ui></field><field name="Phone"><ui><textEdit/></ui></field></subform></template>"""
DATASETS = """<xfa:datasets xmlns:xfa="http://www.xfa.org/schema/xfa-data/1.0/"><xfa:data><claim><City>Lund</City>
<car><City>Malmö</City></car><amounts><total>312.40</total></amounts><New>1</New><Land>NO</Land><Kind>2</Kind>
<Secret>42</Secret></claim></xfa:data></xfa:datasets>"""


def test_xfa_data_are_joined_with_the_captions_of_the_template(file: pymupdf.Document, read: Read) -> None:
    file.new_page()
    add_xfa(file, TEMPLATE, DATASETS)
    form = read(file)
    fields = {field.name: field for field in form.fields}
    captions = {name: (field.caption, field.value) for name, field in fields.items()}
    assert captions["claim.City"] == ("Wohnort", "Lund")
    assert captions["claim.car.City"] == ("Zulassungsort", "Malmö")
    assert captions["claim.amounts.total"] == ("Betrag", "312.40")
    assert captions["claim.Phone"] == ("Phone", "")
    assert (fields["claim.New"].caption, fields["claim.New"].is_on) == ("Neuer Vertrag", True)
    assert (fields["claim.Land"].values, fields["claim.Land"].exported) == (("Norwegen",), ("NO",))
    assert (fields["claim.Kind"].kind, fields["claim.Kind"].values) == (FieldKind.RADIO, ("Brand",))
    assert fields["claim.amounts.total"].is_required
    assert fields["claim.New"].is_read_only
    assert form.has_xfa
    assert form.hidden_fields == 1
    assert not fields.keys() & {"claim.Secret", "claim.Send"}


def test_fields_of_a_hybrid_form_are_those_of_the_pages_with_captions_of_the_template(
    file: pymupdf.Document, read: Read
) -> None:
    page = file.new_page()
    add_field(page, TEXT, (100, 100, 250, 120), "Lund", field_name="claim[0].#subform[0].City[0]")
    add_xfa(file, TEMPLATE, DATASETS, fields="[6 0 R]")
    fields = {field.name: field for field in read(file).fields}
    city = fields["claim[0].#subform[0].City[0]"]
    assert (city.origin, city.caption, city.value) == ("acroform", "Wohnort", "Lund")
    assert fields["claim.car.City"].value == "Malmö"
    assert "claim.City" not in fields


@pytest.mark.parametrize(
    "packet",
    [
        "<a>" * 5000 + "</a>" * 5000,
        '<!DOCTYPE a [<!ENTITY x "xx">]><a>&x;</a>',
        "<datasets><data>" + "<a><b>1</b></a>" * 150_000 + "</data></datasets>",
        "<datasets><data>" + "<a>1</a>" * 20_000 + "</data></datasets>",
        "\x00\x01",
    ],
)
def test_odd_xfa_packets_do_no_harm(file: pymupdf.Document, read: Read, packet: str) -> None:
    file.new_page()
    add_xfa(file, TEMPLATE, packet)
    form = read(file)
    assert form.has_xfa
    assert len(form.fields) <= 5000


def test_a_picture_has_no_form(sandbox: Sandbox, samples: Path) -> None:
    assert sandbox.run(read_form, OpenRequest(samples / "form.png")) == FileForm()
