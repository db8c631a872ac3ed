"""Finds the charts on a page and reads each from its pixels. Runs in the sandbox."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from cogdoc.documents.geometry import Box
from cogdoc.documents.mupdf_document import MupdfDocument
from cogdoc.documents.open_request import OpenRequest
from cogdoc.documents.opening import OpenDocument, check_index, open_document
from cogdoc.documents.picture_document import PictureDocument
from cogdoc.documents.rendering import PixelSize
from cogdoc.engines.builtin.chart_regions import chart_regions, with_surroundings
from cogdoc.engines.builtin.charts.chart_parts import Drawing, DrawnPath
from cogdoc.engines.builtin.charts.chart_recognition import read_marks, with_titles
from cogdoc.parsing.ocr.orientation import upright_picture
from cogdoc.parsing.page_text import Line, PageLayout, PageText
from cogdoc.results.record_model import BoxTuple
from cogdoc.results.records import Chart

LONG_SIDE = 1600
"""Pixels of the long side at which a page is rendered for its charts; smaller pictures are not enlarged."""

MIN_REGION_SIDE = 60
"""Pixels; a smaller region is not read as a chart."""


def read_page_charts(request: OpenRequest, layout: PageLayout) -> tuple[Chart, ...]:
    """Read all charts of a page; boxes are in points of the page as displayed.

    Raises:
        InputError: the page cannot be rendered.
    """
    document = open_document(request)
    page_text = layout.page_text
    index = check_index(document, page_text.number)
    size, scale = _picture_size(document, index)
    picture = upright_picture(document.picture(index, size), page_text.turned, page_text.skew, page_text.bend)
    drawing = _drawing(document, index, scale) if not page_text.turned else None
    charts: list[Chart] = []
    whole = Box(0, 0, page_text.width, page_text.height)
    is_picture = isinstance(document, PictureDocument)
    regions = [whole] if is_picture else chart_regions(layout)
    for region in regions:
        left, top = max(0, int(region.x0 * scale)), max(0, int(region.y0 * scale))
        right, bottom = min(picture.shape[1], int(region.x1 * scale)), min(picture.shape[0], int(region.y1 * scale))
        if right - left < MIN_REGION_SIDE or bottom - top < MIN_REGION_SIDE:
            continue
        lines = list(_lines_within(page_text.lines, region, scale, left, top))
        region_drawing = _part_of(drawing, Box(left, top, right, bottom)) if drawing else None
        found = read_marks(picture[top:bottom, left:right], lines, region_drawing)
        if found is not None:
            chart, plot = found
            if region == whole and not is_picture:
                lines = _lines_around(plot, lines, layout, scale)
            chart = with_titles(chart, plot, lines)
            box = (0.0, 0.0, float(right - left), float(bottom - top))
            charts.append(_on_page(chart.model_copy(update={"box": box}), page_text, left, top, scale))
    return tuple(charts)


def _lines_around(plot: Box, lines: Sequence[Line], layout: PageLayout, scale: float) -> list[Line]:
    """The lines of a whole page, which has headings and tables too, without those that are too far above a plot.

    Args:
        plot: in pixels, as the lines.
        scale: pixels per point.
    """
    whole = Box(0, 0, layout.page_text.width, layout.page_text.height)
    nearby = with_surroundings(plot.scaled(1 / scale, 1 / scale), layout.blocks, whole)
    return [line for line in lines if line.box.center[1] > scale * nearby.y0]


def _picture_size(document: OpenDocument, index: int) -> tuple[PixelSize, float]:
    """The size to render the page at, and its pixels per point."""
    width, height = document.size(index)
    scale = LONG_SIDE / max(width, height)
    if isinstance(document, PictureDocument):
        native = max(document.frame(index).shape) / max(width, height)
        scale = min(native, scale)
    return PixelSize(max(1, round(width * scale)), max(1, round(height * scale))), scale


def _lines_within(lines: Sequence[Line], region: Box, scale: float, left: int, top: int) -> Iterator[Line]:
    """The parts of the lines inside `region`, in pixels relative to its top left corner."""
    for line in lines:
        words = tuple(
            replace(word, box=word.box.scaled(scale, scale).shifted(-left, -top))
            for word in line.words
            if region.contains_point(*word.box.center)
        )
        if words:
            yield Line(words)


def _drawing(document: OpenDocument, index: int, scale: float) -> Drawing | None:
    """The page's vector paths in pixels, curves flattened to chords."""
    if not isinstance(document, MupdfDocument):
        return None
    page = document.load_page(index)
    rotation = page.rotation_matrix
    paths: list[DrawnPath] = []
    for path in page.get_drawings():
        points: list[tuple[float, float]] = []
        for kind, *parts in path["items"]:
            corners = [parts[0].tl, parts[0].tr, parts[0].br, parts[0].bl] if kind == "re" else _corners(kind, parts)
            points.extend((float(point.x), float(point.y)) for point in (corner * rotation for corner in corners))
        if points:
            paths.append(
                DrawnPath(
                    tuple(((x - page.rect.x0) * scale, (y - page.rect.y0) * scale) for x, y in points),
                    fill=_color(path.get("fill")),
                    stroke=_color(path.get("color")),
                    width=float(path.get("width") or 1.0) * scale,
                )
            )
    return Drawing(tuple(paths)) if paths else None


def _corners(kind: str, parts: Sequence[Any]) -> list[Any]:
    """The points of a line, curve or quad of PyMuPDF's `get_drawings`."""
    if kind == "qu":
        quad = parts[0]
        return [quad.ul, quad.ur, quad.lr, quad.ll]
    if kind == "c":
        start, first, second, end = parts
        # Four chords of the cubic Bezier curve: enough for the sectors of a pie.
        return [
            start * (1 - t) ** 3 + first * (3 * t * (1 - t) ** 2) + second * (3 * t**2 * (1 - t)) + end * t**3
            for t in (0.0, 0.25, 0.5, 0.75, 1.0)
        ]
    return list(parts)


def _color(components: Sequence[float] | None) -> tuple[int, int, int] | None:
    if not components:
        return None
    red, green, blue = (round(255 * component) for component in (*components, *components, *components)[:3])
    return red, green, blue


def _part_of(drawing: Drawing, region: Box) -> Drawing:
    """The paths whose center is inside `region`, in pixels relative to its top left corner."""
    paths = [path for path in drawing.paths if region.contains_point(*_box_of(path).center)]
    return Drawing(
        tuple(replace(path, points=tuple((x - region.x0, y - region.y0) for x, y in path.points)) for path in paths)
    )


def _box_of(path: DrawnPath) -> Box:
    xs, ys = zip(*path.points, strict=True)
    return Box(min(xs), min(ys), max(xs), max(ys))


def _on_page(chart: Chart, page_text: PageText, left: int, top: int, scale: float) -> Chart:
    """The chart with its boxes in points of the page as displayed."""

    def to_page(box: BoxTuple | None) -> BoxTuple | None:
        if box is None:
            return None
        x0, y0, x1, y1 = page_text.displayed(Box(*box).shifted(left, top).scaled(1 / scale, 1 / scale))
        return round(x0, 2), round(y0, 2), round(x1, 2), round(y1, 2)

    series = tuple(
        one.model_copy(
            update={"values": tuple(value.model_copy(update={"box": to_page(value.box)}) for value in one.values)}
        )
        for one in chart.series
    )
    return chart.model_copy(update={"series": series, "box": to_page(chart.box)})
