"""From what rooms below know (words, layouts, errors) to what results say."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from cogdoc.documents.document import Document
from cogdoc.documents.geometry import Box
from cogdoc.errors import CogdocError
from cogdoc.parsing.page_text import Block, Line, PageText, mean_confidence
from cogdoc.results.plain_text import lines_to_text, table_to_text
from cogdoc.results.records import (
    BoxTuple,
    ErrorInfo,
    PageInfo,
    SourceInfo,
    TableCell,
    TableResult,
    TextBlock,
    TextLine,
)


def describe_source(document: Document) -> SourceInfo:
    return SourceInfo(path=document.source.name, sha256=document.sha256, page_count=document.page_count)


def describe_page(words: PageText) -> PageInfo:
    width, height = words.displayed_size
    return PageInfo(
        number=words.number, label=words.label, width=round(width, 2), height=round(height, 2), turned=words.turned
    )


def unread_page(number: int) -> PageInfo:
    """A page of which nothing but its number is known, since reading it failed."""
    return PageInfo(number=number, label=str(number), width=0.0, height=0.0)


def describe_error(error: CogdocError) -> ErrorInfo:
    return ErrorInfo(kind=error.kind, message=error.message, hint=error.hint, exit_code=int(error.exit_code))


def describe_block(block: Block, words: PageText) -> TextBlock:
    table = None
    if block.table is not None:
        table = TableResult(
            rows=tuple(
                tuple(TableCell(text=cell.text, box=_box(words, cell.box) if cell.box else None) for cell in row)
                for row in block.table.rows
            )
        )
    lines = tuple(_describe_line(line, words) for line in block.lines)
    return TextBlock(
        kind=block.kind.value,
        box=_box(words, block.box),
        text=table_to_text(table) if table else lines_to_text(lines),
        level=block.level,
        lines=lines,
        table=table,
    )


def _describe_line(line: Line, words: PageText) -> TextLine:
    return TextLine(text=line.text, box=_box(words, line.box), confidence=mean_confidence(line.words))


def _box(words: PageText, box: Box) -> BoxTuple:
    return words.displayed(box)


class Stopwatch:
    """Seconds by step."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def measure(self, step: str) -> Iterator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[step] = round(self.seconds.get(step, 0.0) + time.perf_counter() - started, 4)
