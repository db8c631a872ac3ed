"""The command line with an engine behind an address: `cogdoc serve` with the pocket CogVLM2, and servers that fail."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chat_server import Asked, Reply, chat_server
from comparing import without_confidences
from running import Cogdoc
from serving import running_server

POCKET = Path(__file__).parents[2] / "samples" / "pocket"


@pytest.fixture(scope="module")
def pocket_url() -> Iterator[str]:
    with running_server("--model", POCKET / "model", "--quantization", "none") as server:
        yield f"{server.url}/v1"


def records(output: str) -> list[dict[str, Any]]:
    return list(json.loads(output)["records"])


@pytest.mark.slow
def test_answers_of_a_remote_cogvlm2_are_those_of_the_local_one(cogdoc: Cogdoc, pocket_url: str) -> None:
    questions = ("-q", "What is the total?", "-q", "What is the tip?", "-q", "What is the date?")
    command = ("ask", POCKET / "forms.pdf", *questions, "--out", "json")
    local = cogdoc(*command, "--model", POCKET / "model", "--quantization", "none")
    remote = cogdoc(*command, "--engine", pocket_url, "--model", "model")
    assert (remote.code, remote.err) == (0, ""), "pages do not leave this machine, so there is nothing to say"
    for mine, theirs in zip(records(local.out), records(remote.out), strict=True):
        assert without_confidences(theirs["answer"]) == without_confidences(mine["answer"])
        assert theirs["answer"]["confidence"] == pytest.approx(mine["answer"]["confidence"], abs=0.02)
    engine = records(remote.out)[0]["engine"]
    assert (engine["name"], engine["checkpoint"], engine["server"]) == ("remote", "model", pocket_url)


@pytest.mark.slow
def test_transcriptions_of_a_remote_cogvlm2_are_those_of_the_local_one(cogdoc: Cogdoc, pocket_url: str) -> None:
    command = ("ocr", POCKET / "form-1.png", "--out", "json")
    local = cogdoc(*command, "--model", POCKET / "model", "--quantization", "none")
    remote = cogdoc(*command, "--engine", pocket_url)
    assert remote.code == 0
    (mine,), (theirs,) = records(local.out), records(remote.out)
    for field in ("blocks", "text", "confidence", "flags", "steps", "agreement"):
        assert theirs.get(field) == mine.get(field)


def test_pages_do_not_go_to_hosts_outside_of_private_networks(cogdoc: Cogdoc, blank: Path) -> None:
    ended = cogdoc("ocr", blank, "--engine", "http://203.0.113.7/v1", "--model", "x")
    assert (ended.code, ended.out) == (2, "")
    assert "outside of this machine" in ended.err
    assert "--allow-remote" in ended.err


def test_pages_that_leave_this_machine_are_announced(cogdoc: Cogdoc, blank: Path) -> None:
    with chat_server(Reply(["yes"])) as proxy:
        # 203.0.113.0/24 is for documentation, so only the proxy answers for it.
        command = ("ocr", blank, "--engine", "http://203.0.113.7/v1", "--allow-remote")
        ended = cogdoc(*command, http_proxy=f"http://127.0.0.1:{proxy.port}", no_proxy="")
    assert ended.code == 0
    assert "cogdoc: pages leave this machine: they are sent to http://203.0.113.7/v1, without encryption" in ended.err


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("--model", "nobody"), 3, "it has: seer"),
        (("--model", "seer", "--quantization", "nf4"), 2, "--quantization is for the engine cogvlm2"),
        (("--model", "seer", "--template", "vqa"), 2, "--template"),
    ],
)
def test_mistakes_are_named_before_anything_is_read(
    cogdoc: Cogdoc, blank: Path, options: tuple[str, ...], code: int, message: str
) -> None:
    with chat_server(Reply(["yes"])) as server:
        ended = cogdoc("ask", blank, "who?", "--engine", server.url, *options)
        assert server.questions == []
    assert (ended.code, ended.out) == (code, "")
    assert message in ended.err
    assert "Traceback" not in ended.err


def test_no_server_ends_with_one_line(cogdoc: Cogdoc, blank: Path) -> None:
    ended = cogdoc("ask", blank, "who?", "--engine", "http://127.0.0.1:9/v1")
    assert ended.code == 5
    assert ended.err.startswith("cogdoc: no server answers at http://127.0.0.1:9/v1: ")


@pytest.mark.slow
def test_doctor_says_whether_the_server_of_the_environment_answers(cogdoc: Cogdoc) -> None:
    with chat_server(Reply(["yes"])) as server:
        assert f"{server.url} serves seer" in cogdoc("doctor", COGDOC_ENGINE=server.url).out
    assert "no server answers" in cogdoc("doctor", COGDOC_ENGINE="http://127.0.0.1:9/v1").out


@pytest.mark.slow
def test_a_batch_goes_on_where_the_server_failed_and_knows_servers_apart(cogdoc: Cogdoc, tmp_path: Path) -> None:
    for name in ("form-1.png", "form-2.png"):
        (tmp_path / "in" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "in" / name).write_bytes((POCKET / name).read_bytes())
    broken = True

    def answer(_asked: Asked) -> Reply:
        if broken and len(server.questions) > 1:
            return Reply(status=500, message="boom", headers={"x-should-retry": "false"})
        return Reply(["A form with a total"], [-0.1])

    with chat_server(answer) as server:
        command = ("ocr", "in", "--engine", server.url, "--to", "out/", "--out", "jsonl", "--jobs", "1")
        first = cogdoc(*command)
        assert first.code == 1
        assert "(status 500): boom" in first.err
        broken = False
        server.asked.clear()
        assert cogdoc(*command, "--retry-failed").code == 0
        assert len(server.questions) == 1
        assert cogdoc(*command).code == 0
        assert len(server.questions) == 1, "everything is there"
    with chat_server(answer, [{"id": "other"}]) as server:
        again = cogdoc(*command[:3], server.url, *command[4:])
        assert again.code in (1, 6), "the files are those of another server's model"
        assert "exists" in again.err
