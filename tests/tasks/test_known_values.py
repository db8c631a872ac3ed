"""What a file itself says comes first: form fields and the data of electronic invoices, compared with the pages."""

from __future__ import annotations

from pathlib import Path

import pymupdf
import pytest

import cogdoc

pytestmark = pytest.mark.slow

XML = """<?xml version="1.0"?>
<rsm:CrossIndustryInvoice xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"
  xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100">
<rsm:ExchangedDocument><ram:ID>R-2031</ram:ID></rsm:ExchangedDocument>
<rsm:SupplyChainTradeTransaction>
<ram:IncludedSupplyChainTradeLineItem><ram:SpecifiedTradeProduct><ram:Name>Rope</ram:Name></ram:SpecifiedTradeProduct>
<ram:SpecifiedLineTradeSettlement><ram:SpecifiedTradeSettlementLineMonetarySummation>
<ram:LineTotalAmount>80.00</ram:LineTotalAmount></ram:SpecifiedTradeSettlementLineMonetarySummation>
</ram:SpecifiedLineTradeSettlement></ram:IncludedSupplyChainTradeLineItem>
<ram:ApplicableHeaderTradeSettlement><ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode>
<ram:SpecifiedTradeSettlementHeaderMonetarySummation><ram:GrandTotalAmount>95.20</ram:GrandTotalAmount>
</ram:SpecifiedTradeSettlementHeaderMonetarySummation></ram:ApplicableHeaderTradeSettlement>
</rsm:SupplyChainTradeTransaction></rsm:CrossIndustryInvoice>"""


def invoice(path: Path, total: str) -> Path:
    with pymupdf.open() as file:
        page = file.new_page()
        for index, line in enumerate(["Invoice number: R-2031", f"Total: EUR {total}"]):
            page.insert_text((72, 72 + 24 * index), line, fontsize=12)
        file.embfile_add("factur-x.xml", XML.encode(), filename="factur-x.xml")
        file.save(path)
    return path


def test_data_of_an_invoice_comes_first_with_its_place_on_the_page(tmp_path: Path) -> None:
    found = cogdoc.extract(
        invoice(tmp_path / "a.pdf", "95.20"), "invoice number, total:money, lines:table(description, amount:money)"
    )
    assert found.value == {"invoice number": "R-2031", "total": 95.2, "lines": [{"description": "Rope", "amount": 80}]}
    total = found.fields["total"]
    assert (total.how, total.page, total.flags) == ("embedded-xml", 1, ())
    assert total.typed is not None
    assert total.typed.currency == "EUR"
    assert total.box is not None


def test_sources_that_disagree_are_flagged(tmp_path: Path) -> None:
    total = cogdoc.extract(invoice(tmp_path / "a.pdf", "59.20"), "total:money").fields["total"]
    assert total.value == 95.2
    assert "sources-disagree" in total.flags
    assert [(other.value, other.agrees) for other in total.others] == [(59.2, False)]


def test_form_fields_are_read_by_their_tooltips(tmp_path: Path) -> None:
    with pymupdf.open() as file:
        page = file.new_page()
        page.insert_text((72, 60), "Application", fontsize=12)
        for index, (name, label, kind, value) in enumerate(
            [
                ("f1", "Date of birth", pymupdf.PDF_WIDGET_TYPE_TEXT, "05.03.1987"),
                ("f2", "Newsletter", pymupdf.PDF_WIDGET_TYPE_CHECKBOX, True),
            ]
        ):
            widget = pymupdf.Widget()
            widget.field_name, widget.field_label, widget.field_type = name, label, kind
            widget.rect = pymupdf.Rect(200, 100 + 40 * index, 220 + 100 * (1 - index), 120 + 40 * index)
            widget.field_value = value
            page.add_widget(widget)
        file.save(tmp_path / "form.pdf")
    found = cogdoc.extract(tmp_path / "form.pdf", "date of birth:date, newsletter:boolean")
    assert found.value == {"date of birth": "1987-03-05", "newsletter": True}
    assert {one.how for one in found.record.fields} == {"form-field"}
    assert found.fields["newsletter"].box == (200, 140, 220, 160)


def test_line_items_end_where_the_summary_begins(tmp_path: Path) -> None:
    rows = [("Item", "Qty", "Amount"), ("Rope", "2", "80.00"), ("Anchor", "1", "120.00"), ("Paint", "3", "45.00")]
    rows += [("Subtotal", "", "245.00"), ("VAT 19%", "", "46.55"), ("Total", "", "291.55"), ("Cash", "", "300.00")]
    with pymupdf.open() as file:
        page = file.new_page()
        for index, cells in enumerate(rows):
            for column, text in enumerate(cells):
                page.insert_text((72 + 180 * column, 100 + 24 * index), text, fontsize=12)
        file.save(tmp_path / "bill.pdf")
    found = cogdoc.extract(tmp_path / "bill.pdf", "lines:table(item, qty:integer, amount:money)")
    assert found.value == {
        "lines": [
            {"item": "Rope", "qty": 2, "amount": 80},
            {"item": "Anchor", "qty": 1, "amount": 120},
            {"item": "Paint", "qty": 3, "amount": 45},
        ]
    }
    assert found.fields["lines"].rows[0][2].box is not None
