"""Blocks, tables and charts as Markdown (CommonMark with GitHub's tables).

Markdown is for continuous reading: it leaves out running headers, footers and page numbers, and joins a paragraph that
continues in the next column. The blocks themselves keep everything in its position.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from cogdoc.results.chart_rows import chart_to_rows
from cogdoc.results.hyphenation import words_of
from cogdoc.results.markdown.code import code_lines
from cogdoc.results.markdown.footnotes import find_notes, note_label, split_notes, with_references
from cogdoc.results.markdown.inline import escape, escape_lines, inline_markdown
from cogdoc.results.markdown.lists import COLUMN_GAP, ListWriter
from cogdoc.results.markdown.marked_text import MarkedText, join_marked, join_side_by_side, letters_share
from cogdoc.results.markdown.pictures import caption_of, markdown_comment, picture_markdown
from cogdoc.results.paragraphs import fills_width, paragraph_parts
from cogdoc.results.plain_text import rows_of
from cogdoc.results.records import Chart, ChartKind, TableResult, TextBlock
from cogdoc.results.tables.spans import spans_of

PICTURES = ("picture", "decoration")
"""Kinds of blocks whose texts are labels."""

EMPHASIS = ("bold", "italic", "monospace")
"""The styles that a whole text may have without emphasis."""

WHOLE_HEADING = 0.8
"""Share of a heading's letters from which a style is that of the heading."""

MAX_MONOSPACE = 0.5
"""Share of a block's letters above which a monospaced font is that of its text, not of code within it."""

_LEADERS_ONLY = re.compile(r"[\s.·…_]{5,}")
_HEADING_END = re.compile(r"(?<=\s)(?=#+$)")
"""Before hashes at the end of a heading, which Markdown would drop."""

_FIELD = re.compile(r"[:：]\s*\S")
"""A label with its value."""

_LATEX = re.compile(r"(?:\$\$|\\\[)\s*(?P<latex>[^`]+?)\s*(?:\$\$|\\\])")


def blocks_to_markdown(blocks: Iterable[TextBlock], page: int = 1, images: str = "") -> str:
    """A page's blocks in their order, separated by blank lines.

    Args:
        page: its number, with which the labels of its footnotes begin.
        images: the folder of the files of pictures, as a path from the place of the Markdown file.
    """
    return _Page(list(blocks), page, images).to_markdown()


class _Page:
    """Writes the blocks of one page."""

    def __init__(self, blocks: Sequence[TextBlock], number: int, images: str) -> None:
        self._blocks = blocks
        self._images = images
        self._number = number
        self._known = words_of(line.text for block in blocks for line in block.lines)
        notes, self._noted = find_notes(blocks)
        self._notes = {id(blocks[index]) for index in notes}

    def to_markdown(self) -> str:
        written: list[str] = []
        open_list: ListWriter | None = None
        for parts in paragraph_parts(self._blocks):
            is_item = parts[0].kind == "list-item" or (open_list is not None and open_list.goes_on_with(parts[0]))
            if not is_item or not parts[0].lines:
                open_list = None
                written += [text] if (text := self._parts(parts)) else []
                continue
            is_first, open_list = open_list is None, open_list or ListWriter()
            rest, items = open_list.write(parts[0], self._known, self._inline_of(parts))
            if is_first:
                written += filter(None, (rest, "\n".join(items)))
                open_list = open_list if items else None
            else:
                written[-1] = "\n".join([f"{written[-1]} {rest}" if rest else written[-1], *items])
        return "\n\n".join(written)

    def _parts(self, parts: Sequence[TextBlock]) -> str:
        """A block, or a paragraph of several blocks."""
        block = parts[0]
        if id(block) in self._notes:
            return self._footnotes(
                block.model_copy(update={"lines": tuple(line for part in parts for line in part.lines)})
            )
        if block.table is not None:
            return with_references(table_to_markdown(_rows_with_titles(block.table)), self._noted, self._number)
        match block.kind:
            case "title" | "heading":
                level = block.level or (1 if block.kind == "title" else 2)
                heading = _heading(join_marked(map(MarkedText.of_line, block.lines), self._known))
                return f"{'#' * level} {with_references(heading, self._noted, self._number)}"
            case "picture" | "text-picture":
                picture = picture_markdown(block, caption_of(block, self._blocks), self._images)
                return "\n\n".join(filter(None, (picture, self._paragraph(parts) if block.lines else "")))
            case "comment":
                return f"> Comment: {escape_lines(block.text)}"
            case "formula" if block.lines:
                return _latex(block) or f"{markdown_comment('formula')}\n\n{self._paragraph(parts)}"
            case "text" if len(parts) == 1 and (code := code_lines(block)):
                return _fenced(code)
            case _:
                is_rule = _LEADERS_ONLY.fullmatch("".join(line.text for line in block.lines))
                return "" if is_rule else self._paragraph(parts)

    def _paragraph(self, parts: Sequence[TextBlock]) -> str:
        paragraphs: list[list[MarkedText]] = []
        for part in parts:
            first, *others = _runs_of_lines(part)
            if paragraphs:
                paragraphs[-1].extend(first)
            else:
                paragraphs.append(first)
            paragraphs.extend(others)
        inline = self._inline_of(parts)
        return "  \n".join(inline(join_marked(lines, self._known)) for lines in paragraphs)

    def _inline_of(self, parts: Sequence[TextBlock]) -> Callable[[MarkedText], str]:
        """What writes the texts of a block."""
        plain = _styles_to_leave_out(parts)
        noted = set[str]() if parts[0].kind in PICTURES else self._noted
        return lambda marked: with_references(inline_markdown(marked.without(plain)), noted, self._number)

    def _footnotes(self, block: TextBlock) -> str:
        """Notes; those that nothing on the page refers to are paragraphs as they are printed."""
        before, notes = split_notes(block)
        written = [self._paragraph([block.model_copy(update={"lines": tuple(before)})])] if before else []
        inline = self._inline_of([block])
        for note in notes:
            marked = join_marked(map(MarkedText.of_line, note.lines), self._known)
            if note.number in self._noted:
                written.append(f"{note_label(self._number, note.number)} {inline(marked.from_index(note.start))}")
            else:
                written.append(inline(marked))
        return "\n\n".join(written)


def _latex(block: TextBlock) -> str | None:
    """A formula that a model gave as LaTeX, in which nothing is markup of another kind."""
    match = _LATEX.fullmatch(" ".join(line.text for line in block.lines))
    if match is None or "](" in match["latex"]:
        return None
    latex = match["latex"].replace("<", r"\lt ").replace(">", r"\gt ")
    return f"$$\n{latex}\n$$"


def _fenced(lines: Sequence[str]) -> str:
    """Lines as they are, between fences longer than any in them."""
    fence = "`" * max(3, 1 + max(len(run) for run in re.findall("`*", "\n".join(lines))))
    return "\n".join((fence, *lines, fence))


def _rows_with_titles(table: TableResult) -> list[list[str]]:
    """The texts of a table's cells. Markdown has no cells over several columns, so each column repeats their title.

    Fields above the titles, such as the parties of an invoice, are no titles.
    """
    rows = [[cell.text for cell in row] for row in table.rows]
    for spans in spans_of(table)[: table.header_rows]:
        if len(spans) == len(table.rows[0]):
            break
        if any(_FIELD.search(rows[span.row][span.column]) for span in spans):
            continue
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


def _styles_to_leave_out(parts: Sequence[TextBlock]) -> tuple[str, ...]:
    """The styles that emphasize nothing in a block: those of the labels of a picture, and the font of its text."""
    if parts[0].kind in PICTURES:
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


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _heading(marked: MarkedText) -> str:
    """The text of a heading, without the styles that all of it has."""
    plain = [style for style in EMPHASIS if letters_share([marked], style) > WHOLE_HEADING]
    return _HEADING_END.sub(r"\\", inline_markdown(marked.without(plain)))


def _heading_text(text: str) -> str:
    return _HEADING_END.sub(r"\\", escape(text))
