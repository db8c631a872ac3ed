"""What a PDF has beside its painted pages is read and named: XFA data, comments, attached files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pymupdf
import pytest

from cogdoc.documents.open_request import OpenRequest
from cogdoc.parsing.page_text import PageText
from cogdoc.parsing.reading import read_page_text

TEMPLATE = """<template xmlns="http://www.xfa.org/schema/xfa-template/3.3/"><subform name="invoice">
<field name="Amount"><caption><value><text>Betrag:</text></value></caption></field></subform></template>"""
DATASETS = """<xfa:datasets xmlns:xfa="http://www.xfa.org/schema/xfa-data/1.0/"><xfa:data><invoice>
<customerName>Lindqvist &amp; Söhne</customerName><Amount>312.40</Amount><due_date>2026-05-01</due_date>
<empty/></invoice></xfa:data></xfa:datasets>"""
XDP = '<xdp:xdp xmlns:xdp="http://ns.adobe.com/xdp/">'


def placeholder() -> pymupdf.Document:
    file = pymupdf.open()
    file.new_page().insert_text((72, 72), "Please wait...")
    return file


def add_xfa(file: pymupdf.Document, packets: list[tuple[str, str]], *, as_array: bool) -> None:
    texts = [text for _, text in packets] if as_array else ["".join(text for _, text in packets)]
    streams = []
    for text in texts:
        xref = file.get_new_xref()
        file.update_object(xref, "<<>>")
        file.update_stream(xref, text.encode())
        streams.append(f"{xref} 0 R")
    named = " ".join(f"({name}) {stream}" for (name, _), stream in zip(packets, streams, strict=False))
    form = f"[{named}]" if as_array else streams[0]
    file.xref_set_key(file.pdf_catalog(), "AcroForm", f"<</Fields[]/XFA {form}>>")


def read(file: pymupdf.Document, path: Path) -> PageText:
    file.save(path)
    return read_page_text(OpenRequest(path), 1)


@pytest.mark.parametrize("as_array", [True, False])
def test_xfa_data_are_lines_with_the_captions_of_the_template(tmp_path: Path, as_array: bool) -> None:
    file = placeholder()
    packets = [("preamble", XDP), ("template", TEMPLATE), ("datasets", DATASETS), ("postamble", "</xdp:xdp>")]
    add_xfa(file, packets, as_array=as_array)
    page = read(file, tmp_path / "form.pdf")
    expected = ["Customer name: Lindqvist & Söhne", "Betrag: 312.40", "Due date: 2026-05-01"]
    assert page.text.splitlines()[1:] == expected
    assert "xfa-form" in page.flags
    assert all(0 <= line.box.y0 < line.box.y1 <= page.height for line in page.lines)


@pytest.mark.parametrize(
    "datasets",
    ["", "<broken", '<!DOCTYPE x [<!ENTITY a "aaaa">]>' + DATASETS.replace("312.40", "&a;"), "<other>312.40</other>"],
)
def test_an_xfa_form_whose_data_cannot_be_read_is_flagged(tmp_path: Path, datasets: str) -> None:
    file = placeholder()
    add_xfa(file, [("datasets", datasets)], as_array=True)
    page = read(file, tmp_path / "form.pdf")
    assert page.text == "Please wait..."
    assert "xfa-form" in page.flags


def test_many_xfa_fields_stay_on_the_page(tmp_path: Path) -> None:
    file = placeholder()
    rows = "".join(f"<item{number}>{number}</item{number}>" for number in range(300))
    add_xfa(file, [("datasets", DATASETS.replace("<empty/>", rows))], as_array=True)
    page = read(file, tmp_path / "form.pdf")
    assert len(page.lines) == 304
    assert max(line.box.y1 for line in page.lines) <= page.height


def commented_page() -> pymupdf.Document:
    file = pymupdf.open()
    page = file.new_page()
    page.insert_text((72, 100), "Delivery in March")
    note = page.add_text_annot((400, 90), "Is that still right?")
    note.set_info(title="Anna")
    note.update()
    mark = page.add_highlight_annot(page.search_for("March"))
    mark.set_info(content="April")
    mark.update()
    repeated = page.add_underline_annot(page.search_for("Delivery"))
    repeated.set_info(content="Delivery")
    repeated.update()
    page.add_freetext_annot((72, 200, 300, 220), "Typed on the page")
    return file


def test_comments_are_kept_apart_from_the_text(tmp_path: Path) -> None:
    page = read(commented_page(), tmp_path / "commented.pdf")
    assert sorted(page.text.splitlines()) == ["Delivery in March", "Typed on the page"]
    found = [(comment.author, comment.text) for comment in page.comments]
    assert found == [("Anna", "Is that still right?"), ("", "April")]
    assert "comments" in page.flags


def test_output_shows_comments_and_lists_attachments(tmp_path: Path, cogdoc: Any) -> None:
    file = commented_page()
    file.embfile_add("data", b"<x/>", filename="factur-x.xml")
    file.save(tmp_path / "commented.pdf")
    result = cogdoc("ocr", "commented.pdf", "--out", "json", "-v")
    output = json.loads(result.out)
    assert output["source"]["attachments"] == ["factur-x.xml"]
    assert "attached, not read: factur-x.xml" in result.err
    (record,) = output["records"]
    assert "> Comment: Anna: Is that still right?" in record["markdown"]
    assert [block["text"] for block in record["blocks"] if block["kind"] == "comment"][1] == "April"
    assert "April" not in record["text"]
