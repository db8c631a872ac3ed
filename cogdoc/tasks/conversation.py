"""Conversations about a document: each question goes to a page, with what was said about that page before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from cogdoc.documents.document import Document
from cogdoc.documents.page_selection import PageSelection
from cogdoc.engines.generation import GenerationRequest
from cogdoc.engines.protocol import Engine
from cogdoc.engines.vision.engine import VisionEngine
from cogdoc.engines.vision.grounding import find_evidence
from cogdoc.engines.vision.instructions import Instructions
from cogdoc.engines.vision.picture_sizes import page_size
from cogdoc.engines.vision.repetition import RepetitionGuard
from cogdoc.engines.vision.tiles import draw_page
from cogdoc.engines.vision.vision_model import FinishReason, GenerationOptions, PageImage, Prompt, Turn
from cogdoc.errors import CogdocError, TooLargeError, UsageError
from cogdoc.parsing.page import Page
from cogdoc.parsing.page_text_store import PageTextStore
from cogdoc.results.flags import Flag
from cogdoc.results.records import Evidence
from cogdoc.tasks.ask import answer_questions
from cogdoc.tasks.lookahead import look_ahead
from cogdoc.tasks.search import matched_weight

MAX_TOKENS = 1024
"""Of an answer, unless `--max-tokens` says otherwise."""

CLEARLY_BETTER = 1.0
"""By how much another page has to score for a question to leave the page of the conversation: its odds of being the
right one are then e times as high. Questions such as "And the year before?" stay."""

MAX_GROUNDED = 200
"""Characters of an answer that is looked for on the page; longer ones are the model's own words."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer in a conversation."""

    question: str
    text: str | None
    """None if the document does not contain the answer."""
    page: int | None = None
    evidence: tuple[Evidence, ...] = ()
    flags: tuple[str, ...] = ()
    is_stopped: bool = False
    """Whether the user stopped it."""


@dataclass(frozen=True, slots=True)
class AnswerListener:
    """Follows an answer while it is generated."""

    on_page: Callable[[int], None]
    """Called with the page's number before it is looked at, if the document has several."""
    on_text: Callable[[str], None]
    """Called with each piece of the answer, by engines that stream."""
    cancelled: Callable[[], bool]


class Conversation(Protocol):
    """A conversation. Not thread-safe, but an answer may be waited for in another thread."""

    streams: bool
    """Whether answers come in pieces."""
    page: int | None
    """The page of the last question."""

    def ask(self, question: str, listener: AnswerListener) -> Reply:
        """
        Raises:
            CogdocError: there is no answer; the conversation can go on.
        """
        ...

    def look_at(self, page: int | None) -> None:
        """Ask about one page from now on, or let each question find its own again.

        Raises:
            UsageError: the document has no such page.
        """
        ...

    def clear(self) -> None:
        """Forget what was said."""
        ...


def start_conversation(document: Document | None, engine: Engine, generation: GenerationRequest) -> Conversation:
    """
    Raises:
        UsageError: there is no document, and the engine answers only from one.
    """
    if isinstance(engine, VisionEngine):
        return ModelConversation(document, engine, generation)
    if document is None:
        raise UsageError(
            "the built-in engine answers from documents only", "name a file, or a model with --engine or --model"
        )
    return SingleQuestions(document, engine)


class ModelConversation:
    """A conversation with a model, which remembers. Implements `Conversation`."""

    def __init__(self, document: Document | None, engine: VisionEngine, generation: GenerationRequest) -> None:
        self.streams = True
        self.page: int | None = None
        self._document = document
        self._engine = engine
        self._generation = generation
        self._pinned: int | None = None
        self._texts: PageTextStore | None = None
        self._pages: dict[int, tuple[Page, PageImage]] = {}
        """The last page that was looked at. Its image is the same object each time, so that it is read once."""
        self._said: list[tuple[int | None, Turn]] = []

    def ask(self, question: str, listener: AnswerListener) -> Reply:
        page: Page | None = None
        image: tuple[PageImage, ...] = ()
        if self._document is not None:
            number = self._pinned or self._choose(question, listener)
            if number is None:
                return Reply(question, "", is_stopped=True)
            self.page = number
            if self._document.page_count > 1:
                listener.on_page(number)
            page, drawn = self._look(number)
            image = (drawn,)
        history = [turn for number, turn in self._said if number == self.page]
        while True:
            try:
                generation = self._engine.model.generate(
                    image, self._prompt(question, history), self._options(listener)
                )
                break
            except TooLargeError:
                if not history:
                    raise
                history = history[1:]  # the oldest are forgotten first
        is_stopped = generation.finish_reason is FinishReason.CANCELLED
        if generation.text:
            self._said.append((self.page, Turn(question, generation.text)))
        evidence: tuple[Evidence, ...] = ()
        if page is not None and len(generation.text) <= MAX_GROUNDED:
            evidence = find_evidence(generation.text, page.text())
        raised = {
            Flag.CUT_OFF: generation.finish_reason is FinishReason.LENGTH,
            Flag.REPETITION: generation.finish_reason is FinishReason.CONDITION,
        }
        flags = tuple(flag.value for flag, is_raised in raised.items() if is_raised)
        return Reply(question, generation.text, self.page, evidence, flags, is_stopped)

    def look_at(self, page: int | None) -> None:
        _check_page(self._document, page)
        self._pinned = page
        if page is not None:
            self.page = page

    def clear(self) -> None:
        self._said.clear()

    def _prompt(self, question: str, history: list[Turn]) -> Prompt:
        template = self._generation.template
        return Prompt(question, template=template, is_users=True, history=tuple(history))

    def _options(self, listener: AnswerListener) -> GenerationOptions:
        return GenerationOptions(
            self._generation.max_tokens or MAX_TOKENS,
            self._engine.time_limit,
            Instructions(self._generation).sampling,
            stop=RepetitionGuard(),
            cancelled=listener.cancelled,
            on_text=listener.on_text,
        )

    def _choose(self, question: str, listener: AnswerListener) -> int | None:
        """The page for a question; None if that was cancelled."""
        from cogdoc.query.page_ranking import rank_pages

        document = self._document
        assert document is not None
        if document.page_count == 1:
            return 1
        if self._texts is None and not self._read_texts(document, listener):
            return None
        assert self._texts is not None
        scores = {page.number: page.score for page in rank_pages(question, self._texts)}
        best = max(scores, key=lambda number: (scores[number], -number), default=1)
        here = self.page
        if here is None or here not in scores:
            return best
        if scores[best] - scores[here] < CLEARLY_BETTER:
            return here
        # "And how many?" has no words of its own, so it stays.
        is_named = matched_weight(question, self._texts.get(best)) > matched_weight(question, self._texts.get(here))
        return best if is_named else here

    def _read_texts(self, document: Document, listener: AnswerListener) -> bool:
        texts = PageTextStore()
        selected = document.select(PageSelection())
        pages = (Page(document, number) for number in selected.numbers)
        for page in look_ahead(pages, 2 * document.sandbox.jobs, Page.request_text):
            if listener.cancelled():
                texts.close()
                return False
            try:
                texts.add(page.text())
            except CogdocError:
                continue  # other pages may answer
        self._texts = texts
        return True

    def _look(self, number: int) -> tuple[Page, PageImage]:
        if number not in self._pages:
            assert self._document is not None
            page = Page(self._document, number)
            text = page.text()
            size = page_size(self._engine.model.limits, text.width, text.height)
            self._pages = {number: (page, PageImage(draw_page(page, text, size)))}
        return self._pages[number]


class SingleQuestions:
    """Questions to an engine that does not remember what was said. Implements `Conversation`."""

    def __init__(self, document: Document, engine: Engine) -> None:
        self.streams = False
        self.page: int | None = None
        self._document = document
        self._engine = engine
        self._selection = PageSelection()

    def ask(self, question: str, listener: AnswerListener) -> Reply:
        (record,) = answer_questions(self._document, self._engine, [question], self._selection)
        if listener.cancelled():
            return Reply(question, "", is_stopped=True)
        if record.answer is None:
            assert record.error is not None
            raise CogdocError(record.error.message, record.error.hint)
        answer = record.answer
        if answer.evidence:
            self.page = answer.evidence[0].page
        page = self.page if answer.evidence else None
        return Reply(question, answer.text, page, answer.evidence, (*record.flags, *answer.flags))

    def look_at(self, page: int | None) -> None:
        _check_page(self._document, page)
        self._selection = PageSelection() if page is None else PageSelection(((page, page),))
        if page is not None:
            self.page = page

    def clear(self) -> None:
        """Do nothing: there is nothing to forget."""


def _check_page(document: Document | None, page: int | None) -> None:
    if document is None:
        raise UsageError("there is no document")
    if page is not None and not 1 <= page <= document.page_count:
        raise UsageError(f"there is no page {page}: the document has {document.page_count}")
