"""Headers and footers of the layout models are accepted only at the page's edge, apart from the text."""

from __future__ import annotations

import pytest

from cogdoc.documents.geometry import Box
from cogdoc.parsing.layout.running_headers import mark_running_headers
from cogdoc.parsing.page_text import Block, BlockKind, Line, PageText, TextOrigin, Word

PROSE = "the harbour master counted forty small boats on the quay"


def block(kind: BlockKind, text: str, box: tuple[float, float, float, float]) -> Block:
    return Block(kind, Box(*box), (Line((Word(text, Box(*box), 1.0),)),))


def kinds(blocks: list[Block], origin: TextOrigin = TextOrigin.TEXT_LAYER) -> list[BlockKind]:
    lines = tuple(line for each in blocks for line in each.lines)
    page_text = PageText(1, "1", 600, 800, 0, origin, lines)
    return [marked.kind for marked in mark_running_headers(blocks, page_text)]


HEADER = block(BlockKind.HEADER, "Annual report", (50, 20, 150, 30))
BODY = block(BlockKind.TEXT, PROSE, (50, 60, 550, 700))
FOOTER = block(BlockKind.FOOTER, "Page 7", (280, 770, 320, 780))


@pytest.mark.parametrize("origin", [TextOrigin.TEXT_LAYER, TextOrigin.OCR])
def test_lines_at_the_edges_apart_from_the_text_stay_headers_and_footers(origin: TextOrigin) -> None:
    body = [block(BlockKind.TEXT, PROSE, (50, 60.0 + 20 * row, 550, 70.0 + 20 * row)) for row in range(8)]
    found = kinds([HEADER, *body, FOOTER], origin)
    assert (found[0], found[-1]) == (BlockKind.HEADER, BlockKind.FOOTER)


def test_header_below_text_is_text() -> None:
    inside = block(BlockKind.HEADER, "Annual report", (50, 300, 150, 310))
    assert kinds([BODY, inside]) == [BlockKind.TEXT, BlockKind.TEXT]


def test_header_is_text_on_a_page_without_other_text() -> None:
    assert kinds([HEADER]) == [BlockKind.TEXT]


def test_line_beside_a_footer_is_a_footer() -> None:
    revision = block(BlockKind.TEXT, "Revision 2", (50, 770, 110, 780))
    assert kinds([BODY, revision, FOOTER]) == [BlockKind.TEXT, BlockKind.FOOTER, BlockKind.FOOTER]


def test_vertical_line_in_the_margin_stays_a_header() -> None:
    stamp = block(BlockKind.HEADER, "Downloaded on Monday", (10, 200, 20, 500))
    assert kinds([BODY, stamp]) == [BlockKind.TEXT, BlockKind.HEADER]


def test_scanned_receipt_has_neither_header_nor_footer() -> None:
    shop = block(BlockKind.HEADER, "PEBBLE LANE", (200, 10, 400, 20))
    item = block(BlockKind.TEXT, "RYE LOAF", (50, 100, 300, 110))
    total = block(BlockKind.FOOTER, "362.50", (450, 780, 550, 790))
    assert set(kinds([shop, item, total], TextOrigin.OCR)) == {BlockKind.TEXT}
