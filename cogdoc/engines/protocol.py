"""The protocol of an engine: anything that reads pages, with or without a model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, Self, runtime_checkable

from cogdoc.engines.generation import GenerationRequest
from cogdoc.fields.field import Field
from cogdoc.parsing.page import Page
from cogdoc.parsing.page_text import Block
from cogdoc.results.field_result import HowFound
from cogdoc.results.records import Answer, Chart, EngineInfo, Evidence


@dataclass(frozen=True, slots=True)
class Transcription:
    """A page as text: its blocks in reading order, and how sure the engine is of them (0 to 1)."""

    blocks: tuple[Block, ...]
    confidence: float
    flags: tuple[str, ...] = ()
    """What went wrong in transcribing, besides the flags of the page's own text."""
    steps: tuple[str, ...] = ()
    """The attempts and their outcomes, in order."""
    agreement: float | None = None
    """The share of the literal words' characters that the text contains, 0 to 1; None if it is the literal text."""
    raw: str | None = None
    """The model's words as they came, if these were asked for; there are no blocks then."""


@dataclass(frozen=True, slots=True)
class FieldCandidate:
    """A text that may be the value of a field, and the probability that it is."""

    text: str
    confidence: float | None
    """None if the engine states none."""
    evidence: Evidence | None
    """Where the page literally contains it."""
    how: HowFound
    flags: tuple[str, ...] = ()


class Engine(Protocol):
    """Reads pages, also from several threads at a time. Boxes in results are those of the page as displayed."""

    info: EngineInfo
    at_a_time: int
    """How many calls from different threads keep it busy: as many as its model works on side by side."""

    def close(self) -> None:
        """Stop reading, even if a thread waits for a result. Called before the process ends."""
        ...

    def prepare(self, page: Page) -> None:
        """Start work in the background for a page that will be read soon; returns at once."""
        ...

    def transcribe(self, page: Page) -> Transcription:
        """The page as text, in blocks in reading order."""
        ...

    def answer(self, question: str, pages: Sequence[Page], page_count: int) -> Answer:
        """Answer from `pages`, the most promising first, of a document of `page_count` pages."""
        ...

    def find_field(self, field: Field, pages: Sequence[Page], page_count: int) -> tuple[FieldCandidate, ...]:
        """The values that a field may have by `pages`, the most promising first; empty if they have none for it.

        `field` is neither a list, a table nor a group.
        """
        ...

    def read_charts(self, page: Page) -> tuple[Chart, ...]:
        """The data of the charts on the page; empty if it shows none."""
        ...

    def answer_from_charts(self, question: str, charts: Iterable[Chart], page: Page) -> Answer:
        """Answer a question about charts that were read before."""
        ...


@runtime_checkable
class InstructedEngine(Engine, Protocol):
    """An engine that instructs a model to generate."""

    def with_generation(self, generation: GenerationRequest) -> Self:
        """The same engine with other options; both share the model, and closing one closes it.

        Raises:
            UsageError: there is no variant of the name.
        """
        ...
