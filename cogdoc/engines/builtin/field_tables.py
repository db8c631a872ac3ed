"""The labelled values of a page as a table, so that questions may compare and combine them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from cogdoc.query.quantities import quantity_of
from cogdoc.query.segments import PageView, Segment, Slice
from cogdoc.query.table import DataCell, DataTable, TableOrigin

MIN_FIELDS = 2
MAX_LABEL = 60
_INLINE = re.compile(r"\s*(?P<label>[^\W\d_][^:：]{1,60}?)\s*(?:[:：]|\.{3,}|_{2,}|…)\s*(?P<value>\S.*)")


def field_tables(page: PageView) -> Iterator[DataTable]:
    """The labels with numbers or dates beside them, in one table for the page."""
    found = [field for row in page.rows for field in _fields(page, row)]
    if len(found) >= MIN_FIELDS:
        rows = tuple((label.text,) for label, _ in found)
        yield DataTable(TableOrigin.FIELDS, "", ((), ()), rows, tuple(found), 0)


def _fields(page: PageView, row: Sequence[Segment]) -> Iterator[tuple[DataCell, DataCell]]:
    for index, segment in enumerate(row):
        inline = _INLINE.fullmatch(segment.text)
        if inline is not None:
            parts = [Slice(segment, *inline.span(name)) for name in ("label", "value")]
        elif segment.text.rstrip().endswith((":", "：")) and index + 1 < len(row) and len(segment.text) <= MAX_LABEL:
            end = len(segment.text.rstrip(" :："))
            parts = [Slice(segment, 0, end), Slice(row[index + 1], 0, len(row[index + 1].text))]
        else:
            continue
        if parts[0].text.strip() and (quantity := quantity_of(parts[1].text)) is not None:
            label, value = (DataCell(p.text.strip(), None, page.number, p.box, p.segment.confidence) for p in parts)
            yield label, DataCell(value.text, quantity, page.number, value.box, value.confidence)
