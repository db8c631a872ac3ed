"""Make single pages up: some taken from publications, with rows that run through these, and letters, bills and notices.

Each page is a list of blocks as the layout models find them. They take most running rows for headers and footers, and
many first and last lines of letters as well.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from cogdoc.documents.geometry import Box, bounding_box
from cogdoc.parsing.page_text import Block, BlockKind, Line, PageText, TextOrigin, Word

WORDS = (
    "the", "harbour", "master", "counted", "boats", "on", "quay", "before", "noon", "and", "his", "clerk", "wrote",
    "each", "name", "into", "ledger", "of", "port", "while", "pilots", "waited", "for", "evening", "tide", "wind",
    "had", "turned", "north", "channel", "is", "narrow", "there", "in", "winter", "der", "Hafenmeister", "zählte",
    "die", "Boote", "am", "Kai", "vor", "Mittag", "und", "sein", "Schreiber", "trug", "jeden", "Namen", "ein", "le",
    "maître", "du", "port", "comptait", "les", "bateaux", "sur", "quai", "avant", "midi",
)  # fmt: skip
NAMES = (
    "Ashcombe", "Merrow", "Lindqvist", "Okafor", "Brandt", "Delacroix", "Ferreira", "Halvorsen", "Iwasaki", "Petrov",
)  # fmt: skip
PLACES = (
    "Ely", "Norwich", "Kiel", "Lyon", "Vigo", "Bergen", "Utrecht", "Graz", "Porto", "Leeds",
)  # fmt: skip
TOPICS = (
    "Harbour Ecology", "Coastal Engineering", "Small Vessels", "Tidal Rivers", "Port Economics", "Estuary Science",
)  # fmt: skip
LETTER_WIDTH = 0.48
"""Mean width of a letter by its font size."""

_HEADS = (
    "Journal of {topic}", "{name} et al. · {topic}", "{topic}", "{title}", "{topic}, Vol. {n}, No. {m}",
    "OPEN ACCESS", "{name} and {other}", "International Review of {topic}", "Chapter {m}: {title}",
    "RESEARCH ARTICLE", "{topic} {year}", "{topic} Annual Report {year}",
    "Downloaded from www.{web}.example on {m} May {year}", "Draft {m}.{d}", "{topic} | {title}", "Part {m}. {title}",
    "Exhibit {m}.{d}", "Supplement",
)  # fmt: skip
_FEET = (
    "© {year} {name} Press", "ISSN {n}00-{n}31", "doi:10.{n}00/{web}.{page}", "{topic} | www.{web}.example",
    "Volume {n} | Issue {m} | e{page}", "Version {m}.{d}", "{name} {title}", "{m} June {year}",
    "Download date: {m} Dec {year}", "{topic} – User Guide", "Published by {name} & Co.",
    "{topic} {n} ({year}) {page}–{page}", "Distributed under a Creative Commons licence", "www.{web}.example",
    "{topic} Working Paper No {n}",
)  # fmt: skip
_CONTROLS = (
    "Revision: {m}.{d}", "Rev. {letter}", "P/N {n}1-0{n}", "{m} June {year}", "Version {m}.{d}",
    "Document {letter}{letter}-{n}", "Page {page} of {page}9", "{page}", "{m}-{page}", "© {year} {name}",
    "{topic} Manual", "{name} {topic}", "Issue {m}, {year}", "Doc. No. {n}{n}", "Draft {m}", "www.{web}.example",
)  # fmt: skip
_LETTER_HEADS = (
    "{name} Ltd", "{name} & {other}", "{name} Ltd, {m} Mill Lane, {place}", "Dr. {name}",
    "{name} GmbH · Hafenstraße {m} · {place}", "www.{web}.example", "Tel. +44 {n}50 {n}3310",
    "Reference: {n}{m}/{d}", "{place}, {m} June {year}", "Total amount due: {n}.{d}0 EUR", "Invoice {year}-{n}1",
    "Account {n}{n}0", "URGENT", "Notice of meeting", "MEMORANDUM", "Certificate of attendance",
    "Policy number {n}{n}{n}", "{name} {other}", "Curriculum vitae", "Order {n}", "Delivery note", "Town of {place}",
    "Date: {m}/0{d}/{year}", "No. {n}{d}", "{place} Sailing Club", "FAX {n}0 {n}2 {m}:{n} {year} 001/004",
    "Page 1 of 1", "From: {name}   To: {other}   {n}0 {n}2", "Application form", "Balance {n}.{d}5",
    "Statement of account", "{title}", "Table {m}. {title}", "Figure {m}: {title}", "Final version", "Draft",
)  # fmt: skip
_LETTER_FEET = (
    "Registered in {place}", "{name} Ltd · VAT GB {n}{n}{n} · www.{web}.example", "IBAN GB{n} {n}00 {n}00 {n}00",
    "Tel. {n}50 {n}3310 · info@{web}.example", "Signed: {name}", "{name}, Director", "Enclosed: {m} copies",
    "Please reply within {m} days.", "Managing directors: {name}, {other}", "Signature", "Sum payable: {n}.{d}0 €",
    "Payment due by {m}.10.{year}", "Thank you for your business", "Company No. {n}{n}{n}",
    "With kind regards, {name}", "{m} Mill Lane, {place}", "Total due {n}.50", "All prices include VAT.",
    "Admission free", "Doors open at 19:00", "{place}, {m} May {year}", "Printed by {name}", "* Equal contribution",
    "January {m}, {year}", "{title}", "Total {n}{n}", "Contact: {name}, {n}50 {n}3310", "Name   Date",
    "CC: {name}, {other}", "{n} {n} {n}", "* {title}", "† {title}", "∗ {name} {title}.", "Table {m}. {title}",
    "Fig. {m}: {title}",
)  # fmt: skip


@dataclass(slots=True)
class MadePage:
    """A page in progress: `running` are the blocks that run through its publication."""

    rng: random.Random
    width: float = 595.0
    height: float = 842.0
    size: float = 10.0
    blocks: list[Block] = field(default_factory=list)
    running: list[Block] = field(default_factory=list)

    @property
    def page_text(self) -> PageText:
        lines = tuple(line for block in self.blocks for line in block.lines)
        return PageText(1, "1", self.width, self.height, 0, TextOrigin.TEXT_LAYER, lines)

    def filled(self, template: str) -> str:
        rng = self.rng
        return template.format(
            topic=rng.choice(TOPICS), name=rng.choice(NAMES), other=rng.choice(NAMES), place=rng.choice(PLACES),
            year=rng.randint(1985, 2024), n=rng.randint(11, 99), m=rng.randint(2, 28), d=rng.randint(1, 9),
            page=rng.randint(2, 400), letter=rng.choice("ABCDEFG"), title=self.words(rng.randint(2, 5)).capitalize(),
            web=rng.choice(NAMES).lower(),
        )  # fmt: skip

    def words(self, count: int) -> str:
        return " ".join(self.rng.choices(WORDS, k=count))

    def line(self, text: str, x: float, y: float, size: float, width: float | None = None) -> Line:
        return Line((Word(text, Box(x, y, x + (width or LETTER_WIDTH * size * len(text)), y + size), 1.0),))

    def row(
        self, texts: Sequence[str], y: float, size: float, kinds: Sequence[BlockKind], *, runs: bool = False
    ) -> None:
        """Texts side by side; each is taken for one of `kinds`."""
        places = ([self.rng.choice((0.1, 0.4, 0.7))], [0.1, 0.65], [0.1, 0.4, 0.75])[len(texts) - 1]
        for text, place in zip(texts, places, strict=True):
            line = self.line(text, place * self.width, y, size)
            self.blocks.append(Block(self.rng.choice(kinds), line.box, (line,)))
            if runs:
                self.running.append(self.blocks[-1])

    def paragraph(
        self, x: float, y: float, width: float, count: int, *, ends: bool = True, starts: bool = True
    ) -> float:
        """A paragraph; returns where the next one begins."""
        letters = int(width / LETTER_WIDTH / self.size)
        lines = []
        for number in range(count):
            text = self.words(letters // 5)[:letters].strip()
            text = text.capitalize() if starts and not number else text
            is_last = ends and number == count - 1
            shown = f"{text[: letters // 2].strip()}." if is_last else text
            lines.append(self.line(shown, x, y + 1.2 * self.size * number, self.size, None if is_last else width))
        self.blocks.append(Block(BlockKind.TEXT, bounding_box(line.box for line in lines), tuple(lines)))
        return y + 1.2 * self.size * count + self.rng.choice((0.2, 0.8)) * self.size


_RUNNING_HEADS = (BlockKind.HEADER,) * 8 + (BlockKind.TEXT, BlockKind.PICTURE, BlockKind.HEADING)
_RUNNING_FEET = (BlockKind.FOOTER,) * 9 + (BlockKind.TEXT,)
_OWN_HEADS = (BlockKind.HEADER,) * 3 + (
    BlockKind.HEADING,
    BlockKind.TITLE,
    BlockKind.TEXT,
    BlockKind.TEXT,
    BlockKind.PICTURE,
)
_OWN_FEET = (BlockKind.FOOTER,) * 4 + (BlockKind.TEXT,) * 3


def made_page(number: int) -> MadePage:
    """Page `number`, always the same one."""
    rng = random.Random(f"single page {number}")
    width, height = rng.choice([(595.0, 842.0), (612.0, 792.0), (482.0, 680.0)])
    page = MadePage(rng, width, height, rng.choice([8.0, 9.0, 10.0, 11.0, 12.0]))
    _KINDS[number % len(_KINDS)](page)
    return page


def _ends(page: MadePage, heads: Sequence[str], feet: Sequence[str]) -> tuple[float, float]:
    """Put running rows at the ends of a page; returns where its text begins and ends."""
    rng, size = page.rng, page.size * page.rng.choice((0.7, 0.8, 0.9, 1.0))
    top, bottom = rng.uniform(14, 52), page.height - rng.uniform(20, 50)
    folio = page.filled(rng.choice(("{page}", "{page}", "Page {page}", "– {page} –", "Page {m} of {n}")))
    if rng.random() < 0.8:
        texts = [page.filled(text) for text in rng.sample(heads, rng.choice((1, 1, 2)))]
        page.row(texts + [folio] * (rng.random() < 0.3), top, size, _RUNNING_HEADS, runs=True)
        if rng.random() < 0.15:
            page.row([page.filled(rng.choice(heads))], top + 1.3 * size, size, _RUNNING_HEADS, runs=True)
            top += 1.3 * size
    if rng.random() < 0.85:
        texts = [page.filled(text) for text in rng.sample(feet, rng.choice((0, 1, 1, 2)))]
        texts = texts + [folio] * (not texts or rng.random() < 0.4)
        page.row(rng.sample(texts, len(texts)), bottom - size, size, _RUNNING_FEET, runs=True)
        if rng.random() < 0.15:
            page.row([page.filled(rng.choice(feet))], bottom - 2.4 * size, size, _RUNNING_FEET, runs=True)
            bottom -= 1.4 * size
    return top + size + rng.uniform(6, 40), bottom - size - rng.uniform(6, 36)


def _publication(page: MadePage) -> None:
    rng = page.rng
    top, bottom = _ends(page, _HEADS, _FEET)
    if opens := rng.random() < 0.25:
        page.row([page.filled("{title}")], top, 1.7 * page.size, (BlockKind.TITLE, BlockKind.HEADING))
        page.row([page.filled("{name}, {other}")], top + 2.5 * page.size, page.size, (BlockKind.TEXT,))
        top += 5 * page.size
    elif rng.random() < 0.2:
        page.row([page.filled("{d} {title}")], top, 1.2 * page.size, (BlockKind.HEADING,))
        top += 2 * page.size
    count = rng.choice((1, 1, 2, 2, 3))
    width = (0.8 * page.width - 14 * (count - 1)) / count
    goes_on = rng.random() < 0.75
    for column in range(count):
        x, y = 0.1 * page.width + column * (width + 14), top
        is_last = column == count - 1 and not goes_on
        end = rng.uniform(0.5 * (top + bottom), bottom) if is_last else bottom
        while (room := int((end - y) / (1.2 * page.size))) > 2:
            lines = min(room, rng.randint(3, 14))
            reaches_end = room - lines < 3
            starts = y > top or (not column and (opens or rng.random() < 0.5))
            y = page.paragraph(
                x, y, width, room if reaches_end else lines, ends=is_last or not reaches_end, starts=starts
            )


def _own_paragraph(page: MadePage, y: float, count: int) -> float:
    """A paragraph over the width of the page; some are lists or addresses, which do not end as sentences do."""
    ends, starts = page.rng.random() < 0.8, page.rng.random() < 0.85
    return page.paragraph(0.1 * page.width, y, 0.8 * page.width, count, ends=ends, starts=starts)


def _manual(page: MadePage) -> None:
    top, bottom = _ends(page, _CONTROLS, _CONTROLS)
    _short_blocks(page, top, bottom)


def _short_blocks(page: MadePage, y: float, bottom: float) -> None:
    """Headings, steps, values and a little prose."""
    rng = page.rng
    while y < bottom - 6 * page.size:
        if rng.random() < 0.3:
            page.row([page.filled("{d}.{d} {title}")], y, 1.2 * page.size, (BlockKind.HEADING,))
            y += 2 * page.size
        elif rng.random() < 0.4:
            y = _own_paragraph(page, y, rng.randint(1, 5)) + page.size
        else:
            for number in range(rng.randint(1, 3)):
                page.row(
                    [f"{number + 1}. {page.words(rng.randint(2, 8))}"],
                    y,
                    page.size,
                    (BlockKind.LIST_ITEM, BlockKind.TEXT),
                )
                y += 1.5 * page.size


def _own_ends(page: MadePage) -> tuple[float, float]:
    """Put rows at the ends of a page that is a document of its own; returns where its text begins and ends."""
    rng = page.rng
    y, bottom = rng.uniform(14, 60), page.height - rng.uniform(22, 60)
    for _ in range(rng.choice((1, 1, 2))):
        texts = [page.filled(text) for text in rng.sample(_LETTER_HEADS, rng.choice((1, 1, 2)))]
        page.row(texts, y, page.size * rng.choice((0.8, 1, 1, 1.5)), _OWN_HEADS)
        y += 1.7 * page.size
    if rng.random() < 0.85:
        texts = [page.filled(text) for text in rng.sample(_LETTER_FEET, rng.choice((1, 1, 2)))]
        page.row(texts, bottom - page.size, page.size * rng.choice((0.7, 0.8, 1)), _OWN_FEET)
        bottom -= page.size
    return y + rng.uniform(10, 60), bottom - rng.uniform(10, 40)


def _letter(page: MadePage) -> None:
    rng = page.rng
    y, bottom = _own_ends(page)
    if rng.random() < 0.6:
        for text in ("{name} {other}", "{m} Quay Street", "{place}"):
            page.row([page.filled(text)], y, page.size, (BlockKind.TEXT,))
            y += 1.3 * page.size
        y += 2 * page.size
    end = rng.choice((bottom, rng.uniform(y, bottom)))
    while (room := int((end - y) / (1.2 * page.size))) > 3:
        y = _own_paragraph(page, y, min(room, rng.randint(2, 10)))


def _bill(page: MadePage) -> None:
    rng = page.rng
    y, bottom = _own_ends(page)
    for label in rng.sample(("Customer", "Address", "Reference", "Due date", "Contact", "Phone", "Terms"), 4):
        page.row([f"{label}: {page.filled('{name} {n}')}"], y, page.size, (BlockKind.TEXT,))
        y += 1.6 * page.size
    step = 1.6 * page.size
    rows: list[Line] = []
    for _ in range(max(3, min(rng.randint(3, 25), int((bottom - y) / step)))):
        text = f"{page.words(rng.randint(1, 4))}  {page.filled('{d}  {n}.{d}0')}"
        rows.append(page.line(text, 0.1 * page.width, y, page.size, 0.8 * page.width))
        y += step
    kind = rng.choice((BlockKind.TABLE, BlockKind.TABLE, BlockKind.TEXT))
    page.blocks.append(Block(kind, bounding_box(row.box for row in rows), tuple(rows)))


def _notice(page: MadePage) -> None:
    top, bottom = _own_ends(page)
    _short_blocks(page, top, page.rng.choice((bottom, (top + bottom) / 2)))


_KINDS: tuple[Callable[[MadePage], None], ...] = (_publication, _letter, _publication, _bill, _manual, _notice)
