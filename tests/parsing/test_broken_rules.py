"""Rules that a scan breaks into pieces enclose boxes as whole ones do; strokes of letters are no rules."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

from cogdoc.documents.pictures import Picture
from cogdoc.parsing.layout.ruled_boxes import find_frames

ROWS = (("Item", "Unit", "Price"), ("Rye loaf", "each", "3.10"), ("Butter", "250 g", "2.40"), ("Cheese", "kg", "8.90"))
COLUMN_LINES = (100, 420, 620, 900)
ROW_LINES = (200, 250, 300, 350, 400)
PRINT = 22
LINE_HEIGHT = 24.0


def as_scan(page: Image.Image, quality: int) -> Picture:
    stream = io.BytesIO()
    page.convert("RGB").save(stream, "JPEG", quality=quality)
    return np.array(Image.open(stream).convert("RGB"))


def table(piece: int, gap: int) -> Image.Image:
    """A ruled table; its rules are pieces of about that many pixels, a pixel higher or lower."""
    random = np.random.default_rng(piece)
    page = Image.new("L", (1000, 600), 255)
    draw = ImageDraw.Draw(page)

    def rule(start: int, end: int, at: int, *, is_level: bool) -> None:
        while start < end:
            stop, shift = min(end, start + round(piece * random.uniform(0.7, 1.3))), int(random.integers(-1, 2))
            along, across = (start, stop), (at + shift, at + shift + 1)
            x, y = (along, across) if is_level else (across, along)
            draw.rectangle((x[0], y[0], x[1], y[1]), fill=60)
            start = stop + gap

    for y in ROW_LINES:
        rule(COLUMN_LINES[0], COLUMN_LINES[-1], y, is_level=True)
    for x in COLUMN_LINES:
        rule(ROW_LINES[0], ROW_LINES[-1], x, is_level=False)
    for y, row in zip(ROW_LINES, ROWS, strict=False):
        for x, text in zip(COLUMN_LINES, row, strict=False):
            draw.text((x + 12, y + 12), text, fill=20, font_size=PRINT)
    return page


@pytest.mark.parametrize("quality", [35, 75])
@pytest.mark.parametrize(("piece", "gap"), [(400, 3), (60, 3), (40, 4), (30, 3), (24, 4)])
def test_broken_rules_enclose_the_boxes_of_a_table(piece: int, gap: int, quality: int) -> None:
    (frame,) = find_frames(as_scan(table(piece, gap), quality), 1.0, LINE_HEIGHT, is_scan=True)
    assert len(frame.boxes) >= 11
    assert np.allclose(frame.column_lines, COLUMN_LINES, atol=3)
    assert np.allclose(frame.row_lines, ROW_LINES, atol=3)


@pytest.mark.parametrize("step", [22, 26, 32])
@pytest.mark.parametrize(
    "text", ["ZEELTE LTEZ EELZ", "Ill lil Hill IIII llll", "==== ---- ____ ====", "tell titt lfil"]
)
def test_strokes_of_letters_make_no_boxes(text: str, step: int) -> None:
    page = Image.new("L", (1000, 600), 255)
    for top in range(60, 540, step):
        ImageDraw.Draw(page).text((80, top), f"{text}  {text}", fill=0, font_size=PRINT)
    assert find_frames(as_scan(page, 75), 1.0, LINE_HEIGHT, is_scan=True) == []
