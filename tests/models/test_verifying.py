"""`verify` reports each kind of damage with its own error, and all faults together."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from checkpoint_files import SHARDS
from safetensors.torch import load_file, save_file

from cogdoc.errors import ExitCode
from cogdoc.models.provenance import git_blob_sha1, record_hashes, sha256
from cogdoc.models.verifying import verify

Damage = Callable[[Path], object]


@pytest.fixture
def recorded(whole: Path, tmp_path: Path) -> Path:
    """A checkpoint with recorded hashes."""
    folder = tmp_path / "recorded"
    shutil.copytree(whole, folder)
    record_hashes(folder, "huggingface", "THUDM/cogvlm2-llama3-chat-19B")
    return folder


def flip(path: Path, index: int = -1) -> None:
    content = bytearray(path.read_bytes())
    content[index] ^= 1
    path.write_bytes(content)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


def change_config(path: Path, **changes: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def rename_tensor(path: Path) -> None:
    tensors = load_file(path)
    name = next(iter(tensors))
    save_file({(f"{key}.other" if key == name else key): value.clone() for key, value in tensors.items()}, path)


def narrow_tensor(path: Path) -> None:
    tensors = {name: tensor.clone() for name, tensor in load_file(path).items()}
    name = next(name for name, tensor in tensors.items() if tensor.dim() == 2)
    tensors[name] = torch.zeros(1, 1)
    save_file(tensors, path)


DAMAGES: list[tuple[Damage, str]] = [
    (lambda folder: flip(folder / SHARDS[1]), f"{SHARDS[1]}: damaged: its hash is not the recorded one"),
    (lambda folder: flip(folder / "tokenizer.json", 40), "tokenizer.json: damaged: its hash"),
    (lambda folder: (folder / SHARDS[1]).unlink(), f"{SHARDS[1]}: is missing"),
    (lambda folder: truncate(folder / SHARDS[1]), f"{SHARDS[1]}: truncated: "),
    (lambda folder: (folder / "config.json").write_text("{}"), "vision_config is missing"),
    (lambda folder: change_config(folder / "config.json", num_hidden_layers=3), "missing: model.layers.2."),
    (lambda folder: (folder / "tokenizer.json").unlink(), "no tokenizer.json"),
    (
        lambda folder: shutil.copy(folder / SHARDS[0], folder / "model.safetensors") and None,
        "model.safetensors: unexpected",
    ),
    (lambda folder: (folder / "cogdoc.json").write_text("{"), "cogdoc.json: cannot be read"),
]


@pytest.mark.parametrize(("damage", "message"), DAMAGES)
def test_each_kind_of_damage_has_its_own_error(recorded: Path, damage: Damage, message: str) -> None:
    assert verify(recorded)[1] == []
    damage(recorded)
    verified, errors = verify(recorded)
    assert verified is None
    assert any(message in error.message for error in errors), [error.message for error in errors]
    assert {error.exit_code for error in errors} == {ExitCode.MISSING}
    assert all("\n" not in error.message for error in errors)


@pytest.mark.parametrize(
    ("damage", "message"), [(rename_tensor, "1 missing: .*1 unknown: "), (narrow_tensor, "wrong shape")]
)
def test_tensors_are_compared_even_without_known_hashes(
    whole: Path, tmp_path: Path, damage: Callable[[Path], None], message: str
) -> None:
    folder = tmp_path / "mine"
    shutil.copytree(whole, folder)
    verified, errors = verify(folder)
    assert verified is not None
    assert (verified.hashed, errors) == (0, [])
    damage(folder / SHARDS[0])
    (error,) = verify(folder)[1]
    assert re.search(message, error.message)


def test_all_faults_are_reported_together(recorded: Path) -> None:
    flip(recorded / SHARDS[0])
    truncate(recorded / SHARDS[1])
    (recorded / "tokenizer.json").unlink()
    messages = " | ".join(error.message for error in verify(recorded)[1])
    for message in (f"{SHARDS[0]}: damaged", f"{SHARDS[1]}: truncated", "tokenizer.json: is missing"):
        assert message in messages


def test_tokenizer_with_more_tokens_than_the_model_is_an_error(whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    shutil.copytree(whole, folder)
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    last = max(token["id"] for token in tokenizer["added_tokens"])
    more = {**tokenizer["added_tokens"][-1], "id": last + 1, "content": "<|more|>"}
    tokenizer["added_tokens"].append(more)
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    (error,) = verify(folder)[1]
    assert "the tokenizer has" in error.message


def test_files_in_the_hugging_face_cache_are_compared_with_their_names(whole: Path, tmp_path: Path) -> None:
    snapshot, blobs = tmp_path / "snapshots" / (40 * "a"), tmp_path / "blobs"
    snapshot.mkdir(parents=True)
    blobs.mkdir()
    for path in whole.iterdir():
        name = sha256(path) if path.suffix == ".safetensors" else git_blob_sha1(path)
        shutil.copy(path, blobs / name)
        (snapshot / path.name).symlink_to(Path("../../blobs") / name)
    verified, errors = verify(snapshot)
    assert errors == []
    assert verified is not None
    assert verified.hashed == len(list(whole.iterdir()))
    for name in (SHARDS[0], "tokenizer.json"):
        index = 40 if name == "tokenizer.json" else -1
        flip((snapshot / name).resolve(), index)
        assert any(f"{name}: damaged" in error.message for error in verify(snapshot)[1])
