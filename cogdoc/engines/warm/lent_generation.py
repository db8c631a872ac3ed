"""One request of a command: the model works in a thread, while another one hears whether the command is still there."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Hashable, Sequence
from contextlib import suppress

from cogdoc.engines.vision.vision_model import Generation, GenerationOptions, VisionModel
from cogdoc.engines.warm.channel import Channel, ChannelClosedError, Message
from cogdoc.engines.warm.generation_messages import (
    GENERATION,
    PROMPT,
    SAMPLING,
    USAGE,
    failure_message,
    requested_images,
)
from cogdoc.errors import TimeLimitError, as_cogdoc_error
from cogdoc.results.usage_counts import Usage

HEARTBEAT_SECONDS = 1.0
"""A command that hears nothing for many of these goes on without the server."""


class LentGeneration:
    """Sends what the model generates; a command that is gone, or cancels, frees the model at once."""

    def __init__(
        self,
        channel: Channel,
        model: VisionModel,
        message: Message,
        payload: bytearray,
        *,
        is_closing: Callable[[], bool],
    ) -> None:
        self._channel = channel
        self._model = model
        self._message = message
        self._payload = payload
        self._is_closing = is_closing
        self._cancelled = threading.Event()
        self._verdicts: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._sent = 0

    def work(self) -> None:
        """Generate, and send the result. Raises nothing."""
        try:
            generation = self._generate()
            reply = {"type": "done", "generation": GENERATION.dump_python(generation)}
        except ChannelClosedError:
            return
        except BaseException as error:  # panics of Rust libraries are no `Exception`
            if self._is_closing() and isinstance(error, TimeLimitError):
                self._channel.shut_down()  # the model was closed: the command goes on without it
                return
            reply = failure_message(as_cogdoc_error(error))
        with suppress(ChannelClosedError):
            self._channel.send(reply)

    def attend(self) -> None:
        """Hear what the command says, and tell it that the server lives, until the command is gone."""
        try:
            while True:
                if not self._channel.wait(HEARTBEAT_SECONDS):
                    self._channel.send({"type": "alive"})
                    continue
                message, _ = self._channel.receive()
                if message["type"] == "cancel":
                    self._cancelled.set()
                elif message["type"] == "go":
                    self._verdicts.put(bool(message.get("stop")))
        except ChannelClosedError:
            self._cancelled.set()
            self._verdicts.put(True)

    def _generate(self) -> Generation:
        message = self._message
        options = GenerationOptions(
            max_new_tokens=int(message["max_new_tokens"]),
            time_limit=float(message["time_limit"]),
            sampling=SAMPLING.validate_python(message["sampling"]),
            stop=self._is_to_stop if message["stops"] else None,
            draft=message["draft"],
            cancelled=self._cancelled.is_set,
            on_text=self._send_text if message["streams"] else None,
            on_usage=self._send_usage,
        )
        images = requested_images(message, self._payload)
        return self._model.generate(images, PROMPT.validate_python(message["prompt"]), options)

    def _is_to_stop(self, tokens: Sequence[Hashable]) -> bool:
        """Ask the command, whose condition it is; the model waits, as it does for a condition of its own process."""
        self._channel.send({"type": "tokens", "tokens": list(tokens[self._sent :])})
        self._sent = len(tokens)
        return self._verdicts.get()

    def _send_text(self, text: str) -> None:
        self._channel.send({"type": "text", "text": text})

    def _send_usage(self, usage: Usage) -> None:
        self._channel.send({"type": "usage", "usage": USAGE.dump_python(usage, mode="json")})
