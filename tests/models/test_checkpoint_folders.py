"""Models are found by name or folder, without PyTorch and without the network."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from checkpoint_files import SHARDS

from cogdoc.errors import CheckpointError, MissingError
from cogdoc.models.checkpoint_folders import checkpoint_folder, find_checkpoint, models_folder
from cogdoc.models.published_models import MODELS, find_model

COMMIT, OTHER_COMMIT = 40 * "a", 40 * "b"


def cached(root: Path, whole: Path, commit: str, owner: str = "THUDM") -> Path:
    """Copy a checkpoint into a cache with huggingface_hub's layout."""
    folder = root / f"models--{owner}--cogvlm2-llama3-chat-19B"
    snapshot = folder / "snapshots" / commit
    shutil.copytree(whole, snapshot)
    return snapshot


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("chat", "chat"),
        ("cogvlm2-llama3-chat-19B", "chat"),
        ("THUDM/cogvlm2-llama3-chat-19B", "chat"),
        ("zai-org/cogvlm2-llama3-chinese-chat-19B-int4", "chinese-int4"),
        ("ZhipuAI/cogvlm2-llama3-chinese-chat-19B", "chinese"),
        ("./chat", None),
        ("llama", None),
    ],
)
def test_model_is_found_by_its_short_name_and_its_repositories(name: str, expected: str | None) -> None:
    model = find_model(name)
    assert (model.name if model else None) == expected


def test_pulled_model_is_found_by_its_name(home: Path, whole: Path) -> None:
    assert find_checkpoint("chat") is None
    shutil.copytree(whole, home / "models" / "cogvlm2-llama3-chat-19B")
    assert find_checkpoint("chat") == checkpoint_folder("chat") == home / "models" / "cogvlm2-llama3-chat-19B"
    assert find_checkpoint("chinese") is None


@pytest.mark.parametrize("owner", ["THUDM", "zai-org"])
def test_model_in_the_hugging_face_cache_is_found_in_its_current_snapshot(
    home: Path, whole: Path, tmp_path: Path, owner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = cached(tmp_path / "hf" / "hub", whole, COMMIT, owner)
    assert find_checkpoint("chat") == older
    newer = cached(tmp_path / "hf" / "hub", whole, OTHER_COMMIT, owner)
    assert find_checkpoint("chat") == older, "without a ref there is an order, but no current one"
    (newer.parents[1] / "refs").mkdir()
    (newer.parents[1] / "refs" / "main").write_text(OTHER_COMMIT)
    assert find_checkpoint("chat") == newer
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "elsewhere"))
    assert find_checkpoint("chat") is None
    assert not home.exists()


def test_folder_can_be_named_as_a_model(home: Path, whole: Path) -> None:  # noqa: ARG001
    assert checkpoint_folder(str(whole)) == whole


def test_error_for_a_missing_model_names_the_command_that_pulls_it(home: Path, tmp_path: Path) -> None:  # noqa: ARG001
    with pytest.raises(MissingError) as missing:
        checkpoint_folder("chinese-int4")
    assert missing.value.hint == "cogdoc model pull chinese-int4"
    with pytest.raises(MissingError) as unknown:
        checkpoint_folder(str(tmp_path / "nowhere"))
    assert "chat, chinese" in (unknown.value.hint or "")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: (folder / SHARDS[1]).unlink(), f"missing: {SHARDS[1]}"),
        (lambda folder: (folder / "tokenizer.json").unlink(), "missing: tokenizer.json"),
        (lambda folder: (folder / "config.json").unlink(), "no config.json"),
        (lambda folder: (folder / "config.json").write_text("{}"), "not CogVLM2"),
        (lambda folder: (folder / "config.json").write_text("{"), "cannot be read"),
        (lambda folder: (folder / "model.safetensors.index.json").write_text("[]"), "index.json that can be read"),
        (lambda folder: (folder / "model.safetensors.index.json").unlink(), "missing: model.safetensors"),
    ],
)
@pytest.mark.parametrize("named", [True, False])
def test_incomplete_checkpoint_is_not_found_and_the_error_says_why(
    home: Path, whole: Path, tmp_path: Path, damage: object, message: str, named: bool
) -> None:
    folder = home / "models" / "cogvlm2-llama3-chat-19B" if named else tmp_path / "mine"
    shutil.copytree(whole, folder)
    assert callable(damage)
    damage(folder)
    name = "chat" if named else str(folder)
    assert find_checkpoint(name) is None
    with pytest.raises(CheckpointError, match=message) as error:
        checkpoint_folder(name)
    assert ("cogdoc model pull chat" in (error.value.hint or "")) == named


def test_file_is_not_a_checkpoint(home: Path, whole: Path) -> None:  # noqa: ARG001
    assert find_checkpoint(str(whole / "config.json")) is None


def test_models_are_in_the_user_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COGDOC_HOME", raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert models_folder() == tmp_path / "cogdoc" / "models"


def test_finding_a_checkpoint_loads_neither_torch_nor_a_hub_client(whole: Path) -> None:
    code = (
        "import sys, json; from cogdoc.models.description import *;"
        "from cogdoc.models.checkpoint_folders import find_checkpoint;"
        f"assert find_checkpoint({str(whole)!r}); print(json.dumps(sorted(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in json.loads(run.stdout)}
    assert not loaded & {"torch", "transformers", "huggingface_hub", "httpx2", "numpy"}


def test_every_model_is_on_both_hubs() -> None:
    assert all(model.huggingface and model.modelscope for model in MODELS.values())
