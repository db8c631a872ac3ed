"""Attention without a fused kernel: the same numbers, and never all scores in memory."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from parity_folders import FIXTURES
from passes import bare, decode_tokens, encode_images, prefill_prompts, tracked
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel

from benchmarks.parity.__main__ import main
from cogdoc.cogvlm2 import tensor_memory
from cogdoc.cogvlm2.attention import attention, chunked_attention, has_fused_kernel
from cogdoc.cogvlm2.memory import plan
from cogdoc.cogvlm2.published import PUBLISHED
from cogdoc.cogvlm2.tensor_memory import SCORE_BYTES, chunk_rows

FP32_FIXTURES = [folder for folder in FIXTURES if "bf16" not in folder.name]


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(("heads", "kv_heads"), [(6, 2), (4, 4), (3, 1)])
@pytest.mark.parametrize("rows", [1, 7, 40, 1000])
def test_chunks_give_what_attention_gives(
    monkeypatch: pytest.MonkeyPatch, heads: int, kv_heads: int, rows: int, causal: bool
) -> None:
    torch.manual_seed(0)
    batch, length, width = 2, 40, 16
    query = torch.randn(batch, length, heads, width).transpose(1, 2)
    key, value = torch.randn(2, batch, length, kv_heads, width).transpose(2, 3)
    expected = functional.scaled_dot_product_attention(query, key, value, is_causal=causal, enable_gqa=True)
    monkeypatch.setattr(tensor_memory, "SCORE_BYTES", rows * tensor_memory.BYTES_PER_SCORE * batch * heads * length)
    assert chunk_rows(batch * heads, length, length) == min(rows, length)
    actual = chunked_attention(query, key, value, causal=causal)
    torch.testing.assert_close(actual, expected, atol=2e-6, rtol=1e-5)


def test_chunks_are_used_only_where_no_kernel_is_fused() -> None:
    heads = torch.randn(1, 2, 9, 8)
    assert has_fused_kernel(heads, heads, heads, causal=False)
    expected = chunked_attention(heads, heads, heads, causal=True)
    with sdpa_kernel(SDPBackend.MATH):
        assert not has_fused_kernel(heads, heads, heads, causal=True)
        assert torch.equal(attention(heads, heads, heads, causal=True), expected)


@pytest.mark.parametrize("folder", FP32_FIXTURES, ids=lambda folder: folder.name)
def test_the_model_gives_what_the_fixtures_hold(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tensor_memory, "SCORE_BYTES", 4096)  # a few queries at a time
    with sdpa_kernel(SDPBackend.MATH):
        assert main([str(folder)]) == 0


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
def test_the_plan_without_a_fused_kernel_is_what_the_published_size_allocates(dtype: Any) -> None:
    """With two layers of each kind: more layers add no activations."""
    config = replace(PUBLISHED, num_layers=2, vision=replace(PUBLISHED.vision, num_layers=2))
    model, length = bare(config, dtype), 4866
    planned = plan(config, "none", length=length, fused_attention=False, dtype_bytes=dtype.itemsize)
    with sdpa_kernel(SDPBackend.MATH):
        image = tracked(encode_images(model, 1))
        prompts = max(tracked(prefill_prompts(model, 1, length, with_image)) for with_image in (False, True))
        step = tracked(decode_tokens(model, 1, length, 1))
    assert image <= planned.vision.size <= 1.04 * image
    assert prompts <= planned.prompt.size <= 1.1 * prompts
    assert step <= planned.step.size


def test_the_scores_of_an_image_never_exist_at_once() -> None:
    vision = PUBLISHED.vision
    all_scores = 2 * vision.num_heads * vision.num_positions**2
    assert all_scores > 2.7e9
    fused, chunked = (plan(PUBLISHED, "nf4", fused_attention=fused).vision.size for fused in (True, False))
    assert chunked - fused < SCORE_BYTES < all_scores / 20
