"""The command `cogdoc serve`: how it starts, how it ends, and what it leaves behind."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import httpx2
import pytest
from running import Cogdoc
from serving import RunningServer, running_server
from waiting import wait_until

BUILTIN = ("--engine", "builtin", "--jobs", "1")


def test_without_the_extra_it_says_what_to_install() -> None:
    command = "import sys; sys.modules['fastapi'] = None; from cogdoc.cli.app import main; main()"
    ended = subprocess.run(
        [sys.executable, "-c", command, "serve"], capture_output=True, text=True, check=False, timeout=60
    )
    assert ended.returncode == 3
    assert "pip install 'cogdoc[serve]'" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_other_commands_import_none_of_it() -> None:
    code = "import sys, cogdoc.cli.app; print(*sys.modules)"
    imported = subprocess.check_output([sys.executable, "-c", code], text=True).split()
    assert {"fastapi", "uvicorn", "cogdoc.serve.service"}.isdisjoint(imported)


def test_its_first_line_says_where_it_serves(server: RunningServer) -> None:
    assert re.fullmatch(r"cogdoc: serves builtin on http://127\.0\.0\.1:\d+ until Ctrl-C\n", server.lines[0])


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("--host", "no such host"), 2, "--host"),
        (("--model", "/nowhere"), 3, ""),
        (("--port", "99999"), 2, "port"),
    ],
)
def test_what_cannot_start_is_said_in_one_line(
    cogdoc: Cogdoc, options: tuple[str, ...], code: int, message: str
) -> None:
    ended = cogdoc("serve", *options)
    assert ended.code == code
    assert message in ended.err
    assert "Traceback" not in ended.err


def test_a_taken_port_is_an_error_of_output(cogdoc: Cogdoc, server: RunningServer) -> None:
    ended = cogdoc("serve", *BUILTIN, "--port", server.url.rpartition(":")[2])
    assert (ended.code, "cannot listen there" in ended.err) == (5, True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_it_once_what_runs_is_finished(number: int, long_pdf: Path, tmp_path: Path) -> None:
    with running_server(*BUILTIN, TMPDIR=str(tmp_path)) as server:
        responses: list[httpx2.Response] = []

        def read() -> None:
            with server.client() as client:
                responses.append(client.post("/v1/ocr", files={"file": long_pdf.read_bytes()}, data={"pages": "-12"}))

        reader = threading.Thread(target=read)
        reader.start()
        with server.client() as client:
            wait_until(lambda: client.get("/readyz").json()["running"])
        assert server.end(number) == 0
        reader.join()
    assert [len(response.json()["records"]) for response in responses] == [12]
    assert list(tmp_path.iterdir()) == []
