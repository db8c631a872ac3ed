"""Commands that use the model of a running server, with real processes and the pocket CogVLM2."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from running import Cogdoc
from serving import RunningServer, running_server
from waiting import wait_until

pytestmark = pytest.mark.slow

POCKET = Path(__file__).parents[2] / "samples" / "pocket"
MODEL = ("--model", POCKET / "model")
ASK = ("ask", POCKET / "form-1.png", "What is the total?", *MODEL)


def settings(folder: Path) -> dict[str, str]:
    return {"COGDOC_WARM": "on", "XDG_RUNTIME_DIR": str(folder)}


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The user's folder for sockets, with a server that has loaded the pocket checkpoint."""
    return tmp_path_factory.mktemp("runtime")


@pytest.fixture(scope="module")
def server(runtime: Path) -> Iterator[RunningServer]:
    with running_server(*MODEL, "--jobs", "1", **settings(runtime)) as server:
        yield server


@pytest.fixture
def warm(cogdoc: Cogdoc, runtime: Path, server: RunningServer) -> Cogdoc:
    """Runs a command that may use the server."""
    del server
    return lambda *arguments: cogdoc(*arguments, **settings(runtime))


def processes(cogdoc: Cogdoc, folder: Path) -> list[dict[str, Any]]:
    ended = cogdoc("ps", "--out", "json", **settings(folder))
    assert (ended.code, ended.err) == (0, "")
    return list(json.loads(ended.out))


def without_times(output: str) -> list[dict[str, Any]]:
    records = [json.loads(line) for line in output.splitlines()]
    for record in records:
        del record["timings"]
        record["usage"] = {name: record["usage"][name] for name in ("generations", "generated_tokens", "draft_tokens")}
    return records


def has_ended(pid: int) -> bool:
    """Whether a process is gone, or waits for nothing but that its parent notices."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_a_running_server_answers_as_the_command_alone_would(warm: Cogdoc) -> None:
    command = (*ASK, "-v", "--out", "jsonl")
    used = warm(*command)
    alone = warm(*command, "--no-warm")
    assert used.code == alone.code == 0
    assert "keeps model loaded" in used.err
    assert "engine cogvlm2: requested" in alone.err
    assert without_times(used.out) == without_times(alone.out)


def test_a_server_is_listed_with_its_model_and_address(
    warm: Cogdoc, cogdoc: Cogdoc, runtime: Path, server: RunningServer
) -> None:
    (entry,) = processes(cogdoc, runtime)
    assert (entry["pid"], entry["model"], entry["address"]) == (server.process.pid, "model", server.url)
    assert entry["checkpoint"] == str((POCKET / "model").resolve())
    assert entry["commands"] == entry["running"] == 0
    assert entry["memory"]["process"] > 100e6
    assert abs(time.time() - time.mktime(time.strptime(entry["since"], "%Y-%m-%dT%H:%M:%SZ")) + time.timezone) < 600
    table = warm("ps").out
    assert str(server.process.pid) in table
    assert server.url in table


def test_a_model_in_another_precision_is_not_used_and_verbose_says_why(warm: Cogdoc) -> None:
    nothing = ("ask", "--files-from", "-", "-q", "What is the total?")
    ended = warm(*nothing, *MODEL, "--quantization", "nf4", "-v")
    assert ended.code == 4
    assert "is not used: it has another quantization" in ended.err
    assert "engine cogvlm2: requested" in ended.err


def test_doctor_names_a_running_server(warm: Cogdoc, server: RunningServer) -> None:
    assert f"process {server.process.pid} keeps model loaded" in " ".join(warm("doctor").out.split())


def test_a_model_is_left_behind_until_nobody_uses_it_for_a_while(cogdoc: Cogdoc, tmp_path: Path) -> None:
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    first = cogdoc(*ASK, "--keep-alive", "10m", **settings(runtime))
    assert (first.code, first.out) == (0, "84.04\n")
    (entry,) = processes(cogdoc, runtime)
    pid = entry["pid"]
    assert first.err == (
        f"cogdoc: the model stays loaded in process {pid} until it was not used for 10m; cogdoc serve --stop ends it\n"
    )
    assert (entry["keep_alive"], entry["address"]) == (600, None)
    assert os.getsid(pid) != os.getsid(0)
    files = {str(file.readlink()) for file in Path(f"/proc/{pid}/fd").iterdir() if file.is_symlink()}
    assert not any("pipe" in file or "/dev/pts" in file for file in files)

    second = cogdoc(*ASK, "--keep-alive", "0.5s", "-v", **settings(runtime))
    assert (second.code, second.out) == (0, "84.04\n")
    assert f"the process {pid} keeps model loaded" in second.err
    wait_until(lambda: processes(cogdoc, runtime) == [])
    wait_until(lambda: has_ended(pid))
    assert list((runtime / "cogdoc").glob("*.sock")) == []


def test_a_killed_server_is_cleaned_up_after_and_stop_ends_a_living_one(cogdoc: Cogdoc, tmp_path: Path) -> None:
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    with running_server("--engine", "builtin", **settings(runtime)) as killed:
        assert [entry["pid"] for entry in processes(cogdoc, runtime)] == [killed.process.pid]
        killed.end(signal.SIGKILL)
        assert len(list((runtime / "cogdoc").glob("*.sock"))) == 1
        assert processes(cogdoc, runtime) == []
        assert list((runtime / "cogdoc").glob("*.sock")) == []
    with running_server("--engine", "builtin", **settings(runtime)) as server:
        ended = cogdoc("serve", "--stop", **settings(runtime))
        assert (ended.code, ended.err) == (0, f"cogdoc: the server {server.process.pid} has ended\n")
        assert server.process.wait(timeout=60) == 0
    ended = cogdoc("serve", "--stop", **settings(runtime))
    assert (ended.code, ended.err) == (0, "cogdoc: no server of yours is running\n")


@pytest.mark.parametrize("time", ["0", "-1m", "soon", "31d"])
def test_a_time_that_is_none_is_a_usage_error(cogdoc: Cogdoc, time: str) -> None:
    ended = cogdoc(*ASK, "--keep-alive", time, COGDOC_WARM="on")
    assert ended.code == 2
    assert f"--keep-alive: {time!r} is not a time" in ended.err


def test_what_cannot_be_loaded_fails_in_the_background_as_it_does_alone(cogdoc: Cogdoc, tmp_path: Path) -> None:
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "config.json").write_text("{}")
    command = ("ask", POCKET / "form-1.png", "What is the total?", "--model", broken)
    alone = cogdoc(*command)
    kept = cogdoc(*command, "--keep-alive", "1m", **settings(runtime))
    assert alone.code == kept.code == 3
    assert alone.err == kept.err
