"""Fields of a document as an object of the caller's own type: a pydantic model, or values by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from cogdoc.documents.document import Document
from cogdoc.documents.page_selection import PageSelection
from cogdoc.engines.protocol import Engine
from cogdoc.errors import UsageError
from cogdoc.fields.field import FieldList
from cogdoc.results.extraction import Extraction
from cogdoc.tasks.extract import extract_fields


def extract_as(
    document: Document,
    engine: Engine,
    fields: type[BaseModel] | str | Mapping[str, Any] | FieldList,
    selection: PageSelection,
    top_pages: int,
) -> Extraction[Any]:
    """
    Args:
        fields: a model, a list of fields in the field language or ready, or a JSON Schema.

    Raises:
        UsageError: `fields` are none, or `selection` has a page that does not exist.
    """
    from cogdoc.fields.json_schema import read_schema
    from cogdoc.fields.language import parse_fields
    from cogdoc.fields.models import fields_of_model, model_of_values

    if isinstance(fields, str):
        wanted = parse_fields(fields, "fields")
    elif isinstance(fields, FieldList):
        wanted = fields
    elif isinstance(fields, Mapping):
        wanted = read_schema(fields, "fields")
    elif isinstance(fields, type) and issubclass(fields, BaseModel):
        wanted = fields_of_model(fields)
    else:
        raise UsageError(f"fields: {fields!r} is neither a pydantic model, a text nor a JSON Schema")
    record = extract_fields(document, engine, wanted, selection, top_pages)
    if record.error is not None:
        return Extraction(None, record, (record.error.message,))
    if isinstance(fields, type):
        value, problems = model_of_values(fields, wanted, record.values)
        return Extraction(value, record, problems)
    return Extraction(dict(record.values), record, record.problems)
