"""Blocks, tables and charts as Markdown (CommonMark with the tables of GitHub's dialect).

Markdown is for reading on: running headers, footers and page numbers are left out of it, and a paragraph that
goes on in the next column is one paragraph. The blocks themselves keep all of it, in place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from cogdoc.results.chart_rows import chart_to_rows
from cogdoc.results.paragraphs import fills_width, flowing
from cogdoc.results.plain_text import rows_of
from cogdoc.results.records import Chart, ChartKind, TableResult, TextBlock
from cogdoc.results.table_spans import spans_of
from cogdoc.text import CJK_PUNCTUATION, HAN, KANA

COLUMN_GAP = "   "
"""Between texts that stand side by side."""

_LEADER = re.compile(r"(?:\s?[.·…]){5,}")
_LEADERS_ONLY = re.compile(r"[\s.·…_]{5,}")
_ESCAPED = re.compile(r"([\\`*_\[\]<>|~]|&(?=#?\w+;))")
_LINE_START = re.compile(r"^(\d{1,9}(?=[.)](?:\s|$))|(?=#{1,6}(?:\s|$)|[-+](?:\s|$)|=[=\s]*$|-[-\s]*$|:-))")
"""What begins a heading, list item, underline, rule or table at the start of a line, up to where it is escaped."""

_HEADING_END = re.compile(r"(?<=\s)(?=#+$)")
"""Where hashes at the end of a heading would be taken for decoration."""

_BULLET = re.compile(r"^\s*[•·▪◦‣●○■□–—*-]\s*")
_NUMBERED = re.compile(r"^\s*\(?(\d{1,3})[.)、]\s*")
_CJK = re.compile(f"[{HAN}{KANA}{CJK_PUNCTUATION}]")


def blocks_to_markdown(blocks: Iterable[TextBlock]) -> str:
    """A page's blocks, in their order, with a blank line between them."""
    return "\n\n".join(text for parts in flowing(blocks) if (text := _to_markdown(parts)))


def _to_markdown(parts: Sequence[TextBlock]) -> str:
    """A block, or a paragraph in several parts."""
    block = parts[0]
    if block.table is not None:
        return table_to_markdown(_rows_with_titles(block.table))
    lines = [line.text for line in block.lines]
    match block.kind:
        case "title" | "heading":
            return f"{'#' * (block.level or (1 if block.kind == 'title' else 2))} {_heading_text(join_lines(lines))}"
        case "header" | "footer":
            return ""
        case "list-item":
            return _list_item(lines, block.level)
        case _:
            return "" if _LEADERS_ONLY.fullmatch("".join(lines)) else _paragraph(parts)


def _rows_with_titles(table: TableResult) -> list[list[str]]:
    """The texts of a table's cells; Markdown knows no cell over several columns, so each column gets its title."""
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
    """A table whose first row is its header; cells are made one line each."""
    if not rows or not rows[0]:
        return ""
    body = [[escape(" ".join(cell.split())) for cell in row] for row in rows]
    lines = [_row(body[0]), "|" + "---|" * len(body[0]), *(_row(row) for row in body[1:])]
    return "\n".join(lines)


def chart_to_markdown(chart: Chart) -> str:
    """Title, table, and what should be known before trusting it."""
    parts = [f"## {_heading_text(chart.title)}"] if chart.title else []
    parts.append(table_to_markdown(chart_to_rows(chart)))
    notes = [f"{chart.kind.replace('-', ' ')} chart"] if chart.kind is not ChartKind.UNKNOWN else []
    if chart.y_title:
        notes.append(f"values: {escape(chart.y_title)}")
    if chart.unit:
        notes.append(f"unit: {escape(chart.unit)}")
    notes.append("measured against the axis" if chart.measured else "values as printed")
    notes.append(f"confidence {chart.confidence:.2f}")
    parts.append(f"*{', '.join(notes)}*")
    return "\n\n".join(parts)


def markdown_comment(text: str) -> str:
    """A line that is not shown; `text` cannot end it early."""
    return f"<!-- {re.sub('-(?=-)', '- ', text)} -->"


def escape(text: str) -> str:
    """`text` such that Markdown shows it as it is; rows of leader dots and pairs of single quotes are made one."""
    typed = _LEADER.sub(" …", text).replace("‘‘", "“").replace("’’", "”")
    escaped = _ESCAPED.sub(r"\\\1", typed).strip()
    return _LINE_START.sub(r"\1\\", escaped)


def join_lines(lines: Iterable[str]) -> str:
    """The lines of a paragraph as one: hyphenated words rejoined, no spaces between Chinese characters."""
    text = ""
    for line in lines:
        if not text:
            text = line
        elif text.endswith("-") and text[-2:-1].isalpha() and line[:1].islower():
            text = text[:-1] + line
        elif _CJK.match(text[-1]) and _CJK.match(line[:1] or " "):
            text += line
        else:
            text += " " + line
    return text


def _paragraph(parts: Sequence[TextBlock]) -> str:
    paragraphs: list[list[str]] = []
    for part in parts:
        first, *others = _broken_lines(part)
        if paragraphs:
            paragraphs[-1].extend(first)
        else:
            paragraphs.append(first)
        paragraphs.extend(others)
    return "  \n".join(escape(join_lines(lines)) for lines in paragraphs)


def _broken_lines(block: TextBlock) -> list[list[str]]:
    """Lines run on where they fill the block's width, and break where they end early or stand side by side."""
    paragraphs: list[list[str]] = []
    runs_on = False
    for row in rows_of(block.lines):
        if len(row) > 1:
            paragraphs.append([COLUMN_GAP.join(line.text for line in row)])
            runs_on = False
            continue
        (line,) = row
        if runs_on:
            paragraphs[-1].append(line.text)
        else:
            paragraphs.append([line.text])
        runs_on = fills_width(line, block)
    return paragraphs or [[]]


def _list_item(lines: Sequence[str], level: int) -> str:
    text = join_lines(lines)
    indent = "  " * max(0, level - 1)
    if match := _NUMBERED.match(text):
        return f"{indent}{match[1]}. {escape(text[match.end() :])}"
    return f"{indent}- {escape(_BULLET.sub('', text))}"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _heading_text(text: str) -> str:
    return _HEADING_END.sub(r"\\", escape(text))
