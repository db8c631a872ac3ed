"""How the annual report looks: its type, colours, running heads, tables and bar chart."""

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


def running_heads(sheet: Sheet, company: str, section: str, label: str) -> None:
    """Header with company and section, footer with the page label."""
    sheet.text(LEFT, 48, company, RUNNING)
    sheet.text(RIGHT, 48, section, RUNNING, "right")
    sheet.rule((LEFT, 56), (RIGHT, 56), 0.6, LINE)
    sheet.text(WIDTH / 2, 808, label, RUNNING, "center")


def page_title(sheet: Sheet, title: str, subtitle: str = "") -> float:
    """Returns the baseline at which the page's content may begin."""
    sheet.text(LEFT, TOP, title, TITLE)
    if not subtitle:
        return TOP + 36
    sheet.text(LEFT, TOP + 20, subtitle, SUBTITLE)
    return TOP + 52


@dataclass(frozen=True, slots=True)
class TableLook:
    """How a table is set; `edges` are the columns' left ends and the last one's right end."""

    edges: tuple[float, ...]
    row_height: float
    ruled: bool
    bold_rows: frozenset[int]
    left_columns: int = 1
    """Columns set flush left; the others are flush right."""
    super_header: tuple[tuple[int, int, str], ...] = ()
    """(first column, last column, text) that spans columns above the header."""


def draw_table(sheet: Sheet, y: float, table: TableFacts, look: TableLook) -> float:
    """Draws a table with its upper edge at `y`; returns its lower edge."""
    edges, pad = look.edges, 6.0
    header_rows = 2 if look.super_header else 1
    bottom = y + look.row_height * (len(table.rows) + header_rows)
    header_bottom = y + look.row_height * header_rows
    if look.ruled:
        sheet.box((edges[0], y, edges[-1], header_bottom), fill=TEAL)
    head = CELL_BOLD.colored(WHITE if look.ruled else TEAL)

    for first, last, text in look.super_header:
        middle = (edges[first] + edges[last + 1]) / 2
        sheet.text(middle, _baseline(y, look), text, head, "center")
    _draw_row(sheet, header_bottom - look.row_height, table.header, head, look, pad)
    for index, row in enumerate(table.rows):
        top = header_bottom + index * look.row_height
        style = CELL_BOLD if index in look.bold_rows else CELL
        if look.ruled and index in look.bold_rows:
            sheet.box((edges[0], top, edges[-1], top + look.row_height), fill=PALE)
        _draw_row(sheet, top, row, style, look, pad)

    if look.ruled:
        for index in range(len(table.rows) + 1):
            at = header_bottom + index * look.row_height
            sheet.rule((edges[0], at), (edges[-1], at), 0.5, LINE)
        inside_spans = {column for first, last, _ in look.super_header for column in range(first + 1, last + 1)}
        for column, edge in enumerate(edges):
            upper = header_bottom if column in inside_spans else y
            sheet.rule((edge, upper), (edge, bottom), 0.5, LINE)
    return bottom


def _baseline(top: float, look: TableLook) -> float:
    return top + look.row_height / 2 + CELL.size * 0.35


def _draw_row(sheet: Sheet, top: float, cells: tuple[str, ...], style: Style, look: TableLook, pad: float) -> None:
    for column, text in enumerate(cells):
        if column < look.left_columns:
            sheet.text(look.edges[column] + pad, _baseline(top, look), text, style)
        else:
            sheet.text(look.edges[column + 1] - pad, _baseline(top, look), text, style, "right")


def draw_bar_chart(sheet: Sheet, area: tuple[float, float, float, float], chart: ChartFacts, tick: float) -> None:
    """Draws grouped bars with their values printed above them; `area` holds title, legend and axis too."""
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
    for place, category in enumerate(chart.categories):
        middle = x0 + slot * (place + 0.5)
        sheet.text(middle, y0 + 14, category, RUNNING.colored(INK), "center")
        for index, series in enumerate(chart.series):
            x = middle + bar * (index - len(chart.series) / 2)
            y = y0 - series.values[place] * scale
            sheet.box((x + 1, y, x + bar - 1, y0), fill=colors[index])
            sheet.text(x + bar / 2, y - 4, f"{series.values[place]:.1f}", RUNNING.colored(INK), "center")
