"""A column of amounts that the models see inside a table is a part of it; a note below its rows is not."""

from __future__ import annotations

import pytest

from cogdoc.documents.geometry import Box
from cogdoc.parsing.layout.texts_in_tables import is_in_rows
from cogdoc.parsing.page_text import Line, Word

LABELS = ("Total", "Cash", "Change", "Rate", "A 7%")


def line(text: str, left: float, top: float) -> Line:
    return Line((Word(text, Box(left, top, left + 7.0 * len(text), top + 10), 1.0),))


def page(amount_tops: tuple[float, ...]) -> list[Line]:
    labels = [line(text, 40, 100 + 15.0 * row) for row, text in enumerate(LABELS)]
    return [*labels, *(line(f"{index + 1}.50", 300, top) for index, top in enumerate(amount_tops))]


@pytest.mark.parametrize(
    ("tops", "expected"),
    [
        ((100, 115, 130), True),
        ((98, 113.5, 131), True),
        ((107.5, 122.5, 137.5), False),
        ((100, 115, 190), False),
        ((), False),
    ],
)
def test_text_in_the_rows_of_a_table_is_its_part(tops: tuple[float, ...], expected: bool) -> None:
    amounts = Box(290, 95, 340, 205)
    assert is_in_rows(amounts, Box(30, 90, 350, 210), page(tops)) is expected


def test_text_beside_a_table_is_none_of_it() -> None:
    assert not is_in_rows(Box(290, 95, 340, 205), Box(30, 90, 280, 210), page((100, 115, 130)))
