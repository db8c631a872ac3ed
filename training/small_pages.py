"""Small pages made up with questions that are easy to get wrong: which column is meant, and labels that are not there.

A statement without a period means the latest one. A label that shares only a word with the one that is asked for is not
its label: "share capital" is no "working capital", the engine's serial number is not that of the machine.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from cogdoc.documents.geometry import Box, bounding_box
from cogdoc.parsing.page_text import Block, BlockKind, Cell, Line, PageLayout, PageText, Table, TextOrigin, Word

LINE_HEIGHT, LEADING, GAP = 12.0, 18.0, 4.0
LATIN_WIDTH, WIDE_WIDTH = 6.0, 12.0
COLUMNS = (40.0, 240.0, 340.0, 440.0)
PAGES_OF_EACH_KIND = 25

STATEMENT_LABELS = (
    "Revenue", "Cost of sales", "Gross profit", "Net income", "Net finance cost", "Share capital", "Working capital",
    "Retained earnings", "Trade receivables", "Trade payables", "Total assets", "Total liabilities", "Income tax",
    "Deferred tax", "Inventories", "Operating income", "Operating expenses", "Umsatzerlöse", "Materialaufwand",
    "Chiffre d'affaires", "Dettes fournisseurs",
)  # fmt: skip
FORM_LABELS = (
    "Serial number", "Engine number", "Order number", "Invoice number", "Customer number", "Delivery date",
    "Order date", "Payment date", "Expiry date", "Contact person", "Project manager", "Account number", "Net weight",
    "Gross weight", "Rechnungsnummer", "Kundennummer", "Lieferdatum", "Numéro de commande", "Date de livraison",
)  # fmt: skip
CHINESE_LABELS = (
    "开票日期",
    "付款日期",
    "发货日期",
    "合同编号",
    "订单编号",
    "发票号码",
    "经办人",
    "审核人",
    "开户银行",
)
ROLES = ("executive", "financial", "operating", "marketing", "technology", "legal")
COMPANIES = ("Varnholt Engines Ltd", "Orchard & Penn", "Tiefbau Kranich GmbH", "Maison Delorme", "Lumen Paper Co.")
LETTERS = (
    ("Ms", "Dear Ms {},", "Yours sincerely,", (
        "Who signed the letter?", "Which company sent the letter?", "Who is the letter addressed to?",
        "At which company is the recipient?")),
    ("Mr", "Dear Mr {}:", "Best regards,", (
        "Who wrote this letter?", "Who is the sender of the letter?", "To whom was the letter sent?",
        "What is the company of the recipient?")),
    ("Herrn", "Sehr geehrter Herr {},", "Mit freundlichen Grüßen", (
        "Wer hat den Brief unterschrieben?", "Welche Firma hat den Brief geschickt?", "An wen ist der Brief gerichtet?",
        "Bei welcher Firma ist der Empfänger?")),
    ("Mme", "Chère Madame {},", "Cordialement,", (
        "Qui a signé la lettre ?", "Quelle entreprise a envoyé la lettre ?", "À qui la lettre est-elle adressée ?",
        "Quelle est la société du destinataire ?")),
)  # fmt: skip
"""Title of the recipient, salutation, closing, and questions for writer, sender, recipient and the latter's company."""

NO_TOTALS = ("What is the total?", "What is the total amount?", "How much is to be paid?", "What is the subtotal?")
"""Questions for what letters, envelopes and labels do not have."""

NAMES = ("Ingrid Halvane", "Peter Oster", "Mara Lindt", "Jonas Reed", "Ada Birk", "Tom Ferris", "Li Wen", "Ana Prado")


def small_pages() -> Iterator[tuple[str, PageLayout, str | None]]:
    """Questions with their page and answer; None if the page does not contain it."""
    generator = random.Random(1)
    for _ in range(PAGES_OF_EACH_KIND):
        yield from _statement(generator)
        yield from _form(generator, FORM_LABELS, "What is the {}?")
        yield from _form(generator, CHINESE_LABELS, "{}是什么？")
        yield from _officers(generator)
        yield from _letter(generator)
        yield from _envelope(generator)
        yield from _label(generator)


def _statement(generator: random.Random) -> Iterator[tuple[str, PageLayout, str | None]]:
    *labels, absent = generator.sample(STATEMENT_LABELS, generator.randint(3, 7))
    year = generator.randint(1995, 2025)
    years = [str(year), str(year - 1)] if generator.random() < 0.5 else [str(year - 1), str(year)]
    numbers = {label: [f"{generator.randint(100, 99999):,}" for _ in years] for label in labels}
    texts = [" |" + "|".join(years), *(f"{label}|{'|'.join(numbers[label])}" for label in labels)]
    page = table_page(texts) if generator.random() < 0.7 else text_page(texts)
    asked = generator.choice(labels)
    yield f"What is the {asked.lower()}?", page, numbers[asked][years.index(str(year))]
    column = generator.randrange(2)
    yield f"What was the {asked.lower()} in {years[column]}?", page, numbers[asked][column]
    yield f"What is the {absent.lower()}?", page, None


def _form(
    generator: random.Random, labels: Sequence[str], wording: str
) -> Iterator[tuple[str, PageLayout, str | None]]:
    *printed, absent = generator.sample(labels, generator.randint(3, 6))
    values = {label: _value(generator, label) for label in printed}
    form = [f"{label}: {value}" if generator.random() < 0.5 else f"{label}|{value}" for label, value in values.items()]
    asked = generator.choice(printed)
    page = text_page(form)
    yield wording.format(asked.lower()), page, values[asked]
    yield wording.format(absent.lower()), page, None
    if wording.isascii():
        yield wording.format(f"{asked.lower()} of the {generator.choice(('engine', 'trailer', 'pump'))}"), page, None


def _value(generator: random.Random, label: str) -> str:
    low = label.lower()
    if "date" in low or "datum" in low or "日期" in low:
        day, month, year = generator.randint(1, 28), generator.randint(1, 12), generator.randint(2005, 2025)
        return f"{year}年{month:02}月{day:02}日" if "日期" in low else f"{day:02}.{month:02}.{year}"
    if "person" in low or "manager" in low or "人" in low:
        return generator.choice(("王小明", "李建国", "陈晓红")) if "人" in low else generator.choice(NAMES)
    if "weight" in low:
        return f"{generator.randint(3, 900)} kg"
    return f"{generator.choice('ABKXT')}{generator.randint(100, 999)}-{generator.randint(1000, 99999)}"


def _officers(generator: random.Random) -> Iterator[tuple[str, PageLayout, str | None]]:
    *roles, absent = generator.sample(ROLES, generator.randint(3, 5))
    people = dict(zip(roles, generator.sample(NAMES, len(roles)), strict=True))
    page = text_page([f"{name}|Chief {role.capitalize()} Officer" for role, name in people.items()])
    asked = generator.choice(roles)
    yield f"Who is the chief {asked} officer?", page, people[asked]
    yield f"Who is the chief {absent} officer?", page, None


def _letter(generator: random.Random) -> Iterator[tuple[str, PageLayout, str | None]]:
    sender, company = generator.sample(COMPANIES, 2)
    writer, reader = generator.sample(NAMES, 2)
    title, salutation, closing, questions = generator.choice(LETTERS)
    head = [sender, f"{generator.randint(1, 99)} Hill Road, {generator.randint(10000, 99999)} Easton"]
    window = [f"{title} {reader}", company, f"{generator.randint(1, 99)} Mill Lane", "20457 Weston"]
    date = f"{generator.randint(1, 28)} {generator.choice(('March', 'May'))} 2021"
    text = ["We have received the order of last week and thank you for it.", "The goods leave our house on Monday."]
    if generator.random() < 0.5:
        text.append(f"A deposit of ${generator.randint(1, 90) * 500:,} was agreed upon when we met.")
    blocks = [head, window, [date], [salutation.format(reader.split()[-1])], text, [closing], [""], [writer]]
    if generator.random() < 0.5:
        blocks.append([generator.choice(("Managing Director", "Sales Manager"))])
    page = text_page([line for block in blocks for line in (*block, "")])
    answers = (writer, sender, reader, company)
    yield from ((question, page, answer) for question, answer in zip(questions, answers, strict=True))
    yield generator.choice(NO_TOTALS), page, None


def _envelope(generator: random.Random) -> Iterator[tuple[str, PageLayout, str | None]]:
    """Two addresses: nobody sells anything, and no number is an amount."""
    lines = [
        [name, f"{generator.randint(1, 99)} {street}", f"{town} {generator.randint(10000, 99999)}", ""]
        for name, street, town in zip(
            generator.sample((*NAMES, *COMPANIES), 2), ("Hill Road", "Mill Lane"), ("Easton", "Weston"), strict=True
        )
    ]
    page = text_page([line for address in lines for line in address])
    yield generator.choice(NO_TOTALS), page, None
    yield generator.choice(("What is the name of the shop?", "Who is the merchant?", "Which store is it?")), page, None


def _label(generator: random.Random) -> Iterator[tuple[str, PageLayout, str | None]]:
    """The contents of a food: "total fat" is no total."""
    names = generator.sample(("Total fat", "Total carbohydrate", "Total sugars", "Protein", "Sodium", "Fibre"), 4)
    amounts = [f"{generator.randint(1, 60)} {'mg' if name == 'Sodium' else 'g'}" for name in names]
    page = text_page(["Per serving", *(f"{name}|{amount}" for name, amount in zip(names, amounts, strict=True))])
    yield generator.choice(NO_TOTALS), page, None
    yield f"What is the amount of {names[0].lower()}?", page, amounts[0]


def text_page(texts: Sequence[str]) -> PageLayout:
    """A page of rows, whose columns "|" separates."""
    lines = _lines(texts)
    return laid_out(lines, [Block(BlockKind.TEXT, one.box, (one,)) for one in lines])


def table_page(texts: Sequence[str]) -> PageLayout:
    """A page with one table, whose cells "|" separates."""
    lines = _lines(texts)
    edges = (*COLUMNS, COLUMNS[-1] + 100.0)
    cells = tuple(
        tuple(
            Cell(part.strip(), Box(edges[column], _top(row), edges[column + 1] - GAP, _top(row) + LINE_HEIGHT))
            for column, part in enumerate(text.split("|"))
        )
        for row, text in enumerate(texts)
    )
    box = bounding_box(one.box for one in lines)
    return laid_out(lines, [Block(BlockKind.TABLE, box, tuple(lines), table=Table(box, cells))])


def laid_out(lines: Sequence[Line], blocks: Sequence[Block]) -> PageLayout:
    """A page of blocks with their lines."""
    text = PageText(
        number=1, label="1", width=600.0, height=800.0, turned=0, origin=TextOrigin.TEXT_LAYER, lines=tuple(lines)
    )
    return PageLayout(text, tuple(blocks))


def _top(row: int) -> float:
    return 40.0 + LEADING * row


def _lines(texts: Sequence[str]) -> list[Line]:
    return [
        line_of_words(part, COLUMNS[column], _top(row))
        for row, text in enumerate(texts)
        for column, part in enumerate(text.split("|"))
        if part.strip()
    ]


def line_of_words(text: str, x: float, y: float) -> Line:
    """A line that begins at a point."""
    words = []
    for word in text.split():
        width = sum(LATIN_WIDTH if char < "\u2e80" else WIDE_WIDTH for char in word)
        words.append(Word(word, Box(x, y, x + width, y + LINE_HEIGHT), 1.0))
        x += width + GAP
    return Line(tuple(words))
