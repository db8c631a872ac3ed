"""Applies a LoRA adapter to a loaded model: as side products of its layers, which may be quantized."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from cogdoc.cogvlm2.adapters import Adapter, LowRankUpdate
from cogdoc.cogvlm2.checkpoint import TensorReader
from cogdoc.cogvlm2.folder_files import shorten
from cogdoc.cogvlm2.model import CogVLM2
from cogdoc.cogvlm2.quantized_parts import QuantizedLayer
from cogdoc.errors import ConfigurationError

NAMED_MODULES = 6
"""An error names at most this many layers."""


class LoraLinear(nn.Module):
    """A linear layer with a low-rank update beside it: `base(x) + scaling * (up @ down @ x + bias)`.

    The layer is not changed, so the update keeps its precision whatever that of the layer is.
    """

    def __init__(self, base: nn.Module, down: Tensor, up: Tensor, bias: Tensor | None, scaling: float) -> None:
        super().__init__()
        self.base = base
        self.scaling = scaling
        self.down = nn.Parameter(down, requires_grad=False)
        self.up = nn.Parameter(up, requires_grad=False)
        self.bias = None if bias is None else nn.Parameter(bias, requires_grad=False)

    @property
    def weight(self) -> Tensor:
        """That of the layer, without the update."""
        return cast(Tensor, self.base.weight)

    def forward(self, hidden: Tensor) -> Tensor:
        update = functional.linear(functional.linear(hidden, self.down), self.up, self.bias)
        return self.base(hidden) + self.scaling * update


@torch.no_grad()
def apply_adapter(model: CogVLM2, adapter: Adapter) -> None:
    """Change a loaded model to what the adapter was trained to.

    Raises:
        CheckpointError: the adapter's file is damaged.
        ConfigurationError: the adapter does not fit the model.
    """
    check_fit(adapter, model)
    with TensorReader(adapter.stored) as reader:
        for name, key in adapter.replaced.items():
            _replace(model, name, reader.read(key))
        for name, update in adapter.updates.items():
            base = model.get_submodule(name)
            device = next(itertools.chain(base.parameters(), base.buffers())).device

            def read(key: str, device: torch.device = device) -> Tensor:
                return reader.read(key).to(device, model.dtype, copy=True)

            bias = None if update.bias is None else read(update.bias)
            layer = LoraLinear(base, read(update.down), read(update.up), bias, update.scaling)
            model.set_submodule(name, layer.eval())


def check_fit(adapter: Adapter, model: nn.Module) -> None:
    """Compare an adapter with the model, which may be quantized, or on the meta device.

    Raises:
        ConfigurationError: a layer or tensor does not exist, or has another shape; the message names those that exist.
    """
    layers = {name: module for name, module in model.named_modules() if _is_linear(module)}
    if unknown := [module for module in adapter.updates if module not in layers]:
        kinds = sorted({name.rpartition(".")[2] for name in layers})
        raise ConfigurationError(
            f"{adapter.folder}: adapts layers that CogVLM2 does not have: {_listed(unknown)}",
            f"its linear layers are called {', '.join(kinds)}",
        )
    for name, update in adapter.updates.items():
        layer: Any = layers[name]
        rank = adapter.stored[update.down].shape[0]
        shapes: dict[str, tuple[int, ...]] = {
            update.down: (rank, layer.in_features),
            update.up: (layer.out_features, rank),
        }
        if update.bias is not None:
            shapes[update.bias] = (layer.out_features,)
        _check_shapes(adapter, shapes)
    shapes = {}
    for name, key in adapter.replaced.items():
        shape = _shape_of(model, name)
        if shape is None:
            raise ConfigurationError(
                f"{adapter.folder}: has the tensor {shorten(key)}, which CogVLM2 does not have",
                "cogdoc applies LoRA adapters that PEFT saved, with the names of the published modelling code",
            )
        shapes[key] = shape
    _check_shapes(adapter, shapes)


def merged(weight: Tensor, update: LowRankUpdate, reader: TensorReader) -> Tensor:
    """The weight (out_features, in_features) with the update added, computed in fp32."""
    product = reader.read(update.up).float() @ reader.read(update.down).float()
    return (weight.float() + update.scaling * product).to(weight.dtype)


def _replace(model: CogVLM2, name: str, tensor: Tensor) -> None:
    path, _, leaf = name.rpartition(".")
    module = model.get_submodule(path)
    if leaf == "weight" and isinstance(module, QuantizedLayer):
        device = next(itertools.chain(module.parameters(), module.buffers())).device
        module.quantize(tensor.to(device, model.dtype, copy=True))
        return
    old = module._parameters.get(leaf, module._buffers.get(leaf))
    assert old is not None  # see `check_fit`
    tensor = tensor.to(old.device, old.dtype, copy=True)
    if leaf in module._buffers:
        module._buffers[leaf] = tensor
    else:
        module.register_parameter(leaf, nn.Parameter(tensor, requires_grad=False))


def _is_linear(module: nn.Module) -> bool:
    return isinstance(module, (nn.Linear, QuantizedLayer))


def _shape_of(model: nn.Module, name: str) -> tuple[int, ...] | None:
    """The shape of a tensor of the model, unquantized; None if there is no such tensor."""
    path, _, leaf = name.rpartition(".")
    try:
        module: Any = model.get_submodule(path)
    except AttributeError:
        return None
    if leaf == "weight" and _is_linear(module):
        return (module.out_features, module.in_features)
    tensor = module._parameters.get(leaf, module._buffers.get(leaf))
    return None if tensor is None else tuple(tensor.shape)


def _check_shapes(adapter: Adapter, shapes: Mapping[str, tuple[int, ...]]) -> None:
    for key, shape in shapes.items():
        if adapter.stored[key].shape != shape:
            raise ConfigurationError(
                f"{adapter.folder}: {shorten(key)} has the shape {list(adapter.stored[key].shape)}, "
                f"but the model needs {list(shape)}",
                "was it trained on this checkpoint?",
            )


def _listed(names: Iterable[str]) -> str:
    names = sorted(names)
    more = f" and {len(names) - NAMED_MODULES} more" if len(names) > NAMED_MODULES else ""
    return ", ".join(map(shorten, names[:NAMED_MODULES])) + more
