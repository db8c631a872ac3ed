"""Quantized layers have the codes of bitsandbytes, and both CPU kernels compute the product with their weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from bitsandbytes.functional import dequantize_4bit, has_avx512bf16, int8_vectorwise_quant, quantize_4bit
from hypothesis import given
from hypothesis import strategies as st
from small_checkpoints import (
    converted_names,
    dequantized,
    outputs,
    published_int4,
    random_weights,
    raw_config,
    relative_error,
    save_checkpoint,
    snapshot,
)
from torch import Tensor

from benchmarks.full_size import weight_bytes
from cogdoc.cogvlm2.batch import prefill, step_logits
from cogdoc.cogvlm2.configuration import read_config
from cogdoc.cogvlm2.decoding import collect, decode
from cogdoc.cogvlm2.loading import load_model, match_tensors
from cogdoc.cogvlm2.model import CogVLM2
from cogdoc.cogvlm2.prompts import build_prompt
from cogdoc.cogvlm2.quantization import CHUNK, Linear4bit, Linear8bit, nf4_parts, quantize_int8, quantize_nf4
from cogdoc.cogvlm2.quantized_parts import Quantization
from cogdoc.errors import CheckpointError, UsageError

LAYER = "model.layers.1.mlp.language_mlp.up_proj"
# The packed kernel rounds scales and sums to bf16, the other one the expanded weights.
BF16_ERROR = 0.01

needs_packing = pytest.mark.skipif(not has_avx512bf16(), reason="no packed kernel without AVX-512 BF16")


def random_weight(rows: int, columns: int, dtype: torch.dtype = torch.bfloat16, seed: int = 0) -> Tensor:
    """A weight of a typical scale with some outliers."""
    weight = torch.randn(rows, columns, generator=torch.Generator().manual_seed(seed)) * 0.02
    weight.view(-1)[::997] *= 20
    return weight.to(dtype)


def quantize_whole(weight: Tensor) -> dict[str, Tensor]:
    """Quantize the whole tensor at once with bitsandbytes."""
    codes, state = quantize_4bit(weight, blocksize=64, compress_statistics=True, quant_type="nf4")
    return {"weight": codes} | {f"weight.{part}": value for part, value in state.as_dict(packed=True).items()}


def assert_same(actual: dict[str, Tensor], expected: dict[str, Tensor]) -> None:
    assert actual.keys() == expected.keys()
    for name in expected:
        assert actual[name].dtype == expected[name].dtype, name
        assert torch.equal(actual[name], expected[name]), name


def layer_of(weight: Tensor, bias: Tensor | None = None) -> Linear4bit:
    rows, columns = weight.shape
    layer = Linear4bit(columns, rows, bias is not None)
    layer.quantize(weight)
    if bias is not None:
        layer.bias = torch.nn.Parameter(bias, requires_grad=False)
    return layer.eval()


def is_packed(layer: Linear4bit) -> bool:
    return getattr(layer.state, "packing_format_for_cpu", False)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32])
@pytest.mark.parametrize("shape", [(64, 64), (1024, CHUNK // 1024), (1031, 2 * CHUNK // 1024 + 64)])
def test_codes_and_scales_are_those_of_the_whole_tensor(shape: tuple[int, int], dtype: torch.dtype) -> None:
    """Although it is quantized in chunks: the shapes end below, at and across chunk boundaries."""
    weight = random_weight(*shape, dtype)
    assert_same(nf4_parts(weight), quantize_whole(weight))


@given(
    blocks=st.integers(1, 40),
    rows=st.integers(1, 9),
    scale=st.sampled_from([0.0, 1e-30, 1e-6, 0.02, 1.0, 1e4]),
    seed=st.integers(0, 2**32),
)
def test_codes_and_scales_are_those_of_the_whole_tensor_at_any_scale(
    blocks: int, rows: int, scale: float, seed: int
) -> None:
    weight = random_weight(rows, 64 * blocks, torch.float32, seed) * scale
    assert_same(nf4_parts(weight), quantize_whole(weight))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
@pytest.mark.parametrize("shards", [1, 3])
def test_every_linear_layer_but_the_head_is_quantized_while_loading(
    tmp_path: Path, dtype: torch.dtype, shards: int
) -> None:
    weights = random_weights(dtype)
    # In fp32 no layer is packed, so that the codes are those of the files.
    folder = save_checkpoint(tmp_path, weights, shards=shards)
    model = load_model(folder, quantization="nf4", dtype=torch.float32)
    layers = {f"{name}.weight": part for name, part in model.named_modules() if isinstance(part, Linear4bit)}
    assert list(layers) == converted_names()
    assert load_model(folder, quantization="nf4").dtype == torch.bfloat16
    loaded = snapshot(model)
    for name, layer in layers.items():
        parts = {"weight": layer.codes} | {f"weight.{k}": v for k, v in layer.state.as_dict(packed=True).items()}
        assert_same(parts, quantize_whole(weights[name].float()))
    for name in weights.keys() - layers.keys():
        assert torch.equal(loaded[name], weights[name].float()), name


def test_int8_rows_and_scales_are_those_of_bitsandbytes(tmp_path: Path) -> None:
    weights = random_weights()
    model = load_model(save_checkpoint(tmp_path, weights), quantization="int8")
    layers = {f"{name}.weight": part for name, part in model.named_modules() if isinstance(part, Linear8bit)}
    assert list(layers) == converted_names()
    for name, layer in layers.items():
        rows, scales, _ = int8_vectorwise_quant(weights[name].half())
        assert torch.equal(layer.weight.data, rows)
        assert torch.equal(layer.weight.SCB, scales)


@pytest.mark.parametrize(("quantization", "limit"), [("int8", 0.1), ("nf4", 0.6)])
def test_a_quantized_model_is_close_to_the_full_one(tmp_path: Path, quantization: Any, limit: float) -> None:
    folder = save_checkpoint(tmp_path, random_weights())
    full = outputs(load_model(folder))
    errors = [
        relative_error(actual, expected)
        for actual, expected in zip(outputs(load_model(folder, quantization=quantization)), full, strict=True)
    ]
    assert 0 < max(errors) < limit


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("tokens", [1, 7, 300])
def test_int8_is_close_to_bf16(tokens: int, bias: bool) -> None:
    weight = random_weight(96, 128)
    shift = torch.randn(96).bfloat16() if bias else None
    layer = Linear8bit(128, 96, bias)
    layer.quantize(weight)
    layer.eval()
    if shift is not None:
        layer.bias = torch.nn.Parameter(shift, requires_grad=False)
    hidden = torch.randn(2, tokens, 128).bfloat16()
    hidden[..., 3] *= 10  # some values exceed the threshold, as in some channels of trained models
    with torch.inference_mode():
        actual = layer(hidden)
    assert actual.dtype == torch.bfloat16
    assert actual.shape == (2, tokens, 96)
    assert relative_error(actual, torch.nn.functional.linear(hidden, weight, shift)) < 0.03


@pytest.mark.parametrize("quant_type", ["nf4", "fp4"])
@pytest.mark.parametrize("nested", [False, True])
def test_both_kernels_compute_what_the_expanded_weight_computes(quant_type: str, nested: bool) -> None:
    weight = random_weight(96, 192)
    codes, state = quantize_4bit(weight, blocksize=64, quant_type=quant_type, compress_statistics=nested)
    expanded = dequantize_4bit(codes, state).float()
    parts = {f"weight.{part}": value for part, value in state.as_dict(packed=True).items()}
    layer = Linear4bit(192, 96, bias=False)
    layer.restore({"weight": codes} | parts)
    many = torch.randn(300, 192).bfloat16()
    with torch.inference_mode():
        first = layer(many)
        if layer.can_be_packed:
            layer.pack()
        few = layer(many[:9])
        after = layer(many)
    expected = many.float() @ expanded.T
    for result, right in ((first, expected), (few, expected[:9]), (after, expected)):
        assert relative_error(result, right) < BF16_ERROR


@pytest.mark.slow
@given(count=st.integers(1, 600), batch=st.integers(1, 3), packed=st.booleans())
def test_any_number_of_tokens_gives_what_the_expanded_weight_gives(count: int, batch: int, packed: bool) -> None:
    weight = random_weight(64, 128)
    bias = torch.linspace(-1, 1, 64).bfloat16()
    expanded = dequantize_4bit(*quantize_nf4(weight)).float()
    layer = layer_of(weight, bias)
    if packed and layer.can_be_packed:
        layer.pack()
    hidden = torch.randn(batch, count, 128, generator=torch.Generator().manual_seed(count)).bfloat16()
    with torch.inference_mode():
        actual = layer(hidden)
    assert actual.shape == (batch, count, 64)
    assert relative_error(actual, hidden.float() @ expanded.T + bias.float()) < BF16_ERROR


@pytest.mark.parametrize(
    "hidden",
    [
        torch.randn(128, 10).bfloat16().T,
        torch.randn(1, 128, 5).bfloat16().transpose(1, 2),
        torch.randn(10, 256).bfloat16()[:, 64:192],
        torch.randn(20, 128).bfloat16()[::2],
        torch.randn(1, 128).bfloat16().expand(5, 128),
    ],
    ids=["transposed", "images", "columns", "rows", "expanded"],
)
def test_inputs_of_any_layout_in_memory_give_the_same(hidden: Tensor) -> None:
    """For example the adapter's inputs, which are the transposed output of a convolution."""
    weight = random_weight(64, 128)
    layer = layer_of(weight)
    if layer.can_be_packed:
        layer.pack()
    expanded = dequantize_4bit(*quantize_nf4(weight)).float()
    assert relative_error(layer(hidden), hidden.float() @ expanded.T) < BF16_ERROR


@needs_packing
def test_only_language_experts_are_packed_and_only_in_bf16(tmp_path: Path) -> None:
    folder = save_checkpoint(tmp_path, random_weights())
    for dtype, expected in ((torch.bfloat16, True), (torch.float32, False)):
        model = load_model(folder, quantization="nf4", dtype=dtype)
        layers = [(name, module) for name, module in model.named_modules() if isinstance(module, Linear4bit)]
        assert layers
        for name, layer in layers:
            assert is_packed(layer) == (expected and "language_" in name), name


# torch.compile of torch 2.13 instantiates the autograd function of bitsandbytes' int8 product, and warns of it.
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*should not be instantiated:DeprecationWarning")
@pytest.mark.parametrize("quantization", ["nf4", "int8"])
def test_a_quantized_decode_step_compiles_as_one_graph(tmp_path: Path, quantization: Quantization) -> None:
    model = load_model(save_checkpoint(tmp_path, random_weights()), quantization=quantization)
    prompts = [build_prompt(model.config, text, with_image=False) for text in ([5, 6], [7, 8, 9])]
    compiled = torch.compile(step_logits, fullgraph=True, backend="aot_eager")
    eager, graph = (
        collect(decode(prefill(model, prompts, None, 8, step), 8, ()), 2) for step in (step_logits, compiled)
    )
    assert [row.token_ids for row in graph] == [row.token_ids for row in eager]


def test_earlier_calls_change_no_answer(tmp_path: Path) -> None:
    raw = raw_config(max_position_embeddings=400)
    model = load_model(save_checkpoint(tmp_path, random_weights(), raw), quantization="nf4")
    long = build_prompt(model.config, [5, 6, 7] * 100, with_image=False)
    first, again = (collect(decode(prefill(model, [long], None, max_new_tokens=8), 8, ()), 1) for _ in range(2))
    assert first == again


@pytest.mark.parametrize("shape", [(40, 128), (64, 96), (64, 32)])
def test_layers_whose_sizes_cannot_be_packed_are_correct(shape: tuple[int, int]) -> None:
    weight = random_weight(*shape)
    layer = layer_of(weight)
    expanded = dequantize_4bit(*quantize_nf4(weight)).float()
    for count in (1, 300):
        hidden = torch.randn(count, shape[1]).bfloat16()
        assert relative_error(layer(hidden), hidden.float() @ expanded.T) < BF16_ERROR
    assert not layer.can_be_packed


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_other_dtypes_than_bf16_are_kept(dtype: torch.dtype) -> None:
    weight = random_weight(64, 128, dtype)
    layer = layer_of(weight)
    hidden = torch.randn(3, 128).to(dtype)
    actual = layer(hidden)
    assert actual.dtype == dtype
    assert relative_error(actual, hidden.float() @ dequantize_4bit(*quantize_nf4(weight)).float().T) < 1e-3


def test_memory_of_a_layer_is_that_of_its_codes_and_scales() -> None:
    weight = random_weight(1024, 1024)
    layer = layer_of(weight)
    blocks = weight.numel() // 64
    stored = weight.numel() // 2 + blocks + blocks // 256 * 4
    tables = 16 * 4 + 256 * 4 + 4  # the 16 values of NF4, the 256 of scales, their offset
    assert weight_bytes(layer) == stored + tables


@pytest.mark.slow
def test_published_int4_computes_what_its_expanded_weights_compute(tmp_path: Path) -> None:
    """In bf16, in which it runs, and in fp32, where rounding hides no mistake."""
    quantized = published_int4(random_weights(torch.float32))
    assert not any("nested" in name for name in quantized)
    expanded = save_checkpoint(tmp_path / "expanded", dequantized(quantized))
    for shards in (1, 4):
        folder = save_checkpoint(tmp_path / f"int4-{shards}", quantized, shards=shards)
        for dtype, limit in ((torch.float32, 1e-3), (torch.bfloat16, 0.05)):
            model = load_model(folder, dtype=dtype)
            assert isinstance(model.get_submodule("model.vision.transformer.layers.0.mlp.fc1"), Linear4bit)
            assert model.dtype == dtype
            full = load_model(expanded, dtype=torch.float32)
            for result, expected in zip(outputs(model), outputs(full), strict=True):
                assert relative_error(result, expected) < limit


def test_published_int4_is_not_converted(tmp_path: Path) -> None:
    quantized = published_int4(random_weights())
    # The parts of a weight are in different shards.
    folder = save_checkpoint(tmp_path, quantized, shards=4)
    assert load_model(folder).dtype == torch.bfloat16
    model = load_model(folder, dtype=torch.float32)
    for name in converted_names():
        layer = model.get_submodule(name.removesuffix(".weight"))
        assert isinstance(layer, Linear4bit)
        assert layer.state.quant_type == "fp4"
        assert not layer.state.nested
        assert torch.equal(layer.codes.flatten(), quantized[name].flatten())
        assert torch.equal(layer.state.absmax, quantized[f"{name}.absmax"])


def test_published_int4_is_named_for_what_it_is(tmp_path: Path) -> None:
    folder = save_checkpoint(tmp_path / "int4", published_int4(random_weights()))
    with torch.device("meta"):
        assert match_tensors(folder, CogVLM2(read_config(folder))).quantization == "fp4"
    assert load_model(folder, quantization="fp4").dtype == torch.bfloat16
    assert load_model(folder, quantization="nf4").model.layers[0].mlp.language_mlp.up_proj.state.quant_type == "fp4"
    full = save_checkpoint(tmp_path / "full", random_weights())
    with pytest.raises(UsageError, match="does not quantize to fp4"):
        load_model(full, quantization="fp4")


def test_a_quantized_checkpoint_is_not_requantized(tmp_path: Path) -> None:
    folder = save_checkpoint(tmp_path, published_int4(random_weights()))
    for asked in ("int8", "none"):
        with pytest.raises(UsageError, match="quantized already"):
            load_model(folder, quantization=asked)
    load_model(folder, quantization="nf4")


@pytest.mark.parametrize("part", ["absmax", "quant_map", "nested_absmax", "nested_quant_map"])
def test_a_part_of_a_quantized_weight_that_is_missing_is_named(tmp_path: Path, part: str) -> None:
    weights = with_quantized_layer()
    del weights[f"{LAYER}.weight.{part}"]
    with pytest.raises(CheckpointError) as caught:
        load_model(save_checkpoint(tmp_path, weights))
    assert f"{LAYER}.weight.{part}" in str(caught.value)


@pytest.mark.parametrize("part", ["weight", "weight.absmax", "weight.nested_absmax"])
def test_a_part_of_a_quantized_weight_of_the_wrong_size_is_named(tmp_path: Path, part: str) -> None:
    """The kernels would read past the end of a short tensor, since they compute its size from the shape."""
    weights = with_quantized_layer()
    weights[f"{LAYER}.{part}"] = weights[f"{LAYER}.{part}"].flatten()[1:].clone()
    with pytest.raises(CheckpointError) as caught:
        load_model(save_checkpoint(tmp_path, weights))
    assert LAYER in str(caught.value)


def test_a_quantized_weight_of_another_shape_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError) as caught:
        load_model(save_checkpoint(tmp_path, with_quantized_layer(transposed=True)))
    assert LAYER in str(caught.value)


@pytest.mark.parametrize("content", [b"{", b"[]", b"{}", b"\xff\xfe", b'{"quant_type": "nf4", "blocksize": 64}'])
def test_a_state_that_cannot_be_read_is_named(tmp_path: Path, content: bytes) -> None:
    state = torch.frombuffer(bytearray(content), dtype=torch.uint8)
    weights = with_quantized_layer() | {f"{LAYER}.weight.quant_state.bitsandbytes__nf4": state}
    with pytest.raises(CheckpointError) as caught:
        load_model(save_checkpoint(tmp_path, weights))
    assert LAYER in str(caught.value)


def test_int8_scales_of_the_wrong_size_are_named(tmp_path: Path) -> None:
    weights = random_weights()
    rows, scales = quantize_int8(weights[f"{LAYER}.weight"])
    weights |= {f"{LAYER}.weight": rows, f"{LAYER}.SCB": scales[1:].clone()}
    with pytest.raises(CheckpointError) as caught:
        load_model(save_checkpoint(tmp_path, weights))
    assert LAYER in str(caught.value)


def with_quantized_layer(transposed: bool = False) -> dict[str, Tensor]:
    """The tensors of a full checkpoint with one weight in NF4."""
    weights = random_weights()
    weight = weights.pop(f"{LAYER}.weight")
    parts = nf4_parts(weight.T.contiguous() if transposed else weight)
    return weights | {f"{LAYER}.{part}": value for part, value in parts.items()}
