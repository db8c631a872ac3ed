"""A model on a server as a `cogdoc.engines.vision.vision_model.VisionModel`: one image a request, several at a time."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

import openai

from cogdoc.engines.remote.failures import cut_short, not_the_protocol, withheld
from cogdoc.engines.remote.pictures import data_url
from cogdoc.engines.remote.replies import Reply
from cogdoc.engines.remote.request_form import LEAST_TOKENS, RequestBody, RequestForm
from cogdoc.engines.remote.server import MALFORMED, ModelCard, Server
from cogdoc.engines.vision.picture_sizes import page_size
from cogdoc.engines.vision.vision_model import (
    FinishReason,
    Generation,
    GenerationOptions,
    PageImage,
    Prompt,
    VisionModelLimits,
)
from cogdoc.errors import ServerError, TimeLimitError, UsageError
from cogdoc.results.usage_counts import Usage
from cogdoc.text import count_han

POLL_SECONDS = 0.05

CONTEXT_TOKENS = 8192
"""Of a server that does not say how many it has."""

IMAGE_TOKENS = 1800
"""Of a picture with as many pixels as `GENERIC` allows, at one token for 28 x 28 pixels, as Qwen2.5-VL has; models with
fewer tokens for a picture are more common than models with more."""

GENERIC = VisionModelLimits(
    # Divisible by 14, 16, 28, 32, 336 and 448, the patches and tiles of common models. With the picture's tokens,
    # contexts of 4096 tokens have room for an answer.
    image_size=1344,
    patch_grid=96,
    context_tokens=CONTEXT_TOKENS,
    image_tokens=IMAGE_TOKENS,
    keeps_proportions=True,
)

ROUNDING = 1.01
"""The share of its pixels up to which a picture may be larger than planned, since sizes are rounded."""

CHARACTERS_PER_TOKEN = 3.5
"""Of text without Chinese, as a rule of thumb; a Chinese character has about one token."""

SHORT = {"en": "Answer the question using a single word or phrase.", "zh": "请用一个词或短语回答。"}
"""What LLaVA and its successors are trained with for questions about facts. CogVLM2 has a template for them."""


class RemoteModel:
    """Implements `cogdoc.engines.vision.vision_model.VisionModel`."""

    def __init__(self, server: Server, card: ModelCard, at_a_time: int) -> None:
        own = card.cogvlm2
        limits = GENERIC
        if own is not None:
            limits = VisionModelLimits(own.image_size, own.patch_grid, CONTEXT_TOKENS, own.image_tokens)
        self.limits = replace(
            limits, context_tokens=card.context_tokens or limits.context_tokens, side_by_side=at_a_time
        )
        self.name = card.name
        self._server = server
        self._asked = server.asked(card.name)
        self._has_templates = own is not None
        self._form = RequestForm()
        self._slots = threading.Semaphore(at_a_time)
        self._closed = threading.Event()
        self._absent = False
        """Whether the server was not there when it was last asked."""
        self._lock = threading.Lock()
        self._urls: WeakKeyDictionary[PageImage, str] = WeakKeyDictionary()
        self._takes_large = True

    def generate(self, images: Sequence[PageImage], prompt: Prompt, options: GenerationOptions) -> Generation:
        """See `VisionModel.generate`.

        Raises:
            ServerError: the server does not answer, or with an error.
            ConfigurationError: the key is refused, or the model takes no pictures.
            UsageError: `prompt` has a template, and the model is not CogVLM2 in another cogdoc.
        """
        if prompt.template is not None and not self._has_templates:
            raise UsageError("--template: the templates are CogVLM2's; a server applies that of its model")
        waiting = time.monotonic()
        with self._slot(options) as has_slot:
            began = time.monotonic()
            reply = Reply(options.max_new_tokens)
            reason = FinishReason.CANCELLED
            try:
                if has_slot:
                    reply, reason = self._ask(images, prompt, options)
                generation = reply.generation(reason)
            except BaseException:
                self._report(options, reply, began - waiting, time.monotonic() - began, failed=True)
                raise
            self._report(options, reply, began - waiting, time.monotonic() - began, failed=False)
            return generation

    def count_tokens(self, text: str) -> int:
        han = count_han(text)
        return han + round((len(text) - han) / CHARACTERS_PER_TOKEN)

    def close(self) -> None:
        self._closed.set()
        self._server.close()

    @contextmanager
    def _slot(self, options: GenerationOptions) -> Iterator[bool]:
        """Wait until the server has room for one more request; False if that was cancelled before."""
        while not self._slots.acquire(timeout=POLL_SECONDS):
            self._check_open()
            if options.cancelled is not None and options.cancelled():
                yield False
                return
        try:
            yield True
        finally:
            self._slots.release()

    def _ask(
        self, images: Sequence[PageImage], prompt: Prompt, options: GenerationOptions
    ) -> tuple[Reply, FinishReason]:
        deadline = time.monotonic() + options.time_limit
        events: queue.SimpleQueue[Mapping[str, Any] | None] = queue.SimpleQueue()
        answer = self._server.ask(self._body(images, prompt, options), events.put, patient=not self._absent)
        reply = Reply(options.max_new_tokens)
        try:
            while True:
                self._check_open()
                if time.monotonic() > deadline:
                    raise TimeLimitError(
                        f"the server took longer than {options.time_limit:g} s", "raise --timeout, or take fewer --jobs"
                    )
                if options.cancelled is not None and options.cancelled():
                    return reply, FinishReason.CANCELLED
                try:
                    chunk = events.get(timeout=POLL_SECONDS)
                except queue.Empty:
                    if answer.done() and events.empty():
                        self._check_open()
                        answer.result()
                        self._absent = False
                        return reply, self._finish_reason(reply)
                    continue
                if chunk is not None:
                    if (reason := self._add(reply, chunk, options)) is not None:
                        return reply, reason
                elif options.on_text is not None and reply.text:
                    raise cut_short(self._asked)  # what was shown cannot be taken back
                else:
                    reply = Reply(options.max_new_tokens)
        except ServerError as error:
            self._absent = isinstance(error.__cause__, openai.APIConnectionError)
            raise
        finally:
            with suppress(RuntimeError):  # the event loop was closed in the meantime
                answer.cancel()

    def _body(self, images: Sequence[PageImage], prompt: Prompt, options: GenerationOptions) -> RequestBody:
        text, template = prompt.text, prompt.template
        if self._has_templates:
            template = template or ("vqa" if prompt.short_answer else "chat")
        elif prompt.short_answer and not prompt.is_users:
            text = f"{text}\n{SHORT['zh' if 3 * count_han(text) > len(text) else 'en']}"
        words = text + "".join(turn.question + turn.answer for turn in prompt.history)
        room = self.limits.context_tokens - len(images) * self.limits.image_tokens - self.count_tokens(words)
        return RequestBody(
            self._form,
            self.name,
            text,
            prompt.history,
            tuple(map(self._url_of, images)),
            options,
            max_tokens=max(min(options.max_new_tokens, room), min(options.max_new_tokens, LEAST_TOKENS)),
            template=template,
            smaller=lambda: self._smaller(images),
        )

    def _add(self, reply: Reply, chunk: Mapping[str, Any], options: GenerationOptions) -> FinishReason | None:
        """Add a chunk to the reply; return why the generation is to end now, if it is."""
        try:
            text = reply.add(chunk)
        except MALFORMED as error:
            raise not_the_protocol(self._asked) from error
        if text and options.on_text is not None:
            options.on_text(text)
        if options.stop is not None and text and options.stop(reply.units):
            return FinishReason.CONDITION
        return FinishReason.LENGTH if reply.too_long else None

    def _finish_reason(self, reply: Reply) -> FinishReason:
        if reply.finish_reason == "content_filter":
            raise withheld(self._asked)
        return FinishReason.LENGTH if reply.finish_reason == "length" else FinishReason.STOP

    def _check_open(self) -> None:
        if self._closed.is_set():
            raise TimeLimitError("the engine was closed")

    def _report(self, options: GenerationOptions, reply: Reply, waited: float, seconds: float, *, failed: bool) -> None:
        if options.on_usage is None:
            return
        options.on_usage(
            Usage(
                generations=1,
                failed=int(failed),
                prompt_tokens=reply.prompt_tokens,
                generated_tokens=reply.generated_tokens,
                seconds={"waiting": round(waited, 4), "server": round(seconds, 4)},
            )
        )

    def _url_of(self, image: PageImage) -> str:
        """The image as a data URL; the same image is encoded once."""
        with self._lock:
            url = self._urls.get(image)
        if url is None:
            height, width = image.picture.shape[:2]
            size = page_size(self.limits, width, height)
            too_large = self.limits.keeps_proportions and width * height > ROUNDING * size.width * size.height
            long_side = max(size.width, size.height) if too_large else None
            url = data_url(image.picture, long_side, small=not self._takes_large)
            with self._lock:
                self._urls[image] = url
        return url

    def _smaller(self, images: Sequence[PageImage]) -> tuple[str, ...] | None:
        """The images with fewer bytes, as later ones are sent too; None if these are the smallest already."""
        if self._has_templates:
            return None  # its answers are those of the local model only for the same pixels
        with self._lock:
            before = [self._urls.pop(image, "") for image in images]
            self._takes_large = False
        after = tuple(map(self._url_of, images))
        return after if sum(map(len, after)) < sum(map(len, before)) else None
