"""Makes PDFs with interactive forms, XFA packets and attached invoices."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pymupdf

TEXT, CHECKBOX = pymupdf.PDF_WIDGET_TYPE_TEXT, pymupdf.PDF_WIDGET_TYPE_CHECKBOX
COMBOBOX, LISTBOX = pymupdf.PDF_WIDGET_TYPE_COMBOBOX, pymupdf.PDF_WIDGET_TYPE_LISTBOX

CII = """<rsm:CrossIndustryInvoice xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"
 xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"
 xmlns:udt="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100">
<rsm:ExchangedDocument><ram:ID>R-2026-17</ram:ID><ram:TypeCode>380</ram:TypeCode>
 <ram:IssueDateTime><udt:DateTimeString format="102">20260305</udt:DateTimeString></ram:IssueDateTime>
</rsm:ExchangedDocument>
<rsm:SupplyChainTradeTransaction>
<ram:IncludedSupplyChainTradeLineItem>
 <ram:AssociatedDocumentLineDocument><ram:LineID>1</ram:LineID></ram:AssociatedDocumentLineDocument>
 <ram:SpecifiedTradeProduct><ram:SellerAssignedID>K-7</ram:SellerAssignedID><ram:Name>Kabel</ram:Name>
 </ram:SpecifiedTradeProduct>
 <ram:SpecifiedLineTradeAgreement><ram:NetPriceProductTradePrice><ram:ChargeAmount>4.50</ram:ChargeAmount>
 </ram:NetPriceProductTradePrice></ram:SpecifiedLineTradeAgreement>
 <ram:SpecifiedLineTradeDelivery><ram:BilledQuantity unitCode="MTR">200</ram:BilledQuantity>
 </ram:SpecifiedLineTradeDelivery>
 <ram:SpecifiedLineTradeSettlement><ram:ApplicableTradeTax><ram:RateApplicablePercent>19</ram:RateApplicablePercent>
 </ram:ApplicableTradeTax><ram:SpecifiedTradeSettlementLineMonetarySummation><ram:LineTotalAmount>900.00
 </ram:LineTotalAmount></ram:SpecifiedTradeSettlementLineMonetarySummation></ram:SpecifiedLineTradeSettlement>
</ram:IncludedSupplyChainTradeLineItem>
<ram:IncludedSupplyChainTradeLineItem>
 <ram:AssociatedDocumentLineDocument><ram:IncludedNote><ram:Content>Vielen Dank</ram:Content></ram:IncludedNote>
 </ram:AssociatedDocumentLineDocument></ram:IncludedSupplyChainTradeLineItem>
<ram:ApplicableHeaderTradeAgreement>
 <ram:SellerTradeParty><ram:Name>Lindqvist &amp; Söhne GmbH</ram:Name>
  <ram:SpecifiedTaxRegistration><ram:ID schemeID="FC">22/815</ram:ID></ram:SpecifiedTaxRegistration>
  <ram:SpecifiedTaxRegistration><ram:ID schemeID="VA">DE123456789</ram:ID></ram:SpecifiedTaxRegistration>
 </ram:SellerTradeParty><ram:BuyerTradeParty><ram:Name>Kunden AG</ram:Name></ram:BuyerTradeParty>
</ram:ApplicableHeaderTradeAgreement>
<ram:ApplicableHeaderTradeSettlement>
 <ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode>
 <ram:SpecifiedTradeSettlementPaymentMeans><ram:PayeePartyCreditorFinancialAccount>
  <ram:IBANID>DE02120300000000202051</ram:IBANID></ram:PayeePartyCreditorFinancialAccount>
 </ram:SpecifiedTradeSettlementPaymentMeans>
 <ram:ApplicableTradeTax><ram:CalculatedAmount>171.00</ram:CalculatedAmount><ram:BasisAmount>900.00</ram:BasisAmount>
  <ram:RateApplicablePercent>19</ram:RateApplicablePercent></ram:ApplicableTradeTax>
 <ram:SpecifiedTradeAllowanceCharge><ram:ChargeIndicator><udt:Indicator> false </udt:Indicator></ram:ChargeIndicator>
  <ram:ActualAmount>0.00</ram:ActualAmount></ram:SpecifiedTradeAllowanceCharge>
 <ram:SpecifiedTradeSettlementHeaderMonetarySummation><ram:LineTotalAmount>900.00</ram:LineTotalAmount>
  <ram:TaxTotalAmount currencyID="USD">184.68</ram:TaxTotalAmount>
  <ram:TaxTotalAmount currencyID="EUR">171.00</ram:TaxTotalAmount>
  <ram:GrandTotalAmount>1071.00</ram:GrandTotalAmount><ram:DuePayableAmount>1071.00</ram:DuePayableAmount>
 </ram:SpecifiedTradeSettlementHeaderMonetarySummation>
</ram:ApplicableHeaderTradeSettlement></rsm:SupplyChainTradeTransaction></rsm:CrossIndustryInvoice>"""

UBL = """<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
 xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
 xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
<cbc:ID>R-2026-17</cbc:ID><cbc:IssueDate>2026-03-05</cbc:IssueDate><cbc:DueDate>2026-04-04</cbc:DueDate>
<cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>
<cac:AccountingSupplierParty><cac:Party>
 <cac:PartyTaxScheme><cbc:CompanyID>22/815</cbc:CompanyID><cac:TaxScheme>
  <cbc:ID>TAX</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme>
 <cac:PartyTaxScheme><cbc:CompanyID>DE123456789</cbc:CompanyID><cac:TaxScheme>
  <cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme>
 <cac:PartyLegalEntity><cbc:RegistrationName>Lindqvist &amp; Söhne GmbH</cbc:RegistrationName></cac:PartyLegalEntity>
</cac:Party></cac:AccountingSupplierParty>
<cac:TaxTotal><cbc:TaxAmount currencyID="EUR">171.00</cbc:TaxAmount><cac:TaxSubtotal>
 <cbc:TaxableAmount currencyID="EUR">900.00</cbc:TaxableAmount><cbc:TaxAmount currencyID="EUR">171.00</cbc:TaxAmount>
 <cac:TaxCategory><cbc:ID>S</cbc:ID><cbc:Percent>19</cbc:Percent></cac:TaxCategory></cac:TaxSubtotal></cac:TaxTotal>
<cac:LegalMonetaryTotal><cbc:TaxInclusiveAmount currencyID="EUR">1071.00</cbc:TaxInclusiveAmount>
 <cbc:PayableAmount currencyID="EUR">1071.00</cbc:PayableAmount></cac:LegalMonetaryTotal>
<cac:InvoiceLine><cbc:ID>1</cbc:ID><cbc:InvoicedQuantity unitCode="MTR">200</cbc:InvoicedQuantity>
 <cbc:LineExtensionAmount currencyID="EUR">900.00</cbc:LineExtensionAmount>
 <cac:Item><cbc:Name>Kabel</cbc:Name></cac:Item><cac:Price><cbc:PriceAmount currencyID="EUR">4.50</cbc:PriceAmount>
 </cac:Price></cac:InvoiceLine></Invoice>"""


def add_field(page: pymupdf.Page, kind: int, box: tuple[float, ...], value: Any, **settings: Any) -> pymupdf.Widget:
    """Add a field to a page; its name is its box unless the settings have one."""
    widget = pymupdf.Widget()
    widget.field_type, widget.rect, widget.field_value = kind, pymupdf.Rect(box), value
    widget.field_name = f"field {box}"
    for name, setting in settings.items():
        setattr(widget, name, setting)
    page.add_widget(widget)
    return widget


def add_xfa(file: pymupdf.Document, *packets: str, fields: str = "[]") -> None:
    """Make the file an XFA form with these packets; `fields` are the ordinary fields of a hybrid one."""
    streams = []
    for text in packets:
        xref = file.get_new_xref()
        file.update_object(xref, "<<>>")
        file.update_stream(xref, text.encode())
        streams.append(f"(packet) {xref} 0 R")
    file.xref_set_key(file.pdf_catalog(), "AcroForm", f"<</Fields{fields}/XFA[{' '.join(streams)}]>>")


def invoice_pdf(path: Path, xml: str | bytes, name: str = "factur-x.xml", lines: tuple[str, ...] = ()) -> Path:
    """Write a PDF with these lines and an attached XML file; return `path`."""
    with pymupdf.open() as file:
        page = file.new_page()
        for index, line in enumerate(lines):
            page.insert_text((72, 72 + 20 * index), line)
        file.embfile_add(name, xml if isinstance(xml, bytes) else xml.encode(), filename=name)
        file.save(path)
    return path
