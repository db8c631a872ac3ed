"""Loading needs less memory on the device than reading does, so that the plan of reading is enough."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from allocations import Allocations
from safetensors.torch import save_file
from small_checkpoints import raw_config
from torch import Tensor

from benchmarks.full_size import weight_bytes
from cogdoc.cogvlm2.configuration import parse_config
from cogdoc.cogvlm2.loading import load_model
from cogdoc.cogvlm2.model import CogVLM2
from cogdoc.cogvlm2.published import PUBLISHED
from cogdoc.cogvlm2.reading_memory import reading_plan

SIZES = {"hidden_size": 256, "intermediate_size": 1024, "vocab_size": 4000}
LARGEST = 2 * SIZES["hidden_size"] * SIZES["intermediate_size"]
"""Bytes in bf16 of the largest weight that is quantized."""


class OnDevice(Allocations):
    """Counts what is loaded to the meta device: not the architecture, whose tensors are fp32, nor the mapped file."""

    def track(self, tensor: Tensor, counted: bool) -> None:
        if tensor.is_meta and tensor.dtype is not torch.float32:
            super().track(tensor, counted)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkpoint")
    raw = raw_config(**SIZES)
    (folder / "config.json").write_text(json.dumps(raw), encoding="utf-8")
    save_file(CogVLM2(parse_config(raw)).to(torch.bfloat16).state_dict(), folder / "model.safetensors")
    return folder


@pytest.mark.parametrize(
    ("quantization", "vision", "copies"),
    [("none", "bf16", 0.1), ("nf4", "quantized", 1.2), ("nf4", "bf16", 1.2), ("int8", "quantized", 2)],
)
def test_the_peak_of_loading_is_the_model_and_copies_of_one_weight(
    checkpoint: Path, quantization: Any, vision: Any, copies: float
) -> None:
    with OnDevice() as allocations:
        model = load_model(checkpoint, quantization=quantization, vision=vision, device="meta")
    assert allocations.peak <= weight_bytes(model) + copies * LARGEST


@pytest.mark.parametrize("offload", [False, True])
@pytest.mark.parametrize("quantization", ["none", "nf4", "int8"])
def test_copies_of_one_weight_take_less_than_reading(quantization: Any, offload: bool) -> None:
    planned = reading_plan(PUBLISHED, quantization, "cuda", offload=offload)
    largest = 2 * PUBLISHED.hidden_size * PUBLISHED.intermediate_size
    assert 2 * largest < planned.peak - planned.weights
