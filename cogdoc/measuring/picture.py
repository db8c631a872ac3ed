"""Draws the figures of a report as bars: SVG, or PNG by Pillow."""

from __future__ import annotations

import io
from dataclasses import dataclass
from html import escape
from math import log10

from PIL import Image, ImageDraw, ImageFont

from cogdoc.measuring.report import BenchReport, Figure, number

WIDTH, ROW, BAR, LEFT, RIGHT, MARGIN = 860, 30, 18, 250, 190, 24
INK, FAINT, LINE, COLORS = "#1c2733", "#66717d", "#d5dbe1", ("#2d7dd2", "#1b998b")
SCALE = 2
"""Pixels of a PNG for each unit of the drawing."""


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    color: str


@dataclass(frozen=True, slots=True)
class Label:
    x: float
    y: float
    """Of its middle."""
    text: str
    size: int = 13
    color: str = INK
    anchor: str = "start"
    """As in SVG: where `x` is."""


@dataclass(frozen=True, slots=True)
class Drawing:
    height: float
    marks: tuple[Bar | Label, ...]


def draw(report: BenchReport) -> Drawing:
    """Two groups of bars: pages a minute on a logarithmic scale, and shares of what the hardware was measured to do."""
    marks: list[Bar | Label] = [Label(MARGIN, 32, f"cogdoc {report.version} bench", 18)]
    marks.append(Label(MARGIN, 56, "; ".join(report.machine.values())[:130], 12, FAINT))
    y = 96.0
    pages = [figure for figure in report.figures if figure.unit == "pages a minute"]
    if pages:
        top = max(1, *(int(log10(max(1.0, figure.value))) + 1 for figure in pages))
        ticks = [(step / top, f"{10**step:,}") for step in range(top + 1)]
        lengths = [log10(max(1.0, figure.value)) / top for figure in pages]
        y = _group(marks, y, "pages a minute, logarithmic", pages, lengths, ticks, COLORS[0])
    shares = [figure for figure in report.figures if figure.share is not None]
    if shares:
        ticks = [(step / 4, f"{25 * step}%") for step in range(5)]
        lengths = [min(1.0, figure.share or 0.0) for figure in shares]
        title = "share of the bandwidth, or of the operations a second, measured here"
        y = _group(marks, y, title, shares, lengths, ticks, COLORS[1])
    return Drawing(y, tuple(marks))


def _group(
    marks: list[Bar | Label],
    y: float,
    title: str,
    figures: list[Figure],
    lengths: list[float],
    ticks: list[tuple[float, str]],
    color: str,
) -> float:
    """Add a group of bars at `y`; returns where the next one begins. Lengths and ticks are shares of the full width."""
    full = WIDTH - LEFT - RIGHT
    marks.append(Label(MARGIN, y, title, 14))
    top, bottom = y + 18, y + 18 + ROW * len(figures)
    for share, text in ticks:
        marks.append(Bar(LEFT + share * full, top, 1, bottom - top, LINE))
        marks.append(Label(LEFT + share * full, bottom + 12, text, 11, FAINT, "middle"))
    for index, (figure, length) in enumerate(zip(figures, lengths, strict=True)):
        middle = top + ROW * (index + 0.5)
        marks.append(Label(LEFT - 10, middle, figure.name, 13, INK, "end"))
        marks.append(Bar(LEFT, middle - BAR / 2, max(1.0, length * full), BAR, color))
        percent = "" if figure.share is None else f" ({100 * figure.share:.0f}%)"
        unit = "" if figure.unit == "pages a minute" else f" {figure.unit}"
        marks.append(Label(WIDTH - RIGHT + 12, middle, f"{number(figure.value)}{unit}{percent}"))
    return bottom + 52


def as_svg(drawing: Drawing) -> str:
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {drawing.height:g}" width="{WIDTH}" '
        f'height="{drawing.height:g}" font-family="system-ui, sans-serif">',
        f'<rect width="{WIDTH}" height="{drawing.height:g}" fill="#ffffff"/>',
    ]
    for mark in drawing.marks:
        if isinstance(mark, Bar):
            place = f'x="{mark.x:g}" y="{mark.y:g}" width="{mark.width:g}" height="{mark.height:g}"'
            parts.append(f'<rect {place} fill="{mark.color}"/>')
        else:
            place = f'x="{mark.x:g}" y="{mark.y:g}" font-size="{mark.size}" text-anchor="{mark.anchor}"'
            text = escape(mark.text)
            parts.append(f'<text {place} dominant-baseline="central" fill="{mark.color}">{text}</text>')
    return "\n".join([*parts, "</svg>", ""])


def as_png(drawing: Drawing) -> bytes:
    picture = Image.new("RGB", (WIDTH * SCALE, int(drawing.height * SCALE)), "#ffffff")
    pen = ImageDraw.Draw(picture)
    anchors = {"start": "lm", "middle": "mm", "end": "rm"}
    for mark in drawing.marks:
        x, y = (place * SCALE for place in (mark.x, mark.y))
        if isinstance(mark, Bar):
            pen.rectangle((x, y, x + mark.width * SCALE - 1, y + mark.height * SCALE - 1), fill=mark.color)
        else:
            font = ImageFont.load_default(mark.size * SCALE)
            pen.text((x, y), mark.text, fill=mark.color, font=font, anchor=anchors[mark.anchor])
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return stream.getvalue()
