"""Who may use the server: keys, their limits, and requests that web pages make browsers send."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx2
import pytest
from running import Cogdoc
from serving import RunningServer, running_server
from waiting import wait_until

from cogdoc.errors import ConfigurationError
from cogdoc.serve.grants import Grant
from cogdoc.serve.keys import read_keys

ALICE, BOB, CAROL = (letter * 32 for letter in "abc")


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    keys = tmp_path_factory.mktemp("keys") / "keys"
    keys.write_text(f"# keys\n\n{ALICE} alice pages=1 megabytes=1\n{BOB} bob per-minute=2\n", encoding="utf-8")
    options = ("--engine", "builtin", "--jobs", "1", "--keys-file", keys, "--host", "0.0.0.0")
    with running_server(*options, COGDOC_SERVE_KEYS=CAROL) as server:
        server.url = server.url.replace("0.0.0.0", "127.0.0.1")
        yield server


def read(server: RunningServer, bill: Path, key: str | None, **fields: str) -> httpx2.Response:
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    with server.client(headers=headers) as client:
        return client.post("/v1/ocr", files={"file": bill.read_bytes()}, data=fields)


def test_other_machines_need_a_key(cogdoc: Cogdoc) -> None:
    for host in ("0.0.0.0", "::", "192.0.2.1", "example.org"):
        ended = cogdoc("serve", "--engine", "builtin", "--host", host)
        assert (ended.code, "without a key" in ended.err) == (2, True)


def test_without_a_key_only_public_paths_answer(guarded: RunningServer, bill: Path) -> None:
    with guarded.client() as client:
        assert client.get("/healthz").status_code == client.get("/readyz").status_code == 200
        assert client.get("/v1/models").status_code == 401
        assert client.get("/healthz/../v1/models").status_code == 401
        assert client.get("/nothing").status_code == 401
    for key in (None, "wrong", ALICE[:-1], ALICE + "a"):
        refused = read(guarded, bill, key)
        assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
        assert refused.json()["error"]["code"] == "invalid_api_key"


def test_keys_come_from_the_file_and_the_environment(guarded: RunningServer, bill: Path) -> None:
    assert read(guarded, bill, CAROL).status_code == 200
    with guarded.client(headers={"X-API-Key": ALICE}) as client:
        assert client.get("/v1/models").status_code == 200


def test_keys_have_limits_of_their_own(guarded: RunningServer, bill: Path) -> None:
    assert read(guarded, bill, ALICE, pages="1").status_code == 200
    many = read(guarded, bill, ALICE)
    assert (many.status_code, "2 pages are more than the 1 allowed" in many.json()["error"]["message"]) == (413, True)
    with guarded.client(headers={"Authorization": f"Bearer {ALICE}"}) as client:
        large = client.post("/v1/ocr", files={"file": bytes(2 << 20)})
    assert (large.status_code, large.json()["error"]["code"]) == (413, "too_large")
    assert [read(guarded, bill, BOB, pages="1").status_code for _ in range(3)] == [200, 200, 429]
    busy = read(guarded, bill, BOB)
    assert 1 <= int(busy.headers["retry-after"]) <= 60
    assert busy.json()["error"]["type"] == "rate_limit_error"


def test_logs_name_the_key_and_the_request_but_no_secret(guarded: RunningServer, bill: Path) -> None:
    with guarded.client(headers={"Authorization": f"Bearer {CAROL}", "X-Request-ID": "job-17"}) as client:
        reply = client.post("/v1/ocr?token=hidden", files={"file": bill.read_bytes()})
        assert reply.headers["x-request-id"] == "job-17"
        own = client.get("/v1/models", headers={"X-Request-ID": "a\tb"}).headers["x-request-id"]
        assert len(own) == 32
    wait_until(lambda: f"id={own}" in guarded.err)
    (line,) = (line for line in guarded.lines if "id=job-17" in line)
    assert "POST /v1/ocr 200" in line
    assert "key=key-1" in line
    assert not any(secret in guarded.err for secret in (ALICE, BOB, CAROL, "hidden"))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("short", "fewer than 16"),
        (f"{ALICE} alice\n{ALICE} bob", "equal"),
        (f"{ALICE} alice pages=many", "'pages=many' is not a limit"),
        (f"{ALICE} alice sauce=3", "not a limit"),
        (f"{ALICE} pages=0", "not a limit"),
        ("\n# nothing\n", "has no key"),
    ],
)
def test_bad_keys_are_refused_when_the_server_starts(tmp_path: Path, line: str, message: str) -> None:
    file = tmp_path / "keys"
    file.write_text(line, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=message):
        read_keys(file, {}, Grant())


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 403),
        ({"Host": "evil.example:8765"}, 403),
        ({"Host": ""}, 403),
        ({"Host": "localhost:1234"}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://localhost:3000"}, 403),
    ],
)
def test_web_pages_of_other_sites_are_refused(client: httpx2.Client, headers: dict[str, str], status: int) -> None:
    assert client.get("/v1/models", headers=headers).status_code == status
    assert client.post("/v1/ocr", headers=headers).status_code == (status if status == 403 else 400)


def test_a_page_of_the_server_itself_may_use_it(server: RunningServer, client: httpx2.Client) -> None:
    assert client.get("/v1/models", headers={"Origin": server.url}).status_code == 200


def test_names_and_origins_can_be_allowed() -> None:
    options = ("--allowed-host", "docs.lan", "--allowed-origin", "https://app.example/")
    with running_server("--engine", "builtin", "--jobs", "1", *options) as server, server.client() as client:
        headers = {"Host": "docs.lan", "Origin": "https://app.example"}
        assert client.get("/v1/models", headers=headers).status_code == 200


def test_requests_wait_in_a_queue_that_has_an_end(bill: Path, long_pdf: Path) -> None:
    with running_server("--engine", "builtin", "--jobs", "1", "--max-waiting", "3") as server:

        def counts(running: int, waiting: int) -> bool:
            with server.client() as client:
                ready = client.get("/readyz").json()
            return (ready["running"], ready["waiting"]) == (running, waiting)

        with ExitStack() as leaving, ThreadPoolExecutor(3) as threads:
            for _ in range(2):
                client = leaving.enter_context(server.client())
                request = {"files": {"file": long_pdf.read_bytes()}, "data": {"stream": "true"}}
                leaving.enter_context(client.stream("POST", "/v1/ocr", **request))
            wait_until(lambda: counts(2, 0), "two run")
            replies = [threads.submit(read, server, bill, None) for _ in range(3)]
            wait_until(lambda: counts(2, 3), "three wait")
            refused = [read(server, bill, None) for _ in range(2)]
            assert [reply.status_code for reply in refused] == [429, 429]
            assert all(int(reply.headers["retry-after"]) >= 1 for reply in refused)
            leaving.close()
            assert [reply.result().status_code for reply in replies] == [200] * 3
        assert read(server, bill, None).status_code == 200


SHORT_LIMITS = """
import cogdoc.serve.connections as connections, cogdoc.serve.gate.body_limits as body_limits
connections.HEAD_SECONDS = 1.0
body_limits.SILENCE_SECONDS = 1.0
body_limits.SLOW_SECONDS = 1.0
"""


def test_slow_clients_do_not_keep_connections() -> None:
    with running_server("--engine", "builtin", "--jobs", "1", changes=SHORT_LIMITS) as server:
        host, _, port = server.url.removeprefix("http://").partition(":")

        def connect(start: bytes, drip: bytes) -> bytes:
            """What comes until the server closes, while a byte is sent now and then."""
            with socket.create_connection((host, int(port))) as connection:
                connection.sendall(start)
                connection.settimeout(0.3)
                received = b""
                for _ in range(40):
                    try:
                        connection.sendall(drip)
                        part = connection.recv(4096)
                    except TimeoutError:
                        continue
                    except OSError:
                        return received
                    if not part:
                        return received
                    received += part
            raise AssertionError("the connection stays open")

        head = b"POST /v1/ocr HTTP/1.1\r\nHost: localhost\r\n"
        form = head + b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 100000\r\n\r\n"
        part = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        assert connect(b"", b"") == b"", "no head"
        assert connect(head, b"X-a: b\r\n") == b"", "a head without end"
        assert b" 408 " in connect(form, b""), "no body"
        assert b" 408 " in connect(form + part, b"a"), "a slow body"
        assert connect(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", b"G").count(b"200 OK") == 1
        with server.client() as client:
            assert client.get("/healthz").status_code == 200
