"""The design of the annual report: typefaces, colors, running headers, tables and the bar chart."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from samples.making.facts import ChartFacts, TableFacts
from samples.making.sheet import A4, WHITE, Color, Face, Sheet, Style

INK: Color = (0.13, 0.16, 0.19)
MUTED: Color = (0.42, 0.46, 0.50)
TEAL: Color = (0.05, 0.30, 0.38)
AMBER: Color = (0.86, 0.56, 0.14)
PALE: Color = (0.93, 0.96, 0.97)
LINE: Color = (0.72, 0.77, 0.80)

WIDTH, HEIGHT = A4
LEFT, RIGHT = 62.0, WIDTH - 62.0
TOP = 96.0

TITLE = Style(Face.SANS_BOLD, 22, TEAL)
SUBTITLE = Style(Face.SANS, 11, MUTED)
HEADING = Style(Face.SANS_BOLD, 12, TEAL)
BODY = Style(Face.SERIF, 10.8, INK, leading=1.4)
SMALL = Style(Face.SERIF, 8.4, INK)
CELL = Style(Face.SANS, 9.2, INK)
CELL_BOLD = Style(Face.SANS_BOLD, 9.2, INK)
RUNNING = Style(Face.SANS, 8, MUTED)


def draw_running_header(sheet: Sheet, company: str, section: str, label: str) -> None:
    """Draw a header with company and section, and a footer with the page label."""
    sheet.text(LEFT, 48, company, RUNNING)
    sheet.text(RIGHT, 48, section, RUNNING, "right")
    sheet.rule((LEFT, 56), (RIGHT, 56), 0.6, LINE)
    sheet.text(WIDTH / 2, 808, label, RUNNING, "center")


def draw_title(sheet: Sheet, title: str, subtitle: str = "") -> float:
    """Draw a page's title; returns the baseline from which its content can start."""
    sheet.text(LEFT, TOP, title, TITLE)
    if not subtitle:
        return TOP + 36
    sheet.text(LEFT, TOP + 20, subtitle, SUBTITLE)
    return TOP + 52


@dataclass(frozen=True, slots=True)
class TableDesign:
    """The design of a table; `edges` are the left edges of the columns, and the right edge of the last one."""

    edges: tuple[float, ...]
    row_height: float
    ruled: bool
    bold_rows: frozenset[int]
    left_columns: int = 1
    """Number of left-aligned columns; the others are right-aligned."""
    super_header: tuple[tuple[int, int, str], ...] = ()
    """(first column, last column, text) of cells that span columns above the header."""


def draw_table(sheet: Sheet, y: float, table: TableFacts, design: TableDesign) -> float:
    """Draw a table with its top edge at `y`; returns its bottom edge."""
    edges, pad = design.edges, 6.0
    header_rows = 2 if design.super_header else 1
    bottom = y + design.row_height * (len(table.rows) + header_rows)
    header_bottom = y + design.row_height * header_rows
    if design.ruled:
        sheet.box((edges[0], y, edges[-1], header_bottom), fill=TEAL)
    head = CELL_BOLD.colored(WHITE if design.ruled else TEAL)

    for first, last, text in design.super_header:
        middle = (edges[first] + edges[last + 1]) / 2
        sheet.text(middle, _baseline(y, design), text, head, "center")
    _draw_row(sheet, header_bottom - design.row_height, table.header, head, design, pad)
    for index, row in enumerate(table.rows):
        top = header_bottom + index * design.row_height
        style = CELL_BOLD if index in design.bold_rows else CELL
        if design.ruled and index in design.bold_rows:
            sheet.box((edges[0], top, edges[-1], top + design.row_height), fill=PALE)
        _draw_row(sheet, top, row, style, design, pad)

    if design.ruled:
        for index in range(len(table.rows) + 1):
            y_rule = header_bottom + index * design.row_height
            sheet.rule((edges[0], y_rule), (edges[-1], y_rule), 0.5, LINE)
        inside_spans = {column for first, last, _ in design.super_header for column in range(first + 1, last + 1)}
        for column, edge in enumerate(edges):
            upper = header_bottom if column in inside_spans else y
            sheet.rule((edge, upper), (edge, bottom), 0.5, LINE)
    return bottom


def _baseline(top: float, design: TableDesign) -> float:
    return top + design.row_height / 2 + CELL.size * 0.35


def _draw_row(sheet: Sheet, top: float, cells: tuple[str, ...], style: Style, design: TableDesign, pad: float) -> None:
    for column, text in enumerate(cells):
        if column < design.left_columns:
            sheet.text(design.edges[column] + pad, _baseline(top, design), text, style)
        else:
            sheet.text(design.edges[column + 1] - pad, _baseline(top, design), text, style, "right")


def draw_bar_chart(sheet: Sheet, area: tuple[float, float, float, float], chart: ChartFacts, tick: float) -> None:
    """Draw grouped bars with their values above them; `area` includes title, legend and axis."""
    left, top, right, bottom = area
    colors = (TEAL, AMBER)
    sheet.text(left, top + 12, chart.title, HEADING)
    for index, series in enumerate(chart.series):
        x = left + 100 * index
        sheet.box((x, top + 24, x + 9, top + 33), fill=colors[index])
        sheet.text(x + 14, top + 32, series.name, RUNNING.colored(INK))
    sheet.text(right, top + 32, chart.y_title or "", RUNNING, "right")

    x0, y0, y1 = left + 34, bottom - 20, top + 52
    steps = ceil(max(max(series.values) for series in chart.series) / tick)
    scale = (y0 - y1) / (steps * tick)
    for step in range(steps + 1):
        y = y0 - step * tick * scale
        sheet.rule((x0, y), (right, y), 0.8 if step == 0 else 0.4, INK if step == 0 else LINE)
        sheet.text(x0 - 6, y + 2.8, f"{step * tick:g}", RUNNING, "right")

    slot = (right - x0) / len(chart.categories)
    bar = slot * 0.34
    for category_index, category in enumerate(chart.categories):
        middle = x0 + slot * (category_index + 0.5)
        sheet.text(middle, y0 + 14, category, RUNNING.colored(INK), "center")
        for index, series in enumerate(chart.series):
            x = middle + bar * (index - len(chart.series) / 2)
            y = y0 - series.values[category_index] * scale
            sheet.box((x + 1, y, x + bar - 1, y0), fill=colors[index])
            sheet.text(x + bar / 2, y - 4, f"{series.values[category_index]:.1f}", RUNNING.colored(INK), "center")
