"""Builds the parts that records share (source, page, blocks, error, timings) from documents, layouts and errors."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from cogdoc.documents.document import Document
from cogdoc.documents.geometry import Box
from cogdoc.errors import CogdocError
from cogdoc.parsing.page_text import Block, Cell, Line, PageText, mean_confidence
from cogdoc.results.failures import ErrorInfo
from cogdoc.results.plain_text import lines_to_text, table_to_text
from cogdoc.results.printed_value import PrintedValue
from cogdoc.results.record_model import BoxTuple
from cogdoc.results.records import PageInfo, SourceInfo, TableCell, TableResult, TextBlock, TextLine, TextSpan
from cogdoc.storage import without_secrets


def box_tuple(box: Box) -> BoxTuple:
    return box.x0, box.y0, box.x1, box.y1


def describe_source(document: Document) -> SourceInfo:
    return SourceInfo(
        path=document.source.name,
        sha256=document.sha256,
        page_count=document.page_count,
        attachments=document.attachments,
    )


def describe_page(text: PageText) -> PageInfo:
    width, height = text.displayed_size
    return PageInfo(
        number=text.number, label=text.label, width=round(width, 2), height=round(height, 2), turned=text.turned
    )


def failed_page(number: int) -> PageInfo:
    """The description of a page that cannot be read: only its number is known."""
    return PageInfo(number=number, label=str(number), width=0.0, height=0.0)


def describe_error(error: CogdocError) -> ErrorInfo:
    message = without_secrets(error.message)
    return ErrorInfo(kind=error.kind, message=message, hint=error.hint, exit_code=int(error.exit_code))


def describe_blocks(blocks: Sequence[Block], page: PageText) -> tuple[TextBlock, ...]:
    """Convert the blocks of a page to results; their boxes become those of the page as displayed."""
    values: Mapping[Box, PrintedValue] = {}
    if any(block.table is not None for block in blocks):
        from cogdoc.tasks.cell_values import cell_values

        values = cell_values(blocks, page)
    return tuple(_describe_block(block, page, values) for block in blocks)


def _describe_block(block: Block, page: PageText, values: Mapping[Box, PrintedValue]) -> TextBlock:
    def describe_cell(cell: Cell) -> TableCell:
        if cell.box is None:
            return TableCell(text=cell.text)
        return TableCell(text=cell.text, box=page.displayed(cell.box), value=values.get(cell.box))

    table = None
    if block.table is not None:
        table = TableResult(
            rows=tuple(tuple(map(describe_cell, row)) for row in block.table.rows),
            header_rows=block.table.header_rows,
            header_columns=block.table.header_columns,
        )
    lines = tuple(_describe_line(line, page) for line in block.lines)
    return TextBlock(
        kind=block.kind.value,
        box=page.displayed(block.box),
        text=table_to_text(table) if table else lines_to_text(lines),
        level=block.level,
        lines=lines,
        table=table,
    )


def describe_comments(page: PageText) -> tuple[TextBlock, ...]:
    """The comments on a page, each as a block."""
    blocks: list[TextBlock] = []
    for comment in page.comments:
        text = f"{comment.author}: {comment.text}" if comment.author else comment.text
        line = TextLine(text=text, box=comment.box, confidence=1.0)
        blocks.append(TextBlock(kind="comment", box=comment.box, text=text, lines=(line,)))
    return tuple(blocks)


def _describe_line(line: Line, page: PageText) -> TextLine:
    return TextLine(
        text=line.text,
        box=page.displayed(line.box),
        confidence=mean_confidence(line.words),
        spans=tuple(
            TextSpan(start=span.start, end=span.end, styles=tuple(map(str, span.styles)), link=span.link)
            for span in line.spans
        ),
    )


class Stopwatch:
    """Adds up the seconds of each step of a task."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def copy(self) -> Stopwatch:
        """One that goes on from here, for a part of the task."""
        stopwatch = Stopwatch()
        stopwatch.seconds = dict(self.seconds)
        return stopwatch

    @contextmanager
    def measure(self, step: str) -> Iterator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[step] = round(self.seconds.get(step, 0.0) + time.perf_counter() - started, 4)
