"""The pages of the annual report, each drawn by one function."""

from __future__ import annotations

from samples.making.facts import ChartFacts, SeriesFacts, TableFacts
from samples.making.report import accounts as books
from samples.making.report import prose
from samples.making.report.accounts import Heading, Row, growth, millions, printed
from samples.making.report.design import (
    AMBER,
    BODY,
    HEADING,
    HEIGHT,
    INK,
    LEFT,
    LINE,
    MUTED,
    PALE,
    RIGHT,
    RUNNING,
    SMALL,
    TEAL,
    WIDTH,
    TableDesign,
    draw_bar_chart,
    draw_table,
    draw_title,
)
from samples.making.sheet import WHITE, Face, Sheet, Style, text_width, wrap

INCOME_PAGE, BALANCE_PAGE, SEGMENT_PAGE = 5, 6, 7
"""1-based, as in the file."""

STATEMENT_EDGES = (LEFT, 318.0, 356.0, 415.0, 474.0, RIGHT)
STATEMENT_HEADER = ("€ thousand", "Note", *(str(year) for year in books.YEARS))


def _statement(page: int, title: str, rows: tuple[Row | Heading, ...]) -> TableFacts:
    cells = tuple(
        (row.label, row.note, *map(printed, row.values)) if isinstance(row, Row) else (row.label, "", "", "", "")
        for row in rows
    )
    return TableFacts(page, title, STATEMENT_HEADER, cells)


_INCOME = _statement(INCOME_PAGE, "Consolidated income statement", books.INCOME_STATEMENT)
INCOME_TABLE = TableFacts(
    _INCOME.page,
    _INCOME.title,
    _INCOME.header,
    (*_INCOME.rows, ("Basic earnings per share (€)", "", *books.EARNINGS_PER_SHARE)),
)
BALANCE_TABLE = _statement(BALANCE_PAGE, "Consolidated balance sheet", books.BALANCE_SHEET)
SEGMENT_TABLE = TableFacts(
    SEGMENT_PAGE,
    "Segments by region",
    ("€ thousand", *(str(year) for year in books.YEARS), "Operating profit", "Employees"),
    (
        *(
            (s.name, *map(printed, s.revenue.values), printed(s.operating_profit), printed(s.employees))
            for s in books.SEGMENTS
        ),
        (
            "Group",
            *map(printed, books.REVENUE.values),
            printed(books.OPERATING_PROFIT.of(2024)),
            printed(books.EMPLOYEES),
        ),
    ),
)
HISTORY_CHART = ChartFacts(
    kind="bar",
    title="Five years of revenue and operating profit",
    x_title=None,
    y_title="€ million",
    categories=tuple(str(year) for year in books.HISTORY_YEARS),
    series=(
        SeriesFacts("Revenue", tuple(float(millions(value)) for value in books.HISTORY_REVENUE)),
        SeriesFacts("Operating profit", tuple(float(millions(value)) for value in books.HISTORY_PROFIT)),
    ),
    printed=True,
    page=SEGMENT_PAGE,
)
SIGNATURE = (
    (0, 0),
    (14, -42),
    (20, 18),
    (30, -12),
    (42, -30),
    (40, 10),
    (58, -8),
    (80, -22),
    (86, 6),
    (118, -10),
)
"""Control points of Bezier curves, as offsets in points."""

KEY_FIGURES: tuple[tuple[str, str, str], ...] = (
    ("Revenue", f"€{millions(books.REVENUE.of(2024))} million", f"+{growth(books.REVENUE)} on 2023"),
    ("Operating margin", prose.OPERATING_MARGIN, "of total revenue"),
    ("Net income", f"€{millions(books.NET_INCOME.of(2024))} million", f"+{growth(books.NET_INCOME)} on 2023"),
    ("Earnings per share", f"€{books.EARNINGS_PER_SHARE[0]}", "basic"),
    ("Dividend per share", f"€{books.DIVIDEND_PER_SHARE}", "proposed"),
    ("Employees", f"{books.EMPLOYEES:,}", "at 31 December 2024"),
)


def draw_cover(sheet: Sheet) -> None:
    sheet.box((0, 0, WIDTH, HEIGHT), fill=TEAL)
    for index in range(7):
        crest = 560.0 + 34 * index
        shade = 0.36 + 0.045 * index
        waves = [(x * 8.5, crest + 16 * (1 if (x + index) % 10 < 5 else -1) * _arc(x + index)) for x in range(71)]
        sheet.polygon([*waves, (WIDTH, HEIGHT), (0, HEIGHT)], (0.05 + 0.02 * index, shade, shade + 0.09))
    sheet.text(LEFT, 120, prose.COMPANY, Style(Face.SANS_BOLD, 15, WHITE))
    sheet.box((LEFT, 134, LEFT + 46, 137), fill=AMBER)
    sheet.text(LEFT, 290, "Annual Report", Style(Face.SANS_BOLD, 46, WHITE))
    sheet.text(LEFT, 344, "2024", Style(Face.SANS, 46, AMBER))
    sheet.text(LEFT, 392, prose.MOTTO, Style(Face.SERIF_ITALIC, 17, WHITE))
    sheet.text(LEFT, 418, "For the year ended 31 December 2024", Style(Face.SANS, 11, WHITE))


def _arc(step: int) -> float:
    """A parabolic wave with a period of five steps, between 0 and 1."""
    phase = step % 5 / 5
    return 4 * phase * (1 - phase)


def draw_contents(sheet: Sheet, entries: tuple[tuple[str, str], ...]) -> None:
    """Draw the table of contents; `entries` are (title, page label)."""
    y = draw_title(sheet, "Contents") + 14
    style = Style(Face.SANS, 11.5, INK)
    dot = text_width(" .", style)
    for title, label in entries:
        sheet.text(LEFT, y, title, style)
        start, end = LEFT + text_width(title, style) + 6, RIGHT - 26
        sheet.text(end, y, " ." * int((end - start) / dot), style.colored(LINE), "right")
        sheet.text(RIGHT, y, label, style, "right")
        y += 30
    sheet.rule((LEFT, 640), (RIGHT, 640), 0.6, LINE)
    sheet.text(LEFT, 664, "About this report", HEADING)
    sheet.paragraph(LEFT, 684, RIGHT - LEFT, prose.ABOUT, BODY)


def draw_letter(sheet: Sheet) -> tuple[str, str]:
    """Draw the letter; returns the last line of the left column and the first line of the right column."""
    top = draw_title(sheet, "Letter to shareholders", "From the chief executive officer")
    gutter, bottom = 24.0, 738.0
    width = (RIGHT - LEFT - gutter) / 2
    lines: list[str | None] = []
    for paragraph in prose.LETTER:
        lines += [*wrap(paragraph, width, BODY), None]

    x, y = LEFT, top
    ends: list[str] = []
    last = ""
    for line in lines:
        if line is None:
            y += BODY.line_height * 0.55
            continue
        if y > bottom:
            x, y = LEFT + width + gutter, top
            ends += [last, line]
        sheet.text(x, y, line, BODY)
        last, y = line, y + BODY.line_height
    y += 34
    sheet.stroke([(x + dx, y + dy) for dx, dy in SIGNATURE], 1.3, TEAL)
    sheet.text(x, y + 24, prose.CHIEF_EXECUTIVE, HEADING.sized(10.5))
    sheet.text(x, y + 38, "Chief executive officer", RUNNING.sized(9))
    return ends[0], ends[1]


def draw_key_figures(sheet: Sheet) -> None:
    top = draw_title(sheet, "Key figures", "The year 2024 at a glance") - 12
    gap, height = 14.0, 92.0
    width = (RIGHT - LEFT - 2 * gap) / 3
    for index, (label, value, remark) in enumerate(KEY_FIGURES):
        x = LEFT + (index % 3) * (width + gap)
        y = top + (index // 3) * (height + gap)
        sheet.box((x, y, x + width, y + height), fill=PALE, radius=0.05)
        sheet.box((x, y + 14, x + 3, y + 34), fill=AMBER)
        sheet.text(x + 14, y + 28, label, Style(Face.SANS, 9.5, MUTED))
        sheet.text(x + 14, y + 56, value, Style(Face.SANS_BOLD, 17, TEAL))
        sheet.text(x + 14, y + 76, remark, RUNNING)
    y = top + 2 * (height + gap) + 34
    for heading, pairs in (("Financial calendar", prose.CALENDAR), ("The company", prose.DIRECTORY)):
        sheet.text(LEFT, y, heading, HEADING)
        sheet.rule((LEFT, y + 8), (RIGHT, y + 8), 0.6, LINE)
        y += 28
        for label, value in pairs:
            sheet.text(LEFT, y, label, Style(Face.SANS, 10, MUTED))
            sheet.text(LEFT + 190, y, value, Style(Face.SANS, 10, INK))
            y += 21
        y += 24


def draw_income_statement(sheet: Sheet) -> None:
    top = draw_title(sheet, INCOME_TABLE.title, "For the years ended 31 December") - 18
    bold = frozenset(i for i, row in enumerate(books.INCOME_STATEMENT) if isinstance(row, Heading) or row.is_total)
    bottom = draw_table(sheet, top, INCOME_TABLE, TableDesign(STATEMENT_EDGES, 24, ruled=True, bold_rows=bold))
    sheet.text(
        LEFT,
        bottom + 22,
        "Expenses and losses stand in parentheses. The notes are part of the statements.",
        SMALL,
    )


def draw_balance_sheet(sheet: Sheet) -> None:
    top = draw_title(sheet, BALANCE_TABLE.title, "At 31 December") - 18
    bold = frozenset(i for i, row in enumerate(books.BALANCE_SHEET) if isinstance(row, Heading) or row.is_total)
    draw_table(sheet, top, BALANCE_TABLE, TableDesign(STATEMENT_EDGES, 20.5, ruled=False, bold_rows=bold))


def draw_segments(sheet: Sheet) -> None:
    top = draw_title(sheet, SEGMENT_TABLE.title, "Revenue by customer's location; other columns for 2024") - 18
    edges = (LEFT, 186.0, 248.0, 310.0, 372.0, 464.0, RIGHT)
    design = TableDesign(
        edges, 23, ruled=True, bold_rows=frozenset({len(books.SEGMENTS)}), super_header=((1, 3, "Revenue"),)
    )
    bottom = draw_table(sheet, top, SEGMENT_TABLE, design)
    draw_bar_chart(sheet, (LEFT, bottom + 44, RIGHT, 726), HISTORY_CHART, tick=100)
    sheet.text(LEFT, 752, "Figure 1. Group revenue and operating profit by year, in millions of euros.", SMALL)


def draw_notes(sheet: Sheet) -> None:
    y = draw_title(sheet, "Notes to the statements") - 4
    for note in prose.NOTES:
        sheet.text(LEFT, y, note.title, HEADING.sized(10.5))
        y = sheet.paragraph(LEFT, y + 15, RIGHT - LEFT, note.text, BODY.sized(10.4)) + 14
    y = 740.0
    sheet.rule((LEFT, y), (LEFT + 120, y), 0.6, MUTED)
    for index, footnote in enumerate(prose.FOOTNOTES):
        sheet.text(LEFT, y + 14 + 12 * index, footnote, SMALL)
