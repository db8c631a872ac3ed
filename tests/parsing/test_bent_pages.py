"""Lines of photographed pages that bend are read whole, and their places are those on the photograph."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pymupdf
import pytest
from PIL import Image

from cogdoc.documents.geometry import Box
from cogdoc.documents.open_request import OpenRequest
from cogdoc.documents.pictures import Picture
from cogdoc.parsing.ocr.ink import find_ink
from cogdoc.parsing.ocr.page_bend import find_bend, straightened
from cogdoc.parsing.reading import read_layout

BODY = [
    "The tenant shall keep the premises in good repair and condition throughout",
    "the term of this agreement, and shall permit the landlord to enter at all",
    "reasonable times in order to inspect the state of the building. Any change",
    "of the structure requires consent in writing, which the landlord shall not",
    "withhold without good reason. The rent is payable in advance on the first",
    "day of each month. If the payment is late by more than fourteen days, then",
    "interest accrues on the unpaid amount at the statutory rate from the due",
    "date until the day on which the landlord has received the full sum.",
]


@pytest.fixture(scope="module")
def flat() -> Picture:
    with pymupdf.open() as file:
        page = file.new_page(width=480, height=300)
        for index, line in enumerate(BODY):
            page.insert_text((30, 70 + 20 * index), line, fontsize=12)
        pixels = page.get_pixmap(dpi=150)
        return np.frombuffer(pixels.samples, np.uint8).reshape(pixels.height, pixels.width, 3).copy()


def bent(picture: Picture, sag: float) -> Picture:
    """The picture on paper that sags in the middle by a share of its height."""
    height, width = picture.shape[:2]
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    shown = y - np.float32(sag * height) * np.sin(np.pi * x / width)
    return np.asarray(cv2.remap(picture, x, shown, cv2.INTER_LINEAR, borderValue=(255, 255, 255)), np.uint8)


@pytest.mark.parametrize("sag", [0.06, -0.08])
def test_bent_lines_are_straightened(flat: Picture, sag: float) -> None:
    shown = bent(flat, sag)
    bend = find_bend(find_ink(shown), shown.shape[1], shown.shape[0])
    assert bend is not None
    dark = straightened(shown, bend)[..., 0] < 128
    # White between the lines shows that each of them is straight.
    assert (dark.any(axis=1)).sum() < 0.75 * (shown[..., 0] < 128).any(axis=1).sum()


@pytest.mark.parametrize("angle", [0, 2])
def test_straight_lines_are_left_alone(flat: Picture, angle: float) -> None:
    height, width = flat.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1)
    sloped = np.asarray(cv2.warpAffine(flat, matrix, (width, height), borderValue=(255, 255, 255)), np.uint8)
    assert find_bend(find_ink(sloped), width, height) is None


def test_a_bent_page_is_read_and_its_places_are_on_the_photograph(flat: Picture, tmp_path: Path) -> None:
    shown = bent(flat, 0.06)
    Image.fromarray(shown).save(tmp_path / "photo.png")
    layout = read_layout(OpenRequest(tmp_path / "photo.png"), 1)
    page = layout.page_text
    assert " ".join(line.text for block in layout.blocks for line in block.lines) == " ".join(BODY)
    scale = shown.shape[1] / page.width
    word = next(word for word in page.words if word.text == "requires")
    left, top, right, bottom = (round(side * scale) for side in page.displayed(word.box))
    assert ink(shown, Box(left, top, right, bottom)) > 0.15
    assert ink(shown, Box(left, bottom + 4, right, bottom + 6)) == 0


def ink(picture: Picture, box: Box) -> float:
    part = picture[int(box.y0) : int(box.y1), int(box.x0) : int(box.x1), 0]
    return float((part < 128).mean())
