"""Blocks, tables and charts as Markdown (CommonMark with GitHub's tables).

Markdown is for continuous reading: it leaves out running headers, footers and page numbers, and joins a paragraph that
continues in the next column. The blocks themselves keep everything in its position.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from cogdoc.results.chart_rows import chart_to_rows
from cogdoc.results.code_blocks import code_lines
from cogdoc.results.hyphenation import HYPHENS, join_at_hyphen, words_of
from cogdoc.results.paragraphs import fills_width, paragraph_parts
from cogdoc.results.plain_text import rows_of
from cogdoc.results.records import Chart, ChartKind, TableResult, TextBlock
from cogdoc.results.table_spans import spans_of
from cogdoc.text import CJK_PUNCTUATION, HAN, KANA

COLUMN_GAP = "   "
"""Separates texts that are side by side."""

_LEADER = re.compile(r"(?:\s?[.·…]){5,}")
_LEADERS_ONLY = re.compile(r"[\s.·…_]{5,}")
_ESCAPED = re.compile(r"([\\`*_\[\]<>|~]|&(?=#?\w+;))")
_LINE_START = re.compile(r"^(\d{1,9}(?=[.)](?:\s|$))|(?=#{1,6}(?:\s|$)|[-+](?:\s|$)|=[=\s]*$|-[-\s]*$|:-))")
"""What would begin a heading, list item, underline, rule or table; a backslash goes after the match."""

_HEADING_END = re.compile(r"(?<=\s)(?=#+$)")
"""Before hashes at the end of a heading, which Markdown would drop."""

_BULLET = re.compile(r"^\s*[•·▪◦‣●○■□–—*-]\s*")
_NUMBERED = re.compile(r"^\s*\(?(\d{1,3})[.)、]\s*")
_MARKS = {"☒": "[x]", "☑": "[x]", "☐": "[ ]", "◉": "(x)", "◯": "( )"}
_MARK = re.compile(f"[{''.join(_MARKS)}](?=\\s|$)")
"""Checkboxes and radio buttons before their labels, which become those of GitHub's task lists."""

_CJK = re.compile(f"[{HAN}{KANA}{CJK_PUNCTUATION}]")


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
    lines = [line.text for line in block.lines]
    match block.kind:
        case "title" | "heading":
            level = block.level or (1 if block.kind == "title" else 2)
            return f"{'#' * level} {_heading_text(join_lines(lines, known))}"
        case "list-item":
            return _list_item(lines, block.level, known)
        case "comment":
            return f"> Comment: {escape_lines(block.text)}"
        case "text" if len(parts) == 1 and (code := code_lines(block)):
            return _fenced(code)
        case _:
            return "" if _LEADERS_ONLY.fullmatch("".join(lines)) else _paragraph(parts, known)


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


def escape(text: str) -> str:
    """`text` with its markup characters escaped; also simplifies leader dots and doubled single quotes.

    Checkboxes become "[x]" and "[ ]", radio buttons "(x)" and "( )".
    """
    simplified = _LEADER.sub(" …", text).replace("‘‘", "“").replace("’’", "”")
    escaped = _ESCAPED.sub(r"\\\1", simplified).strip()
    return _MARK.sub(lambda mark: _MARKS[mark[0]], _LINE_START.sub(r"\1\\", escaped))


def escape_lines(text: str) -> str:
    """`text` of one or more lines as one, so that none of them begins a heading, list, table or other block."""
    return escape(" ".join(text.split()))


def join_lines(lines: Iterable[str], known: Collection[str] = ()) -> str:
    """The lines of a paragraph as one line: split words rejoined, no spaces between CJK characters.

    Args:
        known: words of the page, which tell compounds from words that a line end divides.
    """
    text = ""
    for line in lines:
        if not text:
            text = line
        elif text[-1] in HYPHENS and (joined := join_at_hyphen(text, line, known)):
            text = joined
        elif _CJK.match(text[-1]) and _CJK.match(line[:1] or " "):
            text += line
        else:
            text += " " + line
    return text


def _paragraph(parts: Sequence[TextBlock], known: Collection[str]) -> str:
    paragraphs: list[list[str]] = []
    for part in parts:
        first, *others = _runs_of_lines(part)
        if paragraphs:
            paragraphs[-1].extend(first)
        else:
            paragraphs.append(first)
        paragraphs.extend(others)
    return "  \n".join(escape(join_lines(lines, known)) for lines in paragraphs)


def _runs_of_lines(block: TextBlock) -> list[list[str]]:
    """The lines of a block, grouped into runs: a run ends after a line that does not fill the block's width.

    Lines that are side by side are a run of their own.
    """
    runs: list[list[str]] = []
    continues = False
    for row in rows_of(block.lines):
        if len(row) > 1:
            runs.append([COLUMN_GAP.join(line.text for line in row)])
            continues = False
            continue
        (line,) = row
        if continues:
            runs[-1].append(line.text)
        else:
            runs.append([line.text])
        continues = fills_width(line, block)
    return runs or [[]]


def _list_item(lines: Sequence[str], level: int, known: Collection[str]) -> str:
    text = join_lines(lines, known)
    indent = "  " * max(0, level - 1)
    if match := _NUMBERED.match(text):
        return f"{indent}{match[1]}. {escape(text[match.end() :])}"
    return f"{indent}- {escape(_BULLET.sub('', text))}"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _heading_text(text: str) -> str:
    return _HEADING_END.sub(r"\\", escape(text))
