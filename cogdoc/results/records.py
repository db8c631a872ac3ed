"""What cogdoc gives back: one model per thing a user can ask for, each of them a record of the JSON output.

Boxes are `[left, top, right, bottom]` in PDF points of the upright page, origin top left. Confidences run from
0 to 1. Every record says where it came from (`source`, `page`, `engine`), and carries `error` instead of a
result where there was one.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

SCHEMA_VERSION: Final = "cogdoc/1"

Points = Annotated[float, AfterValidator(lambda points: round(points, 2))]
BoxTuple = tuple[Points, Points, Points, Points]
Confidence = Annotated[float, Field(ge=0.0, le=1.0), AfterValidator(lambda share: round(share, 4))]


class Flag(StrEnum):
    """Something the reader of a result should know before trusting it."""

    BLANK_PAGE = "blank-page"
    TURNED = "turned"
    TILED = "tiled"
    LOW_RESOLUTION = "low-resolution"
    LOW_CONFIDENCE = "low-confidence"
    BAD_TEXT_LAYER = "bad-text-layer"
    REPAIRED_FILE = "repaired-file"
    PAGES_FAILED = "pages-failed"
    """Some of the document's pages could not be read; the answer may stand there."""
    LAYOUT_FAILED = "layout-failed"
    """Blocks, tables or charts of a page could not be found; the answer comes from what else was read."""
    NOT_A_CHART = "not-a-chart"
    HIDDEN_TEXT = "hidden-text"
    """The page holds text that it does not show; it was left out."""
    NOT_LITERAL = "not-literally-on-the-page"
    """The model says so, but the page's own words do not: it may be read from a picture, worked out, or made up."""
    CUT_OFF = "cut-off"
    """The model ran into a limit before it had finished."""
    REPETITION = "repetition"
    """The model began to repeat itself; what follows was stopped, tried again, or taken from the literal words."""
    LITERAL_TEXT = "literal-text"
    """The page's literal words stand in for what the model could not read."""
    LOW_AGREEMENT = "low-agreement"
    """The model's text holds less than half of what the page literally says."""
    MEASURED = "measured"
    """Values were measured against an axis, not read from labels."""


class Model(BaseModel):
    """Immutable, closed to unknown fields, and written under its aliases."""

    model_config = ConfigDict(frozen=True, extra="forbid", serialize_by_alias=True, defer_build=True)


class SourceInfo(Model):
    """The file a record speaks of."""

    path: str
    sha256: str | None = None
    page_count: int | None = None


class PageInfo(Model):
    """The page a record speaks of."""

    number: int = Field(ge=1, description="1-based")
    label: str = Field(description="as printed on the page or named by the file")
    width: float = Field(description="points")
    height: float = Field(description="points")
    turned: int = Field(default=0, description="degrees clockwise by which a scan was turned upright")


class EngineInfo(Model):
    """What read the page."""

    name: str
    version: str
    checkpoint: str | None = None
    quantization: str | None = None


class ErrorInfo(Model):
    """Why there is no result."""

    kind: str
    message: str
    hint: str | None = None
    exit_code: int


class UnreadPage(Model):
    """A page that could not be read, and why."""

    page: int
    message: str


class Evidence(Model):
    """A place where an answer stands."""

    page: int
    label: str
    box: BoxTuple
    text: str = Field(description="the line or the table row it stands in")


class Candidate(Model):
    """An answer that was weighed."""

    text: str
    confidence: Confidence
    evidence: Evidence | None = None


class Answer(Model):
    """The answer to one question; `text` is None where the document does not say."""

    question: str
    text: str | None
    confidence: Confidence
    evidence: tuple[Evidence, ...] = ()
    alternatives: tuple[Candidate, ...] = ()
    flags: tuple[str, ...] = ()

    @property
    def found(self) -> bool:
        return self.text is not None


class TextLine(Model):
    text: str
    box: BoxTuple
    confidence: Confidence


class TableCell(Model):
    text: str
    box: BoxTuple | None = None


class TableResult(Model):
    """Rows of equal length; the first row is the header."""

    rows: tuple[tuple[TableCell, ...], ...]


class TextBlock(Model):
    """A paragraph, heading, table or the like, in reading order."""

    kind: str
    box: BoxTuple
    text: str
    level: int = 0
    lines: tuple[TextLine, ...] = ()
    table: TableResult | None = None


class ChartKind(StrEnum):
    BAR = "bar"
    HORIZONTAL_BAR = "horizontal-bar"
    STACKED_BAR = "stacked-bar"
    STACKED_HORIZONTAL_BAR = "stacked-horizontal-bar"
    LINE = "line"
    PIE = "pie"
    UNKNOWN = "unknown"


class ChartValue(Model):
    """One value of a series; None where the chart shows none for its category."""

    value: float | None
    text: str | None = Field(default=None, description="the printed label, where there is one")
    confidence: Confidence
    box: BoxTuple | None = Field(default=None, description="the mark (bar, point, slice) or its label")
    color: str | None = Field(default=None, description="#rrggbb, where the mark's colour is not its series'")


class ChartSeries(Model):
    name: str
    color: str | None = Field(default=None, description="#rrggbb")
    values: tuple[ChartValue, ...] = Field(description="one for each category, in their order")


class Chart(Model):
    """The table behind a chart: categories by series."""

    kind: ChartKind
    title: str | None = None
    x_title: str | None = None
    y_title: str | None = None
    unit: str | None = None
    categories: tuple[str, ...]
    series: tuple[ChartSeries, ...]
    measured: bool = Field(description="True where values were measured against an axis, not read from labels")
    confidence: Confidence


class Record(Model):
    """What all records have in common."""

    schema_version: Literal["cogdoc/1"] = Field(default=SCHEMA_VERSION, alias="schema")
    source: SourceInfo
    engine: EngineInfo
    flags: tuple[str, ...] = ()
    timings: dict[str, float] = Field(default_factory=dict, description="seconds by step")
    error: ErrorInfo | None = None


class AnswerRecord(Record):
    """One question put to one document."""

    task: Literal["ask"] = "ask"
    question: str
    unread_pages: tuple[UnreadPage, ...] = Field(default=(), description="pages on which the answer may stand as well")
    answer: Answer | None = None


class PageRecord(Record):
    """The text of one page."""

    task: Literal["ocr"] = "ocr"
    page: PageInfo | None = None
    origin: str | None = Field(default=None, description="text-layer, ocr, mixed or blank")
    resolution: float | None = Field(default=None, description="pixels per inch that the OCR engine saw")
    confidence: Confidence | None = None
    agreement: Confidence | None = Field(
        default=None, description="share of the page's literal words' characters that a model's text holds"
    )
    steps: tuple[str, ...] = Field(default=(), description="what a model tried on the page, and how it went")
    text: str = ""
    markdown: str = ""
    blocks: tuple[TextBlock, ...] = ()


class ChartRecord(Record):
    """The chart on one page, and the answers to the questions put to it."""

    task: Literal["chart"] = "chart"
    page: PageInfo | None = None
    chart: Chart | None = None
    answers: tuple[Answer, ...] = ()


AnyRecord = Annotated[AnswerRecord | PageRecord | ChartRecord, Field(discriminator="task")]


def result_head(task: str, source: SourceInfo) -> dict[str, object]:
    """The fields that the result of a source begins with, before its records."""
    return {"schema": SCHEMA_VERSION, "task": task, "source": source.model_dump(mode="json")}
