"""Measures the tensor memory of a computation by tracking its storages. Also works for meta tensors."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from cogdoc.cogvlm2.quantization import bitsandbytes


class Allocations(TorchDispatchMode):
    """Tracks every storage that operators create in the context, until its last tensor is freed.

    Storages that existed before do not count. Temporary memory inside a kernel is not visible, with one exception: the
    4-bit product is decomposed, since the weight that it expands is larger than its result.
    """

    def __init__(self) -> None:
        super().__init__()
        self.current = 0
        self.peak = 0
        self._known: dict[int, weakref.finalize[..., Any]] = {}
        self._kernels = _AsOnDevice(self)

    def __enter__(self) -> Allocations:
        self._kernels.__enter__()
        super().__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        self._kernels.__exit__(*error)

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        created_outside = func is torch.ops.aten.lift_fresh.default  # what torch.tensor creates on a real device
        for tensor in _tensors((args, kwargs)):
            self.track(tensor, counted=created_outside)
        result = func(*args, **(kwargs or {}))
        for tensor in _tensors(result):
            self.track(tensor, counted=True)
        return result

    def track(self, tensor: Tensor, counted: bool) -> None:
        storage = tensor.untyped_storage()
        key = storage._cdata
        if key in self._known:
            return
        size = storage.nbytes() if counted else 0
        self.current += size
        self.peak = max(self.peak, self.current)
        self._known[key] = weakref.finalize(storage, self._forget, key, size)

    def _forget(self, key: int, size: int) -> None:
        del self._known[key]
        self.current -= size


class _AsOnDevice(TorchFunctionMode):
    """Decomposes the 4-bit kernel, and uses for meta tensors the attention that real ones use on CUDA."""

    def __init__(self, allocations: Allocations) -> None:
        super().__init__()
        self._allocations = allocations

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if func is functional.scaled_dot_product_attention and args[0].is_meta:
            return _fused_attention(*args, **kwargs)  # torch would materialize the scores
        if func is torch.ops.bitsandbytes.gemm_4bit.default:
            return bitsandbytes.backends.default.ops._gemm_4bit_default_impl(*args, **kwargs)
        result = func(*args, **kwargs)
        if func is torch.tensor:  # which bypasses the dispatcher on meta
            self._allocations.track(result, counted=True)
        return result


def _fused_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    is_causal: bool = False,
    enable_gqa: bool = False,
) -> Tensor:
    assert enable_gqa or query.shape[1] == key.shape[1]
    if attn_mask is not None:  # otherwise torch copies it on CUDA before calling the kernel
        assert attn_mask.dtype == query.dtype
        assert attn_mask.stride(-1) == 1
        assert all(stride % 8 == 0 for stride in attn_mask.stride()[:-1])
    kernel: Callable[..., tuple[Tensor, Tensor]] = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
    return kernel(query, key, value, is_causal=is_causal, attn_mask=attn_mask)[0]


def _tensors(tree: Any) -> list[Tensor]:
    return [leaf for leaf in tree_leaves(tree) if isinstance(leaf, Tensor)]


def allocated_by_cpu(compute: Callable[[], object]) -> int:
    """The peak bytes of torch's CPU allocator during `compute`, including temporaries inside kernels."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profile:
        compute()
    events = profile.profiler.kineto_results.events()  # type: ignore[union-attr]
    changes = sorted((event.start_ns(), event.nbytes()) for event in events if event.name() == "[memory]")
    current = peak = 0
    for _, size in changes:
        current += size
        peak = max(peak, current)
    return peak
