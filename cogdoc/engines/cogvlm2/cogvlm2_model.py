"""CogVLM2 as a `cogdoc.engines.vision.vision_model.VisionModel`: one image a request, many requests at a time."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PIL import Image

from cogdoc.cogvlm2 import decoding_row
from cogdoc.cogvlm2.image_readings import ReadingCounts
from cogdoc.cogvlm2.out_of_memory import release_memory, wanted_memory
from cogdoc.cogvlm2.prompts import Turn, apply_template
from cogdoc.cogvlm2.reading_memory import ReadingRoom, reading_context
from cogdoc.cogvlm2.request import Costs, Request
from cogdoc.cogvlm2.sampling import Sampling
from cogdoc.cogvlm2.scheduler import Scheduler
from cogdoc.cogvlm2.session import CogVLM2Session, load_session
from cogdoc.cogvlm2.tokenizer import TextStream, Tokenizer
from cogdoc.engines.cogvlm2.drafting import TextDraft
from cogdoc.engines.cogvlm2.memory_errors import Requirement, requirement
from cogdoc.engines.cogvlm2.peak_memory import peak_memory
from cogdoc.engines.cogvlm2.text_alone import TextAlone
from cogdoc.engines.vision.vision_model import (
    FinishReason,
    Generation,
    GenerationOptions,
    PageImage,
    Prompt,
    Token,
    VisionModelLimits,
)
from cogdoc.errors import TimeLimitError, is_out_of_memory
from cogdoc.results.usage_counts import Usage

if TYPE_CHECKING:
    from cogdoc.cogvlm2.configuration import Template
    from cogdoc.engines.cogvlm2.settings import CogVLM2Settings
    from cogdoc.engines.selection import Progress

FINISH_REASONS = {
    decoding_row.FinishReason.STOP: FinishReason.STOP,
    decoding_row.FinishReason.LENGTH: FinishReason.LENGTH,
    decoding_row.FinishReason.CONTEXT: FinishReason.LENGTH,
    decoding_row.FinishReason.CANCELLED: FinishReason.CANCELLED,
}


class CogVLM2Model:
    """Implements `cogdoc.engines.vision.vision_model.VisionModel`. Calls from several threads share decoding steps."""

    def __init__(
        self, session: CogVLM2Session, room: ReadingRoom | None = None, needs: Requirement | None = None
    ) -> None:
        """
        Args:
            room: by default for one request at a time.
            needs: the plan's figures, for the error if memory runs out.
        """
        config = session.model.config
        room = room or ReadingRoom(reading_context(config))
        self.limits = VisionModelLimits(
            image_size=config.vision.image_size,
            patch_grid=config.vision.grid,
            context_tokens=config.max_positions,
            image_tokens=config.image_tokens,
            side_by_side=room.rows,
        )
        self._devices = {str(device) for device in session.model.layer_devices}
        self.dtype = str(session.model.dtype).removeprefix("torch.")
        self._tokenizer = session.tokenizer
        needs = needs or Requirement(str(session.model.device))
        self._scheduler = Scheduler(session, room.rows, room.row_tokens, room.prefix_bytes, needs.error)
        self._text_alone = TextAlone(session)

    @property
    def counts(self) -> ReadingCounts:
        """How often images were read so far."""
        return self._scheduler.counts

    def generate(self, images: Sequence[PageImage], prompt: Prompt, options: GenerationOptions) -> Generation:
        """See `VisionModel.generate`.

        Raises:
            ValueError: there is more than one image.
        """
        if len(images) > 1:
            raise ValueError(f"CogVLM2 answers about one image at a time, not {len(images)}")
        template = cast("Template | None", prompt.template) or ("vqa" if prompt.short_answer else "chat")
        history = [Turn(turn.question, turn.answer) for turn in prompt.history]
        if not images:
            return self._text_alone.generate(prompt.text, history, template, options, self._collect)
        text_ids = self._tokenizer.encode(apply_template(template, prompt.text, history))
        sampled = options.sampling
        answer = self._scheduler.submit(
            Request(
                image=Image.fromarray(images[0].picture),
                text_ids=text_ids,
                max_new_tokens=options.max_new_tokens,
                sampling=Sampling(temperature=sampled.temperature, top_p=sampled.top_p, seed=sampled.seed),
                draft=TextDraft(self._tokenizer.encode(options.draft)) if options.draft is not None else None,
                time_limit=options.time_limit,
                cancelled=options.cancelled or (lambda: False),
            )
        )
        failed = True
        try:
            generation = self._collect(answer, options)
            failed = False
        finally:
            answer.abandon()
            if options.on_usage is not None:
                options.on_usage(self._usage(answer.costs, len(text_ids), failed=failed))
        return generation

    def count_tokens(self, text: str) -> int:
        return self._tokenizer.count(text)

    def close(self) -> None:
        """Stop all generations, and refuse further ones.

        The process must not end while a thread is inside PyTorch, which would abort it.
        """
        self._text_alone.close()
        self._scheduler.close()

    def _usage(self, costs: Costs, prompt_tokens: int, *, failed: bool) -> Usage:
        prompt = max(0.0, costs.reading - costs.vision)
        seconds = {"waiting": costs.waiting, "vision": costs.vision, "prompt": prompt, "decoding": costs.decoding}
        return Usage(
            generations=1,
            failed=int(failed),
            prompt_tokens=prompt_tokens,
            image_tokens=self.limits.image_tokens,
            generated_tokens=costs.generated,
            passes=costs.passes,
            draft_tokens=costs.drafted,
            accepted_tokens=costs.accepted,
            pictures=dict(Counter(source.value for source in costs.pictures)),
            seconds={name: round(value, 4) for name, value in seconds.items()},
            peak_memory=peak_memory(self._devices),
        )

    def _collect(
        self, answer: Iterable[decoding_row.Token | decoding_row.Finished], options: GenerationOptions
    ) -> Generation:
        stream = TextStream(self._tokenizer)
        ids: list[int] = []
        tokens: list[Token] = []
        finish_reason = FinishReason.CANCELLED
        for event in answer:
            if isinstance(event, decoding_row.Finished):
                if event.finish_reason is decoding_row.FinishReason.TIME_LIMIT:
                    raise TimeLimitError(
                        f"reading took longer than {options.time_limit:g} s",
                        "raise --timeout; without a GPU the published models take minutes per page",
                    )
                finish_reason = FINISH_REASONS[event.finish_reason]
                break
            ids.append(event.id)
            tokens.append(Token(stream.push(event.id), event.logprob))
            if options.on_text is not None:
                options.on_text(tokens[-1].text)
            if options.stop is not None and options.stop(ids):
                finish_reason = FinishReason.CONDITION
                break
        if rest := stream.finish():
            tokens[-1] = Token(tokens[-1].text + rest, tokens[-1].logprob)
            if options.on_text is not None:
                options.on_text(rest)
        return Generation("".join(token.text for token in tokens).strip(), tuple(tokens), finish_reason)


def load_model(settings: CogVLM2Settings, tokenizer: Tokenizer, progress: Progress | None = None) -> CogVLM2Model:
    """Load a checkpoint, once for a whole run.

    Raises:
        CheckpointError, UsageError: see `cogdoc.cogvlm2.session.load_session`.
        ResourceError: memory ran out. Nothing of the model is kept.
    """
    needs = requirement(settings)
    try:
        session = load_session(
            settings.checkpoint,
            quantization=settings.quantization,
            vision=settings.vision,
            device=settings.layer_devices or settings.device,
            offload=settings.offload,
            compute=settings.compute,
            feature_folder=feature_folder() if settings.stores_features else None,
            tokenizer=tokenizer,
            adapter=settings.adapter,
            progress=progress,
        )
        return CogVLM2Model(session, settings.room, needs)
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        failure = needs.error("loading the model", wanted_memory(error))
    release_memory()
    raise failure


def feature_folder() -> Path:
    """Where image features are stored: beside the user's other caches."""
    cache_home = os.environ.get("XDG_CACHE_HOME")
    system_default = "~/Library/Caches" if sys.platform == "darwin" else "~/.cache"
    return Path(cache_home or system_default).expanduser() / "cogdoc" / "features"
