"""Headers and footers of the layout models are accepted only at the page's edge, and if they run through a document."""

from __future__ import annotations

import pytest

from cogdoc.documents.geometry import Box
from cogdoc.parsing.layout.running_headers import mark_running_headers
from cogdoc.parsing.page_text import Block, BlockKind, Line, PageText, TextOrigin, Word

PROSE = "the harbour master counted forty small boats on the quay"


def block(kind: BlockKind, text: str, box: tuple[float, float, float, float]) -> Block:
    return Block(kind, Box(*box), (Line((Word(text, Box(*box), 1.0),)),))


def kinds(
    blocks: list[Block], earlier: list[Block] | None = None, origin: TextOrigin = TextOrigin.TEXT_LAYER
) -> list[BlockKind]:
    """The kinds of a page's blocks; `earlier` are those of the page before, and a single page has none."""
    lines = tuple(line for each in blocks for line in each.lines)
    page_text = PageText(1, "1", 600, 800, 0, origin, lines)
    pages = [] if earlier is None else [[line for each in earlier for line in each.lines]]
    count = 1 if earlier is None else 2
    return [marked.kind for marked in mark_running_headers(blocks, page_text, pages, page_count=count)]


HEADER = block(BlockKind.HEADER, "Annual report", (50, 20, 150, 30))
BODY = block(BlockKind.TEXT, PROSE, (50, 60, 550, 700))
FOOTER = block(BlockKind.FOOTER, "Page 7", (280, 770, 320, 780))
EARLIER_FOOTER = block(BlockKind.FOOTER, "Page 6", (280, 770, 320, 780))


def lines_of_prose(last: str = PROSE, first: str = PROSE.capitalize(), count: int = 8) -> list[Block]:
    """A paragraph of `count` lines."""
    texts = [first, *[PROSE] * (count - 2), last]
    lines = [Line((Word(text, Box(50, 60.0 + 15 * row, 550, 70.0 + 15 * row), 1.0),)) for row, text in enumerate(texts)]
    return [Block(BlockKind.TEXT, Box(50, 60, 550, 55.0 + 15 * count), tuple(lines))]


@pytest.mark.parametrize("origin", [TextOrigin.TEXT_LAYER, TextOrigin.OCR])
def test_lines_that_an_earlier_page_has_too_stay_headers_and_footers(origin: TextOrigin) -> None:
    found = kinds([HEADER, *lines_of_prose(), FOOTER], [HEADER, EARLIER_FOOTER], origin)
    assert (found[0], found[-1]) == (BlockKind.HEADER, BlockKind.FOOTER)


@pytest.mark.parametrize("text", ["Quarterly report", "Total amount due: 312.40 EUR", "Annual"])
def test_line_that_no_earlier_page_has_is_text(text: str) -> None:
    line = block(BlockKind.HEADER, text, (50, 20, 150, 30))
    assert kinds([line, BODY], [HEADER, EARLIER_FOOTER]) == [BlockKind.TEXT, BlockKind.TEXT]


def test_same_line_in_another_place_is_text() -> None:
    lower = block(BlockKind.HEADER, "Annual report", (50, 90, 150, 100))
    assert kinds([HEADER, BODY], [lower]) == [BlockKind.TEXT, BlockKind.TEXT]


def test_single_page_has_neither_header_nor_footer() -> None:
    found = kinds([HEADER, *lines_of_prose(last="and slept."), block(BlockKind.FOOTER, "VAT 12", (50, 770, 150, 780))])
    assert found == [BlockKind.TEXT] * 3


@pytest.mark.parametrize("number", ["1", "- 7 -", "3/12", "iv", "12 | 30"])
def test_page_number_alone_in_its_row_is_a_footer(number: str) -> None:
    assert kinds([BODY, block(BlockKind.FOOTER, number, (280, 770, 320, 780))])[1] is BlockKind.FOOTER


@pytest.mark.parametrize("text", ["39.50", "2,140", "12345", "Total 39"])
def test_amount_at_the_end_of_a_page_is_text(text: str) -> None:
    assert kinds([BODY, block(BlockKind.FOOTER, text, (280, 770, 320, 780))])[1] is BlockKind.TEXT


def test_parts_beside_a_page_number_in_the_middle_of_the_page_are_footers() -> None:
    row = [
        block(BlockKind.FOOTER, text, (x, 770, x + 40, 780)) for text, x in [("Boats", 50), ("3", 280), ("May", 500)]
    ]
    assert kinds([BODY, *row])[1:] == [BlockKind.FOOTER] * 3


def test_number_beside_a_label_at_the_end_of_a_page_is_text() -> None:
    label = block(BlockKind.FOOTER, "Boats", (50, 770, 110, 780))
    assert kinds([BODY, label, block(BlockKind.FOOTER, "1", (280, 770, 320, 780))])[1:] == [BlockKind.TEXT] * 2


def test_single_page_with_the_number_of_a_later_page_has_headers() -> None:
    assert (
        kinds([HEADER, *lines_of_prose(), block(BlockKind.FOOTER, "17", (280, 770, 320, 780))])[0] is BlockKind.HEADER
    )


def test_unfinished_prose_alone_does_not_make_the_first_line_a_header() -> None:
    assert kinds([HEADER, *lines_of_prose(last="forty small boats and the")])[0] is BlockKind.TEXT


def test_header_below_text_is_text() -> None:
    inside = block(BlockKind.HEADER, "Annual report", (50, 300, 150, 310))
    assert kinds([BODY, inside], [inside]) == [BlockKind.TEXT, BlockKind.TEXT]


def test_header_is_text_on_a_page_without_other_text() -> None:
    assert kinds([HEADER], [HEADER]) == [BlockKind.TEXT]


def test_line_beside_a_footer_is_a_footer() -> None:
    revision = block(BlockKind.TEXT, "Revision 2", (50, 770, 110, 780))
    assert kinds([BODY, revision, FOOTER], [revision, FOOTER]) == [BlockKind.TEXT, BlockKind.FOOTER, BlockKind.FOOTER]


def test_vertical_line_in_the_margin_stays_a_header() -> None:
    stamp = block(BlockKind.HEADER, "Downloaded on Monday", (10, 200, 20, 500))
    assert kinds([BODY, stamp]) == [BlockKind.TEXT, BlockKind.HEADER]


def test_scanned_receipt_has_neither_header_nor_footer() -> None:
    shop = block(BlockKind.HEADER, "PEBBLE LANE", (200, 10, 400, 20))
    item = block(BlockKind.TEXT, "RYE LOAF", (50, 100, 300, 110))
    total = block(BlockKind.FOOTER, "362.50", (450, 780, 550, 790))
    assert set(kinds([shop, item, total], [shop, total], TextOrigin.OCR)) == {BlockKind.TEXT}
