"""What made-up invoices, orders and delivery notes state: parties, numbers, dates, items and totals."""

from __future__ import annotations

import random
import string
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from cogdoc.text import has_unspaced
from training.form_pages import invented
from training.table_pages import OR

FOLDER = Path(__file__).parent / "invoices"

KINDS = ("invoice", "credit", "order", "delivery", "proforma")
KIND_WEIGHTS = (6, 1, 1, 1, 1)
REFERENCES = {
    "due": 0.5, "delivery_date": 0.4, "order_number": 0.4, "order_date": 0.25, "customer_number": 0.45,
    "contact": 0.4, "terms": 0.3, "buyer_vat": 0.15,
}  # fmt: skip
"""Fields near the number and the date, with the share of the pages that print them."""

ISSUER_FIELDS = {
    "phone": 0.6, "fax": 0.25, "email": 0.6, "website": 0.4, "bank": 0.45, "iban": 0.55, "bic": 0.45, "vat": 0.55,
    "tax_number": 0.35, "director": 0.35, "register": 0.3,
}  # fmt: skip
"""The same for what is printed about the issuer."""

NOT_ASKED = frozenset({"fax", "register"})
OFTEN, SELDOM = 0.4, 0.2
"""Shares of the pages that have something which not all have."""

MOST_PEOPLE = 5
ITEM_COUNTS = (1, 2, 2, 3, 3, 4, 5)


@dataclass(frozen=True, slots=True)
class Wording:
    """What pages and questions say in one language, as the files in `invoices/` list it."""

    decimal: str
    thousands: list[str]
    currencies: list[str]
    dates: list[str]
    months: list[str]
    rates: list[str]
    first_names: list[str]
    last_names: list[str]
    titles: list[str]
    companies: list[str]
    trades: list[str]
    towns: list[str]
    streets: list[str]
    places: list[str]
    iban: str
    vat: list[str]
    tax_number: list[str]
    """None where a company's tax number is its VAT number."""
    phones: list[str]
    register: str
    bank: list[str]
    domain: str
    intro: list[str]
    closing: list[str]
    pay_by: list[str]
    """Sentences that say until when to pay."""
    terms: list[str]
    products: list[str]
    units: list[str]
    labels: dict[str, list[str]]
    columns: dict[str, list[str]]
    questions: dict[str, list[str]]
    kinds: dict[str, dict[str, list[str]]]
    """Titles, labels and questions of each kind of document."""


@cache
def read_wording(language: str) -> Wording:
    raw = tomllib.loads((FOLDER / f"{language}.toml").read_text("utf-8"))
    return Wording(kinds={kind: raw.pop(kind) for kind in KINDS}, **raw)


@dataclass(frozen=True, slots=True)
class Party:
    name: str
    title: str
    """Before the name of a private person, or empty."""
    person: str
    """Whom a company's address names, or empty."""
    street: str
    town: str
    place: str
    """The town with its postal code."""

    def address(self, attention: str) -> list[str]:
        first = f"{self.title} {self.name}" if self.title else self.name
        return [first, *([attention.format(self.person)] if self.person else []), self.street, self.place]


@dataclass(frozen=True, slots=True)
class Contents:
    """What one document states, as it prints it."""

    kind: str
    seller: Party
    buyer: Party
    ship_to: Party | None
    references: dict[str, str]
    """By field, the number and the date first."""
    issuer: dict[str, str]
    items: dict[str, list[str]]
    """By column, from top to bottom."""
    totals: list[tuple[str, str]]
    """Labels and amounts."""
    answers: dict[str, str]
    """By field; wordings of an answer are joined with `OR`."""
    about: dict[str, str]
    """By field, what its question names: a product or a tax rate."""
    absent_product: str


class Draft:
    """Draws what one document states, in one language; answers are collected with it."""

    def __init__(self, generator: random.Random, wording: Wording) -> None:
        self.generator, self.wording = generator, wording
        self.kind = generator.choices(KINDS, KIND_WEIGHTS)[0]
        self.money, self.day = generator.choice(wording.currencies), generator.choice(wording.dates)
        self.thousands = generator.choice(wording.thousands)
        first = generator.sample(wording.first_names, MOST_PEOPLE)
        last = generator.sample(wording.last_names, MOST_PEOPLE)
        self.people = [
            other + one if has_unspaced(other) else f"{one} {other}" for one, other in zip(first, last, strict=True)
        ]
        self.towns = generator.sample(wording.towns, 3)
        self.absent_product, *self.products = generator.sample(wording.products, generator.choice(ITEM_COUNTS) + 1)
        self.answers: dict[str, str] = {}
        self.about: dict[str, str] = {}

    def contents(self) -> Contents:
        seller, buyer = self._company(), self._customer()
        ship_to = self._customer() if self.generator.random() < SELDOM else None
        references, issuer = self._references(), self._issuer(seller.town)
        items, totals = self._goods()
        self.answers |= {name: text for name, text in (references | issuer).items() if name not in NOT_ASKED}
        self.answers |= {"ask_number": self.answers.pop("number"), "ask_date": self.answers.pop("date")}
        for role, party in (("seller", seller), ("buyer", buyer)):
            name = f"{party.title} {party.name}{OR}{party.name}" if party.title else party.name
            self.answers |= {role: name, f"ask_{role}": name, f"{role}_city": f"{party.town}{OR}{party.place}"}
        if buyer.person:
            self.answers["buyer_person"] = buyer.person
        if ship_to:
            self.answers |= {"ship_name": ship_to.name, "ship_city": f"{ship_to.town}{OR}{ship_to.place}"}
            if self.kind == "delivery":
                del self.answers["ask_buyer"]  # The goods go to somebody else.
        return Contents(
            self.kind, seller, buyer, ship_to, references, issuer, items, totals, self.answers, self.about,
            self.absent_product,
        )  # fmt: skip

    def _company(self) -> Party:
        last, other = self.generator.sample(self.wording.last_names, 2)
        town = self.towns.pop()
        name = self._any(self.wording.companies).format(
            last=last, other=other, town=town, trade=self._any(self.wording.trades)
        )
        return Party(name, "", "", *self._address(town))

    def _customer(self) -> Party:
        if self.generator.random() < OFTEN:
            title = self._any(self.wording.titles) if self.generator.random() < OFTEN else ""
            return Party(self.people.pop(), title, "", *self._address(self.towns.pop()))
        company = self._company()
        person = self.people.pop() if self.generator.random() < OFTEN else ""
        return Party(company.name, "", person, company.street, company.town, company.place)

    def _address(self, town: str) -> tuple[str, str, str]:
        place = self._filled(self._any(self.wording.places)).format(town=town)
        return self._any(self.wording.streets).format(n=self.generator.randint(1, 99)), town, place

    def _references(self) -> dict[str, str]:
        generator = self.generator
        issued = date(generator.randint(2012, 2026), 1, 1) + timedelta(generator.randrange(365))
        days = generator.choice((8, 14, 30, 45, 60))
        values = {
            "number": self._identifier(),
            "date": self._date(issued),
            "due": self._date(issued + timedelta(days)),
            "delivery_date": self._date(issued - timedelta(generator.randint(1, 9))),
            "order_number": self._identifier(),
            "order_date": self._date(issued - timedelta(generator.randint(10, 40))),
            "customer_number": self._filled(generator.choice(("#####", "######", "K-####", "@@###"))),
            "contact": self.people.pop(),
            "terms": self._any(self.wording.terms).format(n=days),
            "buyer_vat": self._filled(self._any(self.wording.vat)),
        }
        unfit = {"delivery": ("due", "terms"), "credit": ("due", "terms"), "order": ("due", "order_date")}.get(
            self.kind, ()
        )
        drawn = [name for name, share in REFERENCES.items() if name not in unfit and generator.random() < share]
        generator.shuffle(drawn)
        return {name: values[name] for name in ("number", "date", *drawn)}

    def _issuer(self, town: str) -> dict[str, str]:
        slug = invented(self.generator).split()[0] + self.wording.domain
        values = {
            "phone": self._filled(self._any(self.wording.phones)),
            "fax": self._filled(self._any(self.wording.phones)),
            "email": f"{self.generator.choice(('info', 'office', 'mail'))}@{slug}",
            "website": f"www.{slug}",
            "bank": self._any(self.wording.bank),
            "iban": self._filled(self.wording.iban),
            "bic": self._filled(self.generator.choice(("@@@@@@##", "@@@@@@@@XXX", "@@@@@@##@@@"))),
            "vat": self._filled(self._any(self.wording.vat)),
            "director": self.people.pop(),
            "register": self._filled(self.wording.register).format(town=town),
        }
        if self.wording.tax_number:
            values["tax_number"] = self._filled(self._any(self.wording.tax_number))
        return {
            name: values[name]
            for name, share in ISSUER_FIELDS.items()
            if name in values and self.generator.random() < share
        }

    def _goods(self) -> tuple[dict[str, list[str]], list[tuple[str, str]]]:
        """Items by column, and totals."""
        generator, count = self.generator, len(self.products)
        quantities = generator.choices((1, 2, 3, 4, 5, 8, 10, 12, 25, 40), k=count)
        prices = [generator.choice((generator.randint(90, 5000), generator.randint(5000, 90000))) for _ in quantities]
        sums = [quantity * price for quantity, price in zip(quantities, prices, strict=True)]
        rates = self._rates()
        by_item = [rates[index % len(rates)] for index in range(count)] if rates else []
        units = [self._any(self.wording.units) for _ in quantities]
        has_currency, has_units = generator.random() < OFTEN, generator.random() < SELDOM
        written = self._amount if has_currency else self._bare
        columns = {
            "position": [str(index) for index in range(1, count + 1)],
            "article": [self._filled("@##-###") for _ in quantities],
            "description": self.products,
            "quantity": [f"{n} {unit}" if has_units else str(n) for n, unit in zip(quantities, units, strict=True)],
            "unit": [] if has_units else units,
            "price": [written(price) for price in prices],
            "rate": by_item,
            "amount": [written(one) for one in sums],
        }
        for name in ("position", "article", "unit", "rate"):
            if generator.random() < 0.5:
                columns[name] = []
        asked = generator.randrange(count)
        self.about |= dict.fromkeys(("price", "quantity", "amount"), self.products[asked])
        self.answers["quantity"] = columns["quantity"][asked] + (f"{OR}{quantities[asked]}" if has_units else "")
        if count == 1:
            self.answers["product"] = self.products[0]
        if self.kind == "delivery":
            columns |= {"price": [], "rate": [], "amount": []}
        else:
            for name, value in (("price", prices[asked]), ("amount", sums[asked])):
                self.answers[name] = f"{written(value)}{OR}{self._bare(value)}" if has_currency else written(value)
        bases = dict.fromkeys(rates, 0)
        for rate, one in zip(by_item, sums, strict=False):
            bases[rate] += one
        return {name: texts for name, texts in columns.items() if texts}, self._totals(sum(sums), bases)

    def _rates(self) -> list[str]:
        """Tax rates; none on a document that charges no tax."""
        generator = self.generator
        if generator.random() < SELDOM:
            return []
        count = 2 if len(self.products) > 1 and generator.random() < SELDOM else 1
        pattern = generator.choice(("{}%", "{} %"))
        return [pattern.format(rate) for rate in generator.sample(self.wording.rates, count)]

    def _totals(self, goods: int, bases: dict[str, int]) -> list[tuple[str, str]]:
        """Labels with amounts; `goods` and what is taxed at each rate are in hundredths."""
        if self.kind == "delivery":
            return []
        generator = self.generator
        values: dict[str, int] = {}
        if len(bases) <= 1:  # With several rates they would have to be split.
            if generator.random() < SELDOM:
                values["discount"] = goods // generator.choice((10, 20, 25))
            if generator.random() < SELDOM:
                values["shipping"] = 100 * generator.randint(4, 40)
        net = goods - values.get("discount", 0) + values.get("shipping", 0)
        rows = [(self._label(name), value) for name, value in values.items()]
        taxes = {rate: self._tax(net if len(bases) == 1 else base, rate) for rate, base in bases.items()}
        if taxes:
            label, (rate, tax) = self._label("tax"), next(iter(taxes.items()))
            rows += [(self._label("net"), net), *((label.format(one), value) for one, value in taxes.items())]
            values |= {"net": net, "tax" if len(taxes) == 1 else "tax_at": tax}
            if len(taxes) == 1:
                self.answers["rate"] = rate
            else:
                self.about["tax_at"] = rate
        values["gross"] = net + sum(taxes.values())
        rows.append((self._label("gross"), values["gross"]))
        if self.kind in ("invoice", "proforma"):
            values["payable"] = values["gross"]
            if generator.random() < SELDOM:
                values["deposit"] = values["gross"] // generator.choice((2, 3, 4))
                values["payable"] -= values["deposit"]
                rows += [
                    (self._label(name), values[of]) for name, of in (("deposit", "deposit"), ("balance", "payable"))
                ]
        self.answers |= {name: f"{self._amount(value)}{OR}{self._bare(value)}" for name, value in values.items()}
        return [(text, self._amount(value)) for text, value in rows]

    def _tax(self, net: int, rate: str) -> int:
        return round(net * float(rate.strip(" %").replace(",", ".")) / 100)

    def _amount(self, hundredths: int) -> str:
        return self.money.format(self._bare(hundredths))

    def _bare(self, hundredths: int) -> str:
        whole = f"{hundredths // 100:,}".replace(",", self.thousands)
        return f"{whole}{self.wording.decimal}{hundredths % 100:02}"

    def _date(self, day: date) -> str:
        return self.day.format(y=day.year, m=day.month, d=day.day, month=self.wording.months[day.month - 1])

    def _identifier(self) -> str:
        return self._filled(
            self.generator.choice(("#####", "##-####", "@@-######", "@#######", "####/##", "@@@ ####", "########"))
        )

    def _label(self, name: str) -> str:
        return self._any(self.wording.labels[name])

    def _any(self, texts: Sequence[str]) -> str:
        return self.generator.choice(texts)

    def _filled(self, pattern: str) -> str:
        """A pattern with its "#" replaced with digits and its "@" with capitals."""
        letters = {"#": string.digits, "@": string.ascii_uppercase}
        return "".join(self.generator.choice(letters[char]) if char in letters else char for char in pattern)
