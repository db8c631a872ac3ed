"""`cogdoc model` on local checkpoints: list, show, verify, quantize, remove; and the models that `doctor` reports."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from checkpoint_files import SHARDS, make_checkpoint
from running import Cogdoc

from cogdoc.models.provenance import record_hashes

COMMANDS = ("pull", "list", "show", "verify", "quantize", "merge", "remove")


@pytest.fixture(scope="session")
def small_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_checkpoint(tmp_path_factory.mktemp("small") / "whole")


@pytest.fixture
def pulled(small_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The English model as if it had been pulled; models of the user who runs the tests are hidden."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    folder = tmp_path / "data" / "cogdoc" / "models" / "cogvlm2-llama3-chat-19B"
    shutil.copytree(small_checkpoint, folder)
    record_hashes(folder, "huggingface", "THUDM/cogvlm2-llama3-chat-19B")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_every_model_command_shows_examples(cogdoc: Cogdoc, command: str) -> None:
    ended = cogdoc("model", command, "--help")
    assert (ended.code, ended.err) == (0, "")
    assert f"cogdoc model {command}" in ended.out


def test_no_model_command_at_all_shows_the_help(cogdoc: Cogdoc) -> None:
    ended = cogdoc("model")
    assert ended.code == 2
    assert all(command in ended.out for command in COMMANDS)


@pytest.mark.parametrize("arguments", [("--help",), ("model", "pull", "--help"), ("model", "list")])
def test_informative_commands_load_neither_deep_learning_nor_a_hub(pulled: Path, arguments: tuple[str, ...]) -> None:
    run = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "cogdoc", *arguments], capture_output=True, text=True, check=True
    )
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in run.stderr.splitlines()}
    assert not loaded & {"torch", "transformers", "huggingface_hub", "httpx2"}
    assert pulled.exists()


def test_list_shows_local_models_and_how_to_pull_the_others(cogdoc: Cogdoc, pulled: Path) -> None:
    ended = cogdoc("model", "list")
    assert (ended.code, ended.err) == (0, "")
    lines = {line.split()[0]: line for line in ended.out.splitlines()}
    assert str(pulled) in lines["chat"]
    assert "bfloat16" in lines["chat"]
    assert "cogdoc model pull chinese-int4" in lines["chinese-int4"]


def test_show_prints_sizes_memory_and_cards(cogdoc: Cogdoc, pulled: Path) -> None:
    ended = cogdoc("model", "show", "chat")
    assert (ended.code, ended.err) == (0, "")
    assert "THUDM/cogvlm2-llama3-chat-19B" in ended.out
    for said in (str(pulled), "parameters", "visual experts", "in all", "24 GiB", "nf4", "int8", "bf16", "--offload"):
        assert said in ended.out
    by_folder = cogdoc("model", "show", pulled)
    assert by_folder.out.splitlines()[2:20] == ended.out.splitlines()[2:20]


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda folder: flip(folder / SHARDS[0]), "damaged: its hash is not the recorded one"),
        (lambda folder: (folder / SHARDS[0]).unlink(), "is missing"),
        (lambda folder: (folder / SHARDS[0]).write_bytes((folder / SHARDS[0]).read_bytes()[:-9]), "truncated"),
        (lambda folder: (folder / "config.json").write_text("{}"), "this is not CogVLM2"),
    ],
    ids=["flipped byte", "missing shard", "truncated file", "wrong config"],
)
def test_verify_names_the_damage_and_exits_with_3(
    cogdoc: Cogdoc, pulled: Path, harm: Callable[[Path], None], said: str
) -> None:
    harm(pulled)
    ended = cogdoc("model", "verify", "chat")
    assert (ended.code, ended.out) == (3, "")
    assert said in ended.err
    assert "cogdoc model remove chat, then cogdoc model pull chat" in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.slow
def test_a_quantized_copy_is_recorded_and_complete(cogdoc: Cogdoc, pulled: Path, tmp_path: Path) -> None:
    copy = tmp_path / "chat-nf4"
    ended = cogdoc("model", "quantize", "chat", "--to", copy)
    assert (ended.code, ended.out, ended.err) == (0, f"{copy}\n", "")
    record = json.loads((copy / "cogdoc.json").read_text())
    assert (record["source"], record["repository"]) == ("quantized", str(pulled))
    again = cogdoc("model", "quantize", "chat", "--to", copy)
    assert again.code == 6
    assert "exists" in again.err
    assert cogdoc("model", "quantize", "chat", "--to", tmp_path / "cuda", "--device", "gpu").code == 2
    twice = cogdoc("model", "quantize", copy, "--to", tmp_path / "twice")
    assert twice.code == 2
    assert "quantized already" in twice.err
    assert "hash" in cogdoc("model", "verify", copy).out
    flip(copy / "model-00001-of-00001.safetensors")
    assert cogdoc("model", "verify", copy).code == 3
    assert cogdoc("model", "remove", copy, "--yes").code == 0
    assert not copy.exists()
    assert pulled.exists()


def test_show_plans_every_published_model_before_its_download(cogdoc: Cogdoc, pulled: Path) -> None:
    ended = cogdoc("model", "show")
    assert (ended.code, ended.err) == (0, "")
    lines = {line.split("  ")[0]: " ".join(line.split()) for line in ended.out.splitlines()}
    assert str(pulled) in lines["chat"]
    assert "39.0 GB" in lines["chinese"]
    assert "12.5 GB fp4 (4 bits, without double quantization)" in lines["chat-int4"]
    assert lines["tokens that fit a card of"].startswith(
        "tokens that fit a card of 8 GiB 12 GiB 16 GiB 24 GiB 32 GiB 40 GiB 48 GiB 80 GiB"
    )
    fitting = {name: line.removeprefix(f"{name} ").split()[:8] for name, line in lines.items()}
    assert fitting["nf4"] == ["-", "-", *["8,192"] * 6]
    assert fitting["nf4, vision bf16"] == ["-", "-", "-", *["8,192"] * 5]
    assert fitting["fp4"] == ["-", "-", *["8,192"] * 6]
    assert fitting["bf16"] == ["-", "-", "-", "-", "-", *["8,192"] * 3]
    assert fitting["nf4, vision bf16, --offload"][1:] == ["8,192"] * 7
    assert fitting["bf16, --offload"] == ["-", "-", "-", *["8,192"] * 5]


def test_show_of_a_model_that_is_not_there_says_how_to_get_it_and_what_it_needs(cogdoc: Cogdoc, pulled: Path) -> None:
    ended = cogdoc("model", "show", "chinese-int4")
    assert (ended.code, ended.err) == (0, "")
    for said in (
        "not on this machine; get it with: cogdoc model pull chinese-int4",
        "THUDM/cogvlm2-llama3-chinese-chat-19B-int4",
        "about 12.5 GB",
        "fp4 (4 bits, without double quantization)",
        "19,503,107,328",
    ):
        assert said in ended.out
    (pulled / "tokenizer.json").unlink()
    ended = cogdoc("model", "show", "chat")
    assert ended.code == 3
    assert "missing: tokenizer.json" in ended.err


@pytest.mark.parametrize("command", ["verify", "remove"])
def test_an_unknown_model_is_missing(cogdoc: Cogdoc, pulled: Path, command: str) -> None:
    ended = cogdoc("model", command, "chinese")
    assert ended.code == 3
    assert "cogdoc model pull chinese" in ended.err
    assert cogdoc("model", command, "nowhere").code == 3
    assert cogdoc("model", "show", "nowhere").code == 3
    assert pulled.exists()


def test_a_folder_that_cogdoc_did_not_write_is_not_removed(cogdoc: Cogdoc, small_checkpoint: Path) -> None:
    ended = cogdoc("model", "remove", small_checkpoint, "--yes")
    assert ended.code == 2
    assert (small_checkpoint / "config.json").exists()


def test_a_record_that_names_files_elsewhere_removes_nothing(cogdoc: Cogdoc, pulled: Path, tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("mine")
    record = json.loads((pulled / "cogdoc.json").read_text())
    record["files"]["../../../../precious.txt"] = {"size": 4, "sha256": ""}
    (pulled / "cogdoc.json").write_text(json.dumps(record))
    assert cogdoc("model", "remove", "chat", "--yes").code == 3
    assert (tmp_path / "precious.txt").exists()
    assert (pulled / "config.json").exists()


def test_doctor_names_the_models_the_cards_they_fit_and_the_next_command(cogdoc: Cogdoc, pulled: Path) -> None:
    ended = cogdoc("doctor")
    assert (ended.code, ended.err) == (0, "")
    facts = {line.split("  ")[0]: line for line in ended.out.splitlines()}
    assert str(pulled) in facts["model chat"]
    assert "CogVLM2" in facts["on the CPU"]
    assert "cogdoc ask" in facts["next"]
    assert facts["engine"].partition("  ")[2].strip().startswith(("builtin: ", "cogvlm2: "))
