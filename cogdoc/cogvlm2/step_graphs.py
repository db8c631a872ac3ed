"""Decode steps of fixed shapes, which on CUDA are captured as graphs: one launch instead of one for each kernel.

A step runs hundreds of small kernels, and launching each takes time in which the device has nothing to do. A graph
(https://docs.pytorch.org/docs/stable/notes/cuda.html#cuda-graphs) repeats the kernels of a captured step at the same
addresses. So its inputs are written to a buffer, its cache is allocated once for all rows, and rows that join or leave
only change which of its rows and slots are in use. Tokens and slots are rounded up, so that there are few shapes; each
is captured when it has come up some times.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from cogdoc.cogvlm2.batch import step_logits
from cogdoc.cogvlm2.cache import KVCache
from cogdoc.cogvlm2.model import CogVLM2
from cogdoc.cogvlm2.quantized_parts import QuantizedLayer
from cogdoc.cogvlm2.reading_memory import STATIC_TOKENS
from cogdoc.errors import is_out_of_memory

if TYPE_CHECKING:
    from torch.cuda import _POOL_HANDLE

LENGTHS = (1, 2, 4, 8, STATIC_TOKENS)
"""Tokens of each row, drafts included; passes of more are not captured."""

SLOT_STEP = 1024
"""A step attends to a multiple of so many slots, or to all."""

CAPTURE_AT = 3
"""How often a shape comes up before it is captured, which takes as long as some steps."""

KEPT_SHAPES = 48
"""Shapes whose graphs are kept: each has megabytes of its own, and all share the memory of one step."""


def can_be_captured(model: CogVLM2) -> bool:
    """Whether the steps of a model are on one GPU, and no kernel waits for it."""
    waits = any(isinstance(layer, QuantizedLayer) and layer.waits_for_device for layer in model.modules())
    devices = {model.device, model.lm_head.weight.device, *model.layer_devices}
    return model.device.type == "cuda" and len(devices) == 1 and model.arithmetic == "precise" and not waits


def static_length(tokens: int) -> int | None:
    """The tokens to which those of a row are rounded up; None if they are too many."""
    return next((length for length in LENGTHS if tokens <= length), None)


class StaticStep:
    """A decode step for one shape. It reads its inputs from a buffer."""

    def __init__(self, model: CogVLM2, cache: KVCache, length: int) -> None:
        """
        Args:
            cache: the rows and slots of it; not a copy.
            length: tokens of each row.
        """
        self._model = model
        self._cache = cache
        self.inputs = torch.zeros(3, cache.keys[0].shape[0], length, dtype=torch.long, device=model.device)
        """Token ids, positions and slots, each (rows, length)."""
        self._runs = 0
        self._graph: torch.cuda.CUDAGraph | None = None
        self._logits: Tensor | None = None

    @property
    def is_captured(self) -> bool:
        return self._graph is not None

    def compute(self) -> Tensor:
        """The logits (rows, length, vocab_size) of the inputs; nothing in it waits for the device."""
        token_ids, positions, slots = self.inputs.unbind()
        return step_logits(self._model, token_ids, positions, slots, self._cache)

    def run(self, inputs: Tensor) -> Tensor:
        """Compute the logits (rows, length, vocab_size) of inputs (3, rows, length) in main memory.

        A graph writes the logits of its next run to the same memory.
        """
        self.inputs.copy_(inputs)
        self._runs += 1
        if self._graph is None or self._logits is None:
            return self.compute()
        self._graph.replay()
        return self._logits

    @property
    def is_due(self) -> bool:
        """Whether it has come up so often that capturing pays."""
        return self._graph is None and self._runs + 1 >= CAPTURE_AT

    def capture(self, inputs: Tensor, pool: _POOL_HANDLE) -> None:
        """Capture the step. What that computes is what these inputs, which come next, write again."""
        self.inputs.copy_(inputs)
        device = self._model.device
        with torch.cuda.device(device):
            stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
            stream.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(stream):
                self.compute()  # kernels that choose or compile themselves do it now
            torch.cuda.current_stream().wait_stream(stream)
            graph = torch.cuda.CUDAGraph()
            # Other threads may use the device for other things.
            with torch.cuda.graph(graph, pool=pool, capture_error_mode="thread_local"):
                self._logits = self.compute()
        self._graph = graph


class StepGraphs:
    """The steps of a cache, for all its shapes. On other devices than CUDA they run uncaptured."""

    def __init__(self, model: CogVLM2, cache: KVCache) -> None:
        self._model = model
        self._cache = cache
        self._steps: OrderedDict[tuple[int, int, int], StaticStep] = OrderedDict()
        self._captures = model.device.type == "cuda"
        self._pool: _POOL_HANDLE | None = None
        self.failure: str | None = None
        """Why a step could not be captured; from then on steps run uncaptured."""

    @property
    def captured(self) -> int:
        """How many shapes are captured."""
        return sum(step.is_captured for step in self._steps.values())

    def run(self, inputs: Tensor, in_use: int) -> Tensor:
        """Compute the logits (rows, length, vocab_size) of the first rows of the cache.

        Args:
            inputs: token ids, positions and slots (3, rows, length) in main memory; `length` is one of `LENGTHS`.
            in_use: slots that are.
        """
        _, rows, length = inputs.shape
        slots = min(-(-in_use // SLOT_STEP) * SLOT_STEP, self._cache.slots)
        key = rows, length, slots
        step = self._steps.get(key)
        if step is None:
            step = StaticStep(self._model, self._cache.rows(0, rows).truncated(slots), length)
        self._steps[key] = step
        self._steps.move_to_end(key)
        if len(self._steps) > KEPT_SHAPES:
            self._steps.popitem(last=False)
        if self._captures and step.is_due:
            self._capture(step, inputs)
        return step.run(inputs)

    def _capture(self, step: StaticStep, inputs: Tensor) -> None:
        try:
            self._pool = self._pool or torch.cuda.graph_pool_handle()
            step.capture(inputs, self._pool)
        except RuntimeError as error:
            if is_out_of_memory(error):
                raise
            self._captures, self.failure = False, str(error).partition("\n")[0]
