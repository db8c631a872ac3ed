"""`tables`: every table of a document, with those that go on over pages joined."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from cogdoc.documents.document import Document
from cogdoc.documents.page_selection import PageSelection
from cogdoc.engines.protocol import Engine
from cogdoc.results.flags import Flag
from cogdoc.results.records import PageRecord, TableRecord
from cogdoc.tasks.joined_tables import PageTable, continues, describe_table, tables_of
from cogdoc.tasks.ocr import transcribe
from cogdoc.tasks.task import Item


@dataclass(frozen=True, slots=True)
class TablesTask:
    """Collects the tables of the selected pages. Implements `cogdoc.tasks.task.Task`; the items are page numbers.

    The item of a page has the tables that begin on it, with their parts on later pages.
    """

    name: ClassVar[str] = "tables"
    questions: ClassVar[tuple[str, ...]] = ()

    selection: PageSelection

    @property
    def settings(self) -> Mapping[str, Any]:
        return {"pages": (*self.selection.ranges, *self.selection.labels)}

    def items(self, document: Document) -> Sequence[Item]:
        return document.select(self.selection).items

    def run(self, document: Document, engine: Engine, items: Sequence[Item]) -> Iterator[tuple[TableRecord, ...]]:
        wanted = set(items)
        every = self.items(document)
        # The page before tells whether the first table is a part of one there; later ones whether a table goes on.
        start = max(0, min(map(every.index, items)) - 1)
        for number, records in collect_tables(transcribe(document, engine, self.selection, every[start:])):
            if number in wanted:
                yield records


@dataclass(frozen=True, slots=True)
class _Page:
    record: PageRecord
    tables: list[PageTable]
    continued: bool
    """Whether the first table is the end of one on the page before."""


def collect_tables(records: Iterator[PageRecord]) -> Iterator[tuple[int, tuple[TableRecord, ...]]]:
    """From the records of pages in their order, the number of each page with the records of its tables."""
    chain: list[_Page] = []
    for record in records:
        assert record.page is not None
        tables = tables_of(record)
        before = chain[-1] if chain and chain[-1].record.page else None
        follows = (
            before is not None
            and before.record.page is not None
            and before.record.page.number + 1 == record.page.number
        )
        continued = follows and before is not None and continues(before.tables, record, tables)
        if not continued:
            yield from _tables_of(chain)
            chain = []
        chain.append(_Page(record, tables, continued))
    yield from _tables_of(chain)


def _tables_of(chain: Sequence[_Page]) -> Iterator[tuple[int, tuple[TableRecord, ...]]]:
    """The tables of successive pages, each of which goes on with the last table of the page before."""
    for index, page in enumerate(chain):
        assert page.record.page is not None
        records: list[TableRecord] = []
        for table in page.tables[1 if page.continued else 0 :]:
            pages = [page]
            parts = [table]
            if table is page.tables[-1]:
                for later in chain[index + 1 :]:
                    pages.append(later)
                    parts.append(later.tables[0])
                    if len(later.tables) > 1:
                        break
            records.append(_describe(parts, pages, first=not records))
        yield page.record.page.number, tuple(records) or (_without_table(page),)


def _describe(parts: Sequence[PageTable], pages: Sequence[_Page], *, first: bool) -> TableRecord:
    record = pages[0].record
    lines = [line.text for page in pages for block in page.record.blocks for line in block.lines]
    confidences = [page.record.confidence for page in pages if page.record.confidence is not None]
    return TableRecord(
        source=record.source,
        engine=record.engine,
        page=record.page,
        flags=tuple(
            dict.fromkeys(flag for page in pages for flag in page.record.flags if flag != Flag.TABLE_CONTINUES)
        ),
        timings=record.timings if first else {},
        usage=record.usage if first else None,
        confidence=min(confidences, default=None),
        table=describe_table(parts, lines),
    )


def _without_table(page: _Page) -> TableRecord:
    record = page.record
    added = (*((Flag.TABLE_CONTINUES.value,) if page.continued else ()), Flag.NO_TABLE.value)
    flags = record.flags if record.error else tuple(dict.fromkeys((*record.flags, *added)))
    return TableRecord(
        source=record.source,
        engine=record.engine,
        page=record.page,
        flags=flags,
        timings=record.timings,
        usage=record.usage,
        error=record.error,
        confidence=record.confidence,
    )
