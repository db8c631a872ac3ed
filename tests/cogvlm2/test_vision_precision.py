"""The vision tower stays in 16 bits where only the language side is quantized."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from bitsandbytes.functional import has_avx512bf16
from parity_folders import FIXTURES
from PIL import Image
from safetensors.torch import load_file
from small_checkpoints import outputs, random_weights, relative_error, save_checkpoint, snapshot
from torch import nn

from benchmarks.full_size import weight_bytes
from cogdoc.cogvlm2.configuration import read_raw_config
from cogdoc.cogvlm2.loading import load_model
from cogdoc.cogvlm2.memory import RUNTIME_BYTES, plan
from cogdoc.cogvlm2.model import CogVLM2
from cogdoc.cogvlm2.pixels import to_pixels
from cogdoc.cogvlm2.precision import stored_vision_precision
from cogdoc.cogvlm2.published import PUBLISHED
from cogdoc.cogvlm2.quantization import Linear4bit, Linear8bit
from cogdoc.cogvlm2.reading_memory import default_vision_precision, reading_plan, required_memory
from cogdoc.cogvlm2.tensor_memory import Device
from cogdoc.cogvlm2.writing import write_quantized
from cogdoc.errors import UsageError

GIB = 2**30
BF16_FIXTURES = [folder for folder in FIXTURES if "bf16" in folder.name]


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_checkpoint(tmp_path_factory.mktemp("full") / "checkpoint", random_weights())


@pytest.fixture(scope="module")
def mixed(full: Path) -> Path:
    """An NF4 checkpoint with the vision tower in bf16."""
    folder = full.with_name("mixed")
    write_quantized(full, folder, "nf4", vision="bf16")
    return folder


def quantized_layers(model: CogVLM2) -> set[str]:
    return {name for name, module in model.named_modules() if isinstance(module, Linear4bit | Linear8bit)}


@pytest.mark.parametrize("quantization", ["nf4", "int8"])
def test_features_are_those_of_the_full_model(full: Path, quantization: Any) -> None:
    model = load_model(full, quantization=quantization, vision="bf16")
    expected, logits = outputs(load_model(full))
    features, mixed_logits = outputs(model)
    assert torch.equal(features, expected)
    assert 0 < relative_error(mixed_logits, logits) < 0.6
    names = quantized_layers(model)
    assert names
    assert not any(name.startswith("model.vision.") for name in names)
    linears = {name for name, module in model.named_modules() if isinstance(module, nn.Linear)}
    assert {name for name in linears - names if "vision_expert" in name or "layers" in name} == {
        name for name in linears if name.startswith("model.vision.transformer.layers")
    }


@pytest.mark.parametrize("folder", BF16_FIXTURES, ids=lambda folder: folder.name)
def test_features_are_those_of_the_parity_fixtures(folder: Path) -> None:
    model = load_model(folder, quantization="nf4", vision="bf16")
    whole = load_model(folder, quantization="nf4")
    expected = load_file(folder / "expected.safetensors")["image_features"][0].float()

    def error(model: CogVLM2) -> float:
        pixels = to_pixels(Image.open(folder / "img_0.png"), model.config.vision)
        return relative_error(model.image_features(pixels[None])[0], expected)

    assert error(model) < 0.01
    assert error(whole) > 5 * error(model)


def test_a_written_checkpoint_records_and_keeps_the_precision(full: Path, mixed: Path) -> None:
    raw = read_raw_config(mixed)
    assert stored_vision_precision(raw) == "bf16"
    loaded = load_model(mixed)
    expected = snapshot(load_model(full, quantization="nf4", vision="bf16"))
    actual = snapshot(loaded)
    assert actual.keys() == expected.keys()
    assert all(torch.equal(actual[name], expected[name]) for name in expected)
    from transformers.quantizers.quantizers_utils import should_convert_module

    skipped = raw["quantization_config"]["llm_int8_skip_modules"]
    linears = [name for name, module in loaded.named_modules() if isinstance(module, nn.Linear | Linear4bit)]
    assert {name for name in linears if should_convert_module(name, skipped)} == quantized_layers(loaded)


def test_the_precision_of_other_checkpoints_is_read_from_their_configuration(full: Path, tmp_path: Path) -> None:
    write_quantized(full, tmp_path / "whole", "nf4")
    assert stored_vision_precision(read_raw_config(tmp_path / "whole")) == "quantized"
    assert stored_vision_precision(read_raw_config(full)) is None
    config = json.loads((full / "config.json").read_text()) | {"quantization_config": {"llm_int8_skip_modules": 3}}
    assert stored_vision_precision(config) == "quantized"
    with pytest.raises(UsageError, match="vision tower too, which cannot be loaded in bf16"):
        load_model(tmp_path / "whole", vision="bf16")


def test_a_vision_tower_in_bf16_is_quantized_on_request(full: Path, mixed: Path) -> None:
    expected = snapshot(load_model(full, quantization="nf4"))
    actual = snapshot(load_model(mixed, vision="quantized"))
    assert actual.keys() == expected.keys()
    assert all(torch.equal(actual[name], expected[name]) for name in expected)


@pytest.mark.parametrize("quantization", ["nf4", "int8"])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
def test_planned_weights_are_those_of_a_loaded_model(full: Path, quantization: Any, dtype: torch.dtype) -> None:
    model = load_model(full, quantization=quantization, vision="bf16", dtype=dtype)
    device: Device = "cpu" if has_avx512bf16() else "cuda"
    planned = plan(model.config, quantization, vision="bf16", dtype_bytes=dtype.itemsize, device=device)
    assert planned.weights == weight_bytes(model)


def test_the_published_size_takes_what_the_documentation_says() -> None:
    """21 GB with NF4 and the vision tower in bf16: 13.4 GB of weights in 16 bits, 4.9 in 4 bits, and the rest."""
    planned = plan(PUBLISHED, "nf4", vision="bf16")
    assert round(planned.weights / 1e9, 2) == 18.29
    assert planned.parts.vision_transformer == 2 * 4_279_387_392
    assert planned.parts.adapter == 2 * 183_508_992
    assert round((planned.peak + RUNTIME_BYTES) / 1e9, 1) == 21.0


@pytest.mark.parametrize(
    ("quantization", "gigabytes", "expected"),
    [
        ("nf4", 16, "quantized"),
        ("nf4", 20, "bf16"),
        ("nf4", 24, "bf16"),
        ("int8", 24, "quantized"),
        ("int8", 32, "bf16"),
        ("none", 8, "bf16"),
    ],
)
def test_the_default_is_as_precise_as_memory_allows(quantization: Any, gigabytes: int, expected: str) -> None:
    assert default_vision_precision(PUBLISHED, quantization, "cuda", gigabytes * GIB) == expected


def test_the_default_is_exactly_what_fits() -> None:
    needed = required_memory(reading_plan(PUBLISHED, "nf4", "cuda", "bf16"), "cuda")
    assert default_vision_precision(PUBLISHED, "nf4", "cuda", needed) == "bf16"
    assert default_vision_precision(PUBLISHED, "nf4", "cuda", needed - 1) == "quantized"
    assert default_vision_precision(PUBLISHED, "nf4", "cpu", needed) == "quantized"  # leaves room to other programs
