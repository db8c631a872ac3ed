"""The sizes of pictures for models with a square, and for those that see pictures in their own proportions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scripted_model import LIMITS

from cogdoc.documents.document import open_path
from cogdoc.documents.mupdf import pymupdf
from cogdoc.documents.rendering import PixelSize
from cogdoc.documents.sandbox import Sandbox
from cogdoc.engines.remote.remote_model import GENERIC
from cogdoc.engines.vision.picture_sizes import LONGEST_SIDE, page_size, patches_per_point
from cogdoc.engines.vision.tiles import SMALL_PRINT, draw_tiles, is_dense, line_height, plan_tiles
from cogdoc.parsing.page import Page

A4 = (595.0, 842.0)
PIXELS = 0.75 * 1344**2


def test_a_square_is_drawn_for_models_that_scale_to_one() -> None:
    assert page_size(LIMITS, *A4) == PixelSize(1344, 1344)
    assert page_size(replace(LIMITS, image_size=2000), *A4) == PixelSize(2000, 2000)


@pytest.mark.parametrize("size", [A4, A4[::-1], (300.0, 300.0), (100.0, 1000.0), (5000.0, 10.0)])
def test_other_pictures_keep_their_proportions_and_have_as_many_pixels(size: tuple[float, float]) -> None:
    width, height = size
    drawn = page_size(GENERIC, width, height)
    assert drawn.width / drawn.height == pytest.approx(width / height, rel=0.2)
    assert drawn.width * drawn.height <= 1.01 * PIXELS
    assert max(drawn.width, drawn.height) <= LONGEST_SIDE
    assert drawn.width * drawn.height >= 0.95 * PIXELS or max(drawn.width, drawn.height) == LONGEST_SIDE


def test_small_print_is_read_in_tiles_in_which_it_is_large_enough(tmp_path: Path) -> None:
    with pymupdf.open() as file:
        page = file.new_page(width=A4[0], height=A4[1])
        for row in range(120):
            page.insert_text(
                (40, 40 + 6.3 * row), f"Row {row} of small print that nobody reads without a glass", fontsize=4
            )
        file.save(tmp_path / "small.pdf")
    with Sandbox(1) as sandbox:
        small = Page(open_path(tmp_path / "small.pdf", sandbox), 1)
        text = small.text()
        assert is_dense(text, GENERIC, tokens=100, max_new_tokens=2048)
        tiles = plan_tiles(text, small.layout().blocks, GENERIC, 100, 2048)
        pictures = draw_tiles(small, text, tiles, GENERIC)
    for tile, picture in zip(tiles, pictures, strict=True):
        height, width = picture.shape[:2]
        assert width / height == pytest.approx(tile.box.width / tile.box.height, rel=0.05), "nothing is stretched"
        assert isinstance(picture, np.ndarray)
        patches = line_height(text.lines) * patches_per_point(GENERIC, tile.box.width, tile.box.height)
        assert patches >= 0.9 * SMALL_PRINT
