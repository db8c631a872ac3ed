"""CogVLM2 as a `cogdoc.engines.vision.vision_model.VisionModel`: one generation at a time, about one image."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PIL import Image
from torch import Tensor

from cogdoc.cogvlm2 import decoding, sampling
from cogdoc.cogvlm2.batch import DecodingBatch, Prefix, fork, prefill, prefill_prefix
from cogdoc.cogvlm2.cancellation import Cancelled, cancellable
from cogdoc.cogvlm2.out_of_memory import is_out_of_memory, release_memory, wanted_memory
from cogdoc.cogvlm2.prompts import apply_template, build_prompt
from cogdoc.cogvlm2.session import CogVLM2Session, load_session
from cogdoc.cogvlm2.tokenizer import TextStream, Tokenizer
from cogdoc.engines.cogvlm2.drafting import TextDraft
from cogdoc.engines.cogvlm2.memory_errors import Requirement, requirement
from cogdoc.engines.vision.vision_model import (
    FinishReason,
    Generation,
    GenerationOptions,
    PageImage,
    Prompt,
    Token,
    VisionModelLimits,
)
from cogdoc.errors import TimeLimitError

if TYPE_CHECKING:
    from cogdoc.cogvlm2.configuration import Template
    from cogdoc.engines.cogvlm2.settings import CogVLM2Settings
    from cogdoc.engines.selection import Progress

READING, WRITING = "reading a picture", "writing an answer"

FINISH_REASONS = {
    decoding.FinishReason.STOP: FinishReason.STOP,
    decoding.FinishReason.LENGTH: FinishReason.LENGTH,
    decoding.FinishReason.CONTEXT: FinishReason.LENGTH,
    decoding.FinishReason.CANCELLED: FinishReason.CANCELLED,
}


class CogVLM2Model:
    """Implements `cogdoc.engines.vision.vision_model.VisionModel`.

    A lock lets one call generate at a time, since documents are read by several threads and there is one model.
    """

    def __init__(self, session: CogVLM2Session, needs: Requirement | None = None) -> None:
        """
        Args:
            needs: the plan's figures, for the error if memory runs out.
        """
        config = session.model.config
        self.limits = VisionModelLimits(
            image_size=config.vision.image_size,
            patch_grid=config.vision.grid,
            context_tokens=config.max_positions,
            image_tokens=config.image_tokens,
        )
        self.dtype = str(session.model.dtype).removeprefix("torch.")
        self._session = session
        self._needs = needs or Requirement(str(session.model.device))
        self._activity = ""
        """What a generation is doing, for the error if memory runs out."""
        self._lock = threading.Lock()
        self._closed = threading.Event()
        # Of the latest image only: with the published sizes, keys and values take 300 MB.
        self._image: PageImage | None = None
        self._features: Tensor | None = None
        self._prefix: Prefix | None = None

    def generate(self, images: Sequence[PageImage], prompt: Prompt, options: GenerationOptions) -> Generation:
        """See `VisionModel.generate`.

        Raises:
            ValueError: there is not exactly one image.
        """
        if len(images) != 1:
            raise ValueError(f"CogVLM2 answers about one image at a time, not {len(images)}")
        with self._lock:
            deadline = time.monotonic() + options.time_limit

            def out_of_time() -> bool:
                return self._closed.is_set() or time.monotonic() > deadline

            def cancelled() -> bool:
                return out_of_time() or (options.cancelled is not None and options.cancelled())

            try:
                generation = self._generate_within_memory(images[0], prompt, options, cancelled)
            except Cancelled:
                generation = Generation("", (), FinishReason.CANCELLED)
            if generation.finish_reason is FinishReason.CANCELLED and out_of_time():
                raise TimeLimitError(
                    f"reading took longer than {options.time_limit:g} s",
                    "raise --timeout; without a GPU the published models take minutes per page",
                )
            return generation

    def count_tokens(self, text: str) -> int:
        return self._session.tokenizer.count(text)

    def close(self) -> None:
        """Stop the current generation, and generate nothing from now on.

        The process must not end while a thread is inside PyTorch, which would abort it.
        """
        self._closed.set()
        with self._lock:
            self._clear_cache()

    def _generate_within_memory(
        self, image: PageImage, prompt: Prompt, options: GenerationOptions, cancelled: Callable[[], bool]
    ) -> Generation:
        """Generate, and if memory runs out, try once more with less of it.

        Raises:
            ResourceError: it ran out again, or text was passed to `on_text` already. Nothing is kept of the image.
        """
        for sparing in (False, True):
            try:
                return self._generate(image, prompt, options, cancelled, sparing=sparing)
            except Exception as error:
                if not is_out_of_memory(error):
                    raise
                failure = self._needs.error(self._activity, wanted_memory(error))
                streamed = self._activity == WRITING and options.on_text is not None
            # Only now is the traceback gone, whose frames refer to the tensors of the failed attempt.
            self._prefix = None
            release_memory()
            if streamed:
                break
        self._clear_cache()
        release_memory()
        raise failure

    def _generate(
        self,
        image: PageImage,
        prompt: Prompt,
        options: GenerationOptions,
        cancelled: Callable[[], bool],
        *,
        sparing: bool,
    ) -> Generation:
        """Generate once.

        Args:
            sparing: keep no prefix of the image beside the batch, which saves the keys and values of its tokens, and
                use no draft, which saves the activations of its tokens.
        """
        if cancelled():
            raise Cancelled
        self._activity = READING
        tokenizer = self._session.tokenizer
        template = cast("Template | None", prompt.template) or ("vqa" if prompt.short_answer else "chat")
        text_ids = tokenizer.encode(apply_template(template, prompt.text))
        model = self._session.model
        if sparing:
            options = replace(options, draft=None)
            features = self._read_features(image, cancelled)
            with cancellable(model, cancelled):
                whole = build_prompt(model.config, text_ids, with_image=True)
                batch = prefill(model, [whole], features, max_new_tokens=options.max_new_tokens)
        else:
            prefix = self._read_image(image, cancelled)
            with cancellable(model, cancelled):
                batch = fork(model, prefix, [text_ids], max_new_tokens=options.max_new_tokens)
        self._activity = WRITING
        return self._decode(batch, options, cancelled)

    def _decode(self, batch: DecodingBatch, options: GenerationOptions, cancelled: Callable[[], bool]) -> Generation:
        stream = TextStream(self._session.tokenizer)
        ids: list[int] = []
        tokens: list[Token] = []
        finish_reason = FinishReason.CANCELLED
        events = decoding.decode(
            batch,
            options.max_new_tokens,
            self._session.stop_token_ids,
            sampling.Sampling(
                temperature=options.sampling.temperature, top_p=options.sampling.top_p, seed=options.sampling.seed
            ),
            draft=TextDraft(self._session.tokenizer.encode(options.draft)) if options.draft is not None else None,
            cancelled=cancelled,
        )
        for event in events:
            if isinstance(event, decoding.Finished):
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

    def _read_image(self, image: PageImage, cancelled: Callable[[], bool]) -> Prefix:
        """The keys and values of an image, from the cache if the previous call was about the same image."""
        features = self._read_features(image, cancelled)
        if self._prefix is None:
            model = self._session.model
            with cancellable(model, cancelled):
                image_alone = build_prompt(model.config, (), with_image=True)
                self._prefix = prefill_prefix(model, image_alone, features)
        return self._prefix

    def _read_features(self, image: PageImage, cancelled: Callable[[], bool]) -> Tensor:
        """The features of an image, from the cache if the previous call was about the same image."""
        if image is not self._image:
            self._clear_cache()
            self._image = image
        if self._features is None:
            self._features = self._session.image_features(Image.fromarray(image.picture), cancelled)
        return self._features

    def _clear_cache(self) -> None:
        self._image = self._features = self._prefix = None


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
            half=settings.half,
            feature_folder=feature_folder() if settings.stores_features else None,
            tokenizer=tokenizer,
            adapter=settings.adapter,
            progress=progress,
        )
        return CogVLM2Model(session, needs)
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
