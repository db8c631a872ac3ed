"""The form of requests: messages, and those of the optional parameters that a server takes, found out as it refuses."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import Any

import openai

from cogdoc.engines.remote.failures import message_of, says_too_long
from cogdoc.engines.vision.vision_model import GenerationOptions, Turn

_OPTIONAL = ("stream_options", "logprobs", "seed", "top_p", "template", "stream")
"""Parameters without which an answer is as good. A refusal that names several concerns the first."""

_OTHER_NAMES = {"max_tokens": "max_completion_tokens"}
"""Parameters that some servers, as OpenAI's own, take only by another name."""

LEAST_TOKENS = 64
"""Of an answer, where the context leaves no room for as many as were asked for."""


class RequestForm:
    """Builds the parameters of requests. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left_out: set[str] = set()
        self._renamed: set[str] = set()

    def parameters(self, options: GenerationOptions, max_tokens: int, template: str | None) -> dict[str, Any]:
        """The parameters of a request besides the model and the messages.

        Args:
            template: for another cogdoc, the name of CogVLM2's template.
        """
        sampling = options.sampling
        parameters: dict[str, Any] = {
            "max_tokens": max_tokens,
            "temperature": sampling.temperature,
            "stream": True,
            "stream_options": {"include_usage": True},
            "logprobs": True,
        }
        if sampling.temperature:
            parameters |= {"top_p": sampling.top_p, "seed": sampling.seed}
        if template is not None:
            parameters["extra_body"] = {"template": template}
        with self._lock:
            for name in self._left_out:
                parameters.pop("extra_body" if name == "template" else name, None)
            if "stream" in self._left_out:
                parameters.pop("stream_options", None)
            for name in self._renamed:
                parameters[_OTHER_NAMES[name]] = parameters.pop(name)
        return parameters

    def adapt(self, error: openai.APIStatusError) -> bool:
        """Whether the server refused an optional parameter, which later requests leave out or rename."""
        if error.status_code not in (400, 404, 422, 501):
            return False
        named = {*re.findall(r"\w+", f"{message_of(error)} {error.param or ''}")}
        if "streaming" in named:
            named.add("stream")
        with self._lock:
            for name in _OPTIONAL:
                if name in named and name not in self._left_out:
                    self._left_out.add(name)
                    return True
            for name in _OTHER_NAMES:
                if name in named and name not in self._renamed:
                    self._renamed.add(name)
                    return True
        return False


class RequestBody:
    """The parameters of one request. Implements `cogdoc.engines.remote.server.Body`."""

    def __init__(
        self,
        form: RequestForm,
        model: str,
        text: str,
        history: tuple[Turn, ...],
        pictures: tuple[str, ...],
        options: GenerationOptions,
        *,
        max_tokens: int,
        template: str | None,
        smaller: Callable[[], tuple[str, ...] | None],
    ) -> None:
        """
        Args:
            pictures: as data URLs.
            max_tokens: of the answer, as far as the context has room for them.
            template: for another cogdoc, the name of CogVLM2's template.
            smaller: the pictures with fewer bytes; None if they are the smallest already.
        """
        self._form = form
        self._model = model
        self._text = text
        self._history = history
        self._pictures = pictures
        self._options = options
        self._max_tokens = max_tokens
        self._template = template
        self._smaller = smaller

    def __call__(self, refusal: openai.APIStatusError | None) -> dict[str, Any] | None:
        if refusal is not None and not self._adapt(refusal):
            return None
        parameters = self._form.parameters(self._options, self._max_tokens, self._template)
        return {"model": self._model, "messages": self._messages(), **parameters}

    def _messages(self) -> list[dict[str, Any]]:
        """The conversation; the pictures are in its first message."""
        messages: list[dict[str, Any]] = []
        for turn in self._history:
            messages.append({"role": "user", "content": turn.question})
            messages.append({"role": "assistant", "content": turn.answer})
        messages.append({"role": "user", "content": self._text})
        pictures = [{"type": "image_url", "image_url": {"url": url}} for url in self._pictures]
        messages[0]["content"] = [*pictures, {"type": "text", "text": messages[0]["content"]}]
        return messages

    def _adapt(self, refusal: openai.APIStatusError) -> bool:
        if refusal.status_code == 413:
            smaller = self._smaller()
            if smaller is None:
                return False
            self._pictures = smaller
            return True
        if says_too_long(refusal):
            # Servers count the tokens of the answer as well.
            self._max_tokens //= 2
            return self._max_tokens >= LEAST_TOKENS
        return self._form.adapt(refusal)
