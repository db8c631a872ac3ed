"""`cogdoc model pull` as users run it, against a local server with the hubs' protocols."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from checkpoint_files import SHARDS, UNWANTED
from local_hub import COMMIT, STALLS, TOKEN, Hub
from running import killed_at_end

LARGE = SHARDS[1]


def command(*arguments: str | Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run `cogdoc model ...` in the environment of the fixtures."""
    return subprocess.run(
        [sys.executable, "-m", "cogdoc", "model", *map(str, arguments)],
        env=os.environ | {"COLUMNS": "100"} | settings,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def folder(home: Path) -> Path:
    return home / "models" / "cogvlm2-llama3-chat-19B"


@pytest.mark.slow
def test_model_is_pulled_listed_verified_and_removed(hub: Hub, folder: Path) -> None:
    done = command("pull")
    assert (done.returncode, done.stdout) == (0, f"{folder}\n")
    assert f"pulling {hub.repository} at {COMMIT}: " in done.stderr
    record = json.loads((folder / "cogdoc.json").read_text())
    assert (record["commit"], record["revision"], record["source"]) == (COMMIT, "main", "huggingface")
    assert set(record["files"]) == set(hub.files) - set(UNWANTED)
    assert hub.served.total() == sum(len(hub.files[name]) for name in record["files"])

    listed = command("list")
    assert (listed.returncode, listed.stderr) == (0, "")
    assert str(folder) in listed.stdout
    assert "cogdoc model pull chinese" in listed.stdout
    verified = command("verify", "chat")
    assert (verified.returncode, verified.stderr) == (0, "")
    assert f"{len(record['files'])} files have the recorded hash" in verified.stdout

    again = command("pull", "--offline")
    assert (again.returncode, again.stdout) == (0, f"{folder}\n"), "a complete model needs no network"
    (folder / "notes.txt").write_text("mine")
    assert command("remove", "chat").returncode == 2, "without a terminal there is no confirmation"
    assert folder.exists()
    removed = command("remove", "chat", "--yes")
    assert removed.returncode == 0
    assert [path.name for path in folder.iterdir()] == ["notes.txt"]
    assert "notes.txt" in removed.stderr


@pytest.mark.slow
def test_pull_resumes_after_ctrl_c(hub: Hub, folder: Path) -> None:
    hub.breaks = {LARGE: [STALLS]}
    process = subprocess.Popen(
        [sys.executable, "-m", "cogdoc", "model", "pull"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    with killed_at_end(process) as started:
        assert hub.stalled.wait(60)
        started.send_signal(signal.SIGINT)
        _, errors = started.communicate(timeout=60)
    assert started.returncode == 130
    assert b"Traceback" not in errors
    assert not folder.exists()
    assert "resume with: cogdoc model pull chat" in command("list").stdout
    before = hub.served.total()
    assert command("pull").returncode == 0
    expected = sum(len(hub.files[name]) for name in set(hub.files) - set(UNWANTED))
    assert 0 < before < expected
    # Part of the half that was being sent at Ctrl-C may be lost.
    assert expected <= hub.served.total() < expected + len(hub.files[LARGE]) // 2 + 1
    assert hub.served[SHARDS[0]] == len(hub.files[SHARDS[0]])
    assert command("verify", "chat").returncode == 0


@pytest.mark.slow
def test_private_model_needs_a_token(hub: Hub, folder: Path) -> None:
    hub.private = True
    refused = command("pull")
    assert refused.returncode == 3
    assert "status 401" in refused.stderr
    assert "HF_TOKEN" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert command("pull", HF_TOKEN=TOKEN).returncode == 0
    assert folder.exists()


@pytest.mark.slow
def test_unknown_model_or_revision_is_missing(hub: Hub) -> None:
    chinese = command("pull", "--chinese")
    assert chinese.returncode == 3
    assert chinese.stderr == "cogdoc: THUDM/cogvlm2-llama3-chinese-chat-19B: not found on huggingface\n"
    revision = command("pull", "--revision", "nowhere")
    assert revision.returncode == 3
    assert "no such revision" in revision.stderr
    assert not hub.served


@pytest.mark.slow
def test_revision_can_be_pinned_to_a_commit(hub: Hub, tmp_path: Path, folder: Path) -> None:
    target = tmp_path / "pinned"
    assert command("pull", "--revision", COMMIT, "--to", target).returncode == 0
    assert json.loads((target / "cogdoc.json").read_text())["revision"] == COMMIT
    assert not folder.exists()
    assert command("pull", "--revision", "other", "--to", target).returncode == 6
    assert hub.requests


@pytest.mark.slow
def test_modelscope_serves_the_same_model(hub: Hub, folder: Path) -> None:
    hub.repository = "ZhipuAI/cogvlm2-llama3-chat-19B"
    assert command("pull", "chat", "--from", "modelscope", "--quiet").stderr == ""
    assert json.loads((folder / "cogdoc.json").read_text())["source"] == "modelscope"


@pytest.mark.parametrize("way", ["option", "COGDOC_OFFLINE", "HF_HUB_OFFLINE"])
def test_offline_pull_is_refused_at_once(hub: Hub, way: str) -> None:
    done = command("pull", "--offline") if way == "option" else command("pull", **{way: "1"})
    assert done.returncode == 3
    assert "offline" in done.stderr
    assert hub.requests == []


@pytest.mark.slow
def test_unreachable_hub_is_a_one_line_error(home: Path) -> None:  # noqa: ARG001
    done = command("pull", HF_ENDPOINT="http://127.0.0.1:9")
    assert done.returncode == 5
    assert "huggingface cannot be reached" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_model_in_the_hugging_face_cache_is_used_and_never_removed(hub: Hub, whole: Path, tmp_path: Path) -> None:
    snapshot = tmp_path / "hf" / "hub" / "models--THUDM--cogvlm2-llama3-chat-19B" / "snapshots" / COMMIT
    shutil.copytree(whole, snapshot)
    done = command("pull")
    assert (done.returncode, done.stdout) == (0, f"{snapshot}\n")
    assert hub.requests == []
    refused = command("remove", "chat", "--yes")
    assert refused.returncode == 2
    assert "was not written by cogdoc" in refused.stderr
    assert snapshot.exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(("nonsense",), "no model named 'nonsense'"), (("chat", "--chinese"), "not the Chinese model")],
)
def test_impossible_pull_is_a_usage_error(home: Path, arguments: tuple[str, ...], message: str) -> None:
    done = command("pull", *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert not home.exists()
