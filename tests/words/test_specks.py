"""Specks of a worn copier are cleared; clean pages are not touched."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from cogdoc.documents.opening import Picture
from cogdoc.words.specks import without_specks

TEXT = "\n".join(
    f"{number}. The quick harbour master counts forty small boats; i.e. all of them." for number in range(24)
)


@pytest.fixture(scope="module")
def page() -> Picture:
    picture = Image.new("RGB", (1200, 1600), "white")
    ImageDraw.Draw(picture).multiline_text((80, 80), TEXT, fill="black", font=ImageFont.load_default(24), spacing=30)
    return np.asarray(picture)


def specked(page: Picture, count: int) -> Picture:
    chance = np.random.default_rng(7)
    dirty = page.copy()
    for y, x in zip(chance.integers(0, 1596, count), chance.integers(0, 1196, count), strict=True):
        dirty[y : y + 3, x : x + 3] = np.minimum(dirty[y : y + 3, x : x + 3], 120)
    return dirty


def test_page_full_of_specks_is_cleared_and_keeps_its_letters(page: Picture) -> None:
    dirty = specked(page, 12_000)
    cleared = without_specks(dirty)
    paper = page.min(axis=2) == 255
    assert (cleared[paper] < 200).mean() < 0.2 * (dirty[paper] < 200).mean()
    letters = page.max(axis=2) < 60
    assert (cleared[letters] < 200).mean() > 0.97, "full stops and dots of i go with the specks, letters stay"


def test_clean_page_is_returned_as_it_is(page: Picture) -> None:
    assert without_specks(page) is page


def test_few_specks_are_left(page: Picture) -> None:
    dirty = specked(page, 150)
    assert without_specks(dirty) is dirty


def test_empty_page_is_returned_as_it_is() -> None:
    blank = np.full((400, 300, 3), 255, np.uint8)
    assert without_specks(blank) is blank
