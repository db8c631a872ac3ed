"""The schema of `--out json`, an object for each source with all of its records; `cogdoc schema` prints it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from cogdoc.results.across import AcrossResult
from cogdoc.results.record_model import Model
from cogdoc.results.records import (
    SCHEMA_VERSION,
    AnswerRecord,
    AnyRecord,
    ChartRecord,
    ErrorInfo,
    ExtractRecord,
    PageRecord,
    SourceInfo,
    TableRecord,
)
from cogdoc.results.search_matches import MatchLine, SearchResult


class _DocumentResult(Model):
    schema_version: Literal["cogdoc/1"] = Field(default=SCHEMA_VERSION, serialization_alias="schema")
    source: SourceInfo
    error: ErrorInfo | None = None


class AskResult(_DocumentResult):
    """All answers from one document."""

    task: Literal["ask"]
    records: tuple[AnswerRecord, ...]


class OcrResult(_DocumentResult):
    """All pages of one document."""

    task: Literal["ocr"]
    records: tuple[PageRecord, ...]


class ChartResult(_DocumentResult):
    """All charts of one document."""

    task: Literal["chart"]
    records: tuple[ChartRecord, ...]


class ExtractResult(_DocumentResult):
    """The fields of one document."""

    task: Literal["extract"]
    records: tuple[ExtractRecord, ...]


class TablesResult(_DocumentResult):
    """All tables of one document."""

    task: Literal["tables"]
    records: tuple[TableRecord, ...]


_Result = Annotated[
    AskResult | OcrResult | ChartResult | ExtractResult | TablesResult | AcrossResult | SearchResult,
    Field(discriminator="task"),
]


def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of what `--out json` and `--out jsonl` write.

    `--out json` is one result, or an array of results for several sources. A line of `--out jsonl` is one record, or
    the result of a source that failed, without records.
    """
    adapter: TypeAdapter[Any] = TypeAdapter(list[_Result] | _Result | AnyRecord | MatchLine)
    schema = adapter.json_schema(mode="serialization", by_alias=True)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "cogdoc results",
        **schema,
    }
