"""The values of fields as the tool `extract` returns them: bounded."""

from __future__ import annotations

from itertools import islice

from pydantic import JsonValue

from cogdoc.errors import CogdocError
from cogdoc.mcp_server import results
from cogdoc.results.field_result import FieldResult
from cogdoc.results.records import ExtractRecord

MAX_ROWS = 200
"""Of a table or list, and fields."""

MAX_TEXT = 2000
"""Characters of a text."""


def extracted(name: str, record: ExtractRecord) -> results.Extracted:
    """
    Raises:
        CogdocError: the document could not be read.
    """
    if record.error is not None:
        raise CogdocError(record.error.message, record.error.hint)
    values = {key: _bounded(value) for key, value in islice(record.values.items(), MAX_ROWS)}
    return results.Extracted(
        document=name,
        values=values,
        fields=[_found(one) for one in record.fields[:MAX_ROWS]],
        is_cut_off=values != record.values,
        unread_pages=len(record.unread_pages),
    )


def _bounded(value: JsonValue) -> JsonValue:
    if isinstance(value, str):
        return value[:MAX_TEXT]
    if isinstance(value, list):
        return [_bounded(item) for item in value[:MAX_ROWS]]
    return {key: _bounded(item) for key, item in value.items()} if isinstance(value, dict) else value


def _found(one: FieldResult) -> results.Found:
    return results.Found(
        name=one.name,
        text=None if one.text is None else one.text[:MAX_TEXT],
        unit=one.typed.currency or one.typed.unit if one.typed is not None else None,
        page=one.page,
        box=one.box,
        confidence=one.confidence,
        how=one.how,
        reason=one.reason,
        flags=list(one.flags),
    )
