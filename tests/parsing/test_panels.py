"""The panels of a screenshot are read one after the other."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from cogdoc.documents.geometry import Box, bounding_box
from cogdoc.parsing.layout.panels import Edge, find_edges, part_panels
from cogdoc.parsing.page_text import Block, BlockKind, Line, Table, Word

WIDTH, HEIGHT = 1200, 800


def window(*shapes: tuple[tuple[int, int, int, int], tuple[int, int, int]]) -> Image.Image:
    picture = Image.new("RGB", (WIDTH, HEIGHT), "white")
    for box, color in shapes:
        ImageDraw.Draw(picture).rectangle(box, fill=color)
    for row in range(90, 780, 30):
        ImageDraw.Draw(picture).text((420, row), "The harbour council examined the ledger", fill="black")
    return picture


TITLE_BAR = (0, 0, WIDTH, 50), (40, 70, 140)
CHOSEN = (0, 200, 260, 240), (90, 120, 200)


@pytest.mark.parametrize("tint", [(235, 238, 244), (48, 52, 62)])
def test_a_sidebar_ends_at_an_edge(tint: tuple[int, int, int]) -> None:
    picture = window(((0, 0, 259, HEIGHT), tint), TITLE_BAR, CHOSEN)
    (edge,) = find_edges(np.asarray(picture))
    assert edge.x == pytest.approx(260 / WIDTH, abs=0.005)
    assert edge.top == pytest.approx(50 / HEIGHT, abs=0.01)
    assert edge.bottom > 0.99


def test_a_thin_line_divides_panels_if_it_ends_with_the_window() -> None:
    gray = (200, 200, 200)
    assert len(find_edges(np.asarray(window(((800, 50, 801, HEIGHT), gray), TITLE_BAR)))) == 1
    assert find_edges(np.asarray(window(((800, 50, 801, 700), gray), TITLE_BAR))) == []


def test_scans_have_no_panels() -> None:
    noise = np.random.default_rng(0).integers(0, 6, (HEIGHT, WIDTH, 1), np.uint8)
    assert find_edges(np.asarray(window(((0, 0, 259, HEIGHT), (200, 200, 210)))) - noise) == []


def line(*words: tuple[str, float, float]) -> Line:
    return Line(tuple(Word(text, Box(x, y, x + 6 * len(text), y + 12), 1.0) for text, x, y in words))


def block(*lines: Line, table: Table | None = None) -> Block:
    kind = BlockKind.TABLE if table else BlockKind.TEXT
    return Block(kind, bounding_box(line.box for line in lines), lines, table=table)


def texts(panels: list[list[Block]]) -> list[list[str]]:
    return [[line.text for block in panel for line in block.lines] for panel in panels]


def test_blocks_are_parted_and_read_panel_by_panel() -> None:
    blocks = [
        block(line(("Mail", 20, 10), ("Help", 500, 10))),
        block(line(("Inbox", 20, 100), ("Dear", 200, 100), ("council,", 240, 100)), line(("Sent", 20, 130))),
        block(line(("the", 200, 130), ("pier", 240, 130))),
        block(line(("Drafts", 20, 160))),
    ]
    parted = part_panels(blocks, [Edge(0.25, 0.1, 1.0)], 600, 400)
    assert texts(parted) == [["Mail Help"], ["Inbox", "Sent", "Drafts"], ["Dear council,", "the pier"]]


def test_text_and_tables_over_an_edge_show_that_it_divides_nothing() -> None:
    edges = [Edge(0.25, 0.1, 1.0)]
    for over in (block(line(("everywhere", 130, 100))), block(line(("a", 20, 100), ("b", 300, 100)), table=TABLE)):
        blocks = [over, block(line(("Inbox", 20, 200))), block(line(("Dear", 200, 200)))]
        assert part_panels(blocks, edges, 600, 400) == [blocks]


TABLE = Table(Box(20, 100, 306, 112), ())
