"""Checkpoints load exactly, or are refused with one message; code in their folder never runs."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from small_checkpoints import (
    RAW,
    architecture,
    outputs,
    random_weights,
    raw_config,
    relative_error,
    save_checkpoint,
    snapshot,
)

from cogdoc.cogvlm2.checkpoint import fingerprint
from cogdoc.cogvlm2.loading import load_model
from cogdoc.errors import CheckpointError

SHARDS = "model.safetensors.index.json"


@pytest.mark.parametrize("shards", [1, 3])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
def test_a_full_checkpoint_gives_exactly_its_tensors(tmp_path: Path, dtype: torch.dtype, shards: int) -> None:
    weights = random_weights(dtype)
    stated = raw_config(torch_dtype=str(dtype).removeprefix("torch."))
    model = load_model(save_checkpoint(tmp_path, weights, stated, shards))
    loaded = snapshot(model)
    assert loaded.keys() == weights.keys()
    assert all(torch.equal(loaded[name], weights[name]) for name in weights)
    assert model.dtype == dtype
    assert not model.training
    assert not any(parameter.requires_grad for parameter in model.parameters())


@pytest.mark.parametrize("key", ["dtype", "torch_dtype"])
def test_computes_in_the_dtype_that_the_config_states(tmp_path: Path, key: str) -> None:
    raw = {name: value for name, value in RAW.items() if name != "torch_dtype"} | {key: "float32"}
    assert load_model(save_checkpoint(tmp_path, random_weights(), raw)).dtype == torch.float32


def test_a_requested_dtype_overrides_the_stated_one(tmp_path: Path) -> None:
    model = load_model(save_checkpoint(tmp_path, random_weights()), dtype=torch.float32)
    assert {tensor.dtype for tensor in snapshot(model).values()} == {torch.float32}


def test_loaded_tensors_do_not_depend_on_the_files(tmp_path: Path) -> None:
    folder = save_checkpoint(tmp_path, random_weights())
    model = load_model(folder)
    before = outputs(model)
    file = folder / "model.safetensors"
    with file.open("r+b") as stream:
        stream.seek(file.stat().st_size // 2)
        stream.write(b"\xff" * 4096)
    assert all(torch.equal(one, other) for one, other in zip(before, outputs(model), strict=True))


def test_progress_counts_every_tensor(tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    load_model(save_checkpoint(tmp_path, random_weights()), progress=lambda done, total: calls.append((done, total)))
    count = len(architecture().state_dict())
    assert calls == [(done, count) for done in range(1, count + 1)]


def test_one_error_names_all_missing_unknown_and_misshapen_tensors(tmp_path: Path) -> None:
    weights = random_weights()
    del weights["model.norm.weight"], weights["model.vision.boi"]
    weights["model.extra.weight"] = torch.zeros(3)
    weights["lm_head.weight"] = torch.zeros(96, 64)
    weights["model.vision.eoi"] = torch.zeros(1, 1, 128, dtype=torch.int64)
    with pytest.raises(CheckpointError) as caught:
        load_model(save_checkpoint(tmp_path, weights, shards=2))
    message = str(caught.value)
    assert "2 missing: model.norm.weight, model.vision.boi" in message.replace(
        "model.vision.boi, model.norm.weight", "model.norm.weight, model.vision.boi"
    )
    assert "1 unknown: model.extra.weight" in message
    assert "2 of the wrong shape" in message
    assert "[96, 64] instead of [96, 128]" in message
    assert "model.vision.eoi (I64" in message
    assert "\n" not in message


def test_the_error_stays_short_for_a_checkpoint_of_another_model(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError) as caught:
        load_model(save_checkpoint(tmp_path, {f"encoder.{i}.weight": torch.zeros(2) for i in range(200)}))
    assert "200 unknown" in str(caught.value)
    assert len(str(caught.value)) < 1500


def remove_a_shard(folder: Path) -> None:
    (folder / "model-00002-of-00003.safetensors").unlink()


def truncate_a_shard(folder: Path) -> None:
    shard = folder / "model-00002-of-00003.safetensors"
    shard.write_bytes(shard.read_bytes()[:-1000])


def fill_a_header_with_garbage(folder: Path) -> None:
    shard = folder / "model-00002-of-00003.safetensors"
    content = shard.read_bytes()
    shard.write_bytes(content[:8] + b"\xff" * 64 + content[72:])


def claim_an_endless_header(folder: Path) -> None:
    shard = folder / "model-00002-of-00003.safetensors"
    shard.write_bytes(b"\xff" * 8 + shard.read_bytes()[8:])


def empty_a_shard(folder: Path) -> None:
    (folder / "model-00002-of-00003.safetensors").write_bytes(b"")


def repeat_a_tensor(folder: Path) -> None:
    shutil.copyfile(folder / "model-00001-of-00003.safetensors", folder / "model-00002-of-00003.safetensors")


def break_the_index(folder: Path) -> None:
    (folder / SHARDS).write_text('{"weight_map": [', encoding="utf-8")


def leave_the_index_without_a_map(folder: Path) -> None:
    (folder / SHARDS).write_text("{}", encoding="utf-8")


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        (remove_a_shard, "shards are missing: model-00002-of-00003.safetensors"),
        (truncate_a_shard, "model-00002-of-00003.safetensors: damaged"),
        (fill_a_header_with_garbage, "model-00002-of-00003.safetensors: damaged"),
        (claim_an_endless_header, "model-00002-of-00003.safetensors: damaged"),
        (empty_a_shard, "model-00002-of-00003.safetensors: damaged"),
        (repeat_a_tensor, "is in model-00001-of-00003.safetensors and in model-00002-of-00003.safetensors"),
        (break_the_index, f"{SHARDS}: cannot be read"),
        (leave_the_index_without_a_map, f"{SHARDS}: cannot be read"),
    ],
)
def test_the_error_for_a_damaged_checkpoint_names_the_damaged_file(
    tmp_path: Path, damage: Callable[[Path], None], named: str
) -> None:
    folder = save_checkpoint(tmp_path, random_weights(), shards=3)
    damage(folder)
    with pytest.raises(CheckpointError, match=r"(?s).*") as caught:
        load_model(folder)
    assert named in str(caught.value)


def test_a_tensor_that_is_only_in_the_index_is_missing(tmp_path: Path) -> None:
    folder = save_checkpoint(tmp_path, random_weights(), shards=3)
    index = json.loads((folder / SHARDS).read_text(encoding="utf-8"))
    save_file({"model.norm.weight": torch.ones(128)}, folder / index["weight_map"]["lm_head.weight"])
    with pytest.raises(CheckpointError):
        load_model(folder)


def test_a_folder_without_weights_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(RAW), encoding="utf-8")
    with pytest.raises(CheckpointError, match=r"no model\.safetensors") as caught:
        load_model(tmp_path)
    assert caught.value.hint is None


def test_pickled_weights_are_not_opened_and_the_hint_says_so(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(RAW), encoding="utf-8")
    torch.save(random_weights(), tmp_path / "pytorch_model.bin")
    with pytest.raises(CheckpointError) as caught:
        load_model(tmp_path)
    assert "pickle" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (None, "no config.json"),
        ("{", "config.json: cannot be read"),
        (b"\xff\xfe\x00", "config.json: cannot be read"),
        ("[]", "config.json: not a JSON object"),
        (json.dumps({key: value for key, value in RAW.items() if key != "vision_config"}), "vision_config"),
        (json.dumps({key: value for key, value in RAW.items() if key != "hidden_size"}), "hidden_size"),
        (json.dumps(raw_config(vision_config=None)), "config.json"),
        (json.dumps(raw_config(hidden_size="wide")), "config.json"),
        (json.dumps(raw_config(num_attention_heads=5)), "num_attention_heads"),
        (json.dumps(raw_config(num_attention_heads=0)), "num_attention_heads"),
    ],
)
def test_a_config_that_is_missing_or_wrong_is_refused(tmp_path: Path, content: str | bytes | None, named: str) -> None:
    folder = save_checkpoint(tmp_path, random_weights())
    if content is None:
        (folder / "config.json").unlink()
    else:
        (folder / "config.json").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(CheckpointError) as caught:
        load_model(folder)
    assert named in str(caught.value)


def test_code_in_the_folder_is_never_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = save_checkpoint(tmp_path / "checkpoint", random_weights())
    marker = tmp_path / "ran"
    modules = ("configuration_cogvlm", "modeling_cogvlm", "__init__", "sitecustomize", "torch", "safetensors")
    for module in modules:
        (folder / f"{module}.py").write_text(f"open({str(marker)!r}, 'w')\nraise RuntimeError\n", encoding="utf-8")
    monkeypatch.chdir(folder)
    outputs(load_model(folder, quantization="nf4"))
    assert not marker.exists()
    assert not (folder / "__pycache__").exists()
    assert "modeling_cogvlm" not in sys.modules


def test_tied_embeddings_need_no_output_head(tmp_path: Path) -> None:
    weights = random_weights()
    del weights["lm_head.weight"]
    model = load_model(save_checkpoint(tmp_path, weights, raw_config(tie_word_embeddings=True)))
    assert model.lm_head.weight is model.model.embed_tokens.weight
    full = weights | {"lm_head.weight": weights["model.embed_tokens.weight"].clone()}
    other = load_model(save_checkpoint(tmp_path / "full", full))
    assert torch.equal(outputs(model)[1], outputs(other)[1])


def test_without_tied_embeddings_the_output_head_is_required(tmp_path: Path) -> None:
    weights = random_weights()
    del weights["lm_head.weight"]
    with pytest.raises(CheckpointError, match=r"1 missing: lm_head\.weight"):
        load_model(save_checkpoint(tmp_path, weights))


@pytest.mark.parametrize("arithmetic", ["precise", "published"])
def test_rotary_frequencies_may_be_absent(tmp_path: Path, arithmetic: Any) -> None:
    weights = random_weights()
    bare = {name: tensor for name, tensor in weights.items() if not name.endswith("inv_freq")}
    assert len(bare) < len(weights)
    one = load_model(save_checkpoint(tmp_path / "bare", bare), arithmetic=arithmetic)
    other = load_model(save_checkpoint(tmp_path / "full", weights), arithmetic=arithmetic)
    assert not any(tensor.is_meta for tensor in snapshot(one).values())
    assert torch.equal(outputs(one)[1], outputs(other)[1])


@pytest.mark.parametrize("shards", [1, 3])
def test_a_copied_folder_has_the_same_fingerprint(tmp_path: Path, shards: int) -> None:
    folder = save_checkpoint(tmp_path / "one", random_weights(), shards=shards)
    copied = shutil.copytree(folder, tmp_path / "other")
    assert fingerprint(copied) == fingerprint(folder)


def test_other_weights_and_another_config_have_other_fingerprints(tmp_path: Path) -> None:
    folders = [
        save_checkpoint(tmp_path / "a", random_weights()),
        save_checkpoint(tmp_path / "b", random_weights(seed=1)),
        save_checkpoint(tmp_path / "c", random_weights(torch.float32)),
        save_checkpoint(tmp_path / "d", random_weights(), raw_config(rms_norm_eps=1e-6)),
        save_checkpoint(tmp_path / "e", random_weights(), shards=2),
    ]
    assert len({fingerprint(folder) for folder in folders}) == len(folders)


def test_any_one_trained_tensor_changes_the_fingerprint(tmp_path: Path) -> None:
    weights = random_weights()
    fingerprints = {fingerprint(save_checkpoint(tmp_path, weights))}
    for name in weights:
        fingerprints.add(fingerprint(save_checkpoint(tmp_path, weights | {name: weights[name] + 1})))
    assert len(fingerprints) == len(weights) + 1


def test_a_fingerprint_needs_a_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError):
        fingerprint(tmp_path)


@pytest.mark.slow
def test_nothing_is_printed_or_logged_on_import_and_use(tmp_path: Path) -> None:
    """bitsandbytes would log that an optional download is missing, and warn at each int8 product."""
    folder = save_checkpoint(tmp_path, random_weights())
    program = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from pathlib import Path
from cogdoc.cogvlm2.loading import load_model
models = [load_model(Path({str(folder)!r}), quantization=quantization) for quantization in ("nf4", "int8", "none")]
from small_checkpoints import outputs  # imports bitsandbytes itself, after cogdoc has silenced it
for model in models:
    outputs(model)
assert "torch._dynamo" not in sys.modules, "the compiler takes longer to import than torch"
"""
    process = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=300, check=False)
    assert (process.returncode, process.stdout, process.stderr) == (0, "", "")


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("quantization", ["nf4", "int8", "none"])
def test_a_model_on_cuda_computes_what_it_computes_on_the_cpu(tmp_path: Path, quantization: Any) -> None:
    folder = save_checkpoint(tmp_path, random_weights())
    here = load_model(folder, quantization=quantization)
    there = load_model(folder, quantization=quantization, device="cuda")
    assert {tensor.device.type for tensor in snapshot(there).values()} == {"cuda"}
    for actual, expected in zip(outputs(there), outputs(here), strict=True):
        assert relative_error(actual.cpu(), expected) < 0.03
