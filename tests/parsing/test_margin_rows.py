"""A single page out of a publication has running headers and footers; a letter, bill or notice of one page has none."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from cogdoc.documents.geometry import Box, bounding_box
from cogdoc.parsing.layout.running_headers import mark_running_headers
from cogdoc.parsing.page_text import Block, BlockKind, Line, PageText, TextOrigin, Word

WIDTH, HEIGHT = 595.0, 842.0
HEADER, FOOTER, TEXT, PICTURE = BlockKind.HEADER, BlockKind.FOOTER, BlockKind.TEXT, BlockKind.PICTURE
PROSE = "the harbour master counted forty small boats on the quay that"
Part = tuple[str, float, float, BlockKind]
"""A text, where its line begins, and what the layout models take it for."""


def line(text: str, x: float, y: float, size: float = 10, width: float | None = None) -> Line:
    return Line((Word(text, Box(x, y, x + (width or 0.5 * size * len(text)), y + size), 1.0),))


def single(part: Part, size: float = 7.5) -> Block:
    text, x, y, kind = part
    written = line(text, x, y, size)
    return Block(kind, written.box, (written,))


def paragraph(x: float, y: float, count: int, width: float, *, ends: bool = True) -> Block:
    lines = [line(PROSE, x, y + 12 * row, width=width) for row in range(count)]
    lines[0] = line(PROSE.capitalize(), x, y, width=width)
    if ends:
        lines[-1] = line("and slept.", x, y + 12 * (count - 1))
    return Block(TEXT, bounding_box(each.box for each in lines), tuple(lines))


def columns() -> list[Block]:
    """Two columns of prose that fill a page."""
    return [
        paragraph(60, 70, 30, 225),
        paragraph(60, 440, 27, 225, ends=False),
        paragraph(310, 70, 28, 225),
        paragraph(310, 420, 29, 225),
    ]


def letter_body() -> list[Block]:
    return [
        *(
            single((text, 60, 130 + 13 * row, TEXT), 10)
            for row, text in enumerate(["Ada Merrow", "4 Mill Lane", "Ely"])
        ),
        paragraph(60, 210, 5, 470),
        paragraph(60, 285, 7, 470),
        single(("Yours faithfully,", 60, 400, TEXT), 10),
    ]


def table_body() -> list[Block]:
    rows = [
        line(f"Rope, ten metres   {number}   {number}2.50", 60, 200 + 16 * number, width=470) for number in range(12)
    ]
    return [
        single(("Customer: Ada Merrow", 60, 130, TEXT), 10),
        Block(BlockKind.TABLE, bounding_box(each.box for each in rows), tuple(rows)),
    ]


def omitted(parts: Sequence[Part], body: Sequence[Block], size: float = 7.5) -> set[str]:
    """The texts of the rows at the ends of a single page that Markdown leaves out."""
    blocks = [*(single(part, size) for part in parts), *body]
    lines = tuple(each for block in blocks for each in block.lines)
    page_text = PageText(1, "1", WIDTH, HEIGHT, 0, TextOrigin.TEXT_LAYER, lines)
    marked = mark_running_headers(blocks, page_text)[: len(parts)]
    return {part[0] for part, block in zip(parts, marked, strict=True) if block.kind in (HEADER, FOOTER)}


@pytest.mark.parametrize(
    "parts",
    [
        [("Journal of Tidal Rivers", 60, 30, HEADER), ("Volume 8 | Issue 3 | e2748", 400, 805, FOOTER)],
        [("OPEN ACCESS Freely available online", 60, 28, PICTURE), ("ISSN 1234-5678", 60, 805, TEXT)],
        [("Downloaded from www.tides.example on 4 May 2019", 180, 14, TEXT)],
        [("Download date: 28 Dec 2018", 60, 815, TEXT)],
        [("Tidal Rivers", 60, 30, HEADER), ("Page 12 of 40", 460, 805, FOOTER)],
    ],
)
def test_head_and_foot_of_a_page_of_prose_are_running(parts: list[Part]) -> None:
    assert omitted(parts, columns()) == {part[0] for part in parts}


@pytest.mark.parametrize(
    "text",
    [
        "Total amount due: 312.40 EUR",
        "Invoice 2024-118",
        "Ashcombe Ltd, 4 Mill Lane, Ely",
        "Dr. Ada Merrow",
        "Notice of meeting",
    ],
)
@pytest.mark.parametrize("kind", [HEADER, TEXT])
@pytest.mark.parametrize("body", [letter_body, table_body])
def test_first_line_of_a_letter_or_bill_is_text(text: str, kind: BlockKind, body: object) -> None:
    assert not omitted([(text, 60, 34, kind)], body(), size=10)  # type: ignore[operator]


@pytest.mark.parametrize(
    "text",
    [
        "Registered in Norwich",
        "IBAN GB12 ASHC 1234 5678",
        "Payment due by 28.10.2024",
        "Ashcombe Ltd · VAT GB 123456789",
        "Tel. 01353 123456 · info@ashcombe.example",
        "Sum payable: 99.40 €",
        "Signature",
    ],
)
@pytest.mark.parametrize("kind", [FOOTER, TEXT])
@pytest.mark.parametrize("body", [letter_body, table_body])
def test_last_line_of_a_letter_or_bill_is_text(text: str, kind: BlockKind, body: object) -> None:
    assert not omitted([(text, 60, 800, kind)], body(), size=8)  # type: ignore[operator]


def test_amount_over_a_page_of_prose_is_text() -> None:
    assert not omitted([("Total amount due: 312.40 EUR", 60, 34, TEXT)], columns(), size=10)


def test_title_over_a_page_of_prose_is_text() -> None:
    assert not omitted([("Lassa fever after the war", 60, 40, BlockKind.TITLE)], columns(), size=14)


def test_second_row_is_running_only_beyond_the_first() -> None:
    parts: list[Part] = [
        ("Total amount due: 312.40 EUR", 60, 20, TEXT),
        ("Journal of Tidal Rivers", 60, 40, TEXT),
    ]
    assert not omitted(parts, columns())
