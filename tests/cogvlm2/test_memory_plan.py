"""The memory plan agrees with real allocations of loaded models and running passes, on the CPU and on meta."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from allocations import allocated_by_cpu
from bitsandbytes.functional import QuantState, has_avx512bf16
from hypothesis import given, settings
from hypothesis import strategies as st
from passes import META, bare, decode_tokens, encode_images, prefill_prompts, tracked
from safetensors.torch import save_file
from small_checkpoints import published_int4, random_weights, save_checkpoint
from torch import Tensor

from benchmarks.full_size import weight_bytes
from benchmarks.memory import largest_batch
from cogdoc.cogvlm2 import quantization, tensor_memory
from cogdoc.cogvlm2.batch import prefill_prefix
from cogdoc.cogvlm2.cache import allocate_cache
from cogdoc.cogvlm2.configuration import ModelConfig, parse_config
from cogdoc.cogvlm2.loading import load_model
from cogdoc.cogvlm2.memory import RUNTIME_BYTES, MemoryPlan, longest_context, plan
from cogdoc.cogvlm2.model import CogVLM2
from cogdoc.cogvlm2.precision import VISION_PRECISIONS, VisionPrecision
from cogdoc.cogvlm2.prompts import build_prompt
from cogdoc.cogvlm2.published import CONFIG_JSON, PUBLISHED
from cogdoc.cogvlm2.quantization import Linear4bit
from cogdoc.cogvlm2.quantized_parts import Quantization, quantizable
from cogdoc.cogvlm2.tensor_memory import Device

# The workspaces of CPU kernels, whatever the size of the tensors.
KERNEL_BYTES = 1 << 18


def small(**changes: int) -> dict[str, Any]:
    """A config.json with sizes at which activations matter. Names with `vision_` are those of the vision tower."""
    vision = CONFIG_JSON["vision_config"] | {"hidden_size": 64, "num_heads": 2, "intermediate_size": 256}
    vision |= {"num_hidden_layers": 2, "patch_size": 4}
    text = {"hidden_size": 128, "intermediate_size": 256, "num_hidden_layers": 2, "vocab_size": 500}
    text |= {
        "num_attention_heads": 8,
        "num_multi_query_heads": 2,
        "bos_token_id": 0,
        "eos_token_id": 1,
        "pad_token_id": 2,
    }
    for name, size in ({"vision_grid": 16} | changes).items():
        if name == "vision_grid":
            vision |= {"image_size": 4 * size, "num_positions": size**2 + 1}
        elif name.startswith("vision_"):
            vision[name.removeprefix("vision_")] = size
        else:
            text[name] = size
    return CONFIG_JSON | text | {"vision_config": vision}


@st.composite
def configs(draw: st.DrawFn) -> ModelConfig:
    def times(unit: int, most: int) -> int:
        return unit * draw(st.integers(1, most))

    kv_heads = times(1, 4)
    heads = 2 * times(kv_heads, 2)
    raw = small(
        num_attention_heads=heads,
        num_multi_query_heads=kv_heads,
        hidden_size=times(16 * heads, 4),
        intermediate_size=times(64, 24),
        num_hidden_layers=times(1, 3),
        vocab_size=times(100, 20),
        vision_hidden_size=times(32, 8),
        vision_intermediate_size=times(64, 24),
        vision_num_hidden_layers=times(1, 3),
        vision_grid=times(2, 12),
    )
    return parse_config(raw)


def bare_4bit(config: ModelConfig, form: Quantization = "nf4", vision: VisionPrecision = "quantized") -> CogVLM2:
    """A model on the meta device with 4-bit layers of the shapes that quantization gives; FP4 has single scales."""
    model = bare(config, torch.bfloat16)
    for name, linear in list(quantizable(model, vision)):
        layer = Linear4bit(linear.in_features, linear.out_features, linear.bias is not None)
        layer.bias = linear.bias
        blocks = -(-linear.weight.numel() // quantization.BLOCK)

        def floats(*shape: int) -> Tensor:
            return torch.empty(shape, device=META)

        nested = QuantState(floats(-(-blocks // quantization.SCALE_BLOCK)), code=floats(256), blocksize=256)
        layer.codes = torch.empty(-(-linear.weight.numel() // 2), 1, dtype=torch.uint8, device=META)
        double = form == "nf4"
        layer.state = QuantState(
            torch.empty(blocks, dtype=torch.uint8, device=META) if double else floats(blocks),
            shape=linear.weight.shape,
            dtype=torch.bfloat16,
            blocksize=quantization.BLOCK,
            code=floats(16),
            quant_type=form,
            offset=floats() if double else None,
            state2=nested if double else None,
        )
        model.set_submodule(name, layer)
    return model


def allocated(compute: Callable[[], Tensor]) -> int:
    with torch.no_grad():
        return allocated_by_cpu(compute)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkpoint")
    raw = small()
    (folder / "config.json").write_text(json.dumps(raw), encoding="utf-8")
    torch.manual_seed(0)
    save_file(CogVLM2(parse_config(raw)).to(torch.bfloat16).state_dict(), folder / "model.safetensors")
    return folder


@pytest.mark.parametrize("quantization", ["none", "nf4", "int8"])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
def test_weights_are_those_of_a_loaded_model(checkpoint: Path, quantization: Quantization, dtype: torch.dtype) -> None:
    model = load_model(checkpoint, quantization=quantization, dtype=dtype)
    kernels = "cpu" if has_avx512bf16() else "cuda"
    planned = plan(model.config, quantization, length=100, dtype_bytes=dtype.itemsize, device=kernels)
    assert planned.weights == weight_bytes(model)


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_weights_of_a_published_4_bit_checkpoint_are_those_of_a_loaded_one(
    tmp_path: Path, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = save_checkpoint(tmp_path, published_int4(random_weights()))
    if device == "cuda":  # the kernels of a card pack nothing
        monkeypatch.setattr(quantization.Linear4bit, "pack", lambda _: None)
    elif not has_avx512bf16():
        pytest.skip("this CPU has no packed kernel")
    model = load_model(folder)
    assert plan(model.config, "fp4", device=device).weights == weight_bytes(model)


def test_weights_of_the_published_size_are_exact() -> None:
    planned = plan(PUBLISHED, "none")
    assert planned.weights == weight_bytes(bare(PUBLISHED, torch.bfloat16)) == 39_006_214_656
    assert planned.parts.vision_transformer == 2 * 4_279_387_392
    assert planned.parts.patch_embedding == 2 * 17_574_144
    assert planned.parts.visual_experts == 2 * 6_979_518_464
    assert planned.parts.language_layers == 2 * 6_979_588_096
    assert planned.parts.quantization_state == 0


def test_4_bit_weights_of_the_published_size_are_exact() -> None:
    forms: tuple[Quantization, ...] = ("nf4", "fp4")
    for form in forms:
        for vision in VISION_PRECISIONS:
            planned = plan(PUBLISHED, form, vision=vision)
            assert planned.weights == weight_bytes(bare_4bit(PUBLISHED, form, vision))


def test_a_tied_output_head_takes_nothing() -> None:
    tied, untied = (plan(parse_config(small() | {"tie_word_embeddings": tied}), length=50) for tied in (True, False))
    assert untied.weights - tied.weights == untied.parts.token_embedding


@pytest.mark.parametrize(("batch", "length"), [(1, 8192), (3, 2000)])
def test_the_cache_is_what_is_allocated(batch: int, length: int) -> None:
    cache = allocate_cache(PUBLISHED, batch, length, torch.bfloat16, META)
    assert plan(PUBLISHED, length=length, batch=batch).cache == sum(
        tensor.nbytes for tensor in cache.keys + cache.values
    )


def test_what_is_kept_of_an_image_is_its_features_and_its_prefix(checkpoint: Path) -> None:
    model = load_model(checkpoint)
    features = encode_images(model, 1)()
    prefix = prefill_prefix(model, build_prompt(model.config, (), with_image=True), features)
    kept = sum(tensor.nbytes for tensor in (features, *prefix.keys, *prefix.values))
    planned = plan(model.config, "none", length=400, kept_images=1)
    assert planned.kept == kept
    assert planned.peak == plan(model.config, "none", length=400).peak + kept


@pytest.mark.parametrize(
    ("quantization", "vision"), [("none", "bf16"), ("nf4", "quantized"), ("nf4", "bf16"), ("fp4", "quantized")]
)
@pytest.mark.parametrize(("batch", "length"), [(1, 8192), (4, 8192), (1, 2400)])
def test_peaks_of_the_published_size_are_those_of_its_tensors(
    quantization: Quantization, vision: VisionPrecision, batch: int, length: int
) -> None:
    """With two layers of each kind instead of 32 and 63: more layers add no activations."""
    config = replace(PUBLISHED, num_layers=2, vision=replace(PUBLISHED.vision, num_layers=2))
    model = bare(config, torch.bfloat16) if quantization == "none" else bare_4bit(config, quantization, vision)
    planned, whole = (
        plan(sizes, quantization, length=length, batch=batch, vision=vision) for sizes in (config, PUBLISHED)
    )
    assert (planned.vision, planned.prompt, planned.step) == (whole.vision, whole.prompt, whole.step)
    check(planned, model, batch, length, 1, within=0.04)


@pytest.mark.slow
@settings(max_examples=15)
@given(
    config=configs(),
    quantization=st.sampled_from(["none", "nf4"]),
    batch=st.integers(1, 3),
    room=st.integers(2, 300),
    new_tokens=st.integers(1, 9),
)
def test_peaks_are_those_of_tensors_at_any_size(
    config: ModelConfig, quantization: Quantization, batch: int, room: int, new_tokens: int
) -> None:
    model = bare(config, torch.bfloat16) if quantization == "none" else bare_4bit(config)
    length = config.image_tokens + room
    planned = plan(config, quantization, length=length, batch=batch, new_tokens=new_tokens)
    check(planned, model, batch, length, new_tokens, within=0.05)


def check(planned: MemoryPlan, model: CogVLM2, batch: int, length: int, new_tokens: int, within: float) -> None:
    """Check that the plan is at least the real peak, and hardly more; a few indices do not count in tiny models."""
    prompts = (prefill_prompts(model, batch, length, with_image) for with_image in (False, True))
    for peak, real in (
        (planned.vision, tracked(encode_images(model, batch))),
        (planned.prompt, max(map(tracked, prompts))),
        (planned.step, tracked(decode_tokens(model, batch, length, new_tokens))),
    ):
        assert real <= peak.size <= (1 + within) * real + 1024, peak


@pytest.mark.parametrize("quantization", ["none", "nf4", "int8"])
def test_peaks_are_what_the_cpu_allocates(checkpoint: Path, quantization: Quantization) -> None:
    model = load_model(checkpoint, quantization=quantization)
    batch, length = 3, model.config.image_tokens + 300
    planned = plan(model.config, quantization, length=length, batch=batch, device="cpu")
    prompts = max(allocated(prefill_prompts(model, batch, length, with_image)) for with_image in (False, True))
    assert planned.prompt.size <= 1.02 * prompts
    assert prompts <= planned.prompt.size + KERNEL_BYTES
    images = allocated(encode_images(model, batch))
    assert planned.vision.size <= 1.05 * images
    assert images <= planned.vision.size + KERNEL_BYTES


def test_a_plan_needs_no_deep_learning_library() -> None:
    code = "import sys, cogdoc.cogvlm2.memory; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_block_sizes_are_those_of_the_quantizer() -> None:
    assert (tensor_memory.BLOCK, tensor_memory.SCALE_BLOCK) == (quantization.BLOCK, quantization.SCALE_BLOCK)


@pytest.mark.slow
@given(config=configs(), quantization=st.sampled_from(["none", "nf4", "int8"]), batch=st.integers(1, 5), data=st.data())
def test_the_longest_context_fits_and_one_token_more_does_not(
    config: ModelConfig, quantization: Quantization, batch: int, data: st.DataObject
) -> None:
    shortest = config.image_tokens + 2
    least, most = (plan(config, quantization, length=n, batch=batch).peak for n in (shortest, config.max_positions))
    available = data.draw(st.integers(least - 1, most))
    longest = longest_context(config, available, quantization, batch=batch)
    if available < least:
        assert longest is None
        return
    assert longest is not None
    assert plan(config, quantization, length=longest, batch=batch).peak <= available
    if longest < config.max_positions:
        assert plan(config, quantization, length=longest + 1, batch=batch).peak > available


@given(config=configs(), quantization=st.sampled_from(["none", "nf4", "int8"]), available=st.integers(0, 1 << 28))
def test_the_largest_batch_fits_and_one_more_does_not(
    config: ModelConfig, quantization: Quantization, available: int
) -> None:
    batch = largest_batch(config, available, quantization, length=500) or 0
    assert batch == 0 or plan(config, quantization, length=500, batch=batch).peak <= available
    assert plan(config, quantization, length=500, batch=batch + 1).peak > available


def test_what_fits_is_as_the_documentation_says() -> None:
    """Whole contexts with NF4: 16 GB for two sequences, 24 GB for six; bf16 needs 48 GB."""
    cards = {size: size * 2**30 - RUNTIME_BYTES for size in (16, 24, 48)}
    assert largest_batch(PUBLISHED, cards[16], "nf4", length=8192) == 2
    assert largest_batch(PUBLISHED, cards[24], "nf4", length=8192) == 6
    assert largest_batch(PUBLISHED, cards[24], "int8", length=8192) == 1
    assert longest_context(PUBLISHED, cards[16], "int8") is None
    assert longest_context(PUBLISHED, cards[24], "none") is None
    assert longest_context(PUBLISHED, cards[48], "none") == 8192
