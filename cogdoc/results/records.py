"""The result types of cogdoc's tasks; each is a record of the JSON output.

Boxes are `[left, top, right, bottom]` in PDF points of the upright page, origin top left. Confidences range from
0 to 1. Every record names its origin (`source`, `page`, `engine`); a record of a failure has an `error` and no result.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal, Self

from pydantic import Field, JsonValue, computed_field, model_validator
from pydantic.json_schema import SkipJsonSchema

from cogdoc.results.certainty import Certainty, certainty_of
from cogdoc.results.chart import Chart as Chart
from cogdoc.results.chart import ChartKind as ChartKind
from cogdoc.results.chart import ChartSeries as ChartSeries
from cogdoc.results.chart import ChartValue as ChartValue
from cogdoc.results.document_table import DocumentTable
from cogdoc.results.failures import ErrorInfo, UnreadPage
from cogdoc.results.field_result import FieldResult
from cogdoc.results.printed_value import PrintedValue
from cogdoc.results.record_model import BoxTuple as BoxTuple
from cogdoc.results.record_model import Confidence as Confidence
from cogdoc.results.record_model import Model
from cogdoc.results.search_matches import PageMatch
from cogdoc.results.text_layer import TextLayer
from cogdoc.results.usage_counts import Usage

SCHEMA_VERSION: Final = "cogdoc/1"


class SourceInfo(Model):
    """The file that a record is about."""

    path: str = Field(description="as given or found: a path, an address without credentials, or - for standard input")
    sha256: str | None = Field(default=None, description="of the file's bytes; null if it could not be opened")
    page_count: int | None = Field(default=None, description="null if it could not be opened")
    attachments: tuple[str, ...] = Field(
        default=(),
        description="names of the files attached to a PDF or its pages; extract reads electronic invoices; 100 at most",
    )


class PageInfo(Model):
    """The page that a record is about."""

    number: int = Field(ge=1, description="1-based")
    label: str = Field(description="as printed on the page or named by the file")
    width: float = Field(description="points")
    height: float = Field(description="points")
    turned: int = Field(default=0, description="degrees clockwise by which a scan was turned upright")


class GenerationInfo(Model):
    """How a vision model generates, as asked for; null for what was left as usual."""

    prompt: str | None = Field(default=None, description="the instruction instead of cogdoc's own")
    template: str | None = Field(default=None, description="base, chat or vqa, instead of the one that fits the task")
    temperature: float | None = Field(default=None, description="0 means greedy")
    top_p: float | None = Field(default=None, description="share of the probability that sampling draws from")
    seed: int | None = Field(default=None, description="of sampling")
    max_tokens: int | None = Field(default=None, description="the most tokens of one generation")
    raw: bool = Field(default=False, description="whether the model's words are as they came")
    variant: str | None = Field(default=None, description="the named variant of cogdoc's own instructions")


class EngineInfo(Model):
    """The engine that read the page."""

    name: str = Field(description="builtin, cogvlm2 or remote")
    version: str = Field(description="of cogdoc")
    checkpoint: str | None = Field(default=None, description="the model's name: of its folder, or on its server")
    checkpoint_repository: str | None = Field(
        default=None, description="where it comes from, on its hub or this machine; null if that is not recorded"
    )
    checkpoint_revision: str | None = Field(default=None, description="its commit; null if that is not recorded")
    checkpoint_sha256: str | None = Field(
        default=None,
        description="SHA-256 of what sha256sum prints for its weight files in the order of their names; null if their "
        "hashes are not recorded",
    )
    server: str | None = Field(default=None, description="the address to which a remote engine sends pages")
    quantization: str | None = Field(default=None, description="nf4, fp4, int8 or none; null without a local model")
    dtype: str | None = Field(default=None, description="in which a model computes, such as bfloat16")
    vision_precision: str | None = Field(
        default=None, description="with a quantization: bf16 if the vision tower is not quantized, quantized if it is"
    )
    adapter: str | None = Field(default=None, description="the fine-tune: name of its folder, SHA-256 of its files")
    generation: GenerationInfo | None = Field(default=None, description="what was asked for; null if nothing")


class Evidence(Model):
    """A place on a page that contains an answer."""

    page: int = Field(description="1-based")
    label: str = Field(description="as printed on the page or named by the file")
    box: BoxTuple = Field(description="left, top, right, bottom in points of the page as displayed")
    text: str = Field(description="the line or table row that contains the answer")


class Candidate(Model):
    """An answer that was considered."""

    text: str = Field(description="the answer")
    confidence: Confidence | None = Field(description="probability that it is right; null if the engine states none")
    evidence: Evidence | None = Field(default=None, description="where it is printed")


class AnswerOperand(Model):
    """A value of a table or a chart that an answer is computed or selected from."""

    label: str = Field(description="the names of its row and its column")
    text: str = Field(description="as printed")
    page: int = Field(description="1-based")
    box: BoxTuple | None = Field(default=None, description="where it is printed")


class Answer(Model):
    """The answer to one question; `text` is None if the document does not contain it."""

    question: str = Field(description="as it was asked")
    text: str | None = Field(description="the answer as printed or computed; null if there is none")
    value: PrintedValue | None = Field(
        default=None, description="what the text means, for programs: a number, amount, percentage, date or duration"
    )
    confidence: Confidence | None = Field(
        default=None,
        description="probability that `text` is the right answer; null without a text, and if the engine states none",
    )
    p_answerable: Confidence | None = Field(
        default=None,
        description="probability that the pages answer the question at all; null if the engine does not estimate it",
    )
    withheld: Candidate | None = Field(
        default=None, description="the answer that was found, if its confidence is below what was asked for"
    )
    evidence: tuple[Evidence, ...] = Field(default=(), description="where it, or what it comes from, is printed")
    alternatives: tuple[Candidate, ...] = Field(default=(), description="other possible answers, the likeliest first")
    query: dict[str, JsonValue] | None = Field(
        default=None,
        description="what the question asks of a table or chart: nested objects with an `operation` each",
    )
    operands: tuple[AnswerOperand, ...] = Field(default=(), description="the values that it is computed from")
    formula: str | None = Field(default=None, description="how the answer is computed from the operands")
    flags: tuple[str, ...] = Field(default=(), description="what to know before trusting the answer")

    @model_validator(mode="before")
    @classmethod
    def _without_derived(cls, fields: object) -> object:
        """Leave out what JSON has besides the fields, since it follows from them."""
        if not isinstance(fields, Mapping):
            return fields
        return {name: value for name, value in fields.items() if name not in ("found", "certainty")}

    @model_validator(mode="after")
    def _check_confidence(self) -> Self:
        if self.text is None and self.confidence is not None:
            raise ValueError("a refusal has a confidence; that of a text which was found is the only one")
        return self

    @computed_field(description="whether there is an answer; false for a refusal")  # type: ignore[prop-decorator]
    @property
    def found(self) -> bool:
        return self.text is not None

    @computed_field(description="the confidence in a word; null without one")  # type: ignore[prop-decorator]
    @property
    def certainty(self) -> Certainty | None:
        return None if self.confidence is None else certainty_of(self.confidence)


class TextSpan(Model):
    """A part of a line that looks different from most of the page, or is a link."""

    start: int = Field(ge=0, description="index of its first character (Unicode code point) in the line's text")
    end: int = Field(ge=1, description="index after its last character")
    styles: tuple[str, ...] = Field(default=(), description="bold, italic, monospace, strikethrough")
    link: str | None = Field(default=None, description="an http, https or mailto address")


class TextLine(Model):
    """A line of text."""

    text: str = Field(description="plain, without markup")
    box: BoxTuple = Field(description="left, top, right, bottom in points of the page as displayed")
    confidence: Confidence = Field(description="probability that OCR read it right; 1 for a text layer")
    spans: tuple[TextSpan, ...] = Field(
        default=(), description="what a PDF's text layer says of its look and its links; in order, without overlaps"
    )


class TableCell(Model):
    """A cell of a table."""

    text: str = Field(description="as printed")
    box: BoxTuple | None = Field(default=None, description="where it is; null if that is not known")
    value: PrintedValue | None = Field(
        default=None, description="what the text means, for programs: a number, amount, percentage, date or duration"
    )


class TableResult(Model):
    """Rows of equal length; a cell without box and text is covered by one beside or above it whose box contains it."""

    rows: tuple[tuple[TableCell, ...], ...] = Field(description="from top to bottom, each from left to right")
    header_rows: int = Field(default=1, ge=0, description="rows at the top that title the columns")
    header_columns: int = Field(default=0, ge=0, le=1, description="1 if the first column names the rows")


class TextBlock(Model):
    """A paragraph, heading, table or the like, in reading order; comments on the page come last."""

    kind: str = Field(description="paragraph, heading, list-item, table, picture, header, footer and so on")
    box: BoxTuple = Field(description="left, top, right, bottom in points of the page as displayed")
    text: str = Field(description="plain, without markup")
    level: int = Field(default=0, description="of a heading, from 1; of a list item, how deep it is nested")
    lines: tuple[TextLine, ...] = Field(default=(), description="its lines, from top to bottom")
    table: TableResult | None = Field(default=None, description="the cells of a table")
    image: str | None = Field(default=None, description="the file with the picture, below the folder of --images")


class Record(Model):
    """The fields of every record."""

    schema_version: Literal["cogdoc/1"] = Field(
        default=SCHEMA_VERSION, alias="schema", description="the version of this schema"
    )
    source: SourceInfo = Field(description="the file")
    engine: EngineInfo = Field(description="what read it")
    flags: tuple[str, ...] = Field(default=(), description="what to know before trusting the result")
    timings: dict[str, float] = Field(default_factory=dict, description="seconds by step")
    usage: Usage | None = Field(
        default=None,
        description="what a vision model's work took; null if there was none and the reading cache had nothing",
    )
    error: ErrorInfo | None = Field(default=None, description="why there is no result")

    def __repr__(self) -> str:
        from cogdoc.results.reprs import describe_record

        return describe_record(self)

    __str__ = __repr__


class AnswerRecord(Record):
    """A question about a document, and its answer."""

    task: Literal["ask"] = Field(default="ask", description="tells the records of commands apart")
    question: str = Field(description="as it was asked")
    unread_pages: tuple[UnreadPage, ...] = Field(
        default=(), description="pages that may contain the answer and could not be read"
    )
    answer: Answer | None = Field(default=None, description="null if there is an error")


class PageRecord(Record):
    """The text of one page."""

    task: Literal["ocr"] = Field(default="ocr", description="tells the records of commands apart")
    page: PageInfo | None = Field(default=None, description="the page that was read")
    origin: str | None = Field(default=None, description="text-layer, ocr, mixed or blank")
    resolution: float | None = Field(default=None, description="pixels per inch of the OCR engine's input")
    ocr_engine: str | None = Field(
        default=None, description='what ran OCR on the page: "rapidocr", or "tesseract" with its languages'
    )
    legibility: Confidence | None = Field(
        default=None, description="how legible a scan is: mean confidence of its lines of text, weighted by their areas"
    )
    unread_scripts: tuple[str, ...] = Field(
        default=(), description='scripts of the page that OCR cannot read, such as "cyrillic"'
    )
    confidence: Confidence | None = Field(
        default=None, description="mean confidence of its words, or of the tokens of a model"
    )
    agreement: Confidence | None = Field(
        default=None, description="share of the characters of the page's literal text that the model's text contains"
    )
    steps: tuple[str, ...] = Field(default=(), description="what a model tried on the page, and the outcome")
    text: str = Field(default="", description="all lines in reading order, plain")
    markdown: str = Field(default="", description="the same with headings, lists and tables")
    blocks: tuple[TextBlock, ...] = Field(default=(), description="paragraphs, tables and so on, in reading order")
    text_layer: SkipJsonSchema[TextLayer | None] = Field(default=None, exclude=True, repr=False)
    """What OCR read, for a searchable PDF file; no part of the output."""


class ChartRecord(Record):
    """A chart on a page, and the answers to questions about it."""

    task: Literal["chart"] = Field(default="chart", description="tells the records of commands apart")
    page: PageInfo | None = Field(default=None, description="the page that shows the chart")
    chart: Chart | None = Field(default=None, description="null if the page has none")
    answers: tuple[Answer, ...] = Field(default=(), description="one for each question about the page's charts")


class ExtractRecord(Record):
    """The values of the fields of one document."""

    task: Literal["extract"] = Field(default="extract", description="tells the records of commands apart")
    values: dict[str, JsonValue] = Field(
        default_factory=dict, description="by the names of the fields; null where `fields` says why there is none"
    )
    fields: tuple[FieldResult, ...] = Field(default=(), description="in the order in which they were asked for")
    finds_all: bool = Field(
        default=False, description="whether all fields of the document were asked for, rather than given ones"
    )
    problems: tuple[str, ...] = Field(default=(), description="why `values` do not satisfy the schema")
    unread_pages: tuple[UnreadPage, ...] = Field(
        default=(), description="pages that may have values and could not be read"
    )


class TableRecord(Record):
    """A table of the document; a page on which none begins has a record without one."""

    task: Literal["tables"] = Field(default="tables", description="tells the records of commands apart")
    page: PageInfo | None = Field(default=None, description="the page on which the table begins")
    confidence: Confidence | None = Field(default=None, description="the lowest confidence of the text of its pages")
    table: DocumentTable | None = Field(default=None, description="null if none begins on the page")


class SearchRecord(Record):
    """The pages of a document that have words of a query."""

    task: Literal["search"] = Field(default="search", description="tells this record from others")
    query: str = Field(description="as it was given")
    page_count: int = Field(default=0, ge=0, description="pages that were searched")
    unread_pages: tuple[UnreadPage, ...] = Field(default=(), description="pages that may match and could not be read")
    pages_with: dict[str, int] = Field(default_factory=dict, description="how many pages have each word of the query")
    matches: tuple[PageMatch, ...] = Field(default=(), description="the best first; at most 50")


AnyRecord = Annotated[
    AnswerRecord | PageRecord | ChartRecord | ExtractRecord | TableRecord | SearchRecord,
    Field(discriminator="task"),
]


def result_head(task: str, source: SourceInfo) -> dict[str, object]:
    """The fields that the result of a source begins with, before its records."""
    return {"schema": SCHEMA_VERSION, "task": task, "source": source.model_dump(mode="json")}
