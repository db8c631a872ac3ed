"""A request to the scheduler, the answer that it gets, and what that costs."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from PIL import Image

from cogdoc.cogvlm2.decoding import GREEDY
from cogdoc.cogvlm2.decoding_row import DecodingRow, Finished, FinishReason, RowDraft, Token
from cogdoc.cogvlm2.image_readings import PictureSource
from cogdoc.cogvlm2.sampling import Sampling


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """A text that continues an image, and how it is answered."""

    image: Image.Image
    text_ids: Sequence[int]
    """At least one token."""
    max_new_tokens: int
    sampling: Sampling = GREEDY
    draft: RowDraft | None = None
    time_limit: float = float("inf")
    """Seconds, counted from when the model starts with it."""
    cancelled: Callable[[], bool] = lambda: False
    """Called often, by the model's thread."""


@dataclass(frozen=True, slots=True)
class Costs:
    """What a request took."""

    generated: int = 0
    """Tokens, without a stop token."""
    passes: int = 0
    """Forward passes that decoded it, with others beside it."""
    drafted: int = 0
    """Draft tokens that were verified."""
    accepted: int = 0
    """Those that the model chose as well."""
    pictures: tuple[PictureSource, ...] = ()
    """How its image was had; several times if memory ran out meanwhile."""
    waiting: float = 0.0
    """Seconds in which the model did nothing for it, or read its image for another request."""
    reading: float = 0.0
    """Seconds that the reading of its image took, without the steps of others in between."""
    vision: float = 0.0
    """Those of them that its features took."""
    decoding: float = 0.0
    """Seconds that its passes took."""


class Answer:
    """What a request gives: iterate over its tokens, as they come, and the reason why it finished, which is last."""

    def __init__(self) -> None:
        self.costs = Costs()
        """Until the last event that was taken; so they do not depend on how far the model is ahead."""
        self.abandoned = False
        self._events: queue.SimpleQueue[tuple[Token | Finished | BaseException, Costs]] = queue.SimpleQueue()

    def __iter__(self) -> Iterator[Token | Finished]:
        """
        Raises:
            CogdocError: the request failed.
        """
        while True:
            event, self.costs = self._events.get()
            if isinstance(event, BaseException):
                raise event
            yield event
            if isinstance(event, Finished):
                return

    def put(self, event: Token | Finished | BaseException, costs: Costs) -> None:
        """Add an event; of the scheduler."""
        self._events.put((event, costs))

    def abandon(self) -> None:
        """Stop decoding: nobody needs the rest."""
        self.abandoned = True


@dataclass(slots=True, eq=False)
class Task:
    """A request on its way: waiting, or in a row. Of the scheduler's thread."""

    request: Request
    key: bytes
    """Of the image."""
    row: DecodingRow
    answer: Answer = field(default_factory=Answer)
    submitted: float = field(default_factory=time.monotonic)
    started: float | None = None
    failures: int = 0
    """How often there was too little memory for it alone."""
    passes: int = 0
    pictures: tuple[PictureSource, ...] = ()
    reading: float = 0.0
    vision: float = 0.0
    decoding: float = 0.0

    def end_reason(self) -> FinishReason | None:
        """Why it ends now, if it does for another reason than the model's."""
        if self.answer.abandoned or self.request.cancelled():
            return FinishReason.CANCELLED
        if self.started is not None and time.monotonic() > self.started + self.request.time_limit:
            return FinishReason.TIME_LIMIT
        return None

    def put(self, event: Token | Finished | BaseException) -> None:
        """Pass an event on, with what the request took until then."""
        waiting = time.monotonic() - self.submitted - self.reading - self.decoding
        row = self.row
        costs = Costs(
            generated=len(row.answer),
            passes=self.passes,
            drafted=row.drafted,
            accepted=row.accepted,
            pictures=self.pictures,
            waiting=max(0.0, waiting),
            reading=self.reading,
            vision=self.vision,
            decoding=self.decoding,
        )
        self.answer.put(event, costs)

    def begin_again(self) -> None:
        """Leave its row, to join again later with what was decoded so far; drafts would take memory."""
        self.row.inputs = self.row.drafts = []
        self.row.draft = None

    def finish(self, reason: FinishReason) -> None:
        for event in self.row.finish(0, reason):
            self.put(event)
