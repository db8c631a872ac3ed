"""Make a long screenshot of a shop's order history on a phone, with much small print: screenshot.png."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import numpy as np

from samples.making.facts import Sample, ask, unanswerable
from samples.making.sheet import WHITE, Color, Face, Sheet, Style, new_document, new_sheet, render

WIDTH = 360.0
"""Points of three pixels each, as on a phone of 1080 pixels."""
DPI = 216
ORDERS = 13
SHOP = "Thistle & Twine"
CATALOGUE: tuple[tuple[str, str], ...] = (
    ("Linen apron, moss", "28.50"),
    ("Cotton twine, 50 m", "4.20"),
    ("Enamel watering can", "34.90"),
    ("Seed packet, sweet pea", "2.75"),
    ("Pruning shears", "22.40"),
    ("Clay pot, 18 cm", "7.60"),
    ("Bamboo stakes, set of 10", "5.95"),
    ("Potting soil, 20 l", "9.30"),
    ("Garden gloves, size M", "11.80"),
    ("Bee hotel, cedar", "26.00"),
    ("Plant labels, slate", "8.45"),
    ("Rain gauge, brass", "19.99"),
)
STATUSES = ("Delivered", "Delivered", "Delivered", "Returned", "Cancelled")
SHIPPING = Decimal("3.90")


@dataclass(frozen=True, slots=True)
class Item:
    name: str
    quantity: int
    price: Decimal

    @property
    def amount(self) -> Decimal:
        return self.quantity * self.price


@dataclass(frozen=True, slots=True)
class Order:
    number: str
    day: date
    status: str
    tracking: str
    items: tuple[Item, ...]

    @property
    def total(self) -> Decimal:
        return sum((item.amount for item in self.items), SHIPPING)

    @property
    def printed_day(self) -> str:
        return f"{self.day.day} {self.day:%B %Y}"


def _orders() -> tuple[Order, ...]:
    """Random orders from a fixed seed, newest first."""
    random = np.random.default_rng(1080)
    day = date(2024, 11, 28)
    orders = []
    for index in range(ORDERS):
        picks = random.choice(len(CATALOGUE), size=int(random.integers(2, 5)), replace=False)
        items = tuple(
            Item(CATALOGUE[pick][0], int(random.integers(1, 4)), Decimal(CATALOGUE[pick][1])) for pick in picks
        )
        orders.append(
            Order(
                number=f"TT-{60418 - 37 * index}",
                day=day,
                status="On its way" if index == 0 else STATUSES[int(random.integers(len(STATUSES)))],
                tracking=f"PX{int(random.integers(10**8, 10**9))}",
                items=items,
            )
        )
        day -= timedelta(days=int(random.integers(5, 25)))
    return tuple(orders)


HISTORY = _orders()
FOOTER = "Prices include VAT. Returns within 30 days of delivery."

INK: Color = (0.12, 0.14, 0.13)
GRAY: Color = (0.46, 0.49, 0.47)
GREEN: Color = (0.16, 0.42, 0.30)
RED: Color = (0.72, 0.22, 0.18)
GROUND: Color = (0.95, 0.96, 0.95)
NAME = Style(Face.SANS, 11, INK)
STRONG = Style(Face.SANS_BOLD, 12, INK)
FINE = Style(Face.SANS, 8.5, GRAY)

TOP, GAP, PAD = 118.0, 10.0, 14.0


def make(folder: Path) -> Sample:
    heights = [_card_height(order) for order in HISTORY]
    document = new_document("", "")
    sheet = new_sheet(document, (WIDTH, TOP + sum(heights) + GAP * len(heights) + 56))
    _draw(sheet, heights)
    render(sheet.page, DPI).save(folder / "screenshot.png")
    first, middle, last = HISTORY[0], HISTORY[ORDERS // 2], HISTORY[-1]
    return Sample(
        file="screenshot.png",
        kind="screenshot",
        text=(
            SHOP,
            "Order history",
            FOOTER,
            *(order.number for order in HISTORY),
            *(order.printed_day for order in HISTORY),
            *(f"€{order.total}" for order in HISTORY),
            *(order.tracking for order in HISTORY),
        ),
        questions=(
            *(
                question
                for order in (first, middle, last)
                for question in (
                    *ask(
                        f"What is the total of order {order.number}?",
                        answers=(f"€{order.total}", f"{order.total}"),
                    ),
                    *ask(f"When was order {order.number} placed?", answers=(order.printed_day,)),
                    *ask(f"What is the tracking number of order {order.number}?", answers=(order.tracking,)),
                )
            ),
            *ask(f"What is the status of order {middle.number}?", answers=(middle.status,)),
            *ask("Within how many days can goods be returned?", answers=("30", "30 days")),
            *unanswerable("What is the customer's phone number?", "What is the total of order TT-99999?"),
        ),
        reading_order=tuple((earlier.number, later.number) for earlier, later in pairwise(HISTORY)),
    )


def _card_height(order: Order) -> float:
    return 108.0 + 19 * len(order.items)


def _draw(sheet: Sheet, heights: list[float]) -> None:
    height = float(sheet.page.rect.height)
    sheet.box((0, 0, WIDTH, height), fill=GROUND)
    sheet.box((0, 0, WIDTH, 76), fill=GREEN)
    sheet.text(PAD, 17, "9:41", Style(Face.SANS_BOLD, 10, WHITE))
    sheet.text(WIDTH - PAD, 17, "82%", Style(Face.SANS, 10, WHITE), "right")
    sheet.text(PAD, 42, SHOP, Style(Face.SANS, 10, WHITE))
    sheet.text(PAD, 63, "Order history", Style(Face.SANS_BOLD, 18, WHITE))
    sheet.box((0, 76, WIDTH, 108), fill=WHITE)
    for x, tab in ((PAD, "All orders"), (116, "Open"), (176, "Returns"), (252, "Invoices")):
        sheet.text(x, 96, tab, NAME.colored(GREEN if tab == "All orders" else GRAY))
    sheet.box((PAD, 105, PAD + 52, 108), fill=GREEN)
    y = TOP
    for order, card in zip(HISTORY, heights, strict=True):
        _draw_order(sheet, order, y, card)
        y += card + GAP
    sheet.text(WIDTH / 2, y + 18, FOOTER, FINE, "center")
    sheet.text(WIDTH / 2, y + 31, "You have reached the end of your history.", FINE, "center")
    sheet.finish()


def _draw_order(sheet: Sheet, order: Order, top: float, height: float) -> None:
    left, right = 10.0 + PAD, WIDTH - 10 - PAD
    sheet.box((10, top, WIDTH - 10, top + height), fill=WHITE, radius=0.06)
    sheet.text(left, top + 24, f"Order {order.number}", STRONG)
    has_failed = order.status in ("Returned", "Cancelled")
    sheet.text(right, top + 24, order.status, Style(Face.SANS_BOLD, 10, RED if has_failed else GREEN), "right")
    sheet.text(left, top + 38, order.printed_day, FINE.sized(9.5))
    sheet.rule((left, top + 46), (right, top + 46), 0.5, (0.86, 0.88, 0.86))
    y = top + 62
    for item in order.items:
        sheet.text(left, y, f"{item.quantity} × {item.name}", NAME)
        sheet.text(right, y, f"€{item.amount}", NAME, "right")
        y += 19
    sheet.text(left, y, "Shipping", NAME.colored(GRAY))
    sheet.text(right, y, f"€{SHIPPING}", NAME.colored(GRAY), "right")
    y += 22
    sheet.text(left, y, "Total", STRONG)
    sheet.text(right, y, f"€{order.total}", STRONG, "right")
    sheet.text(left, y + 14, f"Parcel {order.tracking}", FINE)
