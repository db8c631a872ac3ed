"""Cuts dense pages into enlarged tiles, because the model cannot see or transcribe such a page at once.

A vision model scales any picture to a square of fixed size, so small print becomes illegible, and the length of its
answer is limited. The page is split where reading order allows it: first into columns, then each into bands. The bands
overlap, so that a line cut by one band's edge is complete in the next.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from cogdoc.documents.geometry import Box, bounding_box
from cogdoc.documents.rendering import PixelSize
from cogdoc.engines.vision.picture_sizes import patches_per_point, pixels_per_point
from cogdoc.engines.vision.vision_model import VisionModelLimits
from cogdoc.parsing.page import Page
from cogdoc.parsing.page_text import Block, BlockKind, Line, PageText

if TYPE_CHECKING:
    from cogdoc.documents.pictures import Picture

SMALL_PRINT = 0.75
"""Line height in patches of the vision tower below which a page is read in tiles. For CogVLM2's published checkpoints
these are 10.5 of 1344 pixels down the page: print of 5 to 6 points on A4, 102 pixels per inch down and 163 across."""

MAX_TOKEN_SHARE = 0.5
"""Share of the answer's tokens above which a page is read in tiles, and which a tile should not exceed. The tokens of
the page's own text are an estimate: Markdown needs more."""

OVERLAP_LINES = 3.0
"""Line heights by which neighboring bands overlap."""

MARGIN_LINES = 0.5
"""Line heights of margin around a region, so that its outer letters are not cut."""

MIN_ASPECT = 0.4
"""Height divided by width below which a tile gets white space at the bottom: scaled to a square, its letters would
otherwise be stretched beyond recognition."""

MAX_BANDS = 6
MAX_TILES = 12
MAX_ENLARGEMENT = 4.0
"""The largest ratio of a drawn page's side to the model's square; a drawn page takes at most 90 MB."""

TABLE_SHARE = 0.7
"""Share of a tile that a table has to cover for the tile to be read as a table; margins and captions are the rest."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A part of the upright page."""

    box: Box
    continues: bool
    """Whether it overlaps the tile before and continues its text."""
    is_table: bool = False


def line_height(lines: Sequence[Line]) -> float:
    """The median word height in points, weighted by letters and digits; 0 if there are none."""
    heights = sorted(
        (word.box.height, sum(map(str.isalnum, word.text)))
        for line in lines
        for word in line.words
        if any(map(str.isalnum, word.text))
    )
    half = sum(count for _, count in heights) / 2
    for height, count in heights:
        half -= count
        if half <= 0:
            return height
    return 0.0


def is_dense(page_text: PageText, limits: VisionModelLimits, tokens: int, max_new_tokens: int) -> bool:
    """Whether a page is too much for one image: its print is too small, or its text of `tokens` too long."""
    patches = line_height(page_text.lines) * patches_per_point(limits, page_text.width, page_text.height)
    return 0 < patches < SMALL_PRINT or tokens > MAX_TOKEN_SHARE * max_new_tokens


def plan_tiles(
    page_text: PageText, blocks: Sequence[Block], limits: VisionModelLimits, tokens: int, max_new_tokens: int
) -> list[Tile]:
    """Tiles of a page in reading order; a single one around all print if there are only a few lines.

    Args:
        blocks: the page's blocks in reading order; columns are derived from them.
        tokens: the number of tokens of the page's own text.
        max_new_tokens: the limit of an answer.
    """
    print_height = line_height(page_text.lines) or 0.01 * page_text.height
    whole = Box(0, 0, page_text.width, page_text.height)
    regions = [_with_margin(region, MARGIN_LINES * print_height, whole) for region in _regions(blocks)] or [whole]
    if len(regions) > MAX_TILES:
        regions = [whole]
    characters = max(1, sum(len(word.text) for word in page_text.words))
    tiles: list[Tile] = []
    for region in regions:
        inside = sum(len(word.text) for word in page_text.words if region.contains_point(*word.box.center))
        share = inside / characters
        needed = max(
            share * tokens / (MAX_TOKEN_SHARE * max_new_tokens),
            _bands_for_print(region, print_height, limits),
            2 if len(regions) == 1 else 1,
        )
        count = min(math.ceil(needed), MAX_BANDS, max(1, MAX_TILES // len(regions)))
        tiles += _bands(region, count, OVERLAP_LINES * print_height)
    tables = [block.box for block in blocks if block.kind is BlockKind.TABLE]
    return [
        replace(tile, is_table=any(box.overlap(tile.box) >= TABLE_SHARE * tile.box.area for box in tables))
        for tile in tiles
    ]


def _bands_for_print(region: Box, print_height: float, limits: VisionModelLimits) -> float:
    """In how many bands a region has to be read for its print to be as high as `SMALL_PRINT`."""
    bands = SMALL_PRINT / (print_height * patches_per_point(limits, region.width, region.height))
    # In their own proportions, bands are enlarged in both directions, by the square root of their number.
    return bands**2 if limits.keeps_proportions else bands


def _regions(blocks: Sequence[Block]) -> list[Box]:
    """Boxes around consecutive blocks, each extended as long as it does not overlap any other block."""
    regions: list[Box] = []
    start = 0
    for end in range(1, len(blocks) + 1):
        if end < len(blocks) and not _overlaps_others(blocks, start, end + 1):
            continue
        regions.append(bounding_box(block.box for block in blocks[start:end]))
        start = end
    return regions


def _overlaps_others(blocks: Sequence[Block], start: int, end: int) -> bool:
    around = bounding_box(block.box for block in blocks[start:end])
    others = (*blocks[:start], *blocks[end:])
    return any(around.overlap(other.box) > 0.2 * other.box.area for other in others if other.box.area)


def _with_margin(box: Box, margin: float, whole: Box) -> Box:
    return Box(
        max(whole.x0, box.x0 - margin),
        max(whole.y0, box.y0 - margin),
        min(whole.x1, box.x1 + margin),
        min(whole.y1, box.y1 + margin),
    )


def _bands(region: Box, count: int, overlap: float) -> list[Tile]:
    """Bands of equal height over the full width, so that no line is cut into left and right."""
    height = (region.height + (count - 1) * overlap) / count
    if height <= 2 * overlap:
        return [Tile(region, continues=False)]
    tops = [region.y0 + index * (height - overlap) for index in range(count)]
    return [
        Tile(Box(region.x0, top, region.x1, min(region.y1, top + height)), continues=index > 0)
        for index, top in enumerate(tops)
    ]


def draw_page(page: Page, page_text: PageText, size: PixelSize) -> Picture:
    """The page at `size`, in the coordinates of its text's boxes: upright, with straight and level lines."""
    on_its_side = page_text.turned in (90, 270)
    picture = page.picture(PixelSize(size.height, size.width) if on_its_side else size)
    upright = np.rot90(picture, -page_text.turned // 90)
    if page_text.bend:
        from cogdoc.parsing.ocr.page_bend import straightened

        upright = straightened(np.ascontiguousarray(upright), page_text.bend)
    if page_text.skew:
        # Pillow counts angles counter-clockwise, so this turns a line that falls by `skew` back up.
        level = Image.fromarray(upright).rotate(page_text.skew, Image.Resampling.BICUBIC, fillcolor=(255, 255, 255))
        return np.asarray(level)
    return np.ascontiguousarray(upright)


def draw_tiles(page: Page, page_text: PageText, tiles: Sequence[Tile], limits: VisionModelLimits) -> list[Picture]:
    """A picture of each tile at about the model's resolution, all cropped from one rendering of the page."""
    picture = draw_page(page, page_text, _enlarged_size(page_text, tiles, limits))
    x_scale, y_scale = picture.shape[1] / page_text.width, picture.shape[0] / page_text.height
    min_aspect = 0.0 if limits.keeps_proportions else MIN_ASPECT
    return [_crop(picture, tile.box, x_scale, y_scale, min_aspect) for tile in tiles]


def _enlarged_size(page_text: PageText, tiles: Sequence[Tile], limits: VisionModelLimits) -> PixelSize:
    """The size of a page at which its smallest tile has the model's resolution."""
    width, height = page_text.width, page_text.height
    if limits.keeps_proportions:
        finest = max(pixels_per_point(limits, tile.box.width, tile.box.height) for tile in tiles)
        scale = min(finest, MAX_ENLARGEMENT * limits.image_size / max(width, height))
        return PixelSize(max(1, round(width * scale)), max(1, round(height * scale)))
    across = min(MAX_ENLARGEMENT, width / min(tile.box.width for tile in tiles)) * limits.image_size
    down = min(MAX_ENLARGEMENT, height / min(tile.box.height for tile in tiles)) * limits.image_size
    return PixelSize(round(across), round(down))


def _crop(picture: Picture, box: Box, x_scale: float, y_scale: float, min_aspect: float) -> Picture:
    left, top, right, bottom = (round(side) for side in box.scaled(x_scale, y_scale))
    tile = picture[top : max(bottom, top + 1), left : max(right, left + 1)]
    missing = round((min_aspect * box.width - box.height) * y_scale)
    if missing <= 0:
        return np.ascontiguousarray(tile)
    return np.concatenate([tile, np.full((missing, *tile.shape[1:]), 255, np.uint8)])
