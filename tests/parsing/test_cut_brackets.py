"""A bracket behind wide space, which text detection cuts off its line, is part of it."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from cogdoc.parsing.ocr.cut_brackets import read_cut_brackets
from cogdoc.parsing.ocr.ink import find_ink
from cogdoc.parsing.ocr.ocr_lines import OcrLine

pytestmark = pytest.mark.slow

TEXT, LEFT, SIZE = "Amount (net of tax", 40, 40


def closed(behind: str, text: str = TEXT) -> str:
    """The text of a line that was detected without what is printed behind it."""
    picture = Image.new("RGB", (600, 400), "white")
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(SIZE)
    right = LEFT + draw.textlength(text, font)
    draw.text((LEFT, 100), text, "black", font)
    draw.text((right + 16, 100), behind, "black", font)
    quad = np.array([(LEFT, 100), (right, 100), (right, 146), (LEFT, 146)], float)
    pixels = np.asarray(picture)
    (line,) = read_cut_brackets(pixels, [OcrLine(text, quad, 0.98, ())], find_ink(pixels))
    return line.text


def test_a_bracket_behind_a_line_closes_what_the_line_opened() -> None:
    assert closed(")") == f"{TEXT})"


@pytest.mark.parametrize("behind", ["", "B", "l"])
def test_without_a_bracket_behind_it_a_line_stays(behind: str) -> None:
    assert closed(behind) == TEXT


def test_a_line_without_an_open_bracket_stays() -> None:
    assert closed(")", "Amount (net)") == "Amount (net)"
