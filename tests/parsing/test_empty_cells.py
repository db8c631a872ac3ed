"""Single marks in cells of a scanned table, which text detection overlooks, are read where the grid has empty cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from cogdoc.documents.geometry import Box
from cogdoc.documents.pictures import Picture
from cogdoc.documents.rendering import PixelSize
from cogdoc.parsing.layout.empty_cells import read_empty_cells
from cogdoc.parsing.page_text import Line, PageText, TextOrigin, Word

pytestmark = pytest.mark.slow

WIDTH, HEIGHT, SCALE = 400, 160, 4
COLUMNS = (20.0, 160.0, 260.0, 380.0)
ROWS = (20.0, 50.0, 80.0, 110.0)
CELLS = {(0, 0): "Region", (0, 1): "Boats", (0, 2): "Crew", (1, 0): "Harbour", (2, 0): "Estuary", (2, 1): "14"}


@dataclass
class DrawnPage:
    """A document of one page that is a picture."""

    drawing: Image.Image
    page_count: int = 1
    is_animation: bool = False

    def is_repaired(self, index: int) -> bool:
        return index < 0

    def label(self, index: int) -> str:
        return str(index + 1)

    def size(self, index: int) -> tuple[float, float]:
        assert index == 0
        return WIDTH, HEIGHT

    def picture(self, index: int, size: PixelSize) -> Picture:
        assert index == 0
        return np.asarray(self.drawing.resize((size.width, size.height)))


def read(marks: dict[tuple[int, int], str], paper: str = "white", rules: bool = True) -> dict[str, Box]:
    """What is read in cells of a drawn table whose other cells are known."""
    picture = Image.new("RGB", (WIDTH * SCALE, HEIGHT * SCALE), paper)
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(12 * SCALE)
    for (row, column), text in {**CELLS, **marks}.items():
        if text == "–":  # the font has none
            x, y = (COLUMNS[column] + 30) * SCALE, (ROWS[row] + 15) * SCALE
            draw.rectangle((x, y, x + 9 * SCALE, y + SCALE), "black")
            continue
        draw.text(((COLUMNS[column] + 30) * SCALE, (ROWS[row] + 8) * SCALE), text, "black", font)
    for x in COLUMNS if rules else ():
        draw.line((x * SCALE, ROWS[0] * SCALE, x * SCALE, ROWS[-1] * SCALE), "black", 3)
    for y in ROWS if rules else ():
        draw.line((COLUMNS[0] * SCALE, y * SCALE, COLUMNS[-1] * SCALE, y * SCALE), "black", 3)
    lines = []
    for (row, column), text in CELLS.items():
        x, y = COLUMNS[column] + 30, ROWS[row] + 8
        lines.append(Line((Word(text, Box(x, y, x + 7 * len(text), y + 14), 0.99),)))
    page_text = PageText(1, "1", WIDTH, HEIGHT, 0, TextOrigin.OCR, tuple(lines))
    found = read_empty_cells(DrawnPage(picture), 0, page_text, [(COLUMNS, ROWS)])
    return {line.text: line.box for line in found}


@pytest.mark.parametrize("paper", ["white", "lightgray", "lightyellow"])
@pytest.mark.parametrize("rules", [True, False])
@pytest.mark.parametrize("mark", ["-", "–", "7", "4"])
def test_mark_in_an_empty_cell_is_read(mark: str, rules: bool, paper: str) -> None:
    found = read({(1, 2): mark}, paper, rules)
    (text,) = found
    assert text == mark
    assert Box(COLUMNS[2], ROWS[1], COLUMNS[3], ROWS[2]).contains_point(*found[text].center)


@pytest.mark.parametrize("rules", [True, False])
def test_cell_without_print_stays_empty(rules: bool) -> None:
    assert read({}, rules=rules) == {}
