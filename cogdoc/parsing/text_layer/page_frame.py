"""How a page is displayed, and where the boxes of its file are then."""

from __future__ import annotations

from typing import NamedTuple

from cogdoc.documents.geometry import Box
from cogdoc.documents.mupdf import pymupdf


class PageFrame(NamedTuple):
    """How a page is displayed, read once: asking MuPDF for each box takes longer than all the rest."""

    matrix: tuple[float, float, float, float, float, float]
    left: float
    top: float
    width: float
    height: float
    is_plain: bool
    """Whether boxes of the file are those on the page as displayed."""

    @property
    def box(self) -> Box:
        return Box(0, 0, self.width, self.height)

    def display(self, box: Box) -> Box:
        """A box of the file on the page as displayed, relative to the page's top left corner."""
        if self.is_plain:
            return box
        a, b, c, d, e, f = self.matrix
        xs = [a * x + c * y + e - self.left for x in (box.x0, box.x1) for y in (box.y0, box.y1)]
        ys = [b * x + d * y + f - self.top for x in (box.x0, box.x1) for y in (box.y0, box.y1)]
        return Box(min(xs), min(ys), max(xs), max(ys))


def frame_of(page: pymupdf.Page) -> PageFrame:
    rect, matrix = page.rect, tuple(page.rotation_matrix)
    is_plain = (*matrix, rect.x0, rect.y0) == (1, 0, 0, 1, 0, 0, 0, 0)
    return PageFrame(matrix, rect.x0, rect.y0, rect.width, rect.height, is_plain)
