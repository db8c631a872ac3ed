"""Folders of models that lie about what their files are, and about where these are."""

from __future__ import annotations

import json
import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from model_attacks import INDEX, POCKET, WEIGHTS, change_config

from cogdoc.cli.model import show
from cogdoc.cogvlm2.checkpoint import fingerprint, list_tensors
from cogdoc.cogvlm2.loading import load_model
from cogdoc.cogvlm2.session import load_session
from cogdoc.cogvlm2.writing import write_quantized
from cogdoc.engines.registry import select_engine
from cogdoc.engines.selection import EngineRequest
from cogdoc.errors import CheckpointError, MissingError
from cogdoc.models.checkpoint_folders import checkpoint_folder, find_checkpoint, find_defect, hub_cache, models_folder
from cogdoc.models.description import describe
from cogdoc.models.provenance import read_provenance
from cogdoc.models.removing import plan_removal
from cogdoc.models.verifying import verify

pytestmark = [
    pytest.mark.usefixtures("deadline"),
    pytest.mark.skipif(os.name == "nt", reason="needs pipes and links"),
]


def pipe(path: Path) -> None:
    os.mkfifo(path)


def unix_socket(path: Path) -> None:
    # The name of a socket is short, so it is bound in its folder.
    here = Path.cwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path.name)
    finally:
        os.chdir(here)


def endless_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def loop(path: Path) -> None:
    path.symlink_to(path.name)


def folder_of_that_name(path: Path) -> None:
    path.mkdir()


def sparse_file(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)


def link_to_another_folder(path: Path) -> None:
    shutil.copyfile(POCKET / (path.name if (POCKET / path.name).exists() else "config.json"), path.parent.parent / "x")
    path.symlink_to("../x")


ODD_FILES = (pipe, unix_socket, endless_device, loop, folder_of_that_name, sparse_file, link_to_another_folder)


@pytest.mark.parametrize("make", ODD_FILES)
@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", WEIGHTS, INDEX])
def test_a_file_that_is_no_regular_file_of_the_folder_is_refused_in_one_line(
    folder: Path, name: str, make: Callable[[Path], None]
) -> None:
    (folder / name).unlink(missing_ok=True)
    make(folder / name)
    with pytest.raises(CheckpointError) as caught:
        load_session(folder)
    assert "\n" not in caught.value.message
    assert name in caught.value.message
    assert find_checkpoint(str(folder)) is None or make is sparse_file


@pytest.mark.slow
@pytest.mark.parametrize("make", [pipe, sparse_file, link_to_another_folder])
@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", WEIGHTS, INDEX, "cogdoc.json"])
def test_the_check_of_a_model_names_a_file_that_is_none_of_the_folder(
    folder: Path, name: str, make: Callable[[Path], None]
) -> None:
    (folder / name).unlink(missing_ok=True)
    make(folder / name)
    verified, errors = verify(folder)
    assert verified is None
    assert any(name in error.message for error in errors)
    if name != "cogdoc.json":
        with pytest.raises(CheckpointError):
            select_engine(EngineRequest(model=str(folder))).settings.load(30)


@pytest.mark.parametrize("make", ODD_FILES)
def test_provenance_is_read_from_a_regular_file_of_the_folder_alone(folder: Path, make: Callable[[Path], None]) -> None:
    make(folder / "cogdoc.json")
    with pytest.raises(CheckpointError, match=r"cogdoc\.json: cannot be read"):
        read_provenance(folder)


@pytest.mark.parametrize("name", ["../x.safetensors", "absolute", "/dev/zero", "a\0b", "x" * 100_000, "", "."])
def test_shards_outside_the_folder_belong_to_no_checkpoint(folder: Path, tmp_path: Path, name: str) -> None:
    (folder / WEIGHTS).rename(tmp_path / "x.safetensors")
    name = str(tmp_path / "x.safetensors") if name == "absolute" else name
    (folder / INDEX).write_text(json.dumps({"weight_map": {"model.norm.weight": name}}))
    uses: tuple[Callable[[], object], ...] = (
        lambda: checkpoint_folder(str(folder)),
        lambda: load_model(folder),
        lambda: list_tensors(folder),
        lambda: fingerprint(folder),
        lambda: write_quantized(folder, tmp_path / "quantized"),
    )
    for use in uses:
        with pytest.raises(CheckpointError) as caught:
            use()
        assert len(caught.value.message) < 1000
    assert find_defect(folder) is not None


def in_hub_cache(tmp_path: Path) -> tuple[Path, Path]:
    """A snapshot in the layout of huggingface_hub, and the folder of its blobs."""
    repository = tmp_path / "hub" / "models--a--b"
    snapshot, blobs = repository / "snapshots" / (40 * "c"), repository / "blobs"
    snapshot.mkdir(parents=True)
    blobs.mkdir()
    for number, path in enumerate(sorted(POCKET.iterdir())):
        shutil.copyfile(path, blobs / f"{number:040}")
        (snapshot / path.name).symlink_to(f"../../blobs/{number:040}")
    return snapshot, blobs


def test_a_snapshot_of_the_hub_cache_is_read_through_its_links(tmp_path: Path) -> None:
    snapshot, _ = in_hub_cache(tmp_path)
    assert checkpoint_folder(str(snapshot)) == snapshot
    assert list_tensors(snapshot).keys() == list_tensors(POCKET).keys()
    (tmp_path / "elsewhere").symlink_to(tmp_path / "hub")
    assert find_defect(tmp_path / "elsewhere" / snapshot.relative_to(tmp_path / "hub")) is None


def test_a_snapshot_may_link_to_its_own_blobs_only(tmp_path: Path) -> None:
    snapshot, blobs = in_hub_cache(tmp_path)
    blobs.rename(tmp_path / "blobs")
    blobs.symlink_to(tmp_path / "blobs")
    assert "outside the folder" in (find_defect(snapshot) or "")


@pytest.mark.parametrize("make", [pipe, endless_device, sparse_file, link_to_another_folder])
def test_a_quantized_copy_takes_no_file_from_another_folder(
    folder: Path, tmp_path: Path, make: Callable[[Path], None]
) -> None:
    make(folder / "README.md")
    with pytest.raises(CheckpointError, match=r"README\.md"):
        write_quantized(folder, tmp_path / "quantized")
    assert not (tmp_path / "quantized").exists()


def test_a_description_repeats_no_text_of_the_folder(folder: Path) -> None:
    change_config(folder, torch_dtype="\x1b[2J\nbfloat16")
    (folder / "large").symlink_to("/dev/zero")
    description = describe(folder)
    assert description.weights == "bfloat16"
    assert description.files == len(list(POCKET.iterdir()))


@pytest.mark.parametrize("name", ["../precious", "..", ".", "", "sub/precious", "/etc/hostname"])
def test_removal_deletes_no_file_of_another_folder(folder: Path, name: str) -> None:
    stated = {"source": "x", "repository": "y", "revision": "", "commit": None}
    files = {name: {"size": 1, "sha256": ""}}
    (folder / "cogdoc.json").write_text(json.dumps(stated | {"files": files}))
    with pytest.raises(MissingError, match="outside the folder"):
        plan_removal(str(folder))


def test_a_reference_of_the_hub_cache_that_is_a_pipe_is_ignored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setenv("COGDOC_HOME", str(tmp_path))
    references = tmp_path / "models--THUDM--cogvlm2-llama3-chat-19B" / "refs"
    references.mkdir(parents=True)
    os.mkfifo(references / "main")
    assert find_checkpoint("chat") is None


def test_folders_of_unknown_users_are_not_found(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MissingError, match="neither a model nor a folder"):
        checkpoint_folder("~nobody-of-this-name/model")
    for variable, place in (("COGDOC_HOME", models_folder), ("HF_HOME", hub_cache), ("HF_HUB_CACHE", hub_cache)):
        monkeypatch.setenv(variable, "~nobody-of-this-name")
        assert "~nobody-of-this-name" in str(place())
        assert find_checkpoint("chat") is None


def test_a_table_of_models_shows_control_characters_of_a_folder_escaped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = shutil.copytree(POCKET, tmp_path / "\x1b[2Jmodel")
    show(str(folder))
    assert "\x1b" not in capsys.readouterr().out
