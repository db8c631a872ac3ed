"""Batches of sequences that are prefilled and decoded side by side, and prefixes that several questions share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from cogdoc.cogvlm2.cache import KVCache, allocate_cache
from cogdoc.cogvlm2.model import CogVLM2, collate
from cogdoc.cogvlm2.prompts import Prompt, check_length
from cogdoc.errors import DamagedError, OutputError

StepFunction = Callable[[CogVLM2, Tensor, Tensor, Tensor, KVCache, bool, bool], Tensor]
"""`step_logits`, or a compiled version of it."""


def step_logits(
    model: CogVLM2,
    token_ids: Tensor,
    positions: Tensor,
    slots: Tensor,
    cache: KVCache,
    ragged: bool = False,
    masked: bool = True,
) -> Tensor:
    """Run a decode step on inputs (batch, length) and return the logits (batch, length, vocab_size) of each token.

    There is no data-dependent control flow, so `torch.compile(step_logits, fullgraph=True)` can replace it.
    """
    return model.logits(model.decode_step(token_ids, positions, slots, cache, ragged, masked))


class DecodingBatch:
    """Sequences that share a cache, each with its own length. `prefill` and `fork` make them.

    Args:
        step: a compiled `step_logits`. It gets the whole cache at each step, since its shapes must not change; without
            it, a step attends only to the part of the cache that is in use.
    """

    def __init__(
        self,
        model: CogVLM2,
        cache: KVCache,
        lengths: Sequence[int],
        next_positions: Sequence[int],
        step: StepFunction | None,
    ) -> None:
        self.model = model
        self.lengths = list(lengths)
        self._next_logits: Tensor | None = None
        self._cache = cache
        # A text token advances slot and position by one each, so their difference is constant within a row.
        self._offsets = [position - length for position, length in zip(next_positions, lengths, strict=True)]
        self._step = step

    @property
    def capacity(self) -> int:
        """The most tokens that a row can hold, prompt and answer together."""
        return self._cache.slots - 1

    def take_next_logits(self) -> Tensor:
        """Return the logits (batch, vocab_size) of the last prompt tokens. They can be taken once.

        Raises:
            ValueError: they were taken before.
        """
        if self._next_logits is None:
            raise ValueError("this batch was decoded before; prefill or fork it again")
        logits, self._next_logits = self._next_logits, None
        return logits

    @torch.inference_mode()
    def forward(self, tokens: Sequence[Sequence[int]]) -> Tensor:
        """Run tokens that continue each row, any number per row, without committing them.

        Returns:
            Logits (batch, longest, vocab_size) of each token; those of padding are meaningless.
        """
        inputs, in_use = self._inputs(tokens)
        if self._step is not None:
            return self._step(self.model, *inputs, self._cache, self._ragged, True)
        return step_logits(
            self.model, *inputs, self._cache.truncated(in_use), self._ragged, self._needs_mask(tokens, in_use)
        )

    def commit(self, row: int, tokens: int) -> None:
        """Add the first `tokens` of the last `forward` to a row; the next `forward` overwrites the others."""
        self.lengths[row] += tokens

    @torch.inference_mode()
    def append(self, tokens: Sequence[Sequence[int]]) -> None:
        """Run tokens that continue each row, and commit all of them.

        Raises:
            ValueError: a row gets no token, or more than it has capacity for.
        """
        if not all(tokens):
            raise ValueError("a row gets no token")
        inputs, in_use = self._inputs(tokens)
        hidden = self.model.decode_step(
            *inputs, self._cache.truncated(in_use), self._ragged, self._needs_mask(tokens, in_use)
        )
        for row, added in enumerate(tokens):
            self.commit(row, len(added))
        self.keep_next_logits([len(added) for added in tokens], hidden)

    def keep_next_logits(self, counts: Sequence[int], hidden: Tensor) -> None:
        """Keep the logits of the last of each row's `counts` tokens, given the output of the last layer.

        Args:
            hidden: (batch, length, hidden_size).
        """
        last = torch.tensor(counts, device=hidden.device) - 1
        self._next_logits = self.model.logits(hidden[torch.arange(len(counts), device=hidden.device), last])

    @property
    def _ragged(self) -> bool:
        return self.model.arithmetic == "published" and len(set(self.lengths)) > 1

    def _needs_mask(self, tokens: Sequence[Sequence[int]], in_use: int) -> bool:
        """Whether a token must not see all slots in use: where rows differ in length, or have several tokens."""
        return any(len(row) != 1 or length + 1 != in_use for row, length in zip(tokens, self.lengths, strict=True))

    def _inputs(self, tokens: Sequence[Sequence[int]]) -> tuple[tuple[Tensor, Tensor, Tensor], int]:
        """Token ids, positions and slots, each (batch, longest), and the number of slots in use."""
        rows, in_use = self._rows(tokens, max(len(row) for row in tokens))
        inputs = torch.tensor(rows, device=self.model.device)  # copied at once
        return (inputs[0], inputs[1], inputs[2]), in_use

    def _rows(self, tokens: Sequence[Sequence[int]], longest: int) -> tuple[list[list[list[int]]], int]:
        """Token ids, positions and slots of each row, padded to `longest`, and the number of slots in use.

        Padding is written to the slot after the row's own tokens, which its next token overwrites.
        """
        if max(length + len(row) for row, length in zip(tokens, self.lengths, strict=True)) > self.capacity:
            raise ValueError(f"a row would exceed its capacity of {self.capacity} tokens")
        token_ids: list[list[int]] = []
        positions: list[list[int]] = []
        slots: list[list[int]] = []
        for row, length, offset in zip(tokens, self.lengths, self._offsets, strict=True):
            padding = [0] * (longest - len(row))
            own_slots = list(range(length, length + len(row)))
            token_ids.append([*row, *padding])
            positions.append([slot + offset for slot in own_slots] + padding)
            slots.append(own_slots + [length + len(row)] * len(padding))
        return [token_ids, positions, slots], max(max(row) for row in slots) + 1


@torch.inference_mode()
def prefill(
    model: CogVLM2,
    prompts: Sequence[Prompt],
    features: Tensor | None,
    max_new_tokens: int,
    step: StepFunction | None = None,
) -> DecodingBatch:
    """Prefill prompts of any lengths, with and without images, with cache for `max_new_tokens` more tokens in each row.

    Args:
        features: (images, image_tokens, hidden_size), one for each prompt with an image, in the order of the prompts.

    Raises:
        TooLargeError: a prompt is longer than the model's context.
        ValueError: the number of features is not that of the prompts with an image.
    """
    longest = max(len(prompt) for prompt in prompts)
    check_length(longest, model.config.max_positions)
    capacity = min(longest + max_new_tokens, model.config.max_positions)
    cache = allocate_cache(model.config, len(prompts), capacity, model.dtype, model.layer_devices)
    collated = collate(prompts, model.config.pad_token_id, model.device)
    hidden = model.prefill(collated, features, cache)
    batch = DecodingBatch(model, cache, collated.lengths, [prompt.positions[-1] + 1 for prompt in prompts], step)
    batch.keep_next_logits(collated.lengths, hidden)
    return batch


@dataclass(frozen=True, slots=True)
class Prefix:
    """The prefilled beginning of a prompt: keys and values of each layer, (kv_heads, length, head_dim)."""

    keys: tuple[Tensor, ...]
    values: tuple[Tensor, ...]
    next_position: int

    @property
    def length(self) -> int:
        return self.keys[0].shape[1]

    @property
    def nbytes(self) -> int:
        return sum(tensor.nbytes for tensor in (*self.keys, *self.values))

    def save(self, path: Path, model_identity: str) -> None:
        """Write the prefix as safetensors: 128 KiB per token for the published sizes.

        Args:
            model_identity: the value that `load` compares, see `cogdoc.cogvlm2.features.model_identity`.

        Raises:
            OutputError: writing failed.
        """
        layers = {f"keys.{i}": tensor for i, tensor in enumerate(self.keys)}
        layers |= {f"values.{i}": tensor for i, tensor in enumerate(self.values)}
        metadata = {"next_position": str(self.next_position), "layers": str(len(self.keys)), "model": model_identity}
        try:
            save_file({name: tensor.contiguous() for name, tensor in layers.items()}, path, metadata=metadata)
        except (OSError, SafetensorError) as error:
            raise OutputError(f"{path}: cannot be written: {error}") from None

    @staticmethod
    def load(path: Path, model_identity: str, device: torch.device | str = "cpu") -> Prefix:
        """Read a prefix that `save` wrote. Only the model that wrote it can continue it.

        Raises:
            DamagedError: the file is not a prefix, is incomplete, or belongs to another model.
        """
        try:
            with safe_open(path, framework="pt", device=str(device)) as file:
                metadata = file.metadata() or {}
                if metadata["model"] != model_identity:
                    raise DamagedError(f"{path}: a prefix of another model")
                layers = range(int(metadata["layers"]))
                return Prefix(
                    keys=tuple(file.get_tensor(f"keys.{i}") for i in layers),
                    values=tuple(file.get_tensor(f"values.{i}") for i in layers),
                    next_position=int(metadata["next_position"]),
                )
        except (SafetensorError, OSError, KeyError, ValueError) as error:
            raise DamagedError(f"{path}: not a saved prefix: {error}") from None


@torch.inference_mode()
def prefill_prefix(model: CogVLM2, prompt: Prompt, features: Tensor | None) -> Prefix:
    """Prefill the beginning that several prompts share: everything up to the end of the image, or further.

    Args:
        features: (1, image_tokens, hidden_size), or None for a prompt without an image.

    Raises:
        TooLargeError: the prompt is longer than the model's context.
    """
    check_length(len(prompt), model.config.max_positions)
    cache = allocate_cache(model.config, 1, len(prompt), model.dtype, model.layer_devices)
    model.prefill(collate([prompt], model.config.pad_token_id, model.device), features, cache, keys_only=True)
    length = len(prompt)
    return Prefix(
        keys=tuple(keys[0, :, :length] for keys in cache.keys),
        values=tuple(values[0, :, :length] for values in cache.values),
        next_position=prompt.positions[-1] + 1,
    )


@torch.inference_mode()
def fork(
    model: CogVLM2,
    prefix: Prefix,
    suffixes: Sequence[Sequence[int]],
    max_new_tokens: int,
    step: StepFunction | None = None,
) -> DecodingBatch:
    """Continue a prefix with several texts of at least one token each, as the rows of a new batch.

    Args:
        max_new_tokens: tokens of each answer that the cache is allocated for.

    Raises:
        TooLargeError: prefix and suffix together are longer than the model's context.
        ValueError: a suffix is empty.
    """
    longest = prefix.length + max(len(suffix) for suffix in suffixes)
    check_length(longest, model.config.max_positions)
    capacity = min(longest + max_new_tokens, model.config.max_positions)
    cache = allocate_cache(model.config, len(suffixes), capacity, model.dtype, model.layer_devices)
    for storages, prefix_heads in ((cache.keys, prefix.keys), (cache.values, prefix.values)):
        for storage, heads in zip(storages, prefix_heads, strict=True):
            storage[:, :, : prefix.length] = heads
    rows = len(suffixes)
    batch = DecodingBatch(model, cache, [prefix.length] * rows, [prefix.next_position] * rows, step)
    batch.append(suffixes)
    return batch
