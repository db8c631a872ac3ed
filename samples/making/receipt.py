"""Make a scanned receipt of a grocer's thermal printer: receipt.jpg."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import numpy as np

from samples.making.facts import Sample, TableFacts, ask, unanswerable
from samples.making.scanning import Scanner, scan
from samples.making.sheet import BLACK, WHITE, Face, Sheet, Style, new_document, new_sheet, render

DPI = 220
MARGIN = 16.0
ROLL = (226.0, 432.0)
"""Width and height of the paper in points (80 mm roll)."""

SHOP = "PEBBLE LANE GROCERS LTD"
ADDRESS = ("27 PEBBLE LANE", "ELMSWORTH EW4 2KD")
PHONE = "TEL 05550 482 917"
RECEIPT_NUMBER = "0042817"
DATE, TIME = "08/11/2024", "17:42"
CASHIER = "DORIT"
TAX_PERCENT = 8
CASH = Decimal("60.00")
GREETING = "THANK YOU - PLEASE COME AGAIN"


@dataclass(frozen=True, slots=True)
class Item:
    name: str
    quantity: int
    price: Decimal

    @property
    def amount(self) -> Decimal:
        return self.quantity * self.price


ITEMS = (
    Item("SEEDED RYE LOAF", 1, Decimal("3.85")),
    Item("OAT MILK 1L", 2, Decimal("2.10")),
    Item("BLOOD ORANGES 1KG", 1, Decimal("3.49")),
    Item("GOAT CHEESE 200G", 1, Decimal("5.25")),
    Item("OLIVE OIL 500ML", 1, Decimal("9.90")),
    Item("BROWN LENTILS", 3, Decimal("1.65")),
    Item("DARK CHOCOLATE", 2, Decimal("2.95")),
    Item("BEESWAX CANDLES", 1, Decimal("7.40")),
)
SUBTOTAL = sum((item.amount for item in ITEMS), Decimal(0))
TAX = (SUBTOTAL * TAX_PERCENT / 100).quantize(Decimal("0.01"), ROUND_HALF_UP)
TOTAL = SUBTOTAL + TAX
CHANGE = CASH - TOTAL

PRINT = Style(Face.PRINTER, 8.4, leading=1.42)
STRONG = Style(Face.PRINTER_BOLD, 11.5)


def make(folder: Path) -> Sample:
    document = new_document("", "")
    sheet = new_sheet(document, (ROLL[0] + 2 * MARGIN, ROLL[1] + 2 * MARGIN))
    _draw(sheet)
    picture = render(sheet.page, DPI, gray=True)
    scanner = Scanner(skew=2.1, blur=1.5, ink=88, paper=238, noise=5.5, shading=4, fading=0.42, dust=60)
    scan(picture, scanner, seed=27).save(folder / "receipt.jpg", quality=52, dpi=(DPI, DPI))
    return Sample(
        file="receipt.jpg",
        kind="receipt",
        text=(
            SHOP,
            *ADDRESS,
            PHONE,
            RECEIPT_NUMBER,
            DATE,
            TIME,
            *(item.name for item in ITEMS),
            *(f"{item.amount}" for item in ITEMS),
            f"{SUBTOTAL}",
            f"{TAX}",
            f"{TOTAL}",
            f"{CHANGE}",
        ),
        questions=(
            *ask(
                "What is the total?",
                "What is the total amount?",
                "How much was paid in all?",
                "grand total",
                answers=(f"{TOTAL}",),
            ),
            *ask("What is the subtotal?", answers=(f"{SUBTOTAL}",)),
            *ask("How much is the tax?", "What is the sales tax?", answers=(f"{TAX}",)),
            *ask("How much change was given?", "change?", answers=(f"{CHANGE}",)),
            *ask("How much cash was tendered?", answers=(f"{CASH}",)),
            *ask("What is the date of the receipt?", "When was this bought?", answers=(DATE,)),
            *ask("Which company issued the receipt?", "What is the name of the shop?", answers=(SHOP,)),
            *ask(
                "What is the address?",
                "Where is the shop?",
                answers=(", ".join(ADDRESS), " ".join(ADDRESS)),
            ),
            *ask("What is the receipt number?", answers=(RECEIPT_NUMBER,)),
            *ask("How much did the olive oil cost?", answers=(f"{ITEMS[4].amount}",)),
            *ask("Who was the cashier?", answers=(CASHIER,)),
            *unanswerable("What is the delivery address?", "What is the credit card number?", "How much was the tip?"),
        ),
        tables=(
            TableFacts(
                1,
                "Items",
                ("ITEM", "QTY", "AMOUNT"),
                tuple((item.name, str(item.quantity), f"{item.amount}") for item in ITEMS),
            ),
        ),
        reading_order=((SHOP, DATE), (ITEMS[0].name, ITEMS[-1].name), (ITEMS[-1].name, f"{TOTAL}")),
    )


def _draw(sheet: Sheet) -> None:
    width, height = ROLL
    sheet.box((0, 0, width + 2 * MARGIN, height + 2 * MARGIN), fill=(0.80, 0.80, 0.80))
    sheet.box((MARGIN, MARGIN, MARGIN + width, MARGIN + height), fill=WHITE)
    left, right, middle = MARGIN + 14, MARGIN + width - 14, MARGIN + width / 2
    y = MARGIN + 34
    sheet.text(middle, y, SHOP, STRONG, "center")
    for line in (*ADDRESS, PHONE):
        y += PRINT.line_height
        sheet.text(middle, y, line, PRINT, "center")
    y += 20
    sheet.text(left, y, f"RECEIPT NO {RECEIPT_NUMBER}", PRINT)
    sheet.text(right, y, f"CASHIER {CASHIER}", PRINT, "right")
    y += PRINT.line_height
    sheet.text(left, y, f"DATE {DATE}", PRINT)
    sheet.text(right, y, f"TIME {TIME}", PRINT, "right")
    y = _dashes(sheet, y, left, right)
    quantity_right = left + 138
    for name, quantity, amount in (
        ("ITEM", "QTY", "AMOUNT"),
        *((item.name, str(item.quantity), f"{item.amount}") for item in ITEMS),
    ):
        sheet.text(left, y, name, PRINT)
        sheet.text(quantity_right, y, quantity, PRINT, "right")
        sheet.text(right, y, amount, PRINT, "right")
        y += PRINT.line_height + 1
    y = _dashes(sheet, y - PRINT.line_height, left, right)
    for label, amount, style in (
        ("SUBTOTAL", f"{SUBTOTAL}", PRINT),
        (f"SALES TAX {TAX_PERCENT}%", f"{TAX}", PRINT),
        ("TOTAL", f"{TOTAL}", STRONG),
        ("CASH", f"{CASH}", PRINT),
        ("CHANGE", f"{CHANGE}", PRINT),
    ):
        y += 4 if style is STRONG else 0
        sheet.text(left, y, label, style)
        sheet.text(right, y, amount, style, "right")
        y += PRINT.line_height + (4 if style is STRONG else 1)
    y = _dashes(sheet, y - PRINT.line_height, left, right)
    sheet.text(middle, y + 2, GREETING, PRINT, "center")
    _barcode(sheet, middle, y + 18)
    sheet.finish()


def _dashes(sheet: Sheet, y: float, left: float, right: float) -> float:
    sheet.text((left + right) / 2, y + PRINT.line_height, "-" * 38, PRINT, "center")
    return y + 2.1 * PRINT.line_height


def _barcode(sheet: Sheet, middle: float, top: float) -> None:
    random = np.random.default_rng(int(RECEIPT_NUMBER))
    x = middle - 66
    while x < middle + 66:
        bar, gap = (float(value) * 1.1 for value in random.integers(1, 4, 2))
        sheet.box((x, top, x + bar, top + 34), fill=BLACK)
        x += bar + gap
