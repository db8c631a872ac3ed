"""Fields as Markdown: a table of the values, and one for each table among them."""

from __future__ import annotations

from collections.abc import Sequence

from cogdoc.results.field_result import FieldResult
from cogdoc.results.field_rows import plain
from cogdoc.results.markdown.blocks import table_to_markdown
from cogdoc.results.markdown.inline import escape_lines

HEAD = ("field", "value", "page", "to check")


def fields_to_markdown(fields: Sequence[FieldResult]) -> str:
    single = [one for one in fields if not one.rows]
    parts = [table_to_markdown([HEAD, *map(_row, single)])] if single else []
    for one in fields:
        if one.rows:
            head = [cell.name for cell in one.rows[0]]
            rows = [[cell.text or "" for cell in row] for row in one.rows]
            parts.append(f"**{escape_lines(one.name)}**\n\n{table_to_markdown([head, *rows])}")
    return "\n\n".join(parts)


def _row(one: FieldResult) -> list[str]:
    doubt = one.message if one.reason is not None else ", ".join(one.flags)
    return [one.name, plain(one.value), one.label or str(one.page or ""), doubt or ""]
