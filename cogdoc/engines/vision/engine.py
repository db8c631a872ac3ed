"""An engine for any vision model: the model answers from page images, and the page's own text confirms the answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from weakref import WeakKeyDictionary

from cogdoc.engines.generation import AS_USUAL, GenerationRequest
from cogdoc.engines.live_text import live_text
from cogdoc.engines.protocol import FieldCandidate, Transcription
from cogdoc.engines.vision.chart_tables import read_chart
from cogdoc.engines.vision.computed_answers import chart_tables, compute, with_computed
from cogdoc.engines.vision.field_questions import field_question
from cogdoc.engines.vision.grounding import find_evidence
from cogdoc.engines.vision.instructions import Instructions
from cogdoc.engines.vision.picture_sizes import page_size
from cogdoc.engines.vision.refusals import declines
from cogdoc.engines.vision.reply_phrases import is_refusal
from cogdoc.engines.vision.tiles import draw_page
from cogdoc.engines.vision.transcription import transcribe_page
from cogdoc.engines.vision.vision_model import FinishReason, PageImage, VisionModel
from cogdoc.errors import CogdocError, InputError, ResourceError, TimeLimitError
from cogdoc.fields.field import Field
from cogdoc.parsing.page import Page
from cogdoc.results.field_result import HowFound
from cogdoc.results.flags import Flag
from cogdoc.results.records import Answer, Candidate, Chart, EngineInfo, Evidence, GenerationInfo


@dataclass(frozen=True, slots=True)
class _PageAnswer:
    """The model's answer from one page, and where the page's own text confirms it."""

    text: str
    confidence: float
    evidence: tuple[Evidence, ...]
    cut_off: bool
    is_confidence_known: bool

    @property
    def stated_confidence(self) -> float | None:
        return self.confidence if self.is_confidence_known else None

    @property
    def support(self) -> tuple[bool, bool, float]:
        """Sort key: an answer that the page literally contains ranks first, then the more confident one.

        What reads like a refusal, such as a printed "None", never ranks before another literal answer.
        """
        return bool(self.evidence), not is_refusal(self.text), self.confidence


class VisionEngine:
    """Implements `cogdoc.engines.protocol.InstructedEngine`."""

    def __init__(
        self, model: VisionModel, info: EngineInfo, time_limit: float, generation: GenerationRequest = AS_USUAL
    ) -> None:
        """
        Args:
            info: how results name the engine; `generation` is added to it.
            time_limit: seconds that one generation may take.
            generation: what the user asked for, instead of cogdoc's own instructions and greedy decoding.

        Raises:
            UsageError: there is no variant of the name.
        """
        self._instructions = Instructions(generation)
        self.info = info.model_copy(update={"generation": _describe(generation)})
        self.at_a_time = model.limits.side_by_side
        self.model = model
        self.time_limit = time_limit
        # Several questions about one page follow each other; the image is dropped together with its page.
        self._images: WeakKeyDictionary[Page, PageImage] = WeakKeyDictionary()

    def close(self) -> None:
        self.model.close()

    def with_generation(self, generation: GenerationRequest) -> VisionEngine:
        """See `cogdoc.engines.protocol.InstructedEngine`."""
        return VisionEngine(self.model, self.info, self.time_limit, generation)

    def prepare(self, page: Page) -> None:
        page.request_text()

    def transcribe(self, page: Page) -> Transcription:
        return transcribe_page(page, self.model, self.time_limit, self._instructions)

    def answer(self, question: str, pages: Sequence[Page], page_count: int) -> Answer:  # noqa: ARG002  of the protocol
        answers: list[_PageAnswer] = []
        failure: CogdocError | None = None
        for page in pages:
            try:
                answers += self._answer_from_page(question, page)
            except (InputError, ResourceError, TimeLimitError) as error:
                failure = error
        if failure is not None and not answers:
            raise failure
        answer = _best_answer(question, answers)
        return answer.model_copy(update={"flags": (*answer.flags, Flag.PAGES_FAILED.value)}) if failure else answer

    def find_field(self, field: Field, pages: Sequence[Page], page_count: int) -> tuple[FieldCandidate, ...]:
        answer = self.answer(field_question(field), pages, page_count)
        if answer.text is None:
            return ()
        evidence = next(iter(answer.evidence), None)
        best = FieldCandidate(answer.text, answer.confidence, evidence, HowFound.MODEL, answer.flags)
        return (best, *map(_field_candidate, answer.alternatives))

    def read_charts(self, page: Page) -> tuple[Chart, ...]:
        chart = read_chart(self._image(page), page.text(), self.model, self.time_limit, self._instructions)
        return (chart,) if chart is not None else ()

    def answer_from_charts(self, question: str, charts: Iterable[Chart], page: Page) -> Answer:
        charts = list(charts)
        answer = _best_answer(question, self._answer_from_page(question, page))
        computed = compute(question, list(chart_tables(charts, page.number)))
        if computed is None:
            return answer
        return with_computed(answer, computed, min(chart.confidence for chart in charts))

    def _answer_from_page(self, question: str, page: Page) -> list[_PageAnswer]:
        """The model's answer from one page; empty if the answer is a refusal."""
        request = self._instructions.for_question(question)
        options = request.options(self.time_limit, self._instructions.sampling)
        options = replace(options, on_text=live_text(question, page.number))
        generation = self.model.generate([self._image(page)], request.prompt, options)
        text, page_text = generation.text, page.text()
        if not self._instructions.request.raw and declines(question, text, page_text):
            return []
        cut_off = generation.finish_reason is FinishReason.LENGTH
        evidence = find_evidence(text, page_text)
        return [_PageAnswer(text, generation.confidence, evidence, cut_off, generation.is_confidence_known)]

    def _image(self, page: Page) -> PageImage:
        if page not in self._images:
            page_text = page.text()
            size = page_size(self.model.limits, page_text.width, page_text.height)
            self._images[page] = PageImage(draw_page(page, page_text, size))
        return self._images[page]


def _field_candidate(other: Candidate) -> FieldCandidate:
    flags = () if other.evidence is not None else (Flag.NOT_LITERAL.value,)
    return FieldCandidate(other.text, other.confidence, other.evidence, HowFound.MODEL, flags)


def _describe(generation: GenerationRequest) -> GenerationInfo | None:
    return None if generation == AS_USUAL else GenerationInfo(**asdict(generation))


def _best_answer(question: str, answers: Sequence[_PageAnswer]) -> Answer:
    if not answers:
        return Answer(question=question, text=None)
    best, *others = sorted(answers, key=lambda answer: answer.support, reverse=True)
    raised = {
        Flag.NOT_LITERAL: not best.evidence,
        Flag.CUT_OFF: best.cut_off,
        Flag.UNKNOWN_CONFIDENCE: not best.is_confidence_known,
    }
    return Answer(
        question=question,
        text=best.text,
        confidence=best.stated_confidence,
        evidence=best.evidence,
        alternatives=tuple(
            Candidate(
                text=other.text,
                confidence=other.stated_confidence,
                evidence=other.evidence[0] if other.evidence else None,
            )
            for other in others
        ),
        flags=tuple(flag.value for flag, is_raised in raised.items() if is_raised),
    )
