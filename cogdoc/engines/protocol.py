"""What it takes to be an engine: anything that can read a page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from cogdoc.parsing.page import Page
from cogdoc.parsing.page_text import Block
from cogdoc.results.records import Answer, Chart, EngineInfo


@dataclass(frozen=True, slots=True)
class Transcription:
    """A page as text: its blocks in reading order, and how sure the engine is of them (0 to 1)."""

    blocks: tuple[Block, ...]
    confidence: float
    flags: tuple[str, ...] = ()
    """What went wrong on the way, besides what the page's words have to say."""
    steps: tuple[str, ...] = ()
    """What was tried, and how it went."""
    agreement: float | None = None
    """The share of the literal words' characters that the text holds, 0 to 1; None where it is these words itself."""


class Engine(Protocol):
    """Reads pages. Boxes in answers and charts are those of the page as displayed."""

    info: EngineInfo

    def close(self) -> None:
        """Stop reading, whoever waits for it; to be called before the process ends."""
        ...

    def prepare(self, page: Page) -> None:
        """Begin what can be done ahead of time for a page that will be read soon; must not wait."""
        ...

    def transcribe(self, page: Page) -> Transcription: ...

    def answer(self, question: str, pages: Sequence[Page], page_count: int) -> Answer:
        """Answer from `pages`, the most promising first, of a document of `page_count` pages."""
        ...

    def read_charts(self, page: Page) -> tuple[Chart, ...]:
        """The tables behind the charts on the page; none where it shows none."""
        ...

    def answer_from_charts(self, question: str, charts: Iterable[Chart], page: Page) -> Answer:
        """Answer a question about charts that were read before."""
        ...
