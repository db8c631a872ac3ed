"""Sequences that are read and continued side by side, and prefixes of them that are kept for several questions."""

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

Step = Callable[[CogVLM2, Tensor, Tensor, Tensor, KVCache, bool], Tensor]


def step_logits(
    model: CogVLM2, token_ids: Tensor, positions: Tensor, slots: Tensor, cache: KVCache, ragged: bool
) -> Tensor:
    """Read a few tokens of each row, all (batch, length), and give the logits behind each (batch, length, vocab_size).

    Nothing here depends on the data, so `torch.compile(step_logits, fullgraph=True)` can take its place.
    """
    return model.logits(model.decode_step(token_ids, positions, slots, cache, ragged))


class DecodingBatch:
    """Sequences in one cache, each with its own length; they come from `prefill` or `fork`.

    Args:
        step: a compiled `step_logits`, which gets the whole cache each time, since its shapes must not change. Without
            one each step reads no more of the cache than is in use.
    """

    def __init__(
        self, model: CogVLM2, cache: KVCache, lengths: Sequence[int], next_positions: Sequence[int], step: Step | None
    ) -> None:
        self.model = model
        self.lengths = list(lengths)
        self._next_logits: Tensor | None = None
        self._cache = cache
        # Text tokens advance slot and position alike, so the distance of the two stays what the image made it.
        self._shifts = [position - length for position, length in zip(next_positions, lengths, strict=True)]
        self._step = step

    @property
    def capacity(self) -> int:
        """How many tokens a row can hold, prompt and answer together."""
        return self._cache.slots - 1

    def take_next_logits(self) -> Tensor:
        """(batch, vocab_size): what follows the tokens of the prompts; once, since decoding moves on from there.

        Raises:
            ValueError: they were taken before.
        """
        if self._next_logits is None:
            raise ValueError("these rows were decoded before; read or fork them anew")
        logits, self._next_logits = self._next_logits, None
        return logits

    @torch.inference_mode()
    def read(self, tokens: Sequence[Sequence[int]]) -> Tensor:
        """Read tokens behind each row's length, as many as there are, without counting them in yet.

        Returns:
            Logits (batch, longest, vocab_size) behind each token; what stands behind a row's own tokens means nothing.
        """
        token_ids, positions, slots, in_use = self._placed(tokens)
        if self._step is not None:
            return self._step(self.model, token_ids, positions, slots, self._cache, self._ragged)
        return step_logits(self.model, token_ids, positions, slots, self._cache.first(in_use), self._ragged)

    def commit(self, row: int, tokens: int) -> None:
        """Count in the first `tokens` of what was read last; the rest will be written over."""
        self.lengths[row] += tokens

    @torch.inference_mode()
    def append(self, tokens: Sequence[Sequence[int]]) -> None:
        """Read tokens behind each row and count all of them in.

        Raises:
            ValueError: a row is given no token, or more than it has room for.
        """
        if not all(tokens):
            raise ValueError("a row is given no token to read")
        token_ids, positions, slots, in_use = self._placed(tokens)
        hidden = self.model.decode_step(token_ids, positions, slots, self._cache.first(in_use), self._ragged)
        for row, added in enumerate(tokens):
            self.commit(row, len(added))
        self.expect([len(added) for added in tokens], hidden)

    def expect(self, read: Sequence[int], hidden: Tensor) -> None:
        """Keep the logits behind the last of the tokens `read` in each row, from what the last layer put out."""
        last = torch.tensor(read, device=hidden.device) - 1
        self._next_logits = self.model.logits(hidden[torch.arange(len(read), device=hidden.device), last])

    @property
    def _ragged(self) -> bool:
        return self.model.arithmetic == "published" and len(set(self.lengths)) > 1

    def _placed(self, tokens: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor, Tensor, int]:
        """Token ids, positions and slots, each (batch, longest), and how many slots are in use.

        A row's padding goes to the slot behind it, where its next token will be.
        """
        longest = max(len(row) for row in tokens)
        if max(length + len(row) for row, length in zip(tokens, self.lengths, strict=True)) > self.capacity:
            raise ValueError(f"a row would hold more than the {self.capacity} tokens it has room for")
        token_ids, positions, slots = [], [], []
        for row, length, shift in zip(tokens, self.lengths, self._shifts, strict=True):
            padding = [0] * (longest - len(row))
            places = list(range(length, length + len(row)))
            token_ids.append([*row, *padding])
            positions.append([place + shift for place in places] + padding)
            slots.append(places + [length + len(row)] * len(padding))
        device = self.model.device
        return (
            torch.tensor(token_ids, device=device),
            torch.tensor(positions, device=device),
            torch.tensor(slots, device=device),
            max(max(row) for row in slots) + 1,
        )


@torch.inference_mode()
def prefill(
    model: CogVLM2, prompts: Sequence[Prompt], features: Tensor | None, max_new_tokens: int, step: Step | None = None
) -> DecodingBatch:
    """Read prompts of any lengths, with and without images, and leave room for `max_new_tokens` behind each.

    Args:
        features: (images, image_tokens, hidden_size), one for each prompt with an image, in their order.

    Raises:
        TooLargeError: a prompt is longer than the model's context.
        ValueError: there are not as many features as prompts with an image.
    """
    longest = max(len(prompt) for prompt in prompts)
    check_length(model.config, longest)
    capacity = min(longest + max_new_tokens, model.config.max_positions)
    cache = allocate_cache(model.config, len(prompts), capacity, model.dtype, model.device)
    batch = collate(prompts, model.config.pad_token_id, model.device)
    hidden = model.prefill(batch, features, cache)
    rows = DecodingBatch(model, cache, batch.lengths, [prompt.positions[-1] + 1 for prompt in prompts], step)
    rows.expect(batch.lengths, hidden)
    return rows


@dataclass(frozen=True, slots=True)
class Prefix:
    """The beginning of a prompt, read once: for each layer, keys and values (kv_heads, length, head_dim)."""

    keys: tuple[Tensor, ...]
    values: tuple[Tensor, ...]
    next_position: int

    @property
    def length(self) -> int:
        return self.keys[0].shape[1]

    def save(self, path: Path, model_identity: str) -> None:
        """Write it as safetensors; 128 KiB a token for the published sizes.

        Args:
            model_identity: what `load` has to ask for, see `cogdoc.cogvlm2.features.model_identity`.

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
        """Read what `save` wrote; only the model that wrote it can continue it.

        Raises:
            DamagedError: the file is not such a prefix, not whole, or another model's.
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
    """Read the beginning that several prompts share: everything up to the end of the image, or further.

    Args:
        features: (1, image_tokens, hidden_size), or None for a prompt without an image.

    Raises:
        TooLargeError: it is longer than the model's context.
    """
    check_length(model.config, len(prompt))
    cache = allocate_cache(model.config, 1, len(prompt), model.dtype, model.device)
    model.prefill(collate([prompt], model.config.pad_token_id, model.device), features, cache)
    length = len(prompt)
    return Prefix(
        keys=tuple(keys[0, :, :length] for keys in cache.keys),
        values=tuple(values[0, :, :length] for values in cache.values),
        next_position=prompt.positions[-1] + 1,
    )


@torch.inference_mode()
def fork(
    model: CogVLM2, prefix: Prefix, suffixes: Sequence[Sequence[int]], max_new_tokens: int, step: Step | None = None
) -> DecodingBatch:
    """Continue one prefix with several texts, each at least one token, and leave room for `max_new_tokens` behind each.

    Raises:
        TooLargeError: prefix and suffix together are longer than the model's context.
        ValueError: a suffix is empty.
    """
    longest = prefix.length + max(len(suffix) for suffix in suffixes)
    check_length(model.config, longest)
    capacity = min(longest + max_new_tokens, model.config.max_positions)
    cache = allocate_cache(model.config, len(suffixes), capacity, model.dtype, model.device)
    for storages, kept in ((cache.keys, prefix.keys), (cache.values, prefix.values)):
        for storage, heads in zip(storages, kept, strict=True):
            storage[:, :, : prefix.length] = heads
    batch = len(suffixes)
    rows = DecodingBatch(model, cache, [prefix.length] * batch, [prefix.next_position] * batch, step)
    rows.append(suffixes)
    return rows
