"""Folders of models that lie about sizes: in the configuration, JSON, the headers of weights and NF4 tables."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from model_attacks import INDEX, WEIGHTS, change_config
from small_checkpoints import architecture, random_weights, raw_config, save_checkpoint

from cogdoc.cogvlm2.checkpoint import fingerprint, list_tensors
from cogdoc.cogvlm2.configuration import read_config
from cogdoc.cogvlm2.loading import load_model
from cogdoc.cogvlm2.quantization import nf4_parts
from cogdoc.cogvlm2.tokenizer import load_tokenizer
from cogdoc.cogvlm2.writing import write_quantized
from cogdoc.errors import CheckpointError, ResourceError
from cogdoc.models.checkpoint_folders import checkpoint_folder
from cogdoc.models.description import describe
from cogdoc.models.provenance import read_provenance

LAYER = "model.layers.0.self_attn.language_expert_dense"

READERS: dict[str, Callable[[Path], object]] = {
    "config.json": read_config,
    "tokenizer.json": load_tokenizer,
    INDEX: list_tensors,
    "cogdoc.json": read_provenance,
}

pytestmark = [
    pytest.mark.usefixtures("deadline"),
    pytest.mark.skipif(os.name == "nt", reason="needs signals that Windows lacks"),
]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"num_hidden_layers": 10**9}, "num_hidden_layers"),
        ({"num_hidden_layers": 10**5}, "num_hidden_layers"),
        ({"vision": {"num_hidden_layers": 10**9}}, "vision_config.num_hidden_layers"),
        ({"vocab_size": 2**50}, "vocab_size"),
        ({"hidden_size": 2**50}, "hidden_size"),
        ({"intermediate_size": 2**62}, "intermediate_size"),
        ({"max_position_embeddings": 2**60}, "max_position_embeddings"),
        ({"vision": {"image_size": 8 * 10**9, "num_positions": 10**18 + 1}}, "image_size"),
        ({"vision": {"patch_size": 10**6, "image_size": 2 * 10**6}}, "patch_size"),
        ({"num_attention_heads": 10**18}, "num_attention_heads"),
        ({"rope_theta": 1e308}, "rope_theta"),
        ({"rope_theta": 1e-300}, "rope_theta"),
        ({"rms_norm_eps": 1e300}, "rms_norm_eps"),
        ({"vision": {"layer_norm_eps": 5}}, "layer_norm_eps"),
        ({"pad_token_id": 10**18}, "pad_token_id"),
        ({"eos_token_id": [503] * 1000}, "eos_token_id"),
        ({"eos_token_id": {"a": [1] * 10_000}}, "eos_token_id"),
        ({"vocab_size": "x" * 100_000}, "vocab_size"),
        ({"vocab_size": True}, "vocab_size"),
    ],
)
def test_an_impossible_size_is_named_before_anything_is_built(
    folder: Path, changes: dict[str, Any], named: str
) -> None:
    change_config(folder, **changes)
    for use in (checkpoint_folder, lambda name: load_model(Path(name)), lambda name: describe(Path(name))):
        with pytest.raises(CheckpointError) as caught:
            use(str(folder))
        assert named in caught.value.message
        assert len(caught.value.message) < 1000


@pytest.mark.parametrize(
    "changes",
    [{"num_hidden_layers": 200}, {"hidden_size": 2**16}, {"vocab_size": 2**20}, {"intermediate_size": 2**18}],
)
def test_a_size_that_the_weights_contradict_takes_no_memory(folder: Path, changes: dict[str, Any]) -> None:
    change_config(folder, **changes)
    with pytest.raises(CheckpointError, match="tensors"):
        load_model(folder)


@pytest.mark.parametrize(
    "content",
    [
        b'{"vocab_size": 1' + b"0" * 4299 + b"}",
        b'{"vocab_size": 1' + b"0" * 900_000 + b"}",
        b"[" * 100_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b'{"x":' + b"[" * 50 + b"]" * 50 + b"}",
        b'{"rms_norm_eps": NaN}',
        b'{"rms_norm_eps": -Infinity}',
        b'{"rms_norm_eps": 1e999}',
        b'{"vocab_size": 1, "vocab_size": 2}',
        b"\xef\xbb\xbf{}",
        b"\xff",
        b"{}" * 2,
        b'"' + b"x" * 2_000_000 + b'"',
    ],
    ids=lambda content: content[:20].decode("latin-1"),
)
@pytest.mark.parametrize("name", READERS)
def test_a_file_with_impossible_json_is_refused_in_one_short_line(folder: Path, name: str, content: bytes) -> None:
    (folder / name).write_bytes(content)
    with pytest.raises(CheckpointError) as caught:
        READERS[name](folder)
    assert name in caught.value.message
    assert "\n" not in caught.value.message
    assert len(caught.value.message) < 1000


def damage_header(folder: Path, change: Callable[[dict[str, Any], str], None]) -> None:
    content = (folder / WEIGHTS).read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    change(header, next(name for name in header if name != "__metadata__"))
    text = json.dumps(header).encode()
    (folder / WEIGHTS).write_bytes(struct.pack("<Q", len(text)) + text + content[8 + length :])


@pytest.mark.parametrize(
    "change",
    [
        {"shape": [2**32, 2**32, 2**32]},
        {"shape": [2**63]},
        {"shape": [-1, -4]},
        {"shape": [1.5]},
        {"shape": [1] * 1000},
        {"shape": "x"},
        {"dtype": "F4"},
        {"dtype": {"a": 1}},
        {"data_offsets": [0, 2**62]},
        {"data_offsets": [4, 0]},
        {"data_offsets": [0]},
        {"data_offsets": [0, True]},
        {"data_offsets": None},
    ],
    ids=str,
)
def test_a_header_that_does_not_fit_its_file_is_refused(folder: Path, change: dict[str, Any]) -> None:
    damage_header(folder, lambda header, name: header[name].update(change))
    for use in (list_tensors, load_model, fingerprint):
        with pytest.raises(CheckpointError, match=r"model\.safetensors: damaged"):
            use(folder)


def test_tensors_that_share_bytes_are_refused(folder: Path) -> None:
    def overlap(header: dict[str, Any], name: str) -> None:
        entry = next(other for key, other in header.items() if key != name and "shape" in other)
        header[name] = dict(entry)

    damage_header(folder, overlap)
    with pytest.raises(CheckpointError, match="overlap"):
        list_tensors(folder)


@pytest.mark.parametrize(
    "content",
    [b"", b"\0" * 8, struct.pack("<Q", 2**63), struct.pack("<Q", 10**8), struct.pack("<Q", 2) + b"[]"],
    ids=["empty", "no header", "2^63", "10^8", "list"],
)
def test_the_length_of_a_header_is_checked_before_it_is_read(folder: Path, content: bytes) -> None:
    with (folder / WEIGHTS).open("r+b") as file:
        file.write(content)
        file.truncate(max(len(content), 1 << 30) if content else 0)
    for use in (list_tensors, load_model, fingerprint):
        with pytest.raises(CheckpointError, match=r"model\.safetensors: damaged"):
            use(folder)


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("weight.quant_map", torch.zeros(2)),
        ("weight.quant_map", torch.zeros(16, dtype=torch.int8)),
        ("weight.nested_quant_map", torch.zeros(4)),
        ("weight.absmax", "as float16"),
        ("weight.nested_absmax", "as float16"),
        ("weight.absmax", torch.zeros(1 << 20, dtype=torch.uint8)),
        ("state", {"blocksize": 1}),
        ("state", {"blocksize": 2**40}),
        ("state", {"blocksize": -64}),
        ("state", {"blocksize": "64"}),
        ("state", {"nested_blocksize": 3}),
        ("state", {"nested_offset": 10**400}),
        ("state", {"dtype": "save"}),
        ("state", {"dtype": "int64"}),
        ("state", {"quant_type": "int8"}),
        ("state", {"shape": [2**40, 2**40]}),
        ("state", {"absmax": 3}),
    ],
    ids=str,
)
def test_tables_that_the_kernels_would_read_past_are_refused(tmp_path: Path, part: str, value: Any) -> None:
    weights = random_weights()
    parts = nf4_parts(weights.pop(f"{LAYER}.weight"))
    state = "weight.quant_state.bitsandbytes__nf4"
    if part == "state":
        stated = json.loads(bytes(parts[state].tolist())) | value
        parts[state] = torch.frombuffer(bytearray(json.dumps(stated).encode()), dtype=torch.uint8)
    else:
        parts[part] = parts[part].half() if isinstance(value, str) else value
    folder = save_checkpoint(tmp_path, weights | {f"{LAYER}.{name}": tensor for name, tensor in parts.items()})
    with pytest.raises(CheckpointError) as caught:
        load_model(folder)
    assert LAYER in caught.value.message
    assert len(caught.value.message) < 1000


@pytest.mark.parametrize(
    "change",
    [
        {"source": "\x1b[31m"},
        {"repository": {"a": 1}},
        {"commit": ["x"]},
        {"revision": 3},
        {"files": {"a": {"size": 1e400, "sha256": ""}}},
        {"files": {"a": {"size": "many", "sha256": ""}}},
        {"files": []},
        {"other": 1},
    ],
    ids=str,
)
def test_provenance_of_another_form_is_refused(folder: Path, change: dict[str, Any]) -> None:
    stated = {"source": "x", "repository": "y", "revision": "", "commit": None, "files": {}} | change
    (folder / "cogdoc.json").write_text(json.dumps(stated))
    with pytest.raises(CheckpointError, match=r"cogdoc\.json: cannot be read") as caught:
        read_provenance(folder)
    assert "\n" not in caught.value.message


def test_weights_that_are_one_large_hole_are_not_quantized(tmp_path: Path) -> None:
    raw = raw_config(hidden_size=2**16, vocab_size=2**20)
    header: dict[str, Any] = {}
    end = 0
    for name, tensor in architecture(raw).state_dict().items():
        begin, end = end, end + 2 * tensor.numel()
        header[name] = {"dtype": "BF16", "shape": list(tensor.shape), "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    (tmp_path / "config.json").write_text(json.dumps(raw))
    with (tmp_path / WEIGHTS).open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + end)
    with pytest.raises(ResourceError, match="GB"):
        write_quantized(tmp_path, tmp_path / "quantized")
