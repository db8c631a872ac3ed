"""The schema of `--out json`, an object for each source with all of its records; `cogdoc schema` prints it."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import Field, TypeAdapter

from cogdoc.results.across import AcrossResult
from cogdoc.results.failures import ErrorInfo
from cogdoc.results.record_model import Model
from cogdoc.results.records import (
    SCHEMA_VERSION,
    AnswerRecord,
    AnyRecord,
    ChartRecord,
    ExtractRecord,
    PageRecord,
    SourceInfo,
    TableRecord,
)
from cogdoc.results.search_matches import MatchLine, SearchResult


class _DocumentResult(Model):
    schema_version: Literal["cogdoc/1"] = Field(
        default=SCHEMA_VERSION, serialization_alias="schema", description="the version of this schema"
    )
    source: SourceInfo = Field(description="the file")
    error: ErrorInfo | None = Field(default=None, description="why it could not be read, or not completely")


class AskResult(_DocumentResult):
    """All answers from one document."""

    task: Literal["ask"] = Field(description="tells the results of commands apart")
    records: tuple[AnswerRecord, ...] = Field(description="in the order of the document or of the questions")


class OcrResult(_DocumentResult):
    """All pages of one document."""

    task: Literal["ocr"] = Field(description="tells the results of commands apart")
    records: tuple[PageRecord, ...] = Field(description="in the order of the document or of the questions")


class ChartResult(_DocumentResult):
    """All charts of one document."""

    task: Literal["chart"] = Field(description="tells the results of commands apart")
    records: tuple[ChartRecord, ...] = Field(description="in the order of the document or of the questions")


class ExtractResult(_DocumentResult):
    """The fields of one document."""

    task: Literal["extract"] = Field(description="tells the results of commands apart")
    records: tuple[ExtractRecord, ...] = Field(description="in the order of the document or of the questions")


class TablesResult(_DocumentResult):
    """All tables of one document."""

    task: Literal["tables"] = Field(description="tells the results of commands apart")
    records: tuple[TableRecord, ...] = Field(description="in the order of the document or of the questions")


COMMANDS: Final = {
    "ask": list[AskResult] | AskResult | AnswerRecord | AcrossResult,
    "ocr": list[OcrResult] | OcrResult | PageRecord,
    "chart": list[ChartResult] | ChartResult | ChartRecord,
    "extract": list[ExtractResult] | ExtractResult | ExtractRecord,
    "tables": list[TablesResult] | TablesResult | TableRecord,
    "search": SearchResult | MatchLine,
}
"""What each command writes: results of documents, lines of `--out jsonl`, and with `ask --across` one result of all."""

_Result = Annotated[
    AskResult | OcrResult | ChartResult | ExtractResult | TablesResult | AcrossResult | SearchResult,
    Field(discriminator="task"),
]


_WRITTEN: Final = list[_Result] | _Result | AnyRecord | MatchLine


def json_schema(command: str | None = None) -> dict[str, Any]:
    """JSON Schema (2020-12) of what `--out json` and `--out jsonl` write, one command of `COMMANDS` or all of them.

    `--out json` is one result, or an array of results for several sources. A line of `--out jsonl` is one record, or
    the result of a source that failed, without records.
    """
    written: Any = _WRITTEN if command is None else COMMANDS[command]
    adapter: TypeAdapter[Any] = TypeAdapter(written)
    schema = adapter.json_schema(mode="serialization", by_alias=True)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "cogdoc results" if command is None else f"results of cogdoc {command}",
        **schema,
    }
