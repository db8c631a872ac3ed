"""Make a fax of three pages in black and white: fax.tiff."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from samples.making.facts import Sample, TableFacts, ask, unanswerable
from samples.making.scanning import Scanner, scan
from samples.making.sheet import A4, Face, Sheet, Style, new_document, new_sheet, render

DPI = 200
THRESHOLD = 168
SCANNER = Scanner(skew=0.5, blur=0.8, ink=20, paper=240, noise=14, shading=2, fading=0.25, dust=120)

SENDER = "Brightwell Marine Supplies"
RECIPIENT = "Kestrel Point Boatyard"
CONTACT = "Yusuf Amberley"
FAX_NUMBER = "05550 664 019"
DATE = "12 June 2024"
ORDER_NUMBER = "PO-7731"
DELIVERY = "28 June 2024"
PAYMENT = "30 days net"


@dataclass(frozen=True, slots=True)
class Item:
    article: str
    name: str
    quantity: int
    price: int
    """In whole pounds."""

    @property
    def amount(self) -> int:
        return self.quantity * self.price


ITEMS = (
    Item("M-104", "Bronze cleat, 200 mm", 12, 18),
    Item("M-220", "Nylon rope, 100 m", 4, 65),
    Item("M-317", "Bilge pump, 24 V", 3, 142),
    Item("M-455", "Navigation light, red", 6, 31),
    Item("M-456", "Navigation light, green", 6, 31),
    Item("M-802", "Marine varnish, 5 litres", 5, 54),
)
TOTAL = sum(item.amount for item in ITEMS)
HEADER = ("Article", "Description", "Qty", "Price £", "Amount £")
ROWS = tuple((i.article, i.name, str(i.quantity), str(i.price), f"{i.amount:,}") for i in ITEMS)
COVER = (
    ("To", RECIPIENT),
    ("From", SENDER),
    ("Attention", CONTACT),
    ("Fax", FAX_NUMBER),
    ("Date", DATE),
    ("Pages", "3"),
    ("Subject", f"Confirmation of order {ORDER_NUMBER}"),
)
TERMS = (
    f"Delivery. The goods will be delivered to your yard on {DELIVERY}, between eight and noon. Please see "
    "to it that a crane is at hand.",
    f"Payment. Our terms are {PAYMENT}. Goods remain our property until they have been paid for.",
    "Complaints. Damage in transit must be reported to us within three days of delivery.",
)
TEXT = Style(Face.SERIF, 13, leading=1.45)
LABEL = Style(Face.SERIF_BOLD, 13)


def make(folder: Path) -> Sample:
    document = new_document("", "")
    frames = []
    for number, draw in enumerate((_draw_cover, _draw_order, _draw_terms), 1):
        sheet = new_sheet(document)
        sheet.text(
            40,
            26,
            f"{SENDER.upper()}   {DATE.upper()}   P.{number:02}/03",
            Style(Face.TYPEWRITER, 9, stroke=0.012),
        )
        draw(sheet)
        sheet.finish()
        frames.append(_send(render(sheet.page, DPI, gray=True), seed=number))
    frames[0].save(folder / "fax.tiff", save_all=True, append_images=frames[1:], compression="group4", dpi=(DPI, DPI))
    return Sample(
        file="fax.tiff",
        kind="fax",
        pages=3,
        labels=("1", "2", "3"),
        text=(
            "FAX",
            *(value for _, value in COVER[:5]),
            ORDER_NUMBER,
            *(item.name for item in ITEMS),
            f"{TOTAL:,}",
            DELIVERY,
            PAYMENT,
        ),
        questions=(
            *ask("Who sent the fax?", answers=(SENDER,), page=1),
            *ask("To whom is the fax addressed?", answers=(RECIPIENT, CONTACT), page=1),
            *ask("What is the fax number?", answers=(FAX_NUMBER,), page=1),
            *ask("What is the order number?", answers=(ORDER_NUMBER,), page=1, also_on=(2,)),
            *ask(
                "What is the total of the order?",
                "total amount?",
                answers=(f"{TOTAL:,}", f"£{TOTAL:,}"),
                page=2,
            ),
            *ask("How many bilge pumps were ordered?", answers=(str(ITEMS[2].quantity),), page=2),
            *ask("When will the goods be delivered?", "What is the delivery date?", answers=(DELIVERY,), page=3),
            *ask("What are the payment terms?", answers=(PAYMENT,), page=3),
            *unanswerable("What is the name of the bank?", "What is the tax rate?"),
        ),
        tables=(TableFacts(2, "Order", HEADER, ROWS),),
        reading_order=((RECIPIENT, DATE), (ITEMS[0].name, ITEMS[-1].name), (f"{TOTAL:,}", DELIVERY)),
    )


def _send(page: Image.Image, seed: int) -> Image.Image:
    gray = np.asarray(scan(page, SCANNER, seed))
    return Image.fromarray(gray > THRESHOLD)


def _draw_cover(sheet: Sheet) -> None:
    sheet.text(70, 130, "FAX", Style(Face.SANS_BOLD, 54))
    sheet.rule((70, 150), (A4[0] - 70, 150), 2.5)
    y = 200.0
    for label, value in COVER:
        sheet.text(70, y, f"{label}:", LABEL)
        sheet.text(170, y, value, TEXT)
        y += 30
    sheet.paragraph(
        70,
        y + 40,
        A4[0] - 140,
        "Thank you for your order. The list of goods and our terms follow on the next two pages.",
        TEXT,
    )


def _draw_order(sheet: Sheet) -> None:
    edges = (70.0, 135.0, 320.0, 365.0, 440.0, A4[0] - 70)
    sheet.text(70, 110, f"Order {ORDER_NUMBER}", Style(Face.SANS_BOLD, 20))
    y, height = 140.0, 28.0
    for row in (HEADER, *ROWS):
        style = LABEL if row is HEADER else TEXT
        for column, cell in enumerate(row):
            left, right = edges[column], edges[column + 1]
            sheet.box((left, y, right, y + height), color=(0.0, 0.0, 0.0), width=1)
            if column < 2:
                sheet.text(left + 7, y + 19, cell, style)
            else:
                sheet.text(right - 7, y + 19, cell, style, "right")
        y += height
    sheet.text(edges[4] - 7, y + 26, "Total", LABEL, "right")
    sheet.text(edges[5] - 7, y + 26, f"£{TOTAL:,}", LABEL, "right")


def _draw_terms(sheet: Sheet) -> None:
    sheet.text(70, 110, "Terms", Style(Face.SANS_BOLD, 20))
    y = 150.0
    for paragraph in TERMS:
        y = sheet.paragraph(70, y, A4[0] - 140, paragraph, TEXT) + 14
    sheet.text(70, y + 40, SENDER, LABEL)
