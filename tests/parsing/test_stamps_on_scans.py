"""Stamps on scans are lines of their own, and the text beneath them is whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pymupdf
import pytest
from PIL import Image, ImageDraw, ImageFont

from cogdoc.documents.open_request import OpenRequest
from cogdoc.documents.pictures import Picture
from cogdoc.parsing.ocr.colored_stamps import take_off_stamps
from cogdoc.parsing.page_text import BlockKind
from cogdoc.parsing.reading import read_layout

BODY = """The tenant shall keep the premises in good repair and condition
throughout the term of this agreement, and shall permit the landlord
to enter at all reasonable times in order to inspect the building.
Any alteration of the structure requires consent in writing, which
the landlord shall not withhold without good reason. The rent is
payable in advance on the first day of each month.""".splitlines()

BLUE, RED = (90, 90, 220), (190, 40, 40)


def font(size: int) -> ImageFont.FreeTypeFont:
    loaded = ImageFont.load_default(size)
    assert isinstance(loaded, ImageFont.FreeTypeFont)
    return loaded


def page_picture() -> Image.Image:
    page = Image.new("RGB", (1100, 500), "white")
    for index, line in enumerate(BODY):
        ImageDraw.Draw(page).text((60, 90 + 48 * index), line, font=font(28), fill="black")
    return page


def stamp(page: Image.Image, text: str, place: tuple[int, int], angle: float, color: tuple[int, int, int]) -> Picture:
    """The page with framed text over it, in translucent ink."""
    width = int(font(40).getlength(text)) + 60
    mask = Image.new("L", (width, 90), 0)
    draw = ImageDraw.Draw(mask)
    draw.rectangle((4, 4, width - 5, 85), outline=255, width=6)
    draw.text((30, 18), text, font=font(40), fill=255)
    mask = mask.rotate(angle, expand=True, resample=Image.Resampling.BICUBIC)
    inked = np.zeros((page.height, page.width, 1))
    inked[place[1] : place[1] + mask.height, place[0] : place[0] + mask.width, 0] = np.asarray(mask) / 255
    pixels = np.asarray(page, float)
    return np.asarray(pixels * (1 - inked) + inked * pixels * np.array(color) / 255, np.uint8)


def test_a_colored_stamp_is_a_block_after_the_whole_text(tmp_path: Path) -> None:
    path = tmp_path / "stamped.png"
    Image.fromarray(stamp(page_picture(), "RECEIVED 12 MAY", (300, 130), 7, BLUE)).save(path)
    *text, last = read_layout(OpenRequest(path), 1).blocks
    assert " ".join(line.text for block in text for line in block.lines) == " ".join(BODY)
    assert last.kind is BlockKind.WATERMARK
    assert last.lines[0].text == "RECEIVED 12 MAY"


@pytest.mark.parametrize("color", [BLUE, RED])
def test_only_ink_over_black_text_is_taken_off(color: tuple[int, int, int]) -> None:
    page = page_picture()
    ImageDraw.Draw(page).text((60, 20), "Colored heading", font=font(40), fill=color)
    plain = np.asarray(page)
    assert take_off_stamps(plain)[1] == []
    cleaned, stamps = take_off_stamps(stamp(page, "PAID", (500, 200), 12, color))
    assert len(stamps) == 1
    assert (np.asarray(cleaned)[:80] == plain[:80]).all()
    black, kept = plain[80:].max(axis=2) < 40, np.asarray(cleaned)[80:].max(axis=2) < 128
    assert kept[black].all()
    assert kept.mean() < 1.3 * (plain[80:].max(axis=2) < 128).mean()


def test_a_stamp_that_is_a_picture_is_no_part_of_a_line(tmp_path: Path) -> None:
    file = pymupdf.open()
    page = file.new_page(width=600, height=400)
    for index, line in enumerate(BODY):
        page.insert_text((40, 60 + 20 * index), line, fontsize=13)
    picture = Image.new("RGBA", (800, 260), (0, 0, 0, 0))
    ImageDraw.Draw(picture).text((40, 20), "SAMPLE", font=font(190), fill=(200, 60, 60, 120))
    picture.save(tmp_path / "sample.png")
    page.insert_image(pymupdf.Rect(100, 115, 500, 245), filename=tmp_path / "sample.png")
    file.save(tmp_path / "stamped.pdf")
    blocks = read_layout(OpenRequest(tmp_path / "stamped.pdf"), 1).blocks
    text = " ".join(line.text for block in blocks if block.kind is not BlockKind.WATERMARK for line in block.lines)
    assert text == " ".join(BODY)
    assert any(block.kind is BlockKind.WATERMARK for block in blocks)
