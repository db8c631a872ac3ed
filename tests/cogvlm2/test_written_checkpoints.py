"""A written checkpoint equals quantizing while loading, loads with other libraries, and is complete or absent."""

from __future__ import annotations

import json
import resource
from pathlib import Path
from typing import Any, Literal

import pytest
import torch
from bitsandbytes.nn import Int8Params, Linear8bitLt, Params4bit
from bitsandbytes.nn import Linear4bit as BitsandbytesLinear4bit
from safetensors.torch import load_file
from small_checkpoints import (
    RAW,
    converted_names,
    outputs,
    published_int4,
    random_weights,
    raw_config,
    relative_error,
    save_checkpoint,
    snapshot,
)
from torch import Tensor

from cogdoc.cogvlm2 import writing
from cogdoc.cogvlm2.checkpoint import fingerprint
from cogdoc.cogvlm2.loading import load_model
from cogdoc.cogvlm2.quantization import Linear4bit
from cogdoc.cogvlm2.writing import write_quantized
from cogdoc.errors import CheckpointError, OutputError, OutputExistsError, UsageError

LAYER = "model.layers.1.self_attn.vision_expert_query_key_value"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return save_checkpoint(tmp_path / "source", random_weights(), shards=3)


def written_tensors(folder: Path) -> dict[str, Tensor]:
    tensors: dict[str, Tensor] = {}
    for shard in folder.glob("*.safetensors"):
        tensors |= load_file(shard)
    return tensors


def written_config(folder: Path) -> dict[str, Any]:
    config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    return config


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
@pytest.mark.parametrize("quantization", ["nf4", "int8"])
def test_a_written_checkpoint_equals_quantizing_while_loading_bit_for_bit(
    tmp_path: Path, quantization: Literal["nf4", "int8"], dtype: torch.dtype
) -> None:
    folder = save_checkpoint(tmp_path / "full", random_weights(dtype))
    write_quantized(folder, tmp_path / "written", quantization)
    one, other = load_model(folder, quantization=quantization), load_model(tmp_path / "written")
    ours, theirs = snapshot(one), snapshot(other)
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) and ours[name].dtype == theirs[name].dtype for name in ours)
    assert all(torch.equal(a, b) for a, b in zip(outputs(one), outputs(other), strict=True))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("quantization", ["nf4", "int8"])
def test_a_card_writes_what_it_would_load(tmp_path: Path, source: Path, quantization: Any) -> None:
    write_quantized(source, tmp_path / "written", quantization, "cuda")
    expected = snapshot(load_model(source, quantization=quantization, device="cuda", dtype=torch.bfloat16))
    actual = snapshot(load_model(tmp_path / "written", device="cuda"))
    assert actual.keys() == expected.keys()
    assert all(torch.equal(actual[name], expected[name]) for name in expected)


@pytest.mark.slow
@pytest.mark.parametrize("quantization", ["nf4", "int8"])
def test_the_quantization_config_is_that_of_transformers(
    tmp_path: Path, source: Path, quantization: Literal["nf4", "int8"]
) -> None:
    from transformers import BitsAndBytesConfig

    write_quantized(source, tmp_path / "written", quantization)
    config = written_config(tmp_path / "written")
    stated = BitsAndBytesConfig.from_dict(dict(config["quantization_config"]))
    assert stated.quantization_method() == {"nf4": "nf4", "int8": "llm_int8"}[quantization]
    assert stated.bnb_4bit_use_double_quant == (quantization == "nf4")
    assert stated.llm_int8_skip_modules == ["lm_head"]
    if quantization == "nf4":
        assert stated.bnb_4bit_compute_dtype == torch.bfloat16
    assert {key: config[key] for key in RAW} == RAW


@pytest.mark.slow
def test_nf4_tensors_have_the_names_of_transformers(tmp_path: Path, source: Path) -> None:
    write_quantized(source, tmp_path / "written")
    tensors = written_tensors(tmp_path / "written")
    index = json.loads((tmp_path / "written" / "model.safetensors.index.json").read_text(encoding="utf-8"))
    assert set(index["weight_map"]) == tensors.keys()
    assert index["metadata"]["total_size"] == sum(tensor.nbytes for tensor in tensors.values())
    parts = ("absmax", "quant_map", "nested_absmax", "nested_quant_map", "quant_state.bitsandbytes__nf4")
    expected = set(random_weights())
    for name in converted_names():
        expected |= {f"{name}.{part}" for part in parts}
        assert tensors[name].dtype == torch.uint8
        assert tensors[name].shape == (random_weights()[name].numel() // 2, 1)
    assert tensors.keys() == expected


def test_the_nf4_layer_of_bitsandbytes_loads_the_tensors(tmp_path: Path, source: Path) -> None:
    write_quantized(source, tmp_path / "written")
    tensors = written_tensors(tmp_path / "written")
    prefix = f"{LAYER}.weight"
    state = {key.removeprefix(f"{LAYER}."): value for key, value in tensors.items() if key.startswith(f"{prefix}.")}
    bias = tensors[f"{LAYER}.bias"]
    theirs = BitsandbytesLinear4bit(128, bias.numel(), compute_dtype=torch.bfloat16)
    theirs.weight = Params4bit.from_prequantized(tensors[prefix], state, device="cpu", module=theirs)
    theirs.bias = torch.nn.Parameter(bias, requires_grad=False)
    ours = load_model(tmp_path / "written").get_submodule(LAYER)
    assert isinstance(ours, Linear4bit)
    hidden = torch.randn(5, 128).bfloat16()
    with torch.inference_mode():
        assert relative_error(theirs.eval()(hidden), ours(hidden)) < 0.01
    weight = random_weights()[prefix].float()
    assert relative_error(ours(hidden), hidden.float() @ weight.T + bias.float()) < 0.15


def test_the_int8_layer_of_bitsandbytes_loads_the_tensors(tmp_path: Path, source: Path) -> None:
    write_quantized(source, tmp_path / "written", "int8")
    tensors = written_tensors(tmp_path / "written")
    state = {key.removeprefix(f"{LAYER}."): value for key, value in tensors.items() if key.startswith(f"{LAYER}.")}
    theirs = Linear8bitLt(128, 256, has_fp16_weights=False, threshold=6.0)
    rows, scales = torch.zeros(256, 128, dtype=torch.int8), torch.zeros(256)
    theirs.weight = Int8Params(rows, requires_grad=False, has_fp16_weights=False, CB=rows, SCB=scales)
    theirs.load_state_dict(state)
    ours = load_model(tmp_path / "written").get_submodule(LAYER)
    hidden = torch.randn(5, 128).bfloat16()
    with torch.inference_mode():
        assert relative_error(theirs.eval()(hidden), ours(hidden)) < 0.01


def test_large_checkpoints_are_written_in_shards(tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limit = 100_000
    monkeypatch.setattr(writing, "SHARD_BYTES", limit)
    write_quantized(source, tmp_path / "written")
    shards = sorted(path.name for path in (tmp_path / "written").glob("*.safetensors"))
    assert len(shards) > 3
    assert shards == [f"model-{i + 1:05}-of-{len(shards):05}.safetensors" for i in range(len(shards))]
    for shard in shards:
        assert sum(tensor.nbytes for tensor in load_file(tmp_path / "written" / shard).values()) <= limit
    ours, theirs = snapshot(load_model(source, quantization="nf4")), snapshot(load_model(tmp_path / "written"))
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_small_files_are_copied_but_code_and_other_weights_are_not(tmp_path: Path, source: Path) -> None:
    (source / "tokenizer.json").write_text("{}", encoding="utf-8")
    (source / "LICENSE").write_text("text", encoding="utf-8")
    (source / "modeling_cogvlm.py").write_text("raise RuntimeError", encoding="utf-8")
    (source / "pytorch_model.bin").write_bytes(b"pickle")
    (source / "folder").mkdir()
    write_quantized(source, tmp_path / "written")
    names = {path.name for path in (tmp_path / "written").iterdir()}
    assert {"tokenizer.json", "LICENSE", "config.json"} < names
    assert not names & {"modeling_cogvlm.py", "pytorch_model.bin", "folder"}
    assert (tmp_path / "written" / "tokenizer.json").read_text(encoding="utf-8") == "{}"


def test_writing_is_deterministic(tmp_path: Path, source: Path) -> None:
    write_quantized(source, tmp_path / "one")
    write_quantized(source, tmp_path / "deeper" / "other")
    assert fingerprint(tmp_path / "one") == fingerprint(tmp_path / "deeper" / "other")
    assert fingerprint(tmp_path / "one") != fingerprint(source)


def test_progress_counts_every_tensor(tmp_path: Path, source: Path) -> None:
    calls: list[tuple[int, int]] = []
    write_quantized(source, tmp_path / "written", progress=lambda done, total: calls.append((done, total)))
    count = len(random_weights())
    assert calls == [(done, count) for done in range(1, count + 1)]


def test_tied_embeddings_stay_tied(tmp_path: Path) -> None:
    weights = random_weights()
    del weights["lm_head.weight"]
    folder = save_checkpoint(tmp_path / "full", weights, raw_config(tie_word_embeddings=True))
    write_quantized(folder, tmp_path / "written")
    model = load_model(tmp_path / "written")
    assert model.lm_head.weight is model.model.embed_tokens.weight


@pytest.mark.parametrize("kind", ["folder", "empty folder", "file"])
def test_an_existing_destination_is_refused_and_unchanged(tmp_path: Path, source: Path, kind: str) -> None:
    destination = tmp_path / "written"
    if kind == "file":
        destination.write_text("mine", encoding="utf-8")
    else:
        destination.mkdir()
        if kind == "folder":
            (destination / "config.json").write_text("mine", encoding="utf-8")
    with pytest.raises(OutputExistsError):
        write_quantized(source, destination)
    if kind == "file":
        assert destination.read_text(encoding="utf-8") == "mine"
    else:
        assert [path.read_text(encoding="utf-8") for path in destination.iterdir()] == ["mine"] * (kind == "folder")
    assert {path.name for path in tmp_path.iterdir()} == {"source", "written"}


def test_interrupted_writing_leaves_nothing(tmp_path: Path, source: Path) -> None:
    def interrupt(done: int, total: int) -> None:
        if done > total // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_quantized(source, tmp_path / "written", progress=interrupt)
    assert {path.name for path in tmp_path.iterdir()} == {"source"}


def test_files_of_an_interrupted_run_are_replaced(tmp_path: Path, source: Path) -> None:
    """For example after a power failure."""
    partial = tmp_path / ".written.partial"
    partial.mkdir()
    (partial / "7.safetensors").write_bytes(b"half")
    write_quantized(source, tmp_path / "written")
    load_model(tmp_path / "written")
    assert {path.name for path in tmp_path.iterdir()} == {"source", "written"}
    assert not (tmp_path / "written" / "7.safetensors").exists()


def test_a_destination_that_cannot_be_made_is_an_output_error(tmp_path: Path, source: Path) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError, match="cannot be written"):
        write_quantized(source, tmp_path / "file" / "written")
    assert (tmp_path / "file").read_text(encoding="utf-8") == "mine"


def test_a_full_disk_is_an_output_error_and_leaves_nothing(tmp_path: Path, source: Path) -> None:
    """A limit on the size of files takes the place of a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
    try:
        with pytest.raises(OutputError, match="cannot be written") as caught:
            write_quantized(source, tmp_path / "written")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.message.startswith(f"{tmp_path / 'written'}: ")
    assert {path.name for path in tmp_path.iterdir()} == {"source"}


def test_a_quantized_source_is_refused(tmp_path: Path, source: Path) -> None:
    int4 = save_checkpoint(tmp_path / "int4", published_int4(random_weights()))
    write_quantized(source, tmp_path / "nf4")
    for folder in (int4, tmp_path / "nf4"):
        with pytest.raises(UsageError, match="quantized already"):
            write_quantized(folder, tmp_path / "written", "int8")
    assert not (tmp_path / "written").exists()


def test_a_written_nf4_checkpoint_cannot_be_loaded_as_int8(tmp_path: Path, source: Path) -> None:
    write_quantized(source, tmp_path / "nf4")
    with pytest.raises(UsageError, match="quantized already"):
        load_model(tmp_path / "nf4", quantization="int8")


def test_an_incomplete_source_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    weights = random_weights()
    del weights["model.norm.weight"]
    folder = save_checkpoint(tmp_path / "source", weights)
    with pytest.raises(CheckpointError, match=r"1 missing: model\.norm\.weight"):
        write_quantized(folder, tmp_path / "written")
    assert {path.name for path in tmp_path.iterdir()} == {"source"}
