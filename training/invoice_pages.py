"""Invoices, orders and delivery notes made up in many languages, with questions as people put them.

The wordings, one file a language, are in `invoices/`. Where the parties, the fields, the items and the totals are
differs from page to page.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from cogdoc.documents.geometry import Box, bounding_box
from cogdoc.parsing.page_text import Block, BlockKind, Cell, Line, PageLayout, Table
from training.invoice_contents import FOLDER, Contents, Draft, Wording, read_wording
from training.small_pages import LEADING, LINE_HEIGHT, laid_out, line_of_words
from training.table_pages import Example

PAGES_PER_LANGUAGE = 9
ASKED, ASKED_IN_VAIN = 8, 2
"""Questions for what a page prints, and for what it lacks."""

IN_ENGLISH = 0.25
"""Share of the questions about pages in other languages that are put in English."""

LEFT, CENTER, RIGHT = 40.0, 220.0, 360.0
COLUMN_GAP, BLOCK_GAP = 14.0, 14.0
MIN_WIDTH = 150.0
"""Of texts beside others."""

EDGES = {"left": LEFT, "center": CENTER, "right": RIGHT}
"""Of letterheads."""

ISSUER_PLACES = (*EDGES, "name alone", "beside", "beside", "one line", "footer", "labelled")
UNLABELLED = frozenset({"email", "website", "bank"})
"""Fields that are often printed without a label."""

ALSO_ANSWERS = {"due": "terms", "vat": "tax_number", "tax_number": "vat", "bank": "iban"}
"""What a page must lack as well if a field is asked for in vain."""

NEVER_IN_VAIN = frozenset({"ship_name", "ship_city", "tax_at", "product", "buyer_person", "order_date", "payable"})
"""Other texts of a page may answer for these."""


@dataclass(slots=True)
class Sheet:
    """A page that is filled from top to bottom."""

    top: float = LEFT
    blocks: list[Block] = field(default_factory=list)

    def put(self, *columns: tuple[float, Sequence[str]], kind: BlockKind = BlockKind.TEXT, split: bool = False) -> None:
        """Puts texts side by side, each a block or, if `split`, a block a row; "|" separates the columns of a text."""
        for x, texts in columns:
            rows = [_lines_of(row) for row in _grid(texts, x, self.top)]
            for lines in rows if split else [tuple(line for row in rows for line in row)]:
                if lines:
                    self.blocks.append(Block(kind, bounding_box(line.box for line in lines), lines))
        self.top += LEADING * max(len(texts) for _, texts in columns) + BLOCK_GAP

    def put_table(self, texts: Sequence[str]) -> None:
        """Puts a table whose cells "|" separates, under a row of titles."""
        cells = tuple(_grid(texts, LEFT, self.top))
        lines = tuple(line for row in cells for line in _lines_of(row))
        box = bounding_box(line.box for line in lines)
        self.blocks.append(Block(BlockKind.TABLE, box, lines, table=Table(box, cells)))
        self.top += LEADING * len(texts) + BLOCK_GAP


def invoice_pages() -> Iterator[Example]:
    """Questions with their page and answer; None if the page does not contain it."""
    generator = random.Random(6)
    for path in sorted(FOLDER.glob("*.toml")):
        wording = read_wording(path.stem)
        for _ in range(PAGES_PER_LANGUAGE):
            contents = Draft(generator, wording).contents()
            page = _page(generator, wording, contents)
            found = sorted(contents.answers)
            for name in generator.sample(found, min(ASKED, len(found))):
                question = _question(generator, wording, contents.kind, name)
                yield question.format(contents.about.get(name, "")), page, contents.answers[name]
            lacking = _lacking(wording, contents)
            for name in generator.sample(lacking, min(ASKED_IN_VAIN, len(lacking))):
                yield _question(generator, wording, contents.kind, name).format(contents.absent_product), page, None


def _question(generator: random.Random, wording: Wording, kind: str, name: str) -> str:
    asked = read_wording("en") if generator.random() < IN_ENGLISH else wording
    return generator.choice((asked.questions | asked.kinds[kind])[name])


def _lacking(wording: Wording, contents: Contents) -> list[str]:
    """Fields that a question may ask for in vain; prices and quantities are those of a product that is not listed."""
    of_product = {"price", "quantity", "amount"}
    unfit = NEVER_IN_VAIN | {name for name, other in ALSO_ANSWERS.items() if other in contents.answers}
    if contents.totals:
        unfit |= {"net", "tax", "rate"} if "tax_at" in contents.answers else {"net"}
    else:
        unfit -= {"payable"}
    return [name for name in wording.questions if name in of_product or name not in (unfit | contents.answers.keys())]


def _page(generator: random.Random, wording: Wording, contents: Contents) -> PageLayout:
    sheet, split = Sheet(), generator.random() < 0.3
    place = generator.choice(ISSUER_PLACES)
    of_issuer = _of_issuer(generator, wording, contents)
    seller = contents.seller.address("")
    in_head = generator.randint(0, len(of_issuer)) if place in EDGES else 0
    if place in EDGES:
        address = seller if generator.random() < 0.6 else [seller[0], ", ".join(seller[1:])]
        sheet.put((EDGES[place], [*address, *of_issuer[:in_head]]), split=split)
    elif place == "name alone":
        sheet.put((generator.choice(list(EDGES.values())), seller[:1]))
    title = generator.choice(wording.kinds[contents.kind]["title"])
    fields, sentences = dict(contents.references), generator.sample(wording.closing, generator.randint(0, 2))
    if generator.random() < 0.2:
        title += f" {fields.pop('number')}"
    if generator.random() < 0.2:
        day = fields.pop("date")
        sheet.put((RIGHT, [day if generator.random() < 0.5 else f"{contents.seller.town}, {day}"]))
    if "due" in fields and generator.random() < 0.3:
        sentences.insert(0, generator.choice(wording.pay_by).format(fields.pop("due")))
    references = _references(generator, wording, contents.kind, fields)
    is_beside = generator.random() < 0.4 and not (contents.ship_to and place == "labelled")
    is_title_first = generator.random() < 0.4
    if is_title_first:
        sheet.put((generator.choice((LEFT, RIGHT)), [title]), kind=BlockKind.HEADING)
    if place == "one line":
        sheet.put((LEFT, [generator.choice((" · ", ", ", " - ")).join(seller)]))
    sheet.put(*_addresses(generator, wording, contents, place, references if is_beside else []), split=split)
    if not is_title_first:
        sheet.put((LEFT, [title]), kind=BlockKind.HEADING)
    if references and not is_beside:
        sheet.put((LEFT, references), split=split)
    for text in generator.sample(wording.intro, generator.randint(0, 2)):
        sheet.put((LEFT, [text]))
    _put_items(generator, sheet, wording, contents)
    for text in sentences:
        sheet.put((LEFT, [text]))
    again = seller if place in ("name alone", "footer") or generator.random() < 0.3 else []
    _put_footer(generator, sheet, [*again, *of_issuer[in_head:]])
    return laid_out([line for block in sheet.blocks for line in block.lines], sheet.blocks)


def _addresses(
    generator: random.Random, wording: Wording, contents: Contents, place: str, beside: list[str]
) -> list[tuple[float, list[str]]]:
    """Who buys and who receives the goods, with what is beside them."""
    attention = generator.choice(wording.labels["attention"])
    buyer = contents.buyer.address(attention)
    end = generator.choice(("", ":"))
    is_labelled = place == "labelled" or contents.ship_to is not None or generator.random() < 0.35
    columns = [[generator.choice(wording.labels["buyer"]) + end, *buyer] if is_labelled else buyer]
    seller = contents.seller.address(attention)
    if place == "labelled":
        columns.insert(generator.choice((0, 0, 1)), [generator.choice(wording.labels["seller"]) + end, *seller])
    if contents.ship_to:
        columns.append([generator.choice(wording.labels["ship_to"]) + end, *contents.ship_to.address(attention)])
    if beside or place == "beside":
        columns.append([*(seller if place == "beside" else []), *beside])
    if len(columns) == 1:
        return [(generator.choice((LEFT, LEFT, RIGHT)), columns[0])]
    return _side_by_side(columns)


def _references(generator: random.Random, wording: Wording, kind: str, fields: dict[str, str]) -> list[str]:
    """The number, the date and the like, beside or below their labels."""
    labels = wording.labels | wording.kinds[kind]
    pairs = [(generator.choice(labels[name]), value) for name, value in fields.items()]
    if generator.random() < 0.3:
        generator.shuffle(pairs)
    style = generator.choice(("inline", "column", "plain column", "boxes", "pairs"))
    if style in ("boxes", "pairs"):
        width = 3 if style == "boxes" else 2
        groups = [pairs[start : start + width] for start in range(0, len(pairs), width)]
        if style == "pairs":
            return ["|".join(f"{label}:|{value}" for label, value in group) for group in groups]
        return ["|".join(texts) for group in groups for texts in zip(*group, strict=True)]
    between = {"inline": ": ", "column": ":|", "plain column": "|"}[style]
    return [f"{label}{between}{value}" for label, value in pairs]


def _of_issuer(generator: random.Random, wording: Wording, contents: Contents) -> list[str]:
    """Phone, bank account and the like, most with their labels."""
    between = generator.choice((": ", " ", ": "))
    return [
        value if name == "register" or (name in UNLABELLED and generator.random() < 0.5)
        else f"{generator.choice(wording.labels[name])}{between}{value}"
        for name, value in contents.issuer.items()
    ]  # fmt: skip


def _put_items(generator: random.Random, sheet: Sheet, wording: Wording, contents: Contents) -> None:
    """The items under their titles, and the totals, in the table or below it."""
    names = list(contents.items)
    if generator.random() < 0.3:
        names.sort(key=lambda name: name not in ("position", "quantity", "unit"))
    rows = ["|".join(generator.choice(wording.columns[name]) for name in names)]
    rows += ["|".join(cells) for cells in zip(*(contents.items[name] for name in names), strict=True)]
    totals = [f"{label}|{amount}" for label, amount in contents.totals]
    is_table, is_inside = generator.random() < 0.5, generator.random() < 0.4
    if is_inside:
        rows += ["|" * (len(names) - 2) + total for total in totals]
    if is_table:
        sheet.put_table(rows)
    else:
        sheet.put((LEFT, rows), split=generator.random() < 0.5)
    if totals and not is_inside:
        if generator.random() < 0.3:
            totals = [total.replace("|", generator.choice((": ", " "))) for total in totals]
        sheet.put((generator.choice((RIGHT, RIGHT, LEFT)), totals), split=generator.random() < 0.5)


def _put_footer(generator: random.Random, sheet: Sheet, texts: list[str]) -> None:
    """Up to three columns, or lines of several texts."""
    if not texts:
        return
    kind = generator.choice((BlockKind.TEXT, BlockKind.FOOTER))
    if generator.random() < 0.3:
        between = generator.choice((" | ", " · ", " – ")).replace("|", "/")
        sheet.put((LEFT, [between.join(texts[start : start + 3]) for start in range(0, len(texts), 3)]), kind=kind)
        return
    length = -(-len(texts) // generator.randint(1, 3))
    columns = [texts[start : start + length] for start in range(0, len(texts), length)]
    sheet.put(*_side_by_side(columns), kind=kind)


def _side_by_side(columns: Sequence[list[str]]) -> list[tuple[float, list[str]]]:
    """Columns of texts with their left edges."""
    widths = [max(MIN_WIDTH, *map(_width, texts)) for texts in columns]
    return [(LEFT + sum(widths[:index]) + index * COLUMN_GAP, texts) for index, texts in enumerate(columns)]


def _grid(texts: Sequence[str], left: float, top: float) -> list[tuple[Cell, ...]]:
    """The cells of texts, whose columns are as wide as the widest text in them."""
    rows = [[cell.strip() for cell in text.split("|")] for text in texts]
    count = max(map(len, rows))
    widths = [max(_width(row[column]) for row in rows if column < len(row)) for column in range(count)]
    edges = [left + sum(widths[:column]) + COLUMN_GAP * column for column in range(count)]
    return [
        tuple(
            Cell(text, Box(x, top + LEADING * index, x + width, top + LEADING * index + LINE_HEIGHT))
            for text, x, width in zip(row, edges, widths, strict=False)
        )
        for index, row in enumerate(rows)
    ]


def _width(text: str) -> float:
    return line_of_words(text, 0.0, 0.0).box.x1 if text else 0.0


def _lines_of(row: Sequence[Cell]) -> tuple[Line, ...]:
    return tuple(line_of_words(cell.text, cell.box.x0, cell.box.y0) for cell in row if cell.box and cell.text)
