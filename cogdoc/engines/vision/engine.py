"""CogVLM2 as an engine: it reads what the page shows, and the page's literal words say where that stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from weakref import WeakKeyDictionary

from cogdoc.cogvlm2.session import CogVLM2Session
from cogdoc.documents.rendering import COGVLM2_SQUARE
from cogdoc.engines.cogvlm2.vision_model import Looker, View
from cogdoc.engines.protocol import Transcription
from cogdoc.engines.vision.chart_tables import read_chart
from cogdoc.engines.vision.grounding import find_evidence
from cogdoc.engines.vision.instructions import is_refusal, question_instruction
from cogdoc.engines.vision.tiles import draw_page
from cogdoc.engines.vision.transcription import transcribe_page
from cogdoc.errors import CogdocError, InputError, TimeLimitError
from cogdoc.parsing.page import Page
from cogdoc.results.records import Answer, Candidate, Chart, EngineInfo, Evidence, Flag


@dataclass(frozen=True, slots=True)
class _Reading:
    """What the model answered from one page, and where the page says so."""

    text: str
    confidence: float
    evidence: tuple[Evidence, ...]
    cut_off: bool

    @property
    def support(self) -> tuple[bool, float]:
        """What the page literally says comes before what the model alone says, then the surer one."""
        return bool(self.evidence), self.confidence


class CogVLM2Engine:
    """Implements `cogdoc.engines.protocol.Engine`."""

    def __init__(self, reader: CogVLM2Session, checkpoint: str, quantization: str, seconds: float) -> None:
        """
        Args:
            checkpoint, quantization: as results state them.
            seconds: how long one answer may take.
        """
        self.info = EngineInfo(
            name="cogvlm2", version=version("cogdoc"), checkpoint=checkpoint, quantization=quantization
        )
        self._looker = Looker(reader, seconds)
        # Several questions to one page follow each other; a page that is done with takes its view along.
        self._views: WeakKeyDictionary[Page, View] = WeakKeyDictionary()

    def close(self) -> None:
        self._looker.close()

    def prepare(self, page: Page) -> None:
        page.request_text()

    def transcribe(self, page: Page) -> Transcription:
        return transcribe_page(page, self._looker)

    def answer(self, question: str, pages: Sequence[Page], page_count: int) -> Answer:  # noqa: ARG002  of the protocol
        readings: list[_Reading] = []
        failure: CogdocError | None = None
        for page in pages:
            try:
                readings += self._read(question, page)
            except (InputError, TimeLimitError) as error:
                failure = error
        if failure is not None and not readings:
            raise failure
        answer = _best(question, readings)
        return answer.model_copy(update={"flags": (*answer.flags, Flag.PAGES_FAILED.value)}) if failure else answer

    def read_charts(self, page: Page) -> tuple[Chart, ...]:
        chart = read_chart(self._view(page), page.text(), self._looker)
        return (chart,) if chart is not None else ()

    def answer_from_charts(self, question: str, charts: Iterable[Chart], page: Page) -> Answer:  # noqa: ARG002
        return _best(question, self._read(question, page))

    def _read(self, question: str, page: Page) -> list[_Reading]:
        """The model's answer from one page; none where it says that there is none."""
        said = self._looker.ask(self._view(page), question_instruction(question))
        if is_refusal(said.text):
            return []
        return [_Reading(said.text, said.confidence, find_evidence(said.text, page.text()), said.cut_off)]

    def _view(self, page: Page) -> View:
        if page not in self._views:
            self._views[page] = View(draw_page(page, page.text(), COGVLM2_SQUARE))
        return self._views[page]


def _best(question: str, readings: Sequence[_Reading]) -> Answer:
    if not readings:
        return Answer(question=question, text=None, confidence=0.0)
    best, *others = sorted(readings, key=lambda reading: reading.support, reverse=True)
    flags = [flag for flag, raised in ((Flag.NOT_LITERAL, not best.evidence), (Flag.CUT_OFF, best.cut_off)) if raised]
    return Answer(
        question=question,
        text=best.text,
        confidence=best.confidence,
        evidence=best.evidence,
        alternatives=tuple(
            Candidate(
                text=other.text,
                confidence=other.confidence,
                evidence=other.evidence[0] if other.evidence else None,
            )
            for other in others
        ),
        flags=tuple(flag.value for flag in flags),
    )
