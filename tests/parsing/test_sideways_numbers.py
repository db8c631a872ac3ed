"""A number stamped sideways is read in one piece, although text detection finds its digits one by one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFont

pytestmark = pytest.mark.slow

LETTER = [
    "To the harbour office",
    "Please find enclosed the list of boats",
    "that were counted in the month of May.",
    "Yours faithfully",
]


def letter_with_stamp(number: str, angle: int) -> Image.Image:
    page = Image.new("RGB", (1000, 1300), "white")
    draw = ImageDraw.Draw(page)
    for row, line in enumerate(LETTER):
        draw.text((100, 150 + 80 * row), line, fill="black", font=ImageFont.load_default(30))
    strip = Image.new("RGB", (34 * len(number) + 20, 44), "white")
    for index, digit in enumerate(number):
        ImageDraw.Draw(strip).text((10 + 34 * index, 2), digit, fill="black", font=ImageFont.load_default(36))
    page.paste(strip.rotate(angle, expand=True), (900, 700))
    return page


@pytest.mark.parametrize("angle", [90, 270])
def test_sideways_number_is_read_in_one_piece(read_file: Any, tmp_path: Path, angle: int) -> None:
    path = tmp_path / "stamped.png"
    letter_with_stamp("82253048", angle).save(path)
    assert "82253048" in "".join(line.text for line in read_file(path).lines).replace(" ", "")


def test_digits_in_a_table_column_are_not_joined(read_file: Any, tmp_path: Path) -> None:
    page = Image.new("RGB", (1000, 1300), "white")
    draw = ImageDraw.Draw(page)
    for row, digit in enumerate("4278315"):
        draw.text(
            (100, 200 + 60 * row),
            f"Boats counted on day {'ABCDEFG'[row]}",
            fill="black",
            font=ImageFont.load_default(34),
        )
        draw.text((800, 200 + 60 * row), digit, fill="black", font=ImageFont.load_default(34))
    path = tmp_path / "table.png"
    page.save(path)
    words = [word.text for line in read_file(path).lines for word in line.words]
    assert [word for word in words if word.isdigit()] == list("4278315")
