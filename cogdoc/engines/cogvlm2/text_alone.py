"""Conversations without an image, which the scheduler does not have: one at a time, in the caller's thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence

from cogdoc.cogvlm2.configuration import Template
from cogdoc.cogvlm2.decoding_row import Finished, Token
from cogdoc.cogvlm2.prompts import Turn
from cogdoc.cogvlm2.sampling import Sampling
from cogdoc.cogvlm2.session import CogVLM2Session
from cogdoc.engines.vision.vision_model import FinishReason, Generation, GenerationOptions
from cogdoc.errors import TimeLimitError

Collect = Callable[[Iterable[Token | Finished], GenerationOptions], Generation]


class TextAlone:
    """Answers from text alone. Not for a model that reads images at the same time."""

    def __init__(self, session: CogVLM2Session) -> None:
        self._session = session
        self._lock = threading.Lock()
        self._closed = threading.Event()

    def generate(
        self, text: str, history: Sequence[Turn], template: Template, options: GenerationOptions, collect: Collect
    ) -> Generation:
        """Answer a question about no image; `collect` makes a generation of the tokens.

        Raises:
            TimeLimitError: it took longer than `options.time_limit`, or the model was closed.
            TooLargeError: the text does not fit the model's context.
        """
        with self._lock:
            deadline = time.monotonic() + options.time_limit

            def gives_up() -> bool:
                return self._closed.is_set() or time.monotonic() > deadline

            def ends() -> bool:
                return gives_up() or (options.cancelled is not None and options.cancelled())

            sampled = options.sampling
            events = self._session.generate(
                text,
                history=history,
                template=template,
                max_new_tokens=options.max_new_tokens,
                sampling=Sampling(temperature=sampled.temperature, top_p=sampled.top_p, seed=sampled.seed),
                cancelled=ends,
            )
            generation = collect(events, options)
            if generation.finish_reason is FinishReason.CANCELLED and gives_up():
                raise TimeLimitError(f"answering took longer than {options.time_limit:g} s", "raise --timeout")
            return generation

    def close(self) -> None:
        """Stop the current answer, and wait until it has stopped."""
        self._closed.set()
        with self._lock:
            pass
