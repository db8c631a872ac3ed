"""Turns generated Markdown lines into a page's blocks: paragraphs, headings, list items and tables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cogdoc.documents.geometry import bounding_box
from cogdoc.engines.vision.generated_lines import GeneratedLine
from cogdoc.engines.vision.line_placement import PlacedLine, cell_boxes, place_lines
from cogdoc.engines.vision.markdown_tables import Row, cells_of, is_rule, plain, table_end
from cogdoc.parsing.page_text import Block, BlockKind, Cell, PageText, Table
from cogdoc.parsing.tables.header_flags import header_columns

_HEADING = re.compile(r"(#{1,6})\s+(?P<text>\S.*?)(?:\s+#+)?\s*")
_BULLET = re.compile(r"[-*+•]\s+\S.*")
_DECORATION = re.compile(r"(?:```|~~~).*|(?:[-*_]\s*){3,}")
"""Fences around code, and horizontal rules; neither is text."""

FORMULA_ENDS = {"$$": "$$", r"\[": r"\]"}
"""What ends a displayed formula, by what begins it."""

MAX_FORMULA_LINES = 40


@dataclass(frozen=True, slots=True)
class _Part:
    """The lines of one block, and a table's cells row by row."""

    kind: BlockKind
    lines: tuple[GeneratedLine, ...]
    level: int = 0
    rows: tuple[Row, ...] = ()


def to_blocks(lines: Sequence[GeneratedLine], page: PageText) -> tuple[Block, ...]:
    """Blocks in the order of the lines, with boxes from the page's own text if it has the words."""
    parts = list(_parts(lines))
    generated = [line for part in parts for line in part.lines]
    placed = place_lines([line.text for line in generated], [line.confidence for line in generated], page)
    blocks: list[Block] = []
    start = 0
    for part in parts:
        part_lines = placed[start : start + len(part.lines)]
        start += len(part.lines)
        if part.kind is BlockKind.TABLE:
            blocks.append(_table(part, part_lines))
        elif part.kind is BlockKind.FORMULA:
            blocks.append(_block(part, part_lines))
        else:
            blocks += [_block(part, group) for group in _split_at_unmatched(part_lines)]
    return tuple(blocks)


def _parts(lines: Sequence[GeneratedLine]) -> Iterator[_Part]:
    texts = [line.text for line in lines]
    paragraph: list[GeneratedLine] = []
    index = 0
    while index < len(lines):
        line = lines[index]
        if (end := _formula_end(texts, index)) > index:
            if paragraph:
                yield _Part(BlockKind.TEXT, tuple(paragraph))
                paragraph = []
            yield _Part(BlockKind.FORMULA, tuple(lines[index:end]))
            index = end
            continue
        end = table_end(texts, index)
        heading = _HEADING.fullmatch(line.text)
        ends_paragraph = end > index or heading or _BULLET.fullmatch(line.text) or not line.text
        if (ends_paragraph or _DECORATION.fullmatch(line.text)) and paragraph:
            yield _Part(BlockKind.TEXT, tuple(paragraph))
            paragraph = []
        if end > index:
            if table := _table_part(lines[index:end]):
                yield table
            index = end
            continue
        if heading:
            title = GeneratedLine(plain(heading["text"]), line.confidence)
            yield _Part(BlockKind.HEADING, (title,), level=len(heading[1]))
        elif line.text and not _DECORATION.fullmatch(line.text):
            text = GeneratedLine(plain(line.text), line.confidence)
            if _BULLET.fullmatch(line.text):
                yield _Part(BlockKind.LIST_ITEM, (text,), level=1)
            else:
                paragraph.append(text)
        index += 1
    if paragraph:
        yield _Part(BlockKind.TEXT, tuple(paragraph))


def _formula_end(texts: Sequence[str], start: int) -> int:
    """The index after the displayed LaTeX formula that begins at `start`; `start` if none does."""
    opening = next((opening for opening in FORMULA_ENDS if texts[start].startswith(opening)), None)
    if opening is None:
        return start
    for index, text in enumerate(texts[start : start + MAX_FORMULA_LINES], start):
        rest = text[len(opening) :] if index == start else text
        if rest.endswith(FORMULA_ENDS[opening]):
            return index + 1
        if not text:
            break
    return start


def _table_part(lines: Sequence[GeneratedLine]) -> _Part | None:
    """A table whose rows are padded to the longest; rows without text are left out."""
    rows = [(cells_of(line.text), line.confidence) for line in lines if not is_rule(line.text)]
    rows = [(cells, confidence) for cells, confidence in rows if any(cells)]
    if not rows:
        return None
    width = max(len(cells) for cells, _ in rows)
    row_lines = tuple(GeneratedLine(" ".join(filter(None, cells)), confidence) for cells, confidence in rows)
    return _Part(BlockKind.TABLE, row_lines, rows=tuple((*cells, *[""] * (width - len(cells))) for cells, _ in rows))


def _split_at_unmatched(lines: Sequence[PlacedLine]) -> Iterator[list[PlacedLine]]:
    """Split a part's lines before and after a line that has no match on the page and therefore its neighbor's box.

    In one block with that neighbor, it would look like text beside it.
    """
    group: list[PlacedLine] = []
    for line in lines:
        if group and not (line.is_matched and group[-1].is_matched) and _overlap(group[-1], line):
            yield group
            group = []
        group.append(line)
    if group:
        yield group


def _overlap(one: PlacedLine, two: PlacedLine) -> bool:
    return one.line.box.vertical_overlap(two.line.box) > 0.5


def _block(part: _Part, lines: Sequence[PlacedLine]) -> Block:
    block_lines = tuple(line.line for line in lines)
    return Block(part.kind, bounding_box(line.box for line in block_lines), block_lines, part.level)


def _table(part: _Part, lines: Sequence[PlacedLine]) -> Block:
    row_lines = tuple(line.line for line in lines)
    box = bounding_box(line.box for line in row_lines)
    rows = tuple(
        tuple(Cell(text, cell_box) for text, cell_box in zip(cells, cell_boxes(line, cells), strict=True))
        for cells, line in zip(part.rows, lines, strict=True)
    )
    # The rule of a Markdown table is below its only header row.
    table = Table(box, rows, header_columns=header_columns(part.rows, 1))
    return Block(BlockKind.TABLE, box, row_lines, table=table)
