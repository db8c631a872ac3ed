"""Chat completions by a vision model: the conversation goes to it as it is, without cogdoc's own instructions."""

from __future__ import annotations

import threading
from dataclasses import replace

from cogdoc.documents.document import Document
from cogdoc.engines.vision.picture_sizes import page_size
from cogdoc.engines.vision.vision_model import (
    FinishReason,
    Generation,
    GenerationOptions,
    PageImage,
    Prompt,
    Token,
    VisionModel,
)
from cogdoc.errors import TooLargeError
from cogdoc.results.usage import total_usage
from cogdoc.results.usage_counts import Usage
from cogdoc.serve.chat.completion import ChatEvent, FinishedChoice, TextPiece, TokenCounts
from cogdoc.serve.chat.reply_schema import UnfitReplyError
from cogdoc.serve.chat.reply_text import ReplyText
from cogdoc.serve.chat.request import ChatCall
from cogdoc.serve.error_replies import RequestError
from cogdoc.serve.threads import AbandonedError, Events

ATTEMPTS = 2
"""At a reply that fits a schema."""

RETRY_TEMPERATURE = 0.6


class ModelChat:
    """One chat completion, in threads of its own."""

    def __init__(self, model: VisionModel, call: ChatCall, time_limit: float, events: Events[ChatEvent]) -> None:
        self._model = model
        self._call = call
        self._time_limit = time_limit
        self._events = events
        self._usages: list[Usage] = []
        self._failure: BaseException | None = None

    @property
    def usage(self) -> Usage:
        """What all choices have taken so far."""
        return total_usage(self._usages) or Usage()

    def run(self, document: Document) -> None:
        """Generate all choices side by side, and emit their events.

        Raises:
            CogdocError: the picture cannot be read, or the model fails.
        """
        size = page_size(self._model.limits, *document.page_size(1))
        image = PageImage(document.picture(1, size).result())
        threads = [
            threading.Thread(target=self._try_choice, args=(index, image), name="cogdoc-choice", daemon=True)
            for index in range(1, self._call.choices)
        ]
        for thread in threads:
            thread.start()
        self._try_choice(0, image)
        for thread in threads:
            thread.join()
        if self._failure is not None:
            raise self._failure
        total = self.usage
        self._events.emit(TokenCounts(total.prompt_tokens + total.image_tokens, total.generated_tokens))

    def _try_choice(self, index: int, image: PageImage) -> None:
        try:
            self._generate_choice(index, image)
        except BaseException as error:
            self._failure = error

    def _generate_choice(self, index: int, image: PageImage) -> None:
        call = self._call
        sampling = replace(call.sampling, seed=call.sampling.seed + index)
        for attempt in range(ATTEMPTS):
            text = ReplyText(call.stop)

            def show(piece: str, text: ReplyText = text) -> None:
                shown = text.push(piece)
                if shown and call.schema is None:
                    self._events.emit(TextPiece(index, shown))

            def ends(_: object, text: ReplyText = text) -> bool:
                return text.stopped

            options = GenerationOptions(
                call.max_new_tokens,
                self._time_limit,
                sampling,
                stop=ends if call.stop else None,
                cancelled=lambda: self._events.abandoned,
                on_text=show,
                on_usage=self._usages.append,
            )
            generation = self._generate(image, options)
            if rest := text.finish():
                show("")
                if call.schema is None:
                    self._events.emit(TextPiece(index, rest))
            if call.schema is None:
                break
            try:
                whole = call.schema.fit(text.text)
            except UnfitReplyError:
                if attempt + 1 == ATTEMPTS or generation.finish_reason is FinishReason.LENGTH:
                    raise
                sampling = replace(sampling, temperature=RETRY_TEMPERATURE, seed=sampling.seed + 1)
                continue
            self._events.emit(TextPiece(index, whole))
            break
        reason = "length" if generation.finish_reason is FinishReason.LENGTH and not text.stopped else "stop"
        reply = text.text if call.schema is None else whole
        tokens = _tokens_of(text.text, generation) if call.logprobs else ()
        self._events.emit(FinishedChoice(index, reply, reason, tokens))

    def _generate(self, image: PageImage, options: GenerationOptions) -> Generation:
        call = self._call
        question = call.question if call.schema is None else f"{call.question}\n{call.schema.instruction}"
        prompt = Prompt(question, template=call.template, is_users=True, history=call.history)
        try:
            generation = self._model.generate([image], prompt, options)
        except TooLargeError as error:
            raise RequestError(error.message, error.hint, code="context_length_exceeded", param="messages") from None
        if generation.finish_reason is FinishReason.CANCELLED:
            raise AbandonedError
        return generation


def _tokens_of(text: str, generation: Generation) -> tuple[Token, ...]:
    """The tokens of the text up to where a stop string has cut it."""
    tokens: list[Token] = []
    length = 0
    for token in generation.tokens:
        if length >= len(text) and tokens:
            break
        length += len(token.text if tokens else token.text.lstrip())
        tokens.append(token)
    return tuple(tokens)
