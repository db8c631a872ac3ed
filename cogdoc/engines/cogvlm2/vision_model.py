"""CogVLM2 looks at a picture and says something: one view at a time, several questions to the same view."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from PIL import Image
from torch import Tensor

from cogdoc.cogvlm2.batch import Prefix, fork, prefill_prefix
from cogdoc.cogvlm2.cancellation import Cancelled, cancellable
from cogdoc.cogvlm2.decoding import GREEDY, Finished, FinishReason, Token, decode
from cogdoc.cogvlm2.prompts import apply_template, build_prompt
from cogdoc.cogvlm2.sampling import Sampling
from cogdoc.cogvlm2.session import CogVLM2Session
from cogdoc.engines.vision.instructions import Instruction
from cogdoc.errors import ResourceError, TimeLimitError

if TYPE_CHECKING:
    from cogdoc.documents.pictures import Picture

Watch = Callable[[Sequence[int]], bool]
"""Given the tokens so far, whether to stop: the repetition guard."""


@dataclass(frozen=True, slots=True)
class Said:
    """What the model said."""

    text: str
    token_ids: tuple[int, ...]
    logprobs: tuple[float, ...]
    finish: FinishReason
    stopped: bool = False
    """Whether the watch stopped it."""

    @property
    def confidence(self) -> float:
        """The geometric mean of the tokens' probabilities, the stop token left out; 0 to 1."""
        return math.exp(sum(self.logprobs) / len(self.logprobs)) if self.logprobs else 0.0

    @property
    def cut_off(self) -> bool:
        """Whether it ended because there was no more room."""
        return self.finish in (FinishReason.LENGTH, FinishReason.CONTEXT)


class View:
    """A picture as the model sees it. Read at the first question, and kept for the next ones."""

    def __init__(self, picture: Picture) -> None:
        self.image = Image.fromarray(picture)
        self.prefix: Prefix | None = None
        self.features: Tensor | None = None


class Looker:
    """A reader with a lock around it, since documents are worked on by several threads and there is one model.

    Args:
        seconds: how long one answer may take, the picture included.
    """

    def __init__(self, reader: CogVLM2Session, seconds: float) -> None:
        self.reader = reader
        self._seconds = seconds
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._latest: View | None = None

    def ask(
        self, view: View, instruction: Instruction, sampling: Sampling = GREEDY, watch: Watch | None = None
    ) -> Said:
        """Put an instruction to a view.

        Raises:
            TimeLimitError: it took longer than allowed.
            TooLargeError: the instruction does not fit the model's context.
            ResourceError: the device's memory does not suffice.
        """
        with self._lock:
            deadline = time.monotonic() + self._seconds

            def late() -> bool:
                return self._closed.is_set() or time.monotonic() > deadline

            try:
                if late():
                    raise Cancelled
                return self._ask(view, instruction, sampling, watch, late)
            except Cancelled:
                raise TimeLimitError(
                    f"reading took longer than {self._seconds:g} s",
                    "--timeout allows more; without a GPU the published models take minutes a page",
                ) from None
            except torch.OutOfMemoryError as error:
                self._forget()
                raise ResourceError(f"out of GPU memory: {str(error).splitlines()[0]}", "see cogdoc doctor") from None

    def close(self) -> None:
        """Stop what is being asked, and answer nothing from now on.

        The process must not end while a thread is inside PyTorch, which would abort it.
        """
        self._closed.set()
        with self._lock:
            self._forget()

    def _ask(
        self, view: View, instruction: Instruction, sampling: Sampling, watch: Watch | None, late: Callable[[], bool]
    ) -> Said:
        reader = self.reader
        text = reader.tokenizer.encode(apply_template(instruction.template, instruction.text))
        prefix = self._prefix(view, late)
        with cancellable(reader.model, late):
            rows = fork(reader.model, prefix, [text], max_new_tokens=instruction.max_tokens)
        ids: list[int] = []
        logprobs: list[float] = []
        finish, stopped = FinishReason.CANCELLED, False
        for event in decode(rows, instruction.max_tokens, reader.model.config.eos_token_ids, sampling, cancelled=late):
            if isinstance(event, Finished):
                finish = event.finish_reason
                break
            assert isinstance(event, Token)
            ids.append(event.id)
            logprobs.append(event.logprob)
            if watch is not None and watch(ids):
                stopped = True
                break
        if finish is FinishReason.CANCELLED and not stopped:
            raise Cancelled
        return Said(reader.tokenizer.decode(ids).strip(), tuple(ids), tuple(logprobs), finish, stopped)

    def _prefix(self, view: View, late: Callable[[], bool]) -> Prefix:
        """Keys and values of the image; of one view only, since they take 300 MB with the published sizes."""
        if view is not self._latest:
            self._forget()
            self._latest = view
        if view.prefix is None:
            if view.features is None:
                view.features = self.reader.image_features(view.image, late)
            with cancellable(self.reader.model, late):
                bare = build_prompt(self.reader.model.config, (), with_image=True)
                view.prefix = prefill_prefix(self.reader.model, bare, view.features)
        return view.prefix

    def _forget(self) -> None:
        if self._latest is not None:
            self._latest.prefix = self._latest.features = None
