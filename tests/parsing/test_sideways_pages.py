"""A page whose text is sideways is read as if it was turned, and boxes are those of the page as displayed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cogdoc.documents.open_request import OpenRequest
from cogdoc.parsing.page import Page
from cogdoc.parsing.page_text import BlockKind
from cogdoc.parsing.reading import read_page_text
from tests.parsing.raw_pages import save_raw_page, show

ROWS = [
    ("Quantity", "Inlet", "Outlet"),
    ("Mass flow", "3.10", "0.34"),
    ("Heat duty", "12.5", "11.9"),
    ("Density", "998", "871"),
    ("Pressure", "4.22", "3.95"),
]
MATRICES = {90: "0 1 -1 0 {y} {x}", 180: "-1 0 0 -1 {right} {y}", 270: "0 -1 1 0 {top} {left}"}


def sideways(path: Path, turned: int, rotation: int = 0) -> Path:
    """A table whose page has to be turned by some degrees clockwise, and an upright page number."""
    content = show("(12)", x=290, y=30, size=9).replace(") ", ") Tj ")
    for row, cells in enumerate(ROWS):
        for column, cell in enumerate(cells):
            x, y = 120 + 150 * column, 180 + 40 * row
            matrix = MATRICES[turned].format(x=x, y=y, left=842 - x, top=595 - y, right=595 - x)
            content += f"BT /F0 12 Tf {matrix} Tm ({cell}) Tj ET\n"
    return save_raw_page(path, content, rotation)


@pytest.mark.parametrize("turned", [90, 180, 270])
def test_sideways_page_is_turned(tmp_path: Path, turned: int) -> None:
    page_text = read_page_text(OpenRequest(sideways(tmp_path / "page.pdf", turned)), 1)
    assert (page_text.turned, page_text.flags) == (turned, ("turned",))
    assert page_text.displayed_size == (595, 842)
    words = {word.text: word for word in page_text.words}
    assert words["Inlet"].direction == 0
    assert words["Mass"].box.x1 < words["flow"].box.x0 < words["3.10"].box.x0 < words["0.34"].box.x0
    assert words["Inlet"].box.y1 < words["3.10"].box.y0 < words["12.5"].box.y0


@pytest.mark.parametrize("turned", [90, 270])
def test_page_that_its_rotation_makes_upright_is_not_turned(tmp_path: Path, turned: int) -> None:
    page_text = read_page_text(OpenRequest(sideways(tmp_path / "page.pdf", turned, rotation=turned)), 1)
    assert (page_text.turned, page_text.flags) == (0, ())
    assert page_text.displayed_size == (842, 595)


@pytest.mark.parametrize("turned", [90, 270])
def test_boxes_are_those_of_the_displayed_page(tmp_path: Path, open_file: Any, ink: Any, turned: int) -> None:
    path = sideways(tmp_path / "page.pdf", turned)
    page_text = read_page_text(OpenRequest(path), 1)
    for word in page_text.words:
        inside, around = ink(open_file(path), 1, page_text.displayed(word.box))
        assert inside > 0.03
        assert around == 0


@pytest.mark.slow
@pytest.mark.parametrize("turned", [90, 270])
def test_table_on_a_sideways_page_has_its_rows(tmp_path: Path, open_file: Any, turned: int) -> None:
    blocks = Page(open_file(sideways(tmp_path / "page.pdf", turned)), 1).layout().blocks
    text = " ".join(line.text for block in blocks if block.kind is not BlockKind.FOOTER for line in block.lines)
    order = [text.index(word) for word in ("Quantity", "Mass flow", "Heat duty", "Density", "Pressure")]
    assert order == sorted(order)


def test_turned_line_on_a_page_of_level_text_does_not_turn_it(tmp_path: Path) -> None:
    lines = "".join(show("(The harbour of Eastport lies on the shore) Tj", y=700 - 20 * index) for index in range(6))
    spine = "BT /F0 9 Tf 0 1 -1 0 40 300 Tm (arXiv 2305.13186v3 of the ninth of May) Tj ET\n"
    assert read_page_text(OpenRequest(save_raw_page(tmp_path / "page.pdf", lines + spine)), 1).turned == 0
