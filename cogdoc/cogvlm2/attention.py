"""Attention over whole prompts and images, never with all scores in memory.

PyTorch's fused kernels keep no scores. Where it has none for the device, dtype and heads, it materializes them: 2.7 GB
for the 9,217 x 9,217 scores of 16 heads. Then the queries are processed in chunks instead.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.backends import cuda
from torch.nn import functional

from cogdoc.cogvlm2.tensor_memory import chunk_rows


def attention(query: Tensor, key: Tensor, value: Tensor, *, causal: bool = False) -> Tensor:
    """Scaled dot-product attention of tokens to each other, or with `causal` to themselves and earlier ones.

    Args:
        query: (batch, heads, length, head_dim).
        key, value: (batch, kv_heads, length, head_dim); consecutive query heads share a key head.

    Returns:
        (batch, heads, length, head_dim).
    """
    group = query.shape[1] // key.shape[1]
    if has_fused_kernel(query, key, value, causal=causal):
        return functional.scaled_dot_product_attention(query, key, value, is_causal=causal, enable_gqa=group > 1)
    if group > 1:
        # The memory-efficient kernel, the only one on cards before compute capability 8.0, cannot share heads.
        keys, values = (heads.repeat_interleave(group, dim=1) for heads in (key, value))
        if has_fused_kernel(query, keys, values, causal=causal):
            return functional.scaled_dot_product_attention(query, keys, values, is_causal=causal)
        del keys, values
    return chunked_attention(query, key, value, causal=causal)


def has_fused_kernel(query: Tensor, key: Tensor, value: Tensor, *, causal: bool) -> bool:
    """Whether PyTorch has a kernel for these tensors that does not materialize the scores."""
    if query.device.type in ("cpu", "meta"):
        # For all dtypes and heads; `torch.nn.attention.sdpa_kernel` disables it.
        return bool(cuda.flash_sdp_enabled())  # type: ignore[no-untyped-call]
    if query.device.type != "cuda":
        return True
    shared = query.shape[1] != key.shape[1]
    parameters = cuda.SDPAParams(query, key, value, None, 0.0, causal, shared)
    return (
        cuda.can_use_flash_attention(parameters)
        or cuda.can_use_efficient_attention(parameters)
        or cuda.can_use_cudnn_attention(parameters)
    )


def chunked_attention(query: Tensor, key: Tensor, value: Tensor, *, causal: bool) -> Tensor:
    """`attention` with the scores of a few queries in memory at a time; the softmax is computed in fp32."""
    batch, heads, length, head_dim = query.shape
    kv_heads = key.shape[1]
    grouped = query.view(batch, kv_heads, -1, length, head_dim)  # (batch, kv_heads, group, length, head_dim)
    key, value = key.contiguous(), value.contiguous()
    result = torch.empty_like(grouped, memory_format=torch.contiguous_format)
    rows = chunk_rows(batch * heads, length, length)
    for start in range(0, length, rows):
        end = min(start + rows, length)
        visible = end if causal else length
        part = (grouped[:, :, :, start:end] * head_dim**-0.5).flatten(2, 3)
        scores = part @ key[:, :, :visible].transpose(-1, -2)  # (batch, kv_heads, group * rows, visible)
        if causal:
            later = torch.ones(end - start, visible, dtype=torch.bool, device=query.device).triu_(start + 1)
            scores.view(batch, kv_heads, -1, end - start, visible).masked_fill_(later, -torch.inf)
        weights = scores.softmax(-1, dtype=torch.float32).to(query.dtype)
        del scores
        result[:, :, :, start:end] = (weights @ value[:, :, :visible]).view(batch, kv_heads, -1, end - start, head_dim)
        del weights
    return result.flatten(1, 2)
