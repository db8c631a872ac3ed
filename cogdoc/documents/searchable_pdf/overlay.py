"""Draws what was found on a page over it, to look for mistakes: blocks, lines, cells and the reading order."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

from cogdoc.documents.searchable_pdf.layer_content import format_number
from cogdoc.results.record_model import BoxTuple
from cogdoc.results.records import TextBlock

LABEL_FONT = "CogdocLabels"
"""The name of the font of numbers and the legend in a page's resources."""

OVERLAY_GROUP = "CogdocOverlay"
"""The name of the optional content group in a page's resources."""

COLORS = {
    "title": (0.80, 0.10, 0.10),
    "heading": (0.90, 0.40, 0.00),
    "text": (0.10, 0.35, 0.80),
    "list-item": (0.00, 0.60, 0.60),
    "table": (0.10, 0.55, 0.15),
    "picture": (0.55, 0.20, 0.70),
    "formula": (0.85, 0.10, 0.60),
    "caption": (0.50, 0.40, 0.10),
    "footnote": (0.40, 0.40, 0.60),
    "header": (0.45, 0.45, 0.45),
    "footer": (0.45, 0.45, 0.45),
    "watermark": (0.60, 0.60, 0.20),
    "comment": (0.75, 0.60, 0.00),
}
"""Red, green and blue of each kind of block."""

OTHER_COLOR = (0.0, 0.0, 0.0)

USUAL_LENGTH = 842.0
"""Points of the long side of an A4 page; lines and labels grow with larger pages."""

LABEL = 7.0
"""Points of the height of labels on such a page."""

LETTER_WIDTH = 0.6
"""About the width of Helvetica's letters, as a share of its size."""


def draw_overlay(size: tuple[float, float], blocks: Sequence[TextBlock]) -> str:
    """Operators of a PDF content stream; the origin is the lower left corner of the page as displayed.

    Args:
        size: width and height of the page as displayed, in points.
    """
    scale = max(size) / USUAL_LENGTH
    if not blocks or not math.isfinite(scale) or scale <= 0:
        return ""
    drawing = _Drawing(size[1], scale)
    operators: list[str] = []
    for block in blocks:
        operators += drawing.block(block)
    operators += drawing.order([block.box for block in blocks])
    for number, block in enumerate(blocks, 1):
        operators += drawing.label(str(number), block)
    operators += drawing.legend(list(dict.fromkeys(block.kind for block in blocks)))
    return "\n".join(operators)


def on_overlay(operators: str, matrix: str = "1 0 0 1 0 0") -> str:
    """Operators that viewers show or hide as a layer, and take for no part of the document."""
    return f"/Artifact BMC /OC /{OVERLAY_GROUP} BDC q {matrix} cm\n{operators}\nQ EMC EMC\n"


class _Drawing:
    """Draws on a page of one size."""

    def __init__(self, height: float, scale: float) -> None:
        self._height = height
        self._scale = scale

    def block(self, block: TextBlock) -> Iterator[str]:
        """Its box, and those of its lines and cells, which are thinner."""
        yield f"{_color(block.kind)} RG"
        yield self._width(0.25)
        for line in block.lines:
            yield f"{self._box(line.box)} S"
        if block.table is not None:
            yield f"{self._width(0.6)} [{format_number(2 * self._scale)}] 0 d"
            for row in block.table.rows:
                for cell in row:
                    if cell.box is not None:
                        yield f"{self._box(cell.box)} S"
            yield "[] 0 d"
        yield f"{self._width(1.2)} {self._box(block.box)} S"

    def order(self, boxes: Sequence[BoxTuple]) -> Iterator[str]:
        """An arrow from each block to the next."""
        yield f"0.2 0.2 0.2 RG 0.2 0.2 0.2 rg {self._width(0.5)}"
        for before, after in pairwise(boxes):
            start, end = self._corner(before), self._corner(after)
            length = math.dist(start, end)
            if length < 2 * self._scale:
                continue
            along = (end[0] - start[0]) / length, (end[1] - start[1]) / length
            size = min(5 * self._scale, length)
            base = end[0] - size * along[0], end[1] - size * along[1]
            side = 0.35 * size
            yield f"{_point(start)} m {_point(base)} l S"
            left, right = ((base[0] - sign * side * along[1], base[1] + sign * side * along[0]) for sign in (1, -1))
            yield f"{_point(end)} m {_point(left)} l {_point(right)} l f"

    def label(self, text: str, block: TextBlock) -> Iterator[str]:
        """White letters on the block's color in its upper left corner."""
        size = LABEL * self._scale
        x, y = block.box[0], self._height - block.box[1] - size
        width = (len(text) + 0.6) * LETTER_WIDTH * size
        yield f"{_color(block.kind)} rg {_rectangle(x, y, width, size)} f"
        yield from self._text("1 1 1", x + 0.3 * LETTER_WIDTH * size, y + 0.15 * size, 0.9 * size, text)

    def legend(self, kinds: Sequence[str]) -> Iterator[str]:
        """The kinds on this page in their colors, along its lower edge."""
        size = LABEL * self._scale
        widths = [(len(kind) + 3) * LETTER_WIDTH * size for kind in kinds]
        yield f"1 1 1 rg {_rectangle(0, 0, sum(widths) + size, 1.4 * size)} f"
        x = 0.5 * size
        for kind, width in zip(kinds, widths, strict=True):
            yield f"{_color(kind)} rg {_rectangle(x, 0.3 * size, 0.8 * size, 0.8 * size)} f"
            yield from self._text("0 0 0", x + 1.1 * size, 0.4 * size, 0.9 * size, kind)
            x += width

    def _text(self, color: str, x: float, y: float, size: float, text: str) -> Iterator[str]:
        escaped = "".join(char if char.isalnum() or char in "-. " else "?" for char in text)
        yield f"BT {color} rg /{LABEL_FONT} {format_number(size)} Tf {_point((x, y))} Td ({escaped}) Tj ET"

    def _corner(self, box: BoxTuple) -> tuple[float, float]:
        """A point in the upper left corner of a block, where reading begins."""
        return box[0] + 3 * self._scale, self._height - box[1] - 3 * self._scale

    def _box(self, box: BoxTuple) -> str:
        x0, y0, x1, y1 = box
        return _rectangle(x0, self._height - y1, x1 - x0, y1 - y0)

    def _width(self, points: float) -> str:
        return f"{format_number(points * self._scale)} w"


def _color(kind: str) -> str:
    return " ".join(map(format_number, COLORS.get(kind, OTHER_COLOR)))


def _rectangle(x: float, y: float, width: float, height: float) -> str:
    return f"{' '.join(map(format_number, (x, y, width, height)))} re"


def _point(point: tuple[float, float]) -> str:
    return " ".join(map(format_number, point))
