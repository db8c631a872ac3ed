"""Devices without bf16 compute in fp16, and numbers that exceed its range are an error, not nonsense."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from small_checkpoints import outputs, random_weights, relative_error, save_checkpoint

from cogdoc.cogvlm2.loading import load_model
from cogdoc.cogvlm2.quantization import Linear4bit
from cogdoc.cogvlm2.writing import write_quantized
from cogdoc.errors import ResourceError

HUGE = {
    "vision": "model.vision.transformer.layers.1.mlp.fc1.weight",
    "language": "model.layers.0.mlp.{}.up_proj.weight",
}


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_checkpoint(tmp_path_factory.mktemp("full") / "checkpoint", random_weights())


@pytest.mark.parametrize("quantization", ["none", "nf4"])
def test_fp16_takes_the_place_of_bf16(full: Path, quantization: str) -> None:
    model = load_model(full, quantization=quantization, compute="float16")  # type: ignore[arg-type]
    assert model.dtype is torch.float16
    expected = load_model(full, quantization=quantization, dtype=torch.float32)  # type: ignore[arg-type]
    for actual, exact in zip(outputs(model), outputs(expected), strict=True):
        assert relative_error(actual, exact) < 0.02


def test_a_4_bit_checkpoint_is_expanded_to_fp16_at_once(full: Path, tmp_path: Path) -> None:
    write_quantized(full, tmp_path / "nf4")
    model = load_model(tmp_path / "nf4", compute="float16")
    layers = [layer for layer in model.modules() if isinstance(layer, Linear4bit)]
    assert {layer.state.dtype for layer in layers} == {torch.float16}
    expected = load_model(full, quantization="nf4", dtype=torch.float32)
    for actual, exact in zip(outputs(model), outputs(expected), strict=True):
        assert relative_error(actual, exact) < 0.02


def test_other_dtypes_than_bf16_stay(tmp_path: Path) -> None:
    folder = save_checkpoint(tmp_path / "checkpoint", random_weights(torch.float32))
    assert load_model(folder, dtype=torch.float32, compute="float16").dtype is torch.float32


@pytest.mark.parametrize("part", ["vision", "language"])
def test_an_overflow_is_an_error_that_names_the_part(tmp_path: Path, part: str) -> None:
    """The same weights in bf16, which has the range of fp32, are no problem."""
    weights = random_weights()
    for expert in ("vision_mlp", "language_mlp"):
        weights[HUGE[part].format(expert)] *= 3e4
    if part == "vision":  # the norm after the MLP hides finite numbers of any size
        weights["model.vision.transformer.layers.1.mlp.fc2.weight"] *= 10
    folder = save_checkpoint(tmp_path / "checkpoint", weights)
    with pytest.raises(ResourceError, match=f"a number in the {part} .* exceeds the range of fp16"):
        outputs(load_model(folder, compute="float16"))
    assert all(output.isfinite().all() for output in outputs(load_model(folder)))
