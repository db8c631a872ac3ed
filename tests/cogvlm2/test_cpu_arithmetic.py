"""Whether a CPU computes in bf16, and that a model computes in fp32 where it does not."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from passes import encode_images, tracked
from small_checkpoints import outputs, random_weights, save_checkpoint

from benchmarks.full_size import weight_bytes
from cogdoc.cogvlm2.cpu_arithmetic import BF16_FLAGS, has_bf16_instructions, listed_flags
from cogdoc.cogvlm2.loading import load_model
from cogdoc.cogvlm2.memory import plan
from cogdoc.cogvlm2.quantization import Linear4bit
from cogdoc.cogvlm2.writing import write_quantized

WITH = "processor\t: 0\nflags\t\t: fpu sse2 avx512f avx512_bf16\n\nprocessor\t: 1\nflags\t\t: fpu sse2\n"
WITHOUT = "processor : 0\nflags : fpu sse2 avx2 avx512f\nbugs : bf16\n"
ARM = "processor : 0\nFeatures : fp asimd bf16 i8mm\n"


@pytest.mark.parametrize(("facts", "has"), [(WITH, True), (WITHOUT, False), (ARM, True), ("", False)])
def test_the_flags_of_the_cpu_tell_whether_it_has_bf16_instructions(facts: str, has: bool) -> None:
    assert bool(BF16_FLAGS & listed_flags(facts)) == has


def test_the_system_and_torch_agree() -> None:
    known = torch.cpu.get_capabilities()
    if known.get("architecture") == "x86_64":
        assert has_bf16_instructions() == (known["avx512_bf16"] or known["amx_bf16"])


def test_4_bit_weights_are_expanded_to_fp32_at_once(tmp_path: Path) -> None:
    full = save_checkpoint(tmp_path / "full", random_weights())
    write_quantized(full, tmp_path / "nf4")
    expected = load_model(full, quantization="nf4", dtype=torch.float32)
    for folder, quantization in ((full, "nf4"), (tmp_path / "nf4", None)):
        model = load_model(folder, quantization=quantization, compute="float32")  # type: ignore[arg-type]
        assert model.dtype is torch.float32
        layers = [layer for layer in model.modules() if isinstance(layer, Linear4bit)]
        assert {layer.state.dtype for layer in layers} == {torch.float32}
        for actual, exact in zip(outputs(model), outputs(expected), strict=True):
            torch.testing.assert_close(actual, exact, atol=1e-5, rtol=1e-5)


def test_beside_4_bit_weights_a_vision_tower_in_16_bits_stays_in_them_and_computes_in_fp32(tmp_path: Path) -> None:
    full = save_checkpoint(tmp_path / "full", random_weights())
    model = load_model(full, quantization="nf4", vision="bf16", compute="float32")
    tower = {
        name: weight.dtype for name, weight in model.model.vision.named_parameters() if name.endswith("fc1.weight")
    }
    assert set(tower.values()) == {torch.bfloat16}
    assert model.dtype is torch.float32
    planned = plan(model.config, "nf4", vision="bf16", dtype_bytes=4, device="cpu", length=60)
    assert planned.weights == weight_bytes(model)
    pixels = torch.randn(1, 3, *[model.config.vision.image_size] * 2)
    exact = load_model(full, dtype=torch.float32)
    with torch.inference_mode():
        assert torch.equal(model.image_features(pixels), exact.image_features(pixels))
    images = tracked(encode_images(model, 1))
    assert images <= planned.vision.size <= 1.1 * images + 1024
