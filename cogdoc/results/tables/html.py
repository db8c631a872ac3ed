"""A table as HTML, with cells that span rows and columns."""

from __future__ import annotations

from html import escape

from cogdoc.results.records import TableResult
from cogdoc.results.tables.spans import Span, spans_of


def table_html(table: TableResult) -> str:
    """The table as HTML with its first row in a `thead`."""
    rows = [f"<tr>{''.join(_cell(table, span) for span in spans)}</tr>" for spans in spans_of(table)]
    return f"<table><thead>{''.join(rows[:1])}</thead><tbody>{''.join(rows[1:])}</tbody></table>"


def _cell(table: TableResult, span: Span) -> str:
    text = escape(table.rows[span.row][span.column].text)
    return f"<td{_attribute('colspan', span.columns)}{_attribute('rowspan', span.rows)}>{text}</td>"


def _attribute(name: str, count: int) -> str:
    return f' {name}="{count}"' if count > 1 else ""
