"""The XML of electronic invoices is read safely, in both syntaxes."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pymupdf
import pytest
from form_files import CII, UBL, invoice_pdf
from hypothesis import given
from hypothesis import strategies as st

from cogdoc.documents.file_fields.bounded_xml import MAX_DEPTH, MAX_ELEMENTS, parse_xml, text_of
from cogdoc.documents.file_fields.electronic_invoice import MAX_ROWS, MAX_TEXT, read_invoice
from cogdoc.documents.file_fields.invoice_terms import ElectronicInvoice, InvoiceRow, load_terms
from cogdoc.documents.file_fields.reading import read_electronic_invoice
from cogdoc.documents.open_request import OpenRequest
from cogdoc.documents.sandbox import Sandbox

LAUGHS = "".join(f'<!ENTITY l{number} "{f"&l{number - 1};" * 10}">' for number in range(1, 10))
BILLION_LAUGHS = f'<!DOCTYPE i [<!ENTITY l0 "ha">{LAUGHS}]>{CII.replace("R-2026-17", "&l9;")}'


def read(path: Path, sandbox: Sandbox) -> ElectronicInvoice | None:
    return sandbox.run(read_electronic_invoice, OpenRequest(path))


def values(invoice: ElectronicInvoice | None) -> dict[str, str]:
    assert invoice is not None
    return {value.name: value.text for value in invoice.values}


def row(row: InvoiceRow) -> dict[str, str]:
    return {value.name: value.text for value in row.values}


@pytest.mark.parametrize(("xml", "syntax"), [(CII, "cii"), (UBL, "ubl")])
def test_both_syntaxes_give_the_same_terms(tmp_path: Path, sandbox: Sandbox, xml: str, syntax: str) -> None:
    invoice = read(invoice_pdf(tmp_path / "i.pdf", xml), sandbox)
    assert invoice is not None
    assert (invoice.syntax, invoice.file_name) == (syntax, "factur-x.xml")
    known = values(invoice)
    expected = {
        "invoice_number": "R-2026-17",
        "issue_date": "2026-03-05",
        "currency": "EUR",
        "seller_name": "Lindqvist & Söhne GmbH",
        "seller_vat_number": "DE123456789",
        "seller_tax_number": "22/815",
        "tax_total": "171.00",
        "total": "1071.00",
        "amount_due": "1071.00",
    }
    assert {name: known.get(name) for name in expected} == expected
    groups = {group.name: [row(each) for each in group.rows] for group in invoice.groups}
    assert groups["taxes"][0] | {"tax_category": "S"} == {
        "tax_base": "900.00", "tax_amount": "171.00", "tax_category": "S", "tax_rate": "19",
    }  # fmt: skip
    (line,) = groups["lines"]
    assert (line["description"], line["quantity"], line["unit"]) == ("Kabel", "200", "MTR")
    assert (line["unit_price"], line["amount"]) == ("4.50", "900.00")


def test_amounts_have_the_currency_of_the_invoice() -> None:
    invoice = read_invoice(CII.encode(), "x.xml")
    assert invoice is not None
    assert invoice.value("total") is not None
    assert {value.currency for value in invoice.values if value.type == "money"} == {"EUR"}


def test_zugferd_1_has_older_names_for_the_same_elements() -> None:
    older = CII.replace("standard:CrossIndustryInvoice:100", "none").replace(
        "urn:un:unece:uncefact:data:none", "urn:ferd:CrossIndustryDocument:invoice:1p0"
    )
    for before, after in load_terms().renamed.items():
        older = older.replace(f":{after}", f":{before}")
    older = older.replace("SpecifiedTradeSettlementHeaderMonetary", "SpecifiedTradeSettlementMonetary")
    assert values(read_invoice(older.encode(), "x.xml")) == values(read_invoice(CII.encode(), "x.xml"))


def test_an_order_is_told_from_an_invoice() -> None:
    order = CII.replace("standard:CrossIndustryInvoice:100", "SCRDMCCBDACIOMessageStructure:100")
    invoice = read_invoice(
        order.replace("CrossIndustryInvoice", "SCRDMCCBDACIOMessageStructure").encode(), "order-x.xml"
    )
    assert invoice is not None
    assert invoice.is_order


def test_the_invoice_is_found_among_other_files(tmp_path: Path, sandbox: Sandbox) -> None:
    with pymupdf.open() as file:
        file.new_page()
        file.embfile_add("a.xml", b"<data/>", filename="a.xml")
        file.embfile_add("b.csv", b"1;2", filename="b.csv")
        file.embfile_add("z.xml", CII.encode(), filename="z.xml")
        file.save(tmp_path / "i.pdf")
    invoice = read(tmp_path / "i.pdf", sandbox)
    assert invoice is not None
    assert invoice.file_name == "z.xml"


def test_an_invoice_that_only_the_catalog_associates_is_found(tmp_path: Path, sandbox: Sandbox) -> None:
    with pymupdf.open() as file:
        file.new_page()
        stream, specification = file.get_new_xref(), file.get_new_xref()
        file.update_object(stream, "<</Type/EmbeddedFile/Subtype/text#2Fxml>>")
        file.update_stream(stream, UBL.encode())
        file.update_object(
            specification, f"<</Type/Filespec/F(x.bin)/AFRelationship/Alternative/EF<</F {stream} 0 R>>>>"
        )
        file.xref_set_key(file.pdf_catalog(), "AF", f"[{specification} 0 R null 5]")
        file.save(tmp_path / "i.pdf")
    assert values(read(tmp_path / "i.pdf", sandbox))["invoice_number"] == "R-2026-17"


@pytest.mark.parametrize(
    "xml",
    [
        BILLION_LAUGHS,
        f'<!DOCTYPE i SYSTEM "file:///etc/passwd">{CII}',
        "<a>" * (MAX_DEPTH + 1) + "</a>" * (MAX_DEPTH + 1),
        "<a>" * 1_000_000,
        f"<a>{'<b/>' * (MAX_ELEMENTS + 1)}</a>",
        CII[: len(CII) // 2],
        "",
        "<Invoice/>",
        '<?xml version="1.0" encoding="x-none"?><a/>',
        CII.encode("utf-16")[:-1],
    ],
    ids=["laughs", "external", "deep", "unclosed", "wide", "cut", "empty", "no-namespace", "encoding", "odd-bytes"],
)
def test_what_is_no_safe_invoice_is_not_read(tmp_path: Path, sandbox: Sandbox, xml: str | bytes) -> None:
    assert read(invoice_pdf(tmp_path / "i.pdf", xml), sandbox) is None


def test_entities_in_another_encoding_are_refused_too() -> None:
    assert parse_xml(BILLION_LAUGHS.encode("utf-16")) is None


def test_many_lines_are_cut_off(tmp_path: Path, sandbox: Sandbox) -> None:
    start, end = UBL.index("<cac:InvoiceLine>"), UBL.index("</Invoice>")
    xml = UBL[:start] + UBL[start:end] * (MAX_ROWS + 10) + UBL[end:]
    invoice = read(invoice_pdf(tmp_path / "i.pdf", xml), sandbox)
    assert invoice is not None
    assert invoice.is_cut_off
    assert {group.name: len(group.rows) for group in invoice.groups}["lines"] == MAX_ROWS


def test_a_huge_text_is_cut_off() -> None:
    invoice = read_invoice(CII.replace("R-2026-17", "9" * 1_000_000).encode(), "x.xml")
    assert len(values(invoice)["invoice_number"]) == MAX_TEXT
    assert invoice is not None
    assert invoice.is_cut_off


@pytest.mark.parametrize(
    ("before", "after"),
    [("20260305", "20261305"), ("20260305", "yesterday"), ("1071.00", "1e9"), ("1071.00", "1.071,00")],
)
def test_values_that_are_none_of_their_type_are_left_out(before: str, after: str) -> None:
    whole, damaged = (values(read_invoice(xml.encode(), "x.xml")) for xml in (CII, CII.replace(before, after)))
    assert whole.keys() - damaged.keys() <= {"issue_date", "total", "amount_due"}
    assert whole.keys() > damaged.keys()


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"))


def trees() -> Any:
    return st.recursive(TEXTS, lambda inner: st.lists(inner, max_size=4), max_leaves=20)


def as_xml(tree: Any, name: str = "a") -> str:
    inner = escape(tree) if isinstance(tree, str) else "".join(as_xml(each, "b") for each in tree)
    return f'<{name} xmlns="urn:x">{inner}</{name}>'


def texts(tree: Any) -> str:
    return tree if isinstance(tree, str) else "".join(map(texts, tree))


@given(trees())
def test_all_text_of_a_document_is_read(tree: Any) -> None:
    document = parse_xml(as_xml(tree).encode())
    assert document is not None
    assert document.namespace == "urn:x"
    assert text_of(document.root) == " ".join(texts(tree).split())


@given(st.data())
def test_no_change_of_an_invoice_makes_reading_it_fail(data: st.DataObject) -> None:
    xml = bytearray((CII if data.draw(st.booleans()) else UBL).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(xml) - 1))
        xml[start : start + data.draw(st.integers(0, 60))] = data.draw(st.binary(max_size=8))
    invoice = read_invoice(bytes(xml), "x.xml")
    assert invoice is None or invoice.values
