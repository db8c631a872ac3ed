"""Compares the shapes of a page's letters with the page's pixels: do they show?

A visible letter is where the pixels have its color, or differ from those beside it; under a picture, or in the color of
its background, they do not follow its shape.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from cogdoc.documents.geometry import Box
from cogdoc.documents.mupdf import pymupdf
from cogdoc.parsing.text_layer.paint_log import Color

mupdf = pymupdf.mupdf

SCALE = 1.5
"""Pixels per point."""

MAX_PIXELS = 2e6

MAX_PLANES = 12
"""Pictures of letters; letters that overlap need several, and what is stacked higher counts as one."""

MIN_CONTRAST = 8.0
"""Difference between letter and background from which people see text: lightness (0 to 100) in CIE L*a*b*. Text of 91%
gray on white, or 11% gray on black, is below."""

COLOR_TOLERANCE = 30.0
"""Difference within which a pixel has the color of a letter."""

OWN_COLOR = 0.7
"""Share of a letter's pixels that have its color, from which it is not covered."""

MIN_CORRELATION = 0.25
"""Of letter and pixels, if the pixels have its color."""

SURE_CORRELATION = 0.6
"""Of letter and pixels, if its color is not known, or a mask or a blend mode changes it."""

SMALL_INK = 10.0
"""Pixels that the ink of a full stop or a small letter covers."""

UNKNOWN_LIGHTNESS = 1000.0
"""The lightness of a letter whose color is not known; no pixel has it."""

CLIP_TEXT = -1
"""The operation of letters that are only used as a clip."""

Floats = npt.NDArray[np.floating[Any]]


class Glyph(NamedTuple):
    """One drawing of a character."""

    operation: int
    """Index of the text operation, or `CLIP_TEXT`."""
    box: Box
    """In points of the page as displayed."""
    color: Color | None
    piece: int
    """Glyphs of one word and operation have the same; letters are too small to be judged alone."""


class _Frame(NamedTuple):
    """The part of the page that is drawn, in pixels of the page."""

    scale: float
    """Pixels per point."""
    left: int
    top: int
    right: int
    bottom: int

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        return self.bottom - self.top, self.right - self.left


@dataclass(frozen=True, slots=True)
class Visibility:
    """For each glyph."""

    visible: npt.NDArray[np.bool_]
    inked: npt.NDArray[np.bool_]
    """Whether the page shows anything in its box."""


def compare_with_pixels(page: pymupdf.Page, glyphs: Sequence[Glyph]) -> Visibility:
    """Whether the glyphs show on the page."""
    rect = page.rect
    scale = min(SCALE, (MAX_PIXELS / max(1.0, rect.width * rect.height)) ** 0.5)
    size = max(1, int(rect.width * scale)), max(1, int(rect.height * scale))
    on_page = np.array([_pixel_box(glyph.box, scale, size) for glyph in glyphs])
    left, top = (int(side) for side in np.minimum(on_page[:, :2].min(axis=0), (size[0] - 1, size[1] - 1)))
    right, bottom = (int(side) for side in on_page[:, 2:].max(axis=0))
    frame = _Frame(scale, left, top, max(left + 1, right), max(top + 1, bottom))
    boxes = [tuple(box) for box in (on_page - (left, top, left, top)).tolist()]
    planes = _assign_planes(glyphs, boxes, frame)
    masks = _draw_masks(page, frame, planes)
    pixels = _render(page, frame)
    sums = np.zeros((len(glyphs), _SUMS))
    colors = lab([glyph.color or (0.0, 0.0, 0.0) for glyph in glyphs])
    colors[[glyph.color is None for glyph in glyphs], 0] = UNKNOWN_LIGHTNESS
    for plane, mask in enumerate(masks):
        members = [index for index, glyph in enumerate(glyphs) if planes[glyph.operation] == plane]
        sums += _add_up(mask, pixels, boxes, members, colors)
    pieces = np.unique([glyph.piece for glyph in glyphs], return_inverse=True)[1]
    of_pieces = np.zeros((int(pieces.max()) + 1, _SUMS))
    np.add.at(of_pieces, pieces, sums)
    colors_of_pieces = np.zeros((len(of_pieces), 3), np.float32)
    colors_of_pieces[pieces] = colors
    visible = _shows(of_pieces, colors_of_pieces)[pieces]
    flat = _is_flat(sums)
    for index in np.flatnonzero(flat & visible):  # the boxes of its neighbors may have left nothing of its own
        left, top, right, bottom = boxes[index]
        flat[index] = (np.ptp(pixels[top:bottom, left:right], axis=(0, 1)) < MIN_CONTRAST).all()
    return Visibility(visible & ~flat, ~flat)


_SUMS = 14
"""Pixels, mask, its square; pixels, pixels times mask, their squares in three channels; ink, ink in its own color."""


def _shows(sums: Floats, colors: Floats) -> npt.NDArray[np.bool_]:
    slope, background, correlation = _fit(sums)
    ink = sums[:, 1]
    contrast = color_difference(slope)
    own_color = (sums[:, 12] > 0) & (sums[:, 13] >= OWN_COLOR * sums[:, 12])
    # How much of the difference between letter and background the pixels have: 1 for a letter that nothing covers.
    expected = colors - background
    towards, whole = (slope * expected).sum(axis=1), (expected**2).sum(axis=1)
    shows = (correlation >= MIN_CORRELATION) & (own_color | (towards >= OWN_COLOR * whole))
    shows |= (correlation >= SURE_CORRELATION) & ((towards > 0) | (colors[:, 0] == UNKNOWN_LIGHTNESS))
    # Neighbors and rules disturb the fit of a full stop.
    shows |= ink < SMALL_INK
    return np.asarray(shows & (contrast >= MIN_CONTRAST) & (ink >= 0.5))


def _fit(sums: Floats) -> tuple[Floats, Floats, Floats]:
    """Fit pixels = background + mask * difference: the difference and the background in three channels, and the
    correlation."""
    count = np.maximum(sums[:, :1], 1)
    mask, pixels = sums[:, 1:2] / count, sums[:, 3:6] / count
    mask_variance = np.maximum(sums[:, 2:3] / count - mask**2, 1e-6)
    covariance = sums[:, 6:9] / count - mask * pixels
    variance = np.maximum(sums[:, 9:12] / count - pixels**2, 0)
    total = np.sqrt(mask_variance * variance).sum(axis=1)
    slope = covariance / mask_variance
    return slope, pixels - slope * mask, np.abs(covariance).sum(axis=1) / np.maximum(total, 1e-6)


def _is_flat(sums: Floats) -> npt.NDArray[np.bool_]:
    """Whether the pixels in a box have all nearly the same color."""
    count = np.maximum(sums[:, :1], 1)
    variance = np.maximum(sums[:, 9:12] / count - (sums[:, 3:6] / count) ** 2, 0)
    return np.asarray(color_difference(np.sqrt(variance)) < MIN_CONTRAST / 8)


def color_difference(lab: Floats) -> Floats:
    """The length of a difference of colors; hue and saturation help less than lightness to read text."""
    return np.sqrt(lab[:, 0] ** 2 + (lab[:, 1] ** 2 + lab[:, 2] ** 2) / 4)


def _add_up(
    mask: Floats,
    pixels: npt.NDArray[np.uint8],
    boxes: Sequence[tuple[int, int, int, int]],
    members: Sequence[int],
    colors: Floats,
) -> Floats:
    labels = np.full(mask.shape, -1, np.int32)
    for index in members:
        left, top, right, bottom = boxes[index]
        labels[top:bottom, left:right] = index
    chosen = labels >= 0
    label, ink, shown = labels[chosen], mask[chosen], lab(pixels[chosen].astype(np.float32) / 255)
    off_color = color_difference(shown - colors[label])
    strong = ink * (ink > 0.5)
    columns = [
        np.ones_like(ink),
        ink,
        ink**2,
        *shown.T,
        *(shown * ink[:, None]).T,
        *(shown**2).T,
        strong,
        strong * (off_color < COLOR_TOLERANCE),
    ]
    return np.stack([np.bincount(label, column, len(boxes)) for column in columns], axis=1)


def _assign_planes(
    glyphs: Sequence[Glyph], boxes: Sequence[tuple[int, int, int, int]], frame: _Frame
) -> dict[int, int]:
    """The plane of each operation, so that its letters do not overlap others; the first is for clips."""
    members: dict[int, list[tuple[int, int, int, int]]] = {}
    for glyph, box in zip(glyphs, boxes, strict=True):
        members.setdefault(glyph.operation, []).append(box)
    members.pop(CLIP_TEXT, None)
    occupied: list[npt.NDArray[np.bool_]] = []
    planes = {CLIP_TEXT: 0}
    for operation in sorted(members):
        for plane in range(MAX_PLANES):
            if plane == len(occupied):
                occupied.append(np.zeros(frame.shape, np.bool_))
            if not any(occupied[plane][t:b, le:r].any() for le, t, r, b in members[operation]):
                break
        planes[operation] = plane + 1
        for left, top, right, bottom in members[operation]:
            occupied[plane][top:bottom, left:right] = True
    return planes


def _draw_masks(page: pymupdf.Page, frame: _Frame, planes: Mapping[int, int]) -> list[Floats]:
    """A picture for each plane: how much of each pixel (height, width) the letters cover, 0 to 1."""
    area = mupdf.FzIrect(frame.left, frame.top, frame.right, frame.bottom)
    count = max(planes.values()) + 1
    alpha_only = mupdf.FzColorspace()
    pixmaps = [mupdf.fz_new_pixmap_with_bbox(alpha_only, area, mupdf.FzSeparations(), 1) for _ in range(count)]
    for pixmap in pixmaps:
        mupdf.fz_clear_pixmap(pixmap)
    drawing = [mupdf.fz_new_draw_device(mupdf.FzMatrix(), pixmap) for pixmap in pixmaps]
    painter = _LetterPainter(planes, drawing)
    left, top = page.rect.x0, page.rect.y0
    matrix = mupdf.FzMatrix(frame.scale, 0, 0, frame.scale, -left * frame.scale, -top * frame.scale)
    mupdf.fz_run_page(page.this, painter, matrix, mupdf.FzCookie())
    for device in (*drawing, painter):
        mupdf.fz_close_device(device)
    return [
        np.frombuffer(mupdf.fz_pixmap_samples_memoryview(pixmap), np.uint8).reshape(frame.shape) / np.float32(255)
        for pixmap in pixmaps
    ]


class _LetterPainter(mupdf.FzDevice2):  # type: ignore[misc, name-defined]
    """Paints text on the pictures of its planes, without the clips and groups that it is drawn in."""

    def __init__(self, planes: Mapping[int, int], drawing: Sequence[Any]) -> None:
        super().__init__()
        self._planes = planes
        self._drawing = drawing
        self._operation = 0
        self._params = mupdf.FzColorParams()
        for name in ("fill_text", "stroke_text", "ignore_text", "clip_text", "clip_stroke_text"):
            getattr(self, f"use_virtual_{name}")()

    def fill_text(self, _: Any, text: Any, ctm: Any, *_rest: Any) -> None:
        self._paint(self._next(), text, None, ctm)

    def ignore_text(self, _: Any, text: Any, ctm: Any) -> None:
        self._paint(self._next(), text, None, ctm)

    def clip_text(self, _: Any, text: Any, ctm: Any, _scissor: Any) -> None:
        self._paint(CLIP_TEXT, text, None, ctm)

    def stroke_text(self, _: Any, text: Any, stroke: Any, ctm: Any, *_rest: Any) -> None:
        self._paint(self._next(), text, stroke, ctm)

    def clip_stroke_text(self, _: Any, text: Any, stroke: Any, ctm: Any, _scissor: Any) -> None:
        self._paint(CLIP_TEXT, text, stroke, ctm)

    def _next(self) -> int:
        self._operation += 1
        return self._operation - 1

    def _paint(self, operation: int, text: Any, stroke: Any, ctm: Any) -> None:
        if operation not in self._planes:
            return
        device = self._drawing[self._planes[operation]].m_internal
        if stroke is None:
            mupdf.ll_fz_fill_text(device, text, ctm, None, [0.0], 1.0, self._params.internal())
        else:
            mupdf.ll_fz_stroke_text(device, text, stroke, ctm, None, None, 1.0, self._params.internal())


def _render(page: pymupdf.Page, frame: _Frame) -> npt.NDArray[np.uint8]:
    """The part of the page in RGB: (height, width, 3)."""
    left, top, scale = page.rect.x0, page.rect.y0, frame.scale
    clip = pymupdf.Rect(
        left + frame.left / scale, top + frame.top / scale, left + frame.right / scale, top + frame.bottom / scale
    )
    pixmap = page.get_pixmap(matrix=pymupdf.Matrix(scale, scale), clip=clip, alpha=False, colorspace=pymupdf.csRGB)
    pixels = np.frombuffer(pixmap.samples_mv, np.uint8).reshape(pixmap.height, pixmap.width, 3)
    height, width = frame.shape
    if pixels.shape[:2] != (height, width):
        padding = ((0, max(0, height - pixmap.height)), (0, max(0, width - pixmap.width)), (0, 0))
        pixels = np.pad(pixels, padding, "edge")[:height, :width]
    return pixels.copy()  # the pixmap owns the memory


def lab(colors: Sequence[Color] | Floats) -> Floats:
    """Colors in CIE L*a*b*: (colors, 3)."""
    if not len(colors):
        return np.zeros((0, 3), np.float32)
    return np.asarray(cv2.cvtColor(np.asarray(colors, np.float32)[None], cv2.COLOR_RGB2LAB)[0])


def _pixel_box(box: Box, scale: float, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """A box in pixels with one more on each side, as background, within the page: left, top, right, bottom."""
    left, top = (min(side, max(0, int(start * scale) - 1)) for start, side in zip((box.x0, box.y0), size, strict=True))
    right, bottom = min(size[0], int(box.x1 * scale) + 2), min(size[1], int(box.y1 * scale) + 2)
    return left, top, max(left, right), max(top, bottom)
