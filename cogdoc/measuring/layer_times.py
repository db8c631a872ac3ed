"""Times the decoder layers of a model, to tell what those that were left out would have taken."""

from __future__ import annotations

import time
from statistics import median
from typing import Any

from torch import nn
from torch.utils.hooks import RemovableHandle

from cogdoc.cogvlm2.configuration import ModelConfig
from cogdoc.cogvlm2.model import CogVLM2


class LayerTimes:
    """Notes the seconds of each layer's steps while it is entered; for the CPU, whose calls return when they are done.

    Nothing is missing if the model has all layers.
    """

    def __init__(self, model: CogVLM2, whole: ModelConfig) -> None:
        """
        Args:
            whole: the sizes with all layers.
        """
        self._missing = whole.num_layers - model.config.num_layers
        self._prompt_length = model.config.image_tokens
        self._layers = model.model.layers
        self._handles: list[RemovableHandle] = []
        self._seconds: list[float] = []
        self._started = 0.0

    def __enter__(self) -> LayerTimes:
        if self._missing:
            for layer in self._layers:
                self._handles.append(layer.register_forward_pre_hook(self._begin))
                self._handles.append(layer.register_forward_hook(self._end))
        return self

    def __exit__(self, *_: object) -> None:
        for handle in self._handles:
            handle.remove()

    def clear(self) -> None:
        self._seconds.clear()

    def missing_step(self) -> float:
        """Seconds of a step in the layers that are missing."""
        return self._missing * median(self._seconds) if self._missing else 0.0

    def _begin(self, _module: nn.Module, _inputs: Any) -> None:
        self._started = time.perf_counter()

    def _end(self, _module: nn.Module, inputs: tuple[Any, ...], _output: Any) -> None:
        if inputs[0].shape[1] < self._prompt_length:  # (batch, length, hidden_size)
            self._seconds.append(time.perf_counter() - self._started)
