"""Blocks, tables and charts as Markdown (CommonMark with GitHub's tables).

Markdown is for continuous reading: it leaves out running headers, footers and page numbers, and joins a paragraph that
continues in the next column. The blocks themselves keep everything in its position.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from cogdoc.results.chart_rows import chart_to_rows
from cogdoc.results.code_blocks import code_lines
from cogdoc.results.hyphenation import words_of
from cogdoc.results.inline_markdown import escape, escape_lines, inline_markdown
from cogdoc.results.marked_text import MarkedText, join_marked, join_side_by_side, letters_share
from cogdoc.results.paragraphs import fills_width, paragraph_parts
from cogdoc.results.plain_text import rows_of
from cogdoc.results.records import Chart, ChartKind, TableResult, TextBlock
from cogdoc.results.table_spans import spans_of

EMPHASIS = ("bold", "italic", "monospace")
"""The styles that a whole text may have without emphasis."""

WHOLE_HEADING = 0.8
"""Share of a heading's letters from which a style is that of the heading."""

MAX_MONOSPACE = 0.5
"""Share of a block's letters above which a monospaced font is that of its text, not of code within it."""

COLUMN_GAP = "   "
"""Separates texts that are side by side."""

_LEADERS_ONLY = re.compile(r"[\s.·…_]{5,}")
_HEADING_END = re.compile(r"(?<=\s)(?=#+$)")
"""Before hashes at the end of a heading, which Markdown would drop."""

_BULLET = re.compile(r"^\s*[•·▪◦‣●○■□–—*-]\s*")
_NUMBERED = re.compile(r"^\s*\(?(\d{1,3})[.)、]\s*")


def blocks_to_markdown(blocks: Iterable[TextBlock]) -> str:
    """A page's blocks in their order, separated by blank lines."""
    blocks = list(blocks)
    known = words_of(line.text for block in blocks for line in block.lines)
    return "\n\n".join(text for parts in paragraph_parts(blocks) if (text := _parts_to_markdown(parts, known)))


def _parts_to_markdown(parts: Sequence[TextBlock], known: Collection[str]) -> str:
    """A block, or a paragraph of several blocks; `known` are the words of the page."""
    block = parts[0]
    if block.table is not None:
        return table_to_markdown(_rows_with_titles(block.table))
    match block.kind:
        case "title" | "heading":
            level = block.level or (1 if block.kind == "title" else 2)
            return f"{'#' * level} {_heading(join_marked(map(MarkedText.of_line, block.lines), known))}"
        case "list-item":
            return _list_item(block, known)
        case "comment":
            return f"> Comment: {escape_lines(block.text)}"
        case "text" if len(parts) == 1 and (code := code_lines(block)):
            return _fenced(code)
        case _:
            is_rule = _LEADERS_ONLY.fullmatch("".join(line.text for line in block.lines))
            return "" if is_rule else _paragraph(parts, known)


def _fenced(lines: Sequence[str]) -> str:
    """Lines as they are, between fences longer than any in them."""
    fence = "`" * max(3, 1 + max(len(run) for run in re.findall("`*", "\n".join(lines))))
    return "\n".join((fence, *lines, fence))


def _rows_with_titles(table: TableResult) -> list[list[str]]:
    """The texts of a table's cells. Markdown has no cells over several columns, so each column repeats their text."""
    rows = [[cell.text for cell in row] for row in table.rows]
    for spans in spans_of(table):
        if len(spans) == len(table.rows[0]):
            break
        for span in spans:
            if span.columns < len(table.rows[0]):
                end = span.column + span.columns
                rows[span.row][span.column : end] = [rows[span.row][span.column]] * span.columns
    return rows


def table_to_markdown(rows: Sequence[Sequence[str]]) -> str:
    """A table whose first row is the header; line breaks in cells become spaces."""
    if not rows or not rows[0]:
        return ""
    body = [[escape(" ".join(cell.split())) for cell in row] for row in rows]
    lines = [_row(body[0]), "|" + "---|" * len(body[0]), *(_row(row) for row in body[1:])]
    return "\n".join(lines)


def chart_to_markdown(chart: Chart) -> str:
    """Title, table, and a note on where the values come from and how reliable they are."""
    parts = [f"## {_heading_text(' '.join(chart.title.split()))}"] if chart.title else []
    parts.append(table_to_markdown(chart_to_rows(chart)))
    notes = [f"{chart.kind.replace('-', ' ')} chart"] if chart.kind is not ChartKind.UNKNOWN else []
    if chart.y_title:
        notes.append(f"values: {escape_lines(chart.y_title)}")
    if chart.unit:
        notes.append(f"unit: {escape_lines(chart.unit)}")
    notes.append("measured against the axis" if chart.measured else "values as printed")
    notes.append(f"confidence {chart.confidence:.2f}")
    parts.append(f"*{', '.join(notes)}*")
    return "\n\n".join(parts)


def markdown_comment(text: str) -> str:
    """A comment, which Markdown does not display; `text` cannot end it early."""
    return f"<!-- {re.sub('-(?=-)', '- ', text)} -->"


def join_lines(lines: Iterable[str], known: Collection[str] = ()) -> str:
    """The lines of a paragraph as one line: split words rejoined, no spaces between CJK characters.

    Args:
        known: words of the page, which tell compounds from words that a line end divides.
    """
    return join_marked(map(MarkedText, lines), known).text


def _paragraph(parts: Sequence[TextBlock], known: Collection[str]) -> str:
    paragraphs: list[list[MarkedText]] = []
    for part in parts:
        first, *others = _runs_of_lines(part)
        if paragraphs:
            paragraphs[-1].extend(first)
        else:
            paragraphs.append(first)
        paragraphs.extend(others)
    plain = _styles_to_leave_out(parts)
    return "  \n".join(inline_markdown(join_marked(lines, known).without(plain)) for lines in paragraphs)


def _styles_to_leave_out(parts: Sequence[TextBlock]) -> tuple[str, ...]:
    """The styles that emphasize nothing in a block: those of the labels of a picture, and the font of its text."""
    if parts[0].kind == "picture":
        return EMPHASIS
    share = letters_share((MarkedText.of_line(line) for part in parts for line in part.lines), "monospace")
    return ("monospace",) if share > MAX_MONOSPACE else ()


def _runs_of_lines(block: TextBlock) -> list[list[MarkedText]]:
    """The lines of a block, grouped into runs: a run ends after a line that does not fill the block's width.

    Lines that are side by side are a run of their own.
    """
    runs: list[list[MarkedText]] = []
    continues = False
    for row in rows_of(block.lines):
        if len(row) > 1:
            runs.append([join_side_by_side([MarkedText.of_line(line) for line in row], COLUMN_GAP)])
            continues = False
            continue
        (line,) = row
        if continues:
            runs[-1].append(MarkedText.of_line(line))
        else:
            runs.append([MarkedText.of_line(line)])
        continues = fills_width(line, block)
    return runs or [[]]


def _list_item(block: TextBlock, known: Collection[str]) -> str:
    marked = join_marked(map(MarkedText.of_line, block.lines), known).without(_styles_to_leave_out([block]))
    indent = "  " * max(0, block.level - 1)
    if match := _NUMBERED.match(marked.text):
        return f"{indent}{match[1]}. {inline_markdown(marked.from_index(match.end()))}"
    bullet = _BULLET.match(marked.text)
    return f"{indent}- {inline_markdown(marked.from_index(bullet.end() if bullet else 0))}"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _heading(marked: MarkedText) -> str:
    """The text of a heading, without the styles that all of it has."""
    plain = [style for style in EMPHASIS if letters_share([marked], style) > WHOLE_HEADING]
    return _HEADING_END.sub(r"\\", inline_markdown(marked.without(plain)))


def _heading_text(text: str) -> str:
    return _HEADING_END.sub(r"\\", escape(text))
