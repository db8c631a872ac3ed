"""Pictures without a chart are not read as one."""

from __future__ import annotations

import numpy as np
from chart_painting import BLACK, PALE, Canvas

from cogdoc.engines.builtin.charts.chart_recognition import read_chart

SENTENCE = "The committee met on Tuesday to discuss the budget for the coming year and heard 12 reports"


def test_a_page_of_text_is_no_chart() -> None:
    canvas = Canvas(700, 900)
    for row in range(30):
        canvas.text(40, 40 + 26 * row, SENTENCE, anchor="lm")
    assert read_chart(canvas.picture, canvas.lines) is None


def test_a_ruled_form_is_no_chart() -> None:
    canvas = Canvas(700, 900)
    for row in range(14):
        y = 60 + 50 * row
        canvas.text(40, y, f"Field number {row}:", anchor="lm")
        canvas.draw.line((220, y + 8, 650, y + 8), fill=BLACK, width=2)
    assert read_chart(canvas.picture, canvas.lines) is None


def test_a_striped_table_is_no_chart() -> None:
    canvas = Canvas(700, 600)
    for row in range(16):
        y = 40 + 30 * row
        if row % 2:
            canvas.rectangle(30, y - 15, 670, y + 15, PALE)
        for column in range(5):
            canvas.text(80 + 130 * column, y, f"{(row * 37 + column * 91) % 400}")
    assert read_chart(canvas.picture, canvas.lines) is None


def test_noise_is_no_chart() -> None:
    noise = np.random.default_rng(0).integers(0, 255, size=(300, 400, 3), dtype=np.uint8)
    canvas = Canvas(400, 300)
    canvas.text(200, 150, "Nothing to see")
    assert read_chart(noise, canvas.lines) is None


def test_blank_and_tiny_pictures_are_no_charts() -> None:
    assert read_chart(np.full((200, 300, 3), 255, dtype=np.uint8), []) is None
    assert read_chart(np.full((5, 5, 3), 255, dtype=np.uint8), []) is None
