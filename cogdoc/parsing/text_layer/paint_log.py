"""Logs what a page paints, in order: filled areas with their colors, and the clips and groups that text is drawn in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from cogdoc.documents.geometry import Box
from cogdoc.documents.mupdf import pymupdf
from cogdoc.parsing.text_layer.path_shapes import fill_share

mupdf = pymupdf.mupdf

MIN_COVER = 2.0
"""Points; a painted area that is narrower or lower is a rule, or a part of a drawing, and hides no text."""

THICK_LINE = 2.0
"""Points; the width from which a stroked line may hide text."""

MIN_OPACITY = 0.6
"""Text in groups that are less opaque may be invisible."""

MAX_COLORS = 2000
"""Converting a color takes 10 microseconds; on pages with more areas, the colors of the rest stay unknown."""

MIN_SHAPE = 16.0
"""Points of the shorter side of a shape that may be a letter of a stamp."""

MAX_SHAPES = 500
"""Measuring a shape takes 50 microseconds; on pages with more of them, the others have no gaps."""

MAX_FILL = 0.6
"""Share of its box that a shape with gaps fills; a disk fills .79."""

Color = tuple[float, float, float]
"""Red, green and blue, 0 to 1."""


class PaintedArea(NamedTuple):
    """A filled path, a thick line, a picture or a shading."""

    order: int
    box: Box
    color: Color | None
    """None if it has several, or is not known."""
    has_gaps: bool = False
    """Whether it is a shape such as a letter, around which people read what is beneath."""


class TextOperation(NamedTuple):
    """One drawing of a text object, of any render mode but clipping."""

    order: int
    clip: Box
    """The bounding box of what the clips in force let through."""
    veiled: bool
    """Whether a mask, a blend mode, a faint group or a clip that is no rectangle may hide it."""


@dataclass(slots=True)
class PaintLog:
    """What a page paints; boxes are in points of the page as displayed."""

    areas: list[PaintedArea] = field(default_factory=list)
    filled_paths: list[Box] = field(default_factory=list)
    filled_shapes: list[Box] = field(default_factory=list)
    """The filled paths that are no rectangles: letters that a program converted to curves, among others."""
    stroked_paths: list[Box] = field(default_factory=list)
    texts: list[TextOperation] = field(default_factory=list)
    """In the order in which `Page.get_texttrace` has them."""
    has_pictures: bool = False
    """Whether there are pictures, or what MuPDF may list as such: masks and shadings."""
    has_clip_text: bool = False
    """Whether text is used as a clip, as in render mode 7: nothing or a pattern shows through its letters."""


def log_paint(page: pymupdf.Page) -> PaintLog:
    """Run the page, with its annotations, without painting anything."""
    logger = _PaintLogger()
    mupdf.fz_run_page(page.this, logger, mupdf.FzMatrix(), mupdf.FzCookie())
    mupdf.fz_close_device(logger)
    return logger.log


class _Scope(NamedTuple):
    """The clip and the visibility within a clip, mask or group."""

    clip: Box
    veiled: bool


class _PaintLogger(mupdf.FzDevice2):  # type: ignore[misc, name-defined]
    """MuPDF calls a method for each operation; their signatures are those of `fz_device`."""

    def __init__(self) -> None:
        super().__init__()
        self.log = PaintLog()
        self._order = 0
        self._scopes = [_Scope(Box(*pymupdf.INFINITE_RECT()), veiled=False)]
        self._rgb = mupdf.FzColorspace(mupdf.FzColorspace.Fixed_RGB)
        self._params = mupdf.FzColorParams()
        self._unit = mupdf.FzRect(mupdf.FzRect.Fixed_UNIT)
        self._colors = 0
        self._measured = 0
        for name in _HANDLED:
            getattr(self, f"use_virtual_{name}")()

    def fill_path(
        self, _: Any, path: Any, _rule: Any, ctm: Any, space: Any, color: Any, alpha: float, *_rest: Any
    ) -> None:
        box = _box(mupdf.ll_fz_bound_path(path, None, ctm))
        self.log.filled_paths.append(box)
        is_shape = not mupdf.ll_fz_path_is_rect(path, ctm)
        if is_shape:
            self.log.filled_shapes.append(box)
        self._add_area(box, space, color, alpha, has_gaps=is_shape and self._has_gaps(path, box))

    def _has_gaps(self, path: Any, box: Box) -> bool:
        if min(box.width, box.height) < MIN_SHAPE or self._measured == MAX_SHAPES:
            return False
        self._measured += 1
        return fill_share(path) < MAX_FILL

    def stroke_path(
        self, _: Any, path: Any, stroke: Any, ctm: Any, space: Any, color: Any, alpha: float, *_rest: Any
    ) -> None:
        self.log.stroked_paths.append(_box(mupdf.ll_fz_bound_path(path, None, ctm)))
        if stroke.linewidth * abs(ctm.a * ctm.d - ctm.b * ctm.c) ** 0.5 >= THICK_LINE:
            self._add_area(_box(mupdf.ll_fz_bound_path(path, stroke, ctm)), space, color, alpha)

    def fill_shade(self, _: Any, shade: Any, ctm: Any, *_rest: Any) -> None:
        self.log.has_pictures = True
        self._add_area(_box(mupdf.ll_fz_bound_shade(shade, ctm)))

    def fill_image(self, _: Any, _image: Any, ctm: Any, *_rest: Any) -> None:
        self.log.has_pictures = True
        self._add_area(_box(mupdf.ll_fz_transform_rect(self._unit.internal(), ctm)))

    def fill_image_mask(self, _: Any, _image: Any, ctm: Any, *_rest: Any) -> None:
        self.log.has_pictures = True
        self._add_area(_box(mupdf.ll_fz_transform_rect(self._unit.internal(), ctm)))

    def begin_tile(self, *_: Any) -> int:
        self._add_area(self._scopes[-1].clip)  # a pattern covers what the clip lets through
        return 0

    def fill_text(self, *_: Any) -> None:
        self._add_text()

    def stroke_text(self, *_: Any) -> None:
        self._add_text()

    def ignore_text(self, *_: Any) -> None:
        self._add_text()

    def clip_path(self, _: Any, path: Any, _rule: Any, ctm: Any, _scissor: Any) -> None:
        is_rectangle = bool(mupdf.ll_fz_path_is_rect(path, ctm))
        self._enter(_box(mupdf.ll_fz_bound_path(path, None, ctm)), veiled=not is_rectangle)

    def clip_stroke_path(self, *_: Any) -> None:
        self._enter(None, veiled=True)

    def clip_text(self, *_: Any) -> None:
        self.log.has_clip_text = True
        self._enter(None, veiled=True)

    def clip_stroke_text(self, *_: Any) -> None:
        self.log.has_clip_text = True
        self._enter(None, veiled=True)

    def clip_image_mask(self, *_: Any) -> None:
        self.log.has_pictures = True
        self._enter(None, veiled=True)

    def pop_clip(self, _: Any) -> None:
        self._leave()

    def begin_mask(self, *_: Any) -> None:
        # `end_mask` starts the content that the mask applies to, and `pop_clip` ends that.
        self._enter(None, veiled=True)

    def begin_group(
        self, _: Any, _area: Any, _space: Any, _isolated: Any, _knockout: Any, blend_mode: int, alpha: float
    ) -> None:
        self._enter(None, veiled=blend_mode != mupdf.FZ_BLEND_NORMAL or alpha < MIN_OPACITY)

    def end_group(self, _: Any) -> None:
        self._leave()

    def _add_area(
        self, box: Box, space: Any = None, color: Any = None, alpha: float = 0.0, *, has_gaps: bool = False
    ) -> None:
        self._order += 1
        clip = self._scopes[-1].clip
        shown = Box(max(box.x0, clip.x0), max(box.y0, clip.y0), min(box.x1, clip.x1), min(box.y1, clip.y1))
        if min(shown.width, shown.height) < MIN_COVER:
            return
        rgb = None
        if space is not None and alpha == 1 and self._colors < MAX_COLORS:
            self._colors += 1
            converted = mupdf.ll_fz_convert_color(space, color, self._rgb.m_internal, None, self._params.internal())
            rgb = (converted[0], converted[1], converted[2])
        self.log.areas.append(PaintedArea(self._order, shown, rgb, has_gaps))

    def _add_text(self) -> None:
        self._order += 1
        self.log.texts.append(TextOperation(self._order, *self._scopes[-1]))

    def _enter(self, box: Box | None, *, veiled: bool) -> None:
        clip, was_veiled = self._scopes[-1]
        if box is not None:
            clip = Box(max(box.x0, clip.x0), max(box.y0, clip.y0), min(box.x1, clip.x1), min(box.y1, clip.y1))
        self._scopes.append(_Scope(clip, was_veiled or veiled))

    def _leave(self) -> None:
        if len(self._scopes) > 1:
            self._scopes.pop()


_HANDLED = tuple(name for name in vars(_PaintLogger) if not name.startswith("_"))


def _box(rect: Any) -> Box:
    return Box(rect.x0, rect.y0, rect.x1, rect.y1)
