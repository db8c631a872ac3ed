"""Raised digits of scans are no digits of the number before them."""

from __future__ import annotations

import numpy as np
import pytest

from cogdoc.documents.geometry import Box
from cogdoc.parsing.ocr.ink import InkComponent
from cogdoc.parsing.ocr.ocr_lines import OcrLine, OcrWord, Quad
from cogdoc.parsing.ocr.raised_digits import set_digits_apart


def quad(x0: float, y0: float, x1: float, y1: float) -> Quad:
    return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], float)


def line_of(text: str, last: tuple[float, float]) -> tuple[OcrLine, list[InkComponent]]:
    """A word whose letters are from 20 to 50 pixels high on the page, and the last from `last[0]` to `last[1]`."""
    letters = [(10 + 20 * index, 20.0, 50.0) for index in range(len(text) - 1)]
    letters.append((10 + 20 * len(letters), *last))
    parts = [InkComponent(Box(x, top, x + 15, foot), 200) for x, top, foot in letters]
    whole = quad(8, 8, 12 + 20 * len(text), 55)
    return OcrLine(text, whole, 0.99, (OcrWord(text, whole, 0.99),)), parts


@pytest.mark.parametrize(
    ("text", "written"), [("12041", "1204 ¹"), ("m2", "m²"), ("103", "10³"), ("km2", "km²"), ("57", "5 ⁷")]
)
def test_a_raised_digit_is_no_part_of_a_number(text: str, written: str) -> None:
    line, parts = line_of(text, (12, 32))
    (read,) = set_digits_apart([line], parts)
    assert read.text == written
    assert [word.text for word in read.words] == written.split()


@pytest.mark.parametrize(("text", "written"), [("310²", "310 ²"), ("m²", "m²"), ("10³", "10³")])
def test_a_raised_digit_that_is_recognized_as_such_is_set_apart_from_a_number(text: str, written: str) -> None:
    line, parts = line_of(text, (12, 32))
    (read,) = set_digits_apart([line], parts)
    assert read.text == written


@pytest.mark.parametrize("last", [(20, 50), (30, 50), (20, 40), (30, 58), (12, 50)])
def test_digits_on_the_line_stay(last: tuple[float, float]) -> None:
    line, parts = line_of("12041", last)
    assert set_digits_apart([line], parts) == [line]
