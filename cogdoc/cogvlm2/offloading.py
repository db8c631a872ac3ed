"""Keeps the vision tower and the visual experts in main memory, and copies them to the device layer by layer.

Reading an image uses each of these weights once, and decoding none. So they are copied once per image however long they
stay, and copying each layer just before it runs takes the least memory: that of two layers, since the next layer is
copied while one computes. On CUDA the copies are asynchronous, from page-locked memory.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Sequence
from math import prod

import torch
from torch import Tensor, nn

from cogdoc.cogvlm2.language import DecoderLayer
from cogdoc.cogvlm2.model import CogVLM2
from cogdoc.cogvlm2.quantized_parts import QuantizedLayer
from cogdoc.cogvlm2.tensor_memory import padded
from cogdoc.errors import ResourceError


def offload(model: CogVLM2, device: torch.device) -> None:
    """Move the weights that decoding does not use to main memory; passes copy them to `device`, where the others are.

    Outputs stay the same to the bit. The small tensors of the vision tower that belong to no layer stay on the device.
    """
    tower = model.model.vision
    vision: list[list[nn.Module]] = [
        [tower.patch_embedding],
        *([layer] for layer in tower.transformer.layers),
        [tower.conv, tower.linear_proj],
    ]
    experts = [vision_experts(layer) for layer in model.model.layers if isinstance(layer, DecoderLayer)]
    model.is_offloaded = True
    for stages in (vision, experts):
        _Schedule([_Stage(modules, device) for modules in stages], device)


def is_offloaded(name: str) -> bool:
    """Whether `offload` moves the tensor of this name."""
    in_tower = name.startswith("model.vision.") and not name.endswith((".boi", ".eoi"))
    return in_tower or ".vision_expert_" in name or ".vision_mlp." in name


def vision_experts(layer: DecoderLayer) -> list[nn.Module]:
    """The modules of a layer that only image tokens pass, in the order in which they run."""
    attention = layer.self_attn
    return [attention.vision_expert_query_key_value, attention.vision_expert_dense, layer.mlp.vision_mlp]


class _Stage:
    """Modules whose weights are on the device together: from the first module's pass to the end of the last one's.

    Its weights are one block of bytes, so that they are copied at once.
    """

    def __init__(self, modules: Sequence[nn.Module], device: torch.device) -> None:
        self.modules = modules
        self._parts = [part for module in modules for part in module.modules()]
        self._device = device
        tensors = [tensor for part in self._parts for tensor in _weights(part)]
        self._layout = _layout(tensors)
        size = sum(padded(tensor.nbytes) for tensor in tensors)
        self._host = torch.empty(size, dtype=torch.uint8)
        for view, tensor in zip(_views(self._host, self._layout), tensors, strict=True):
            view.copy_(tensor)
        if device.type == "cuda":
            _page_lock(self._host)
        self._block: Tensor | None = None
        self._copied: torch.cuda.Event | None = None
        self._set(self._host)

    @property
    def is_on_device(self) -> bool:
        return self._block is not None

    def copy(self, stream: torch.cuda.Stream | None) -> None:
        """Start copying the weights to the device, on `stream` if there is one."""
        # Allocated on the computing stream, which frees it: its memory may be that of a layer that still computes.
        self._block = torch.empty_like(self._host, device=self._device)
        if stream is None:
            self._block.copy_(self._host)
            return
        stream.wait_stream(torch.cuda.current_stream(self._device))
        with torch.cuda.stream(stream):
            self._block.copy_(self._host, non_blocking=True)
            self._copied = stream.record_event()

    def enter(self) -> None:
        """Let the modules use the copy, once it is complete."""
        assert self._block is not None
        self._wait_for_copy()
        self._set(self._block)

    def leave(self) -> None:
        """Free the copy."""
        if self.is_on_device:
            self._wait_for_copy()  # which a cancelled pass may have left behind
            self._set(self._host)
            self._block = self._copied = None

    def _wait_for_copy(self) -> None:
        """Let the computing stream wait, not this thread."""
        if self._copied is not None:
            torch.cuda.current_stream(self._device).wait_event(self._copied)

    def _set(self, block: Tensor) -> None:
        views = iter(_views(block, self._layout))
        for part in self._parts:
            _replace_weights(part, views)


class _Schedule:
    """Stages that run one after another; while one runs, the next one is copied.

    A pass may end early, by an error or because it is cancelled; the next pass frees what it left on the device.
    """

    def __init__(self, stages: Sequence[_Stage], device: torch.device) -> None:
        self._stages = stages
        self._stream = torch.cuda.Stream(device) if device.type == "cuda" else None  # type: ignore[no-untyped-call]
        for index, stage in enumerate(stages):
            stage.modules[0].register_forward_pre_hook(lambda *_, index=index: self._enter(index))
            stage.modules[-1].register_forward_hook(lambda *_, stage=stage: stage.leave())

    def _enter(self, index: int) -> None:
        for other, stage in enumerate(self._stages):
            if other not in (index, index + 1):
                stage.leave()
        for stage in self._stages[index : index + 2]:
            if not stage.is_on_device:
                stage.copy(self._stream)
        self._stages[index].enter()


def _weights(part: nn.Module) -> Iterator[Tensor]:
    """The tensors of a module itself, without those of its parts, in a fixed order."""
    if isinstance(part, QuantizedLayer):
        yield from part.parts().values()
    for _, tensor in _own_tensors(part):
        yield tensor.detach()


def _replace_weights(part: nn.Module, tensors: Iterator[Tensor]) -> None:
    """Replace the tensors that `_weights` gives, in its order."""
    if isinstance(part, QuantizedLayer):
        part.replace_parts({name: next(tensors) for name in part.parts()})
    for name, old in list(_own_tensors(part)):
        tensor = next(tensors)
        if isinstance(old, nn.Parameter):
            part.register_parameter(name, nn.Parameter(tensor, requires_grad=False))
        else:
            part._buffers[name] = tensor


def _own_tensors(module: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """The parameters and buffers of a module itself, without the weight of a quantized layer."""
    own = [*module.named_parameters(recurse=False), *module.named_buffers(recurse=False)]
    hidden = ("weight", "codes") if isinstance(module, QuantizedLayer) else ()
    return ((name, tensor) for name, tensor in own if name not in hidden)


def _layout(tensors: Sequence[Tensor]) -> list[tuple[int, torch.dtype, torch.Size]]:
    """The offset in the block, the dtype and the shape of each tensor."""
    offset, layout = 0, []
    for tensor in tensors:
        layout.append((offset, tensor.dtype, tensor.shape))
        offset += padded(tensor.nbytes)
    return layout


def _views(block: Tensor, layout: Sequence[tuple[int, torch.dtype, torch.Size]]) -> Iterator[Tensor]:
    for offset, dtype, shape in layout:
        yield block[offset : offset + prod(shape) * dtype.itemsize].view(dtype).view(shape)


def _page_lock(block: Tensor) -> None:
    """Register memory with the driver, so that it is copied asynchronously.

    torch's own page-locked memory is rounded up to powers of two, which would waste a third.

    Raises:
        ResourceError: the driver refuses.
    """
    runtime = torch.cuda.cudart()  # type: ignore[no-untyped-call]
    if runtime.cudaHostRegister(block.data_ptr(), block.nbytes, 0) != runtime.cudaError.success:
        raise ResourceError(f"the CUDA driver cannot page-lock {block.nbytes / 1e6:.0f} MB of main memory")
    weakref.finalize(block.untyped_storage(), runtime.cudaHostUnregister, block.data_ptr())
