"""A model that another process keeps loaded, as a `cogdoc.engines.vision.vision_model.VisionModel`.

Each request has a connection of its own, whose end frees the server's model, however the command ends. If the server is
lost, the command loads the model itself and goes on.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import ValidationError

from cogdoc.engines.vision.vision_model import (
    Generation,
    GenerationOptions,
    PageImage,
    Prompt,
    VisionModel,
    VisionModelLimits,
)
from cogdoc.engines.warm.channel import Channel, ChannelClosedError, Message
from cogdoc.engines.warm.generation_messages import GENERATION, USAGE, failure_from, generation_request
from cogdoc.errors import CogdocError, TimeLimitError
from cogdoc.results.usage_counts import Usage

SILENT_SECONDS = 20.0
"""After so long without a sign of life from the server, the command goes on without it."""

CANCELLING_SECONDS = 0.05
POLL_SECONDS = 0.5


class LostServerError(Exception):
    """The server ended, or does not answer any more."""


@dataclass(slots=True)
class _Progress:
    """What came of a request so far."""

    tokens: list[Any] = field(default_factory=list)
    text: int = 0
    """Characters that the caller has got."""
    usage: Usage | None = None


class BorrowedModel:
    """Implements `cogdoc.engines.vision.vision_model.VisionModel`."""

    def __init__(
        self,
        limits: VisionModelLimits,
        session: Channel,
        connect: Callable[[], Channel],
        load_own: Callable[[], VisionModel],
        report: Callable[[str], None],
    ) -> None:
        """
        Args:
            session: a connection that tells the server that it is in use; it is closed with the model.
            connect: opens another connection to the server.
            load_own: loads the same model in this process.
            report: receives a line when the server is lost.
        """
        self.limits = limits
        self._session = session
        self._asking = threading.Lock()
        self._connect = connect
        self._load_own = load_own
        self._report = report
        self._lock = threading.Lock()
        self._loading = threading.Lock()
        self._channels: set[Channel] = {session}
        self._own: VisionModel | None = None
        self._failure: CogdocError | None = None
        self._closed = threading.Event()

    def generate(self, images: Sequence[PageImage], prompt: Prompt, options: GenerationOptions) -> Generation:
        """See `VisionModel.generate`.

        Raises:
            CogdocError: the server was lost, and the model cannot be loaded in this process.
        """
        progress = _Progress()
        if self._own is None and self._failure is None:
            try:
                return self._ask(images, prompt, options, progress)
            except LostServerError as lost:
                self._replace_server(lost)
        return self._own_model().generate(images, prompt, _continued(options, progress.text))

    def count_tokens(self, text: str) -> int:
        if self._own is None and self._failure is None:
            try:
                with self._asking:
                    self._session.send({"type": "count", "text": text})
                    message = self._next(self._session, SILENT_SECONDS)
                if message["type"] == "counted" and isinstance(message.get("count"), int):
                    return int(message["count"])
                raise LostServerError("replied with something else")
            except (ChannelClosedError, LostServerError) as error:
                self._check_open()
                self._replace_server(error)
        return self._own_model().count_tokens(text)

    def close(self) -> None:
        with self._lock:
            self._closed.set()
            channels = list(self._channels)
            own = self._own
        for channel in channels:
            channel.shut_down()
        with self._asking:
            self._session.close()
        if own is not None:
            own.close()

    def _ask(
        self, images: Sequence[PageImage], prompt: Prompt, options: GenerationOptions, progress: _Progress
    ) -> Generation:
        """
        Raises:
            LostServerError: the server is gone, or silent.
            CogdocError: the model failed.
        """
        with self._opened() as channel:
            try:
                channel.send(*generation_request(images, prompt, options))
                while True:
                    reply = self._next_of(channel, options)
                    if reply["type"] in ("done", "failed"):
                        if progress.usage is not None and options.on_usage is not None:
                            options.on_usage(progress.usage)
                        if reply["type"] == "failed":
                            raise failure_from(reply)
                        return GENERATION.validate_python(reply["generation"])
                    self._take(reply, channel, options, progress)
            except ChannelClosedError as error:
                self._check_open()
                raise LostServerError("ended") from error
            except (ValidationError, KeyError) as error:
                raise LostServerError("replied with something else") from error

    def _take(self, reply: Message, channel: Channel, options: GenerationOptions, progress: _Progress) -> None:
        match reply["type"]:
            case "text" if options.on_text is not None:
                progress.text += len(reply["text"])
                options.on_text(reply["text"])
            case "tokens" if options.stop is not None:
                progress.tokens += reply["tokens"]
                channel.send({"type": "go", "stop": options.stop(progress.tokens)})
            case "usage":
                progress.usage = USAGE.validate_python(reply["usage"])

    def _next_of(self, channel: Channel, options: GenerationOptions) -> Message:
        """The next message about a request; it is cancelled meanwhile if the caller wants that."""
        if options.cancelled is None:
            return self._next(channel, SILENT_SECONDS)
        silent = time.monotonic() + SILENT_SECONDS
        cancelled = False
        while not channel.wait(CANCELLING_SECONDS):
            if not cancelled and options.cancelled():
                cancelled = True
                channel.send({"type": "cancel"})
            if time.monotonic() > silent:
                raise LostServerError(f"has not answered for {SILENT_SECONDS:g} s")
        return self._next(channel, POLL_SECONDS)

    def _next(self, channel: Channel, seconds: float) -> Message:
        if not channel.wait(seconds):
            raise LostServerError(f"has not answered for {seconds:g} s")
        return channel.receive()[0]

    @contextmanager
    def _opened(self) -> Iterator[Channel]:
        """A connection that `close` ends too."""
        self._check_open()
        try:
            channel = self._connect()
        except OSError as error:
            raise LostServerError("ended") from error
        with self._lock:
            self._channels.add(channel)
        try:
            self._check_open()
            yield channel
        finally:
            with self._lock:
                self._channels.discard(channel)
            channel.close()

    def _check_open(self) -> None:
        if self._closed.is_set():
            raise TimeLimitError("the engine was closed")

    def _replace_server(self, lost: Exception) -> None:
        """Load the model in this process, once for all threads.

        Raises:
            CogdocError: it cannot be loaded.
        """
        with self._loading:
            self._check_open()
            if self._own is not None or self._failure is not None:
                return
            with self._asking:
                self._session.close()
            self._report(f"the server that kept the model loaded {lost}: the model is loaded for this command alone")
            try:
                own = self._load_own()
            except CogdocError as error:
                self._failure = error
                return
            with self._lock:
                self._own = own
                closed = self._closed.is_set()
        if closed:
            own.close()

    def _own_model(self) -> VisionModel:
        self._check_open()
        if self._own is None:
            assert self._failure is not None
            raise type(self._failure)(self._failure.message, self._failure.hint)
        return self._own


def _continued(options: GenerationOptions, characters: int) -> GenerationOptions:
    """The options for generating the same again: the caller has the first characters of the text already."""
    on_text = options.on_text
    if on_text is None or not characters:
        return options
    skipped = 0

    def pass_on(text: str) -> None:
        nonlocal skipped
        rest = text[characters - skipped :] if skipped < characters else text
        skipped += len(text) - len(rest)
        if rest:
            on_text(rest)

    return replace(options, on_text=pass_on)
