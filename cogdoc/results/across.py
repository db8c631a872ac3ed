"""The result of a question across documents: what was computed, from which values, and which documents have none."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, computed_field

from cogdoc.results.certainty import Certainty, certainty_of
from cogdoc.results.printed_value import PrintedValue
from cogdoc.results.record_model import BoxTuple, Confidence, Model
from cogdoc.results.records import SCHEMA_VERSION, EngineInfo


class AcrossOperand(Model):
    """The value of one document."""

    source: str = Field(description="the document's path or address")
    text: str = Field(description="the answer of the document, as printed")
    value: PrintedValue | None = Field(default=None, description="what the text means, for programs")
    page: int | None = Field(default=None, description="1-based; null if it is computed")
    label: str | None = Field(default=None, description="of the page, as printed on it or named by the file")
    box: BoxTuple | None = Field(default=None, description="where it is printed")
    confidence: Confidence | None = Field(
        default=None, description="probability that it is right; null if the engine states none"
    )

    @computed_field(description="the confidence in a word; null without one")  # type: ignore[prop-decorator]
    @property
    def certainty(self) -> Certainty | None:
        return None if self.confidence is None else certainty_of(self.confidence)


class AcrossMissing(Model):
    """A document without a value."""

    source: str = Field(description="the document's path or address, or a name in the question that no document has")
    reason: str = Field(description="why there is no value, in words")
    p_answerable: Confidence | None = Field(
        default=None, description="probability that the document has one; null if the engine does not estimate it"
    )


class AcrossPart(Model):
    """The result for the values of one currency or unit."""

    text: str = Field(description="the value, or the document that has it")
    value: PrintedValue | None = Field(default=None, description="what the text means, for programs")
    operands: int = Field(description="how many values it is computed from")


class AcrossResult(Model):
    """The answer to a question across documents."""

    schema_version: Literal["cogdoc/1"] = Field(
        default=SCHEMA_VERSION, alias="schema", description="the version of this schema"
    )
    task: Literal["across"] = Field(default="across", description="tells this result from others")
    question: str = Field(description="as it was asked")
    operation: str = Field(description="what was computed: list, count, sum, mean, median, highest and so on")
    inner_questions: tuple[str, ...] = Field(description="what each document was asked for")
    engine: EngineInfo | None = Field(default=None, description="the engine that read the documents")
    text: str | None = Field(description="the answer; null if there is none")
    value: PrintedValue | None = Field(
        default=None,
        description="what the text means, for programs; null if it is no value, or there is one for each unit",
    )
    parts: tuple[AcrossPart, ...] = Field(
        default=(), description="one result for each currency or unit, which are never added up or compared"
    )
    confidence: Confidence | None = Field(
        default=None,
        description="probability that all values are right and none is missing, taken as independent of each other; "
        "null for lists, whose values have their own, and if the engine states none",
    )
    operands: tuple[AcrossOperand, ...] = Field(default=(), description="the values that the answer consists of")
    left_out: tuple[AcrossOperand, ...] = Field(
        default=(), description="values that do not fulfil the conditions of the question"
    )
    missing: tuple[AcrossMissing, ...] = Field(default=(), description="documents without a value")
    notes: tuple[str, ...] = Field(default=(), description="what to know before trusting the answer, in words")

    @computed_field(description="whether there is an answer")  # type: ignore[prop-decorator]
    @property
    def found(self) -> bool:
        return self.text is not None

    @computed_field(description="the confidence in a word; null without one")  # type: ignore[prop-decorator]
    @property
    def certainty(self) -> Certainty | None:
        return None if self.confidence is None else certainty_of(self.confidence)
