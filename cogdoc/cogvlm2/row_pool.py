"""A batch that sequences join and leave while the others go on, in a cache that is allocated once."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from cogdoc.cogvlm2.batch import DecodingBatch, Prefix
from cogdoc.cogvlm2.cache import allocate_cache
from cogdoc.cogvlm2.model import CogVLM2
from cogdoc.cogvlm2.prompts import check_length
from cogdoc.cogvlm2.step_graphs import StepGraphs, static_length


class RowPool(DecodingBatch):
    """Rows that are in use are the first ones of the cache: a row that leaves is replaced by the last one."""

    def __init__(self, model: CogVLM2, rows: int, capacity: int, *, static: bool = False) -> None:
        """
        Args:
            rows: sequences side by side.
            capacity: the most tokens of each, prompt and answer together.
            static: take steps of few fixed shapes, which can be captured, see `step_graphs`.
        """
        self._whole = allocate_cache(model.config, rows, capacity, model.dtype, model.layer_devices)
        self.size = rows
        self.graphs = StepGraphs(model, self._whole) if static else None
        super().__init__(model, self._whole.rows(0, 0), [], [], None)

    @property
    def free(self) -> int:
        """The number of rows that nobody uses."""
        return self.size - len(self.lengths)

    @torch.inference_mode()
    def forward(self, tokens: Sequence[Sequence[int]]) -> Tensor:
        """See `DecodingBatch.forward`; the logits may have more columns, and the next call may overwrite them."""
        length = static_length(max(len(row) for row in tokens))
        if self.graphs is None or length is None:
            return super().forward(tokens)
        rows, in_use = self._rows(tokens, length)
        return self.graphs.run(torch.tensor(rows), in_use)

    @torch.inference_mode()
    def join(self, prefix: Prefix, suffixes: Sequence[Sequence[int]]) -> Tensor:
        """Add a row for each text (at least one token) that continues a prefix.

        Returns:
            The logits (len(suffixes), vocab_size) of the last token of each.

        Raises:
            TooLargeError: prefix and suffix together are longer than a row.
            ValueError: there are too few free rows, or a suffix is empty.
        """
        if len(suffixes) > self.free:
            raise ValueError(f"{len(suffixes)} rows for {self.free} free ones")
        check_length(prefix.length + max(map(len, suffixes)), self.capacity)
        first, end = len(self.lengths), len(self.lengths) + len(suffixes)
        cache = self._whole.rows(first, end)
        for storages, prefix_heads in ((cache.keys, prefix.keys), (cache.values, prefix.values)):
            for storage, heads in zip(storages, prefix_heads, strict=True):
                storage[:, :, : prefix.length] = heads
        count = len(suffixes)
        joining = DecodingBatch(self.model, cache, [prefix.length] * count, [prefix.next_position] * count, None)
        joining.append(suffixes)
        self.lengths += joining.lengths
        self._offsets += [prefix.next_position - prefix.length] * count
        self._cache = self._whole.rows(0, end)
        return joining.take_next_logits()

    @torch.inference_mode()
    def leave(self, row: int) -> None:
        """Free a row; the last row gets its number."""
        last = len(self.lengths) - 1
        used = self.lengths[last]
        for storage in (*self._whole.keys, *self._whole.values):
            storage[row, :, :used] = storage[last, :, :used]
        self.lengths[row], self._offsets[row] = self.lengths[last], self._offsets[last]
        self.lengths.pop()
        self._offsets.pop()
        self._cache = self._whole.rows(0, last)
