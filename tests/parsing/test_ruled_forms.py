"""The boxes of forms are cells: each has the label and the value that rules enclose, and nothing of its neighbours."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest

from cogdoc.documents.geometry import Box
from cogdoc.documents.pictures import Picture
from cogdoc.documents.rendering import PixelSize
from cogdoc.parsing.layout.ruled_boxes import find_frames
from cogdoc.parsing.layout.ruled_forms import find_forms
from cogdoc.parsing.page_text import BlockKind, Line, PageText, Table, TextOrigin, Word

SIDE = 400
ROWS = (
    (("Name", "Ana Reyes", 20, 200), ("Room", "B 214", 200, 290), ("Phone", "4473", 290, 380)),
    (("Equipment", "Gas analyzer", 20, 290), ("Quantity", "2", 290, 380)),
    (("Purpose", "Survey of the bog", 20, 380),),
)
"""Labels and values, and where their boxes start and end."""


class DrawnForm:
    """A document of one page that is a picture: boxes with a label above a value."""

    page_count = 1
    is_animation = False
    attachments: tuple[str, ...] = ()

    def __init__(self, gap: int = 0) -> None:
        self.drawing = np.full((2 * SIDE, 2 * SIDE, 3), 255, np.uint8)
        self.lines: list[Line] = []
        for row, fields in enumerate(ROWS):
            y = 40 + 40 * row
            for label, value, left, right in fields:
                cv2.rectangle(self.drawing, (2 * left, 2 * y), (2 * right, 2 * y + 80), (0, 0, 0), 2)
                self._write(label, left + 6, y + 4)
                self._write(value, left + 10, y + 22)
        if gap:
            self.drawing[2 * 80 + 8 : 2 * 80 + 8 + gap, 570:590] = 255

    def _write(self, text: str, x: float, y: float) -> None:
        words = []
        for part in text.split():
            words.append(Word(part, Box(x, y, x + 6 * len(part), y + 11), 0.99))
            x += 6 * len(part) + 5
        self.lines.append(Line(tuple(words)))

    def forms(self, grids: Any = (), *, has_watermarks: bool = False) -> list[Table]:
        page_text = PageText(1, "1", SIDE, SIDE, 0, TextOrigin.OCR, tuple(self.lines))
        return find_forms(self, 0, page_text, grids, has_watermarks=has_watermarks)[0]

    def is_repaired(self, index: int) -> bool:
        return index < 0

    def label(self, index: int) -> str:
        return str(index + 1)

    def size(self, index: int) -> tuple[float, float]:
        assert index == 0
        return SIDE, SIDE

    def picture(self, index: int, size: PixelSize) -> Picture:
        assert index == 0
        return np.asarray(cv2.resize(self.drawing, (size.width, size.height)), np.uint8)


def texts(table: Table) -> list[list[str]]:
    return [[cell.text for cell in row if cell.box] for row in table.rows]


@pytest.mark.parametrize("gap", [0, 8])
def test_each_box_of_a_form_is_a_cell_with_its_label_and_its_value(gap: int) -> None:
    (form,) = DrawnForm(gap).forms()
    assert texts(form) == [[f"{label} {value}" for label, value, *_ in fields] for fields in ROWS]
    assert (form.header_rows, form.header_columns) == (0, 0)


def test_boxes_that_a_grid_tells_already_are_left_to_it() -> None:
    form = DrawnForm()
    columns, rows = (20.0, 200.0, 290.0, 380.0), (40.0, 80.0, 120.0, 160.0)
    assert form.forms([((20.0, 290.0, 380.0), rows)])
    form.lines = [line for line in form.lines if line.words[0].box.y0 < 80]
    assert not form.forms([(columns, rows)])


def test_lines_of_a_table_without_rules_between_its_rows_are_no_fields() -> None:
    form = DrawnForm()
    for left in (26, 206):
        for line in range(5):
            form._write("11.50", left, 41 + 7 * line)
    assert not form.forms()


def test_frames_of_one_grid_are_all_forms_if_it_mixes_the_boxes_of_one() -> None:
    form = DrawnForm()
    for row in range(2):
        y = 200 + 30 * row
        for left, text in ((20, "Order"), (200, "209311" if row else "")):
            cv2.rectangle(form.drawing, (2 * left, 2 * y), (2 * left + 360, 2 * y + 60), (0, 0, 0), 2)
            if text:
                form._write(text, left + 8, y + 8)
    columns, rows = (20.0, 200.0, 380.0), (40.0, 80.0, 120.0, 160.0, 200.0, 230.0, 260.0)
    (_, order) = form.forms([(columns, rows)])
    assert texts(order) == [["Order", ""], ["Order", "209311"]]
    assert (order.header_rows, order.header_columns) == (0, 0)
    form.lines = [line for line in form.lines if line.words[0].box.y0 > 200]
    assert not form.forms([(columns, rows)])


def test_strokes_of_large_letters_are_no_rules() -> None:
    form = DrawnForm()
    cv2.putText(form.drawing, "FILED", (440, 316), cv2.FONT_HERSHEY_SIMPLEX, 2.4, (0, 0, 0), 3)
    (read,) = form.forms()
    assert texts(read) == [[f"{label} {value}" for label, value, *_ in fields] for fields in ROWS]


def test_rules_through_words_are_no_boxes() -> None:
    form = DrawnForm()
    form.lines = [Line(tuple(replace(w, box=w.box.shifted(0, 12)) for w in line.words)) for line in form.lines]
    assert not form.forms()


def test_a_box_that_is_open_at_one_side_is_none() -> None:
    picture = np.full((400, 400, 3), 255, np.uint8)
    for left in (40, 160):
        cv2.rectangle(picture, (left, 40), (left + 120, 120), (0, 0, 0), 2)
    (frame,) = find_frames(picture, 1.0, 14.0)
    assert [tuple(map(round, (box.box.x0, box.box.x1))) for box in frame.boxes] == [(40, 160), (160, 280)]
    picture[60:110, 270:290] = 255
    assert not find_frames(picture, 1.0, 14.0)


@pytest.mark.slow
def test_fields_of_a_scanned_form_are_apart(read_sample: Any) -> None:
    blocks = read_sample("form.png").blocks
    (form,) = (block.table for block in blocks if block.table)
    assert ["Room B 214", "Extension 4473", "Supervisor Dr. Emil Castellane"] in texts(form)
    assert ["Equipment Portable gas analyzer", "Quantity 2"] in texts(form)
    below = [block for block in blocks if block.kind is BlockKind.TEXT and block.box.y0 >= form.box.y1]
    assert "Insured by:" in " ".join(line.text for block in below for line in block.lines)


def test_the_strokes_of_a_watermark_are_no_rules() -> None:
    form = DrawnForm()
    form.drawing[60:340, 296:304] = np.minimum(form.drawing[60:340, 296:304], 170)
    form.drawing[200:208, 30:700] = np.minimum(form.drawing[200:208, 30:700], 170)
    fields_of_rows = [[f"{label} {value}" for label, value, *_ in fields] for fields in ROWS]
    assert [texts(table) for table in form.forms(has_watermarks=True)] == [fields_of_rows]
    assert [texts(table) for table in form.forms()] != [fields_of_rows]
