"""Makes the pictures of pages that output formats ask for: rendered in the sandbox, compressed here.

They are not stored for later runs: the same page gives the same picture again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from typing import TYPE_CHECKING

from cogdoc.documents.document import Document
from cogdoc.documents.rendering import PixelSize
from cogdoc.errors import CogdocError
from cogdoc.results.page_picture import PageArea, PagePicture
from cogdoc.results.record_model import BoxTuple
from cogdoc.results.records import AnyRecord

if TYPE_CHECKING:
    from cogdoc.documents.pictures import Picture

AreasOf = Callable[[AnyRecord], Iterable[PageArea]]
"""The pictures that a record is shown with."""

LONG_SIDE = 1400
"""Pixels of the long side of a picture; small print of an A4 page is readable."""

SHORT_SIDE = 900
"""Pixels that the short side has at least, so that long screenshots are readable."""

MOST_PIXELS = 8e6
LONGEST_SIDE = 16_000
"""Pixels of a page's picture; WebP has at most 16383."""

QUALITY, METHOD = 35, 4
"""Of WebP's encoder: a page of dense print takes about 120 kB, and looks like one of quality 50 at 135 kB."""


class PagePictures:
    """The pictures of one document. Each area is drawn once."""

    def __init__(self, document: Document, areas_of: AreasOf) -> None:
        self._document = document
        self._areas_of = areas_of
        self._drawn: set[PageArea] = set()

    def of(self, records: Iterable[AnyRecord]) -> tuple[PagePicture, ...]:
        """The pictures for records that were not drawn before. A page that cannot be drawn has none."""
        return tuple(picture for record in records for picture in self._of_record(record))

    def _of_record(self, record: AnyRecord) -> Iterator[PagePicture]:
        for area in self._areas_of(record):
            if area in self._drawn:
                continue
            self._drawn.add(area)
            try:
                yield self._draw(area)
            except CogdocError:  # the results are complete without it
                continue

    def _draw(self, area: PageArea) -> PagePicture:
        width, height = self._document.page_size(area.page)
        left, top, right, bottom = box = _within(area.box, width, height)
        scale = _pixels_per_point(right - left, bottom - top, max(width, height))
        size = PixelSize(max(1, round(width * scale)), max(1, round(height * scale)))
        pixels = self._document.picture(area.page, size).result()
        if box != (0.0, 0.0, width, height):
            pixels = pixels[round(top * scale) : round(bottom * scale), round(left * scale) : round(right * scale)]
        return PagePicture(area, box, pixels.shape[1], pixels.shape[0], _compress(pixels))


def _within(box: BoxTuple | None, width: float, height: float) -> BoxTuple:
    """The part of the page that is shown."""
    if box is not None:
        left, right = (min(width, max(0.0, x)) for x in (box[0], box[2]))
        top, bottom = (min(height, max(0.0, y)) for y in (box[1], box[3]))
        if right - left >= 1.0 and bottom - top >= 1.0:
            return left, top, right, bottom
    return 0.0, 0.0, width, height


def _pixels_per_point(width: float, height: float, page_side: float) -> float:
    """The scale at which an area of this size is drawn.

    Args:
        page_side: the long side of its page, in points.
    """
    scale = max(LONG_SIDE / max(width, height), SHORT_SIDE / min(width, height))
    most = math.sqrt(MOST_PIXELS / (width * height))
    return min(scale, most, LONGEST_SIDE / page_side)


def _compress(pixels: Picture) -> bytes:
    from PIL import Image

    content = BytesIO()
    Image.fromarray(pixels).save(content, "WEBP", quality=QUALITY, method=METHOD)
    return content.getvalue()
