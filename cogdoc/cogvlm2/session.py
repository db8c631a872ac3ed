"""A loaded checkpoint that answers questions about images: model, tokenizer and feature store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from cogdoc.cogvlm2.adapters import Adapter
from cogdoc.cogvlm2.batch import prefill
from cogdoc.cogvlm2.cancellation import Cancelled, cancellable
from cogdoc.cogvlm2.card_arithmetic import ComputeDtype
from cogdoc.cogvlm2.configuration import Template, read_config
from cogdoc.cogvlm2.decoding import GREEDY, decode
from cogdoc.cogvlm2.decoding_row import Finished, FinishReason, Token
from cogdoc.cogvlm2.features import FeatureStore, model_identity
from cogdoc.cogvlm2.loading import Progress, load_model
from cogdoc.cogvlm2.lora import apply_adapter, check_fit
from cogdoc.cogvlm2.model import CogVLM2
from cogdoc.cogvlm2.pixels import to_pixels
from cogdoc.cogvlm2.precision import VisionPrecision
from cogdoc.cogvlm2.prompts import Prompt, Turn, apply_template, build_prompt
from cogdoc.cogvlm2.quantized_parts import Quantization
from cogdoc.cogvlm2.sampling import Sampling
from cogdoc.cogvlm2.stop_tokens import stop_token_ids
from cogdoc.cogvlm2.tokenizer import TextStream, Tokenizer, load_tokenizer
from cogdoc.errors import CheckpointError


@dataclass(frozen=True, slots=True)
class CogVLM2Session:
    """Model and tokenizer of a checkpoint. Without `store`, image features are computed each time."""

    model: CogVLM2
    tokenizer: Tokenizer
    stop_token_ids: frozenset[int]
    store: FeatureStore | None = None

    def prompt(
        self, question: str, history: Sequence[Turn] = (), template: Template | None = None, with_image: bool = True
    ) -> Prompt:
        """Build the prompt of a question in `template`, by default that of the checkpoint.

        Raises:
            TooLargeError: the prompt does not fit the model's context.
        """
        config = self.model.config
        text = apply_template(template or config.template, question, history)
        return build_prompt(config, self.tokenizer.encode(text), with_image)

    def image_features(self, image: Image.Image, cancelled: Callable[[], bool] = lambda: False) -> Tensor:
        """Encode an image to features (1, image_tokens, hidden_size), or load them from the store.

        Raises:
            Cancelled: `cancelled`, which is called between layers, returned true.
        """
        return self.find_features(image, cancelled)[0]

    @torch.inference_mode()
    def find_features(self, image: Image.Image, cancelled: Callable[[], bool] = lambda: False) -> tuple[Tensor, bool]:
        """As `image_features`, and whether the store had them."""
        pixels = to_pixels(image, self.model.config.vision)
        stored = self.store.load(pixels) if self.store is not None else None
        if stored is not None and stored.shape == (self.model.config.image_tokens, self.model.config.hidden_size):
            return stored[None].to(self.model.device), True
        with cancellable(self.model, cancelled):
            features = self.model.image_features(pixels[None])
        if self.store is not None:
            self.store.save(pixels, features[0])
        return features, False

    def generate(
        self,
        question: str,
        image: Image.Image | None = None,
        *,
        history: Sequence[Turn] = (),
        template: Template | None = None,
        max_new_tokens: int = 512,
        sampling: Sampling = GREEDY,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Iterator[Token | Finished]:
        """Answer a question token by token, with log-probabilities and the reason why the answer finished.

        Raises:
            TooLargeError: the prompt does not fit the model's context.
        """
        prompt = self.prompt(question, history, template, with_image=image is not None)
        try:
            features = None if image is None else self.image_features(image, cancelled)
            with cancellable(self.model, cancelled):
                batch = prefill(self.model, [prompt], features, max_new_tokens=max_new_tokens)
        except Cancelled:
            yield Finished(0, FinishReason.CANCELLED)
            return
        yield from decode(batch, max_new_tokens, self.stop_token_ids, sampling, cancelled=cancelled)

    def stream_text(self, events: Iterable[Token | Finished]) -> Iterator[str]:
        """Turn the tokens of a row into pieces of text, each as soon as its characters are complete."""
        stream = TextStream(self.tokenizer)
        for event in events:
            if isinstance(event, Token) and (piece := stream.push(event.id)):
                yield piece
        if rest := stream.finish():
            yield rest


def load_session(
    checkpoint: Path,
    *,
    quantization: Quantization | None = None,
    vision: VisionPrecision | None = None,
    device: torch.device | str | Sequence[str] = "cpu",
    offload: bool = False,
    compute: ComputeDtype = "bfloat16",
    feature_folder: Path | None = None,
    tokenizer: Tokenizer | None = None,
    adapter: Adapter | None = None,
    progress: Progress | None = None,
) -> CogVLM2Session:
    """Load a checkpoint with its tokenizer, and cache image features in `feature_folder` if there is one.

    Args:
        quantization, vision, device, offload, compute: see `loading.load_model`.
        tokenizer: that of the checkpoint, if it is loaded already.
        adapter: a fine-tune of the checkpoint.

    Raises:
        CheckpointError: the tokenizer is missing or belongs to another model, or see `loading.load_model`.
        ConfigurationError: the adapter does not fit the checkpoint.
        UsageError: see `loading.load_model`.
    """
    tokenizer = tokenizer or load_tokenizer(checkpoint)
    config = read_config(checkpoint)
    if tokenizer.size > config.vocab_size:
        raise CheckpointError(f"{checkpoint}: the tokenizer has {tokenizer.size} tokens, the model {config.vocab_size}")
    stop_tokens = stop_token_ids(checkpoint, config, tokenizer)
    if adapter is not None:
        with torch.device("meta"):
            check_fit(adapter, CogVLM2(config))  # before gigabytes are read
    model = load_model(
        checkpoint,
        quantization=quantization,
        vision=vision,
        device=device,
        offload=offload,
        compute=compute,
        prepare=partial(apply_adapter, adapter=adapter) if adapter is not None else None,
        progress=progress,
    )
    identity = model_identity(checkpoint, model)
    if adapter is not None:
        identity = f"{identity} {adapter.digest}"
    store = FeatureStore(feature_folder, identity) if feature_folder is not None else None
    return CogVLM2Session(model, tokenizer, stop_tokens, store)
