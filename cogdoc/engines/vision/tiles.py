"""Dense pages in tiles: what the model cannot see or say at once, it reads piece by piece, drawn larger.

CogVLM2 sees any picture as one square, so a page of small print is shrunk until nothing is left to read, and an answer
has an end. The page is parted where reading order allows it, columns from each other, and these into bands that
overlap, so that a line cut by one band's edge stands whole in the next.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from cogdoc.cogvlm2.configuration import VisionConfig
from cogdoc.documents.geometry import Box, bounding_box
from cogdoc.documents.rendering import PixelSize
from cogdoc.parsing.page import Page
from cogdoc.parsing.page_text import Block, BlockKind, Line, PageText

if TYPE_CHECKING:
    from cogdoc.documents.pictures import Picture

SMALL_PRINT = 0.75
"""Line height in patches of the vision tower below which a page is read in tiles: 10.5 pixels of the published
checkpoints' 1344 down the page, which are print of 5 to 6 points on A4, 102 pixels per inch down and 163 across."""

ROOMY = 0.5
"""Share of an answer's tokens that a page's text may take before it is read in tiles, and that a tile's may take. The
literal words are an estimate: Markdown's marks come on top."""

OVERLAP_LINES = 3.0
"""Line heights that neighbouring bands share."""

MARGIN_LINES = 0.5
"""Line heights around a region, so that its outer letters are not cut."""

FLATTEST = 0.4
"""Height by width; flatter pieces get white paper below, or their letters would be drawn out beyond recognition."""

MAX_BANDS = 6
MAX_TILES = 12
MAX_ENLARGEMENT = 4.0
"""Pixels of a page's side by those of the model's square; a drawn page takes at most 90 MB."""


TABLE_SHARE = 0.7
"""Share of a tile that a table has to cover for the tile to be read as one; margins and captions are the rest."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A part of the upright page, and whether it goes on where another one ended, with which it overlaps."""

    box: Box
    continues: bool
    is_table: bool = False


def line_height(lines: Sequence[Line]) -> float:
    """The height of most of the print, in points; 0 where there is none. Leader dots and rules are no print."""
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


def is_dense(words: PageText, vision: VisionConfig, tokens: int, max_tokens: int) -> bool:
    """Whether a page is too much for one look: its print too small, or its text of `tokens` too long."""
    patches = line_height(words.lines) / words.height * vision.grid
    return 0 < patches < SMALL_PRINT or tokens > ROOMY * max_tokens


def plan_tiles(
    words: PageText, blocks: Sequence[Block], vision: VisionConfig, tokens: int, max_tokens: int
) -> list[Tile]:
    """Tiles of a page in reading order; one that holds all its print where that is but a few lines.

    Args:
        blocks: in reading order, which says where columns begin.
        tokens: of the whole page's literal text.
    """
    print_height = line_height(words.lines) or 0.01 * words.height
    whole = Box(0, 0, words.width, words.height)
    regions = [_grown(region, MARGIN_LINES * print_height, whole) for region in _regions(blocks)] or [whole]
    if len(regions) > MAX_TILES:
        regions = [whole]
    characters = max(1, sum(len(word.text) for word in words.words))
    tiles: list[Tile] = []
    for region in regions:
        share = sum(len(word.text) for word in words.words if region.contains_point(*word.box.center)) / characters
        wanted = max(
            share * tokens / (ROOMY * max_tokens),
            SMALL_PRINT * region.height / (print_height * vision.grid),
            2 if len(regions) == 1 else 1,
        )
        count = min(math.ceil(wanted), MAX_BANDS, max(1, MAX_TILES // len(regions)))
        tiles += _bands(region, count, OVERLAP_LINES * print_height)
    tables = [block.box for block in blocks if block.kind is BlockKind.TABLE]
    return [
        replace(tile, is_table=any(box.overlap(tile.box) >= TABLE_SHARE * tile.box.area for box in tables))
        for tile in tiles
    ]


def _regions(blocks: Sequence[Block]) -> list[Box]:
    """Blocks that follow each other, together as long as the box around them holds nothing of the others."""
    regions: list[Box] = []
    start = 0
    for end in range(1, len(blocks) + 1):
        if end < len(blocks) and not _meets_others(blocks, start, end + 1):
            continue
        regions.append(bounding_box(block.box for block in blocks[start:end]))
        start = end
    return regions


def _meets_others(blocks: Sequence[Block], start: int, end: int) -> bool:
    around = bounding_box(block.box for block in blocks[start:end])
    others = (*blocks[:start], *blocks[end:])
    return any(around.overlap(other.box) > 0.2 * other.box.area for other in others if other.box.area)


def _grown(box: Box, margin: float, whole: Box) -> Box:
    return Box(
        max(whole.x0, box.x0 - margin),
        max(whole.y0, box.y0 - margin),
        min(whole.x1, box.x1 + margin),
        min(whole.y1, box.y1 + margin),
    )


def _bands(region: Box, count: int, overlap: float) -> list[Tile]:
    """Bands of equal height over the whole width, so that no line is cut across."""
    height = (region.height + (count - 1) * overlap) / count
    if height <= 2 * overlap:
        return [Tile(region, continues=False)]
    tops = [region.y0 + place * (height - overlap) for place in range(count)]
    return [
        Tile(Box(region.x0, top, region.x1, min(region.y1, top + height)), continues=place > 0)
        for place, top in enumerate(tops)
    ]


def draw_page(page: Page, words: PageText, size: PixelSize) -> Picture:
    """The page as its words' boxes see it, upright and level, `size` being that of the upright page."""
    turned = words.turned in (90, 270)
    picture = page.picture(PixelSize(size.height, size.width) if turned else size)
    upright = np.rot90(picture, -words.turned // 90)
    if words.skew:
        # Pillow counts angles counter-clockwise, so this turns a line that falls by `skew` back up.
        level = Image.fromarray(upright).rotate(words.skew, Image.Resampling.BICUBIC, fillcolor=(255, 255, 255))
        return np.asarray(level)
    return np.ascontiguousarray(upright)


def draw_tiles(page: Page, words: PageText, tiles: Sequence[Tile], vision: VisionConfig) -> list[Picture]:
    """A picture of each tile, with as many pixels as the model takes, from one drawing of the page."""
    narrowest, lowest = min(tile.box.width for tile in tiles), min(tile.box.height for tile in tiles)
    across = min(MAX_ENLARGEMENT, words.width / narrowest) * vision.image_size
    down = min(MAX_ENLARGEMENT, words.height / lowest) * vision.image_size
    picture = draw_page(page, words, PixelSize(round(across), round(down)))
    x_scale, y_scale = picture.shape[1] / words.width, picture.shape[0] / words.height
    return [_crop(picture, tile.box, x_scale, y_scale) for tile in tiles]


def _crop(picture: Picture, box: Box, x_scale: float, y_scale: float) -> Picture:
    left, top, right, bottom = (round(side) for side in box.scaled(x_scale, y_scale))
    piece = picture[top : max(bottom, top + 1), left : max(right, left + 1)]
    missing = round((FLATTEST * box.width - box.height) * y_scale)
    if missing <= 0:
        return np.ascontiguousarray(piece)
    return np.concatenate([piece, np.full((missing, *piece.shape[1:]), 255, np.uint8)])
