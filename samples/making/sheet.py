"""Draw a page: text in the fonts that PyMuPDF and matplotlib ship, rules, boxes and curves.

All samples except the charts and the photograph are drawn here, then saved as PDF or rendered to pixels.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Literal

import matplotlib
import pymupdf
from PIL import Image

Color = tuple[float, float, float]
Point = tuple[float, float]

BLACK: Color = (0.0, 0.0, 0.0)
WHITE: Color = (1.0, 1.0, 1.0)
A4 = (595.0, 842.0)


class Face(StrEnum):
    """A typeface, by its PyMuPDF name or, for DejaVu, by matplotlib's file name."""

    SANS = "helv"
    SANS_BOLD = "hebo"
    SERIF = "tiro"
    SERIF_BOLD = "tibo"
    SERIF_ITALIC = "tiit"
    TYPEWRITER = "cour"
    CHINESE = "cjk"
    PRINTER = "DejaVuSansMono"
    PRINTER_BOLD = "DejaVuSansMono-Bold"


@cache
def font(face: Face) -> Any:
    if face in (Face.PRINTER, Face.PRINTER_BOLD):
        return pymupdf.Font(fontfile=str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / f"{face}.ttf"))
    return pymupdf.Font(face.value)


@dataclass(frozen=True, slots=True)
class Style:
    """The style of text; sizes are in points, `leading` is a multiple of the size."""

    face: Face
    size: float
    color: Color = BLACK
    leading: float = 1.35
    stroke: float = 0.0
    """Width of an outline, as a share of the size, for faces without a bold variant."""

    @property
    def line_height(self) -> float:
        return self.size * self.leading

    def sized(self, size: float) -> Style:
        return replace(self, size=size)

    def colored(self, color: Color) -> Style:
        return replace(self, color=color)


def text_width(text: str, style: Style) -> float:
    return float(font(style.face).text_length(text, style.size))


def wrap(text: str, width: float, style: Style) -> list[str]:
    """Break text at spaces into lines at most `width` points wide."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        longer = f"{line} {word}" if line else word
        if line and text_width(longer, style) > width:
            lines.append(line)
            line = word
        else:
            line = longer
    return [*lines, line] if line else lines


class Sheet:
    """A page that is being drawn; `finish` commits the drawing."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self._shape = page.new_shape()
        self._faces: set[Face] = set()

    def text(
        self,
        x: float,
        y: float,
        text: str,
        style: Style,
        align: Literal["left", "center", "right"] = "left",
    ) -> None:
        """Draw one line with its baseline at `y`; `x` is its left end, middle or right end, by `align`."""
        # PyMuPDF would use the PDF base font of that name otherwise, which has only Latin-1 and is not embedded.
        name = f"embedded-{style.face}"
        if style.face not in self._faces:
            self.page.insert_font(fontname=name, fontbuffer=font(style.face).buffer)
            self._faces.add(style.face)
        shift = {"left": 0.0, "center": 0.5, "right": 1.0}[align]
        self._shape.insert_text(
            (x - shift * text_width(text, style), y),
            text,
            fontname=name,
            fontsize=style.size,
            color=style.color,
            fill=style.color,
            render_mode=2 if style.stroke else 0,
            border_width=style.stroke,
        )

    def paragraph(self, x: float, y: float, width: float, text: str, style: Style) -> float:
        """Draw wrapped lines, the first baseline at `y`; returns the next baseline after them."""
        for line in wrap(text, width, style):
            self.text(x, y, line, style)
            y += style.line_height
        return y

    def rule(self, start: Point, end: Point, width: float = 0.5, color: Color = BLACK) -> None:
        self._shape.draw_line(start, end)
        self._shape.finish(color=color, width=width)

    def box(
        self,
        rect: tuple[float, float, float, float],
        fill: Color | None = None,
        color: Color | None = None,
        width: float = 0.5,
        radius: float | None = None,
    ) -> None:
        """Draw a rectangle; `radius` rounds its corners, as a share of its shorter side."""
        self._shape.draw_rect(pymupdf.Rect(rect), radius=radius)
        self._shape.finish(color=color, fill=fill, width=width)

    def ellipse(
        self,
        rect: tuple[float, float, float, float],
        color: Color,
        width: float = 1.0,
    ) -> None:
        self._shape.draw_oval(pymupdf.Rect(rect))
        self._shape.finish(color=color, width=width)

    def polygon(self, points: list[Point], fill: Color) -> None:
        self._shape.draw_polyline(points)
        self._shape.finish(fill=fill, color=None, closePath=True)

    def stroke(self, points: list[Point], width: float, color: Color) -> None:
        """Draw cubic Bezier curves: the start, then three control points for each curve."""
        for index in range(0, len(points) - 3, 3):
            self._shape.draw_bezier(*points[index : index + 4])
        self._shape.finish(color=color, width=width, closePath=False)

    def finish(self) -> None:
        self._shape.commit()
        self.page.clean_contents()


def new_document(title: str, author: str) -> Any:
    """An empty PDF without dates and program names in its metadata, which would change its bytes."""
    document = pymupdf.open()
    empty = dict.fromkeys(("producer", "creator", "creationDate", "modDate"), "")
    document.set_metadata({"title": title, "author": author, **empty})
    return document


def new_sheet(document: Any, size: tuple[float, float] = A4) -> Sheet:
    return Sheet(document.new_page(width=size[0], height=size[1]))


def save(document: Any, path: Path, **options: Any) -> None:
    """Save and close a document; it has no random file identifier, so that its bytes are the same each time."""
    document.subset_fonts()
    document.save(path, garbage=4, deflate=True, use_objstms=1, no_new_id=True, **options)
    document.close()


def render(page: Any, dpi: int, gray: bool = False) -> Image.Image:
    pixmap = page.get_pixmap(dpi=dpi, colorspace=pymupdf.csGRAY if gray else pymupdf.csRGB)
    return Image.frombytes("L" if gray else "RGB", (pixmap.width, pixmap.height), pixmap.samples)
