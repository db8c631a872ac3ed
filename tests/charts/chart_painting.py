"""Charts painted for tests, with the exact positions of their words."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from cogdoc.documents.geometry import Box
from cogdoc.engines.builtin.charts.chart_parts import Picture
from cogdoc.parsing.page_text import Line, Word

BLUE, ORANGE, GREEN, RED, GRAY = (31, 119, 180), (255, 127, 14), (44, 160, 44), (214, 39, 40), (150, 150, 150)
PALETTE = (BLUE, ORANGE, GREEN, RED, GRAY)
BLACK = (40, 40, 40)
PALE = (225, 225, 225)


class Canvas:
    """A white picture, and the words written on it."""

    def __init__(self, width: int = 640, height: int = 420) -> None:
        self.image = Image.new("RGB", (width, height), "white")
        self.draw = ImageDraw.Draw(self.image)
        self.lines: list[Line] = []

    @property
    def picture(self) -> Picture:
        return np.asarray(self.image)

    def text(self, x: float, y: float, text: str, anchor: str = "mm", size: int = 13, color=BLACK) -> None:
        """Write `text` at (x, y) as one line of words; `anchor` is that of Pillow."""
        font = ImageFont.load_default(size)
        self.draw.text((x, y), text, fill=color, font=font, anchor=anchor)
        left, top, _, bottom = self.draw.textbbox((x, y), text, font=font, anchor=anchor)
        words, start = [], 0
        for part in text.split(" "):
            before = self.draw.textlength(text[:start], font=font)
            width = self.draw.textlength(part, font=font)
            words.append(Word(part, Box(left + before, top - 2, left + before + width, bottom + 2), 1.0))
            start += len(part) + 1
        self.lines.append(Line(tuple(words)))

    def rectangle(self, x0: float, y0: float, x1: float, y1: float, color: tuple[int, int, int]) -> None:
        """Fill the pixels from (x0, y0) to (x1, y1), exclusive."""
        self.draw.rectangle((round(x0), round(y0), round(x1) - 1, round(y1) - 1), fill=color)

    def legend(self, names: Sequence[str], x: float = 120, y: float = 400) -> None:
        for name, color in zip(names, PALETTE, strict=False):
            self.rectangle(x, y - 5, x + 10, y + 5, color)
            self.text(x + 16, y, name, anchor="lm")
            x += 60 + 8 * len(name)


class Axis:
    """Maps values to pixels, and draws tick labels on a canvas."""

    def __init__(self, low: float, high: float, start: float, end: float) -> None:
        self.low, self.high, self.start, self.end = low, high, start, end

    def at(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    def ticks(self, canvas: Canvas, labels: dict[float, str], *, vertical: bool, grid: bool = True) -> None:
        for value, label in labels.items():
            position = self.at(value)
            if vertical:
                if grid:
                    canvas.draw.line((80, position, 620, position), fill=PALE)
                canvas.text(72, position, label, anchor="rm")
            else:
                if grid:
                    canvas.draw.line((position, 40, position, 350), fill=PALE)
                canvas.text(position, 362, label)


def vertical_bars(
    values: Sequence[Sequence[float]],
    categories: Sequence[str],
    *,
    stacked: bool = False,
    ticks: dict[float, str] | None = None,
    high: float = 100,
    low: float = 0,
    labels: bool = False,
    legend: Sequence[str] = (),
) -> Canvas:
    """A chart with vertical bars; `values` has one sequence for each series."""
    canvas, axis = Canvas(), Axis(low, high, 350, 40)
    if ticks:
        axis.ticks(canvas, ticks, vertical=True)
    pitch = 530 / len(categories)
    for c, name in enumerate(categories):
        middle = 85 + pitch * (c + 0.5)
        canvas.text(middle, 365 if low == 0 else 372, name)
        base = 0.0
        for s, series in enumerate(values):
            value = series[c]
            width = 0.6 * pitch / (1 if stacked else len(values))
            left = middle - 0.3 * pitch + (0 if stacked else s * width)
            top, bottom = axis.at(base + max(value, 0)), axis.at(base + min(value, 0))
            canvas.rectangle(left, top, left + width, bottom, PALETTE[s])
            if labels:
                label_y = (top + bottom) / 2 if stacked else top - 10 if value >= 0 else bottom + 10
                canvas.text(left + width / 2, label_y, f"{value:g}", size=12)
            base += value if stacked else 0
    canvas.legend(legend)
    return canvas


def horizontal_bars(
    values: Sequence[Sequence[float]],
    categories: Sequence[str],
    *,
    stacked: bool = False,
    ticks: dict[float, str] | None = None,
    high: float = 100,
    labels: bool = False,
    legend: Sequence[str] = (),
) -> Canvas:
    canvas, axis = Canvas(), Axis(0, high, 150, 600)
    if ticks:
        axis.ticks(canvas, ticks, vertical=False)
    pitch = 300 / len(categories)
    for c, name in enumerate(categories):
        middle = 45 + pitch * (c + 0.5)
        canvas.text(142, middle, name, anchor="rm")
        base = 0.0
        for s, series in enumerate(values):
            value = series[c]
            height = 0.6 * pitch / (1 if stacked else len(values))
            top = middle - 0.3 * pitch + (0 if stacked else s * height)
            canvas.rectangle(axis.at(base), top, axis.at(base + value), top + height, PALETTE[s])
            if labels:
                label_x = axis.at(base + value / 2) if stacked else axis.at(value) + 18
                canvas.text(label_x, top + height / 2, f"{value:g}", size=12)
            base += value if stacked else 0
    canvas.legend(legend)
    return canvas


def line_chart(
    values: Sequence[Sequence[float]],
    categories: Sequence[str],
    *,
    ticks: dict[float, str] | None = None,
    high: float = 100,
    labels: bool = False,
    legend: Sequence[str] = (),
) -> Canvas:
    canvas, axis = Canvas(), Axis(0, high, 350, 40)
    if ticks:
        axis.ticks(canvas, ticks, vertical=True)
    pitch = 520 / (len(categories) - 1)
    for c, name in enumerate(categories):
        canvas.text(90 + pitch * c, 366, name)
    for s, series in enumerate(values):
        points = [(90 + pitch * c, axis.at(value)) for c, value in enumerate(series)]
        canvas.draw.line(points, fill=PALETTE[s], width=3)
        if labels:
            for (x, y), value in zip(points, series, strict=True):
                canvas.text(x, y - 14, f"{value:g}", size=12)
    canvas.legend(legend)
    return canvas


def pie_chart(shares: Sequence[float], names: Sequence[str], *, labels: bool, hole: float = 0.0) -> Canvas:
    """A pie clockwise from the top, with names beside the slices and, with `labels`, their shares."""
    canvas = Canvas()
    x, y, radius = 320, 210, 120
    start = -90.0
    for share, name, color in zip(shares, names, PALETTE, strict=False):
        sweep = 360 * share / sum(shares)
        canvas.draw.pieslice((x - radius, y - radius, x + radius, y + radius), start, start + sweep, fill=color)
        angle = math.radians(start + sweep / 2)
        side = "lm" if math.cos(angle) > 0 else "rm"
        label_x, label_y = x + 1.15 * radius * math.cos(angle), y + 1.15 * radius * math.sin(angle)
        canvas.text(label_x, label_y, f"{name} {share:g}%" if labels else name, anchor=side)
        start += sweep
    if hole:
        inner = hole * radius
        canvas.draw.ellipse((x - inner, y - inner, x + inner, y + inner), fill="white")
    return canvas
