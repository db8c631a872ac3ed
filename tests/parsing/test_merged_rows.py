"""Numbers of tight rows are read row by row, not as vertical writing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageDraw

from cogdoc.parsing.page_text import PageText


def test_numbers_below_each_other_are_not_joined(tmp_path: Path, read_file: Callable[[Path], PageText]) -> None:
    columns = [["71", "64", "30", "18"], ["54", "32", "43", "19"]]
    page = Image.new("L", (420, 400), 255)
    for column, numbers in enumerate(columns):
        for row, number in enumerate(numbers):
            ImageDraw.Draw(page).text((80 + 180 * column, 60 + 14 * row), number, fill=0, font_size=16)
    page.save(tmp_path / "numbers.png")
    words = [word.text for word in read_file(tmp_path / "numbers.png").words]
    assert sorted(words) == sorted(columns[0] + columns[1])
