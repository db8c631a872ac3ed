"""Hubs that lie: whatever they answer, a pull ends with one clear line, and writes only inside its folder."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from checkpoint_files import make_checkpoint, repository_files
from local_hub import Hub, serving

from cogdoc.errors import CogdocError, MissingError, OutputError
from cogdoc.models import hubs
from cogdoc.models.checkpoint_folders import partial_folder
from cogdoc.models.downloading import pull
from cogdoc.models.hubs import HubFile, Listing, list_repository
from cogdoc.transfers import TransferLimits

REPOSITORY = "THUDM/cogvlm2-llama3-chat-19B"
HTML = b"<html><body>Please accept our terms to use this network</body></html>"


@dataclass
class Answer:
    """What the server answers to every request."""

    body: bytes = b""
    status: int = 200
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "application/json"),)
    repeat: int = 1
    pause: float = 0.0
    taken: int = 0
    """Bytes of bodies that clients have taken so far, or that wait in buffers of the system."""


@contextmanager
def answering(answer: Answer) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(answer.status)
            for name, value in answer.headers:
                self.send_header(name, value)
            self.end_headers()
            try:
                for _ in range(answer.repeat):
                    self.wfile.write(answer.body)
                    answer.taken += len(answer.body)
                    time.sleep(answer.pause)
            except OSError:
                pass

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("HF_TOKEN", raising=False)


def refused(monkeypatch: pytest.MonkeyPatch, hub: hubs.Hub, answer: Answer) -> CogdocError:
    """The error of listing a repository on a hub that gives this answer."""
    with answering(answer) as address:
        monkeypatch.setenv("MODELSCOPE_DOMAIN", address)
        monkeypatch.setattr(hubs.constants, "ENDPOINT", address)
        with pytest.raises(CogdocError) as caught:
            list_repository(hub, REPOSITORY, None)
    assert len(caught.value.message) < 400
    assert "\n" not in caught.value.message
    return caught.value


def listing_of(hub: str, *entries: Any) -> bytes:
    if hub == "modelscope":
        return json.dumps({"Data": {"Files": entries}}).encode()
    return json.dumps({"siblings": entries, "sha": 40 * "0"}).encode()


def entry(hub: str, name: Any = "config.json", size: Any = 5, digest: Any = 40 * "0") -> dict[str, Any]:
    if hub == "modelscope":
        return {"Path": name, "Size": size, "Sha256": digest}
    return {"rfilename": name, "size": size, "blobId": digest}


BOTH = pytest.mark.parametrize("hub", ["huggingface", "modelscope"])


@BOTH
@pytest.mark.parametrize(
    "body",
    [
        *(
            HTML,
            b"",
            b"null",
            b"[]",
            b"3",
            b'"text"',
            b"{}",
            b"[" * 100_000,
            b"\xff\xfe",
            b'{"siblings": 1}',
            b'{"Data": []}',
        ),
        *(b'{"siblings": [1], "Data": {"Files": [1]}}', b'{"siblings": {"a": 1}, "Data": {"Files": "text"}}'),
        b'{"siblings": [{"rfilename": "config.json", "size": ' + b"9" * 10_000 + b"}]}",
        b'{"sha": "../../x", "siblings": [], "Data": 0}',
    ],
)
def test_answer_that_is_no_list_of_files_is_a_clear_error(
    monkeypatch: pytest.MonkeyPatch, hub: hubs.Hub, body: bytes
) -> None:
    error = refused(monkeypatch, hub, Answer(body))
    assert isinstance(error, OutputError)
    assert error.message.endswith("did not answer with a list of files")
    assert "login page" in (error.hint or "")


@BOTH
@pytest.mark.parametrize("size", [-1, 10**30, 2.5, "5", True, 10**15, [5], {"a": 1}])
def test_impossible_size_is_refused(monkeypatch: pytest.MonkeyPatch, hub: hubs.Hub, size: Any) -> None:
    error = refused(monkeypatch, hub, Answer(listing_of(hub, entry(hub, size=size))))
    assert "list of files" in error.message


@BOTH
@pytest.mark.parametrize("digest", ["../../../../ev", "/etc/x", 5, "A" * 40, "0" * 39, "\0"])
def test_impossible_hash_is_refused(monkeypatch: pytest.MonkeyPatch, hub: hubs.Hub, digest: Any) -> None:
    error = refused(monkeypatch, hub, Answer(listing_of(hub, entry(hub, digest=digest))))
    assert "list of files" in error.message


@BOTH
def test_names_that_lead_elsewhere_or_are_devices_are_never_listed(
    monkeypatch: pytest.MonkeyPatch, hub: hubs.Hub
) -> None:
    names = [
        *(
            "../config.json",
            "/etc/config.json",
            "a/config.json",
            "..\\x.safetensors",
            "a\0.safetensors",
            "con.safetensors",
        ),
        *(
            "NUL.safetensors",
            "x" * 300 + ".safetensors",
            "\x1b[31m.safetensors",
            ".safetensors",
            "ｃonfig.json",
            5,
            None,
        ),
        *("\u202egnp.safetensors", "config.json\n", "C:x.safetensors", "-.py", "lpt1.a.safetensors"),
    ]
    error = refused(monkeypatch, hub, Answer(listing_of(hub, *(entry(hub, name) for name in names))))
    assert isinstance(error, MissingError)
    assert "no safetensors checkpoint" in error.message


@BOTH
def test_file_that_is_listed_twice_is_refused(monkeypatch: pytest.MonkeyPatch, hub: hubs.Hub) -> None:
    twice = listing_of(hub, entry(hub), entry(hub, size=6))
    assert "list of files" in refused(monkeypatch, hub, Answer(twice)).message
    cases = listing_of(hub, entry(hub, "a.safetensors"), entry(hub, "A.safetensors"))
    assert "list of files" in refused(monkeypatch, hub, Answer(cases)).message


@BOTH
@pytest.mark.parametrize("headers", [(), (("Content-Length", str(10**12)),)])
def test_endless_listing_is_left_after_32_mb(
    monkeypatch: pytest.MonkeyPatch, hub: hubs.Hub, headers: tuple[tuple[str, str], ...]
) -> None:
    endless = Answer(b"[" * (1 << 20), headers=headers, repeat=1000)
    assert "more than 32 MB" in refused(monkeypatch, hub, endless).message
    assert endless.taken < 64 << 20


@BOTH
def test_million_files_are_refused(monkeypatch: pytest.MonkeyPatch, hub: hubs.Hub) -> None:
    many = listing_of(hub, *(entry(hub, f"{number}.safetensors") for number in range(2000)))
    assert "list of files" in refused(monkeypatch, hub, Answer(many)).message
    other = b'{"rfilename":"x.bin","Path":"x.bin"},'
    huge = b'{"siblings":[' + other * 1_000_000 + b"]}"
    assert "more than 32 MB" in refused(monkeypatch, hub, Answer(huge)).message


@BOTH
def test_packed_listing_is_refused(monkeypatch: pytest.MonkeyPatch, hub: hubs.Hub) -> None:
    bomb = Answer(gzip.compress(bytes(100 << 20)), headers=(("Content-Encoding", "gzip"),))
    assert "not asked for" in refused(monkeypatch, hub, bomb).message


@BOTH
def test_slow_listing_ends_at_its_limit(monkeypatch: pytest.MonkeyPatch, hub: hubs.Hub) -> None:
    monkeypatch.setattr(hubs, "TransferLimits", lambda: TransferLimits(1.0))
    started = time.monotonic()
    assert "within 1 s" in refused(monkeypatch, hub, Answer(b"[", repeat=1000, pause=0.05)).message
    assert time.monotonic() - started < 60


@BOTH
@pytest.mark.parametrize("location", ["/again", "file:///etc/passwd", "http://[::bad", "\x01", ""])
def test_redirects_to_nowhere_are_errors(monkeypatch: pytest.MonkeyPatch, hub: hubs.Hub, location: str) -> None:
    headers = (("Location", location), ("Content-Length", "0"))
    assert refused(monkeypatch, hub, Answer(status=302, headers=headers)).exit_code in (3, 5)


@BOTH
@pytest.mark.parametrize(("status", "code"), [(401, 3), (403, 3), (404, 3), (429, 5), (500, 5), (503, 5)])
def test_error_with_a_web_page_is_one_line(
    monkeypatch: pytest.MonkeyPatch, hub: hubs.Hub, status: int, code: int
) -> None:
    headers = (("Content-Type", "text/html"), ("X-Error-Message", "\x1b[31mevil"))
    error = refused(monkeypatch, hub, Answer(HTML, status, headers))
    assert error.exit_code == code
    assert "\x1b" not in error.message
    assert "html" not in error.message


def pulled(target: Path, body: bytes, *, size: int, digest: str = "", **answer: Any) -> CogdocError:
    """The error of pulling a single file from a server that always gives the same answer."""
    with answering(Answer(body, **answer)) as address:
        file = HubFile("config.json", size, digest, f"{address}/config.json")
        with pytest.raises(CogdocError) as caught:
            pull(Listing("modelscope", "a/b", "master", None, (file,), {}), target, waits=(0.0, 0.0))
    assert not target.exists()
    assert "\n" not in caught.value.message
    return caught.value


@pytest.mark.parametrize(
    ("body", "answer", "message"),
    [
        (HTML, {"headers": (("Content-Type", "text/html; charset=utf-8"),)}, "a web page instead of the file"),
        (b"x" * 50, {}, "the connection ends early"),
        (b"x" * 100, {}, "its hash differs"),
        (b"x" * (1 << 16), {"repeat": 10_000}, "longer than modelscope states"),
        (gzip.compress(bytes(100 << 20)), {"headers": (("Content-Encoding", "gzip"),)}, "not asked for"),
        (b"x" * 50, {"headers": (("Content-Length", "100"),)}, "cannot be reached"),
        (b"x" * 100, {"status": 416}, "status 416"),
        (b"", {"status": 302, "headers": (("Location", "file:///etc/passwd"),)}, "cannot be reached"),
    ],
)
def test_file_that_is_not_what_was_listed_is_one_error(
    tmp_path: Path, body: bytes, answer: dict[str, Any], message: str
) -> None:
    target = tmp_path / "models" / "chat"
    assert message in pulled(target, body, size=100, digest=64 * "0", **answer).message
    left = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert all(path.parent == partial_folder(target) for path in left)
    assert sum(path.stat().st_size for path in left) <= 100


def test_file_that_drips_ends_at_its_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cogdoc.models.downloading.LIMITS", TransferLimits(1.0))
    started = time.monotonic()
    error = pulled(tmp_path / "chat", b"x", size=10**6, repeat=10_000, pause=0.05)
    assert "sends only" in error.message
    assert error.exit_code == 5
    assert time.monotonic() - started < 60


def test_part_of_another_offset_is_not_appended(tmp_path: Path) -> None:
    target = tmp_path / "chat"
    partial_folder(target).mkdir()
    (partial_folder(target) / f".config.json.{16 * '0'}.part").write_bytes(b"begin")
    headers = (("Content-Range", "bytes 0-94/100"),)
    error = pulled(target, b"x" * 95, size=100, digest=64 * "0", status=206, headers=headers)
    assert "another part of the file" in error.message


def test_honest_hub_still_serves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = repository_files(make_checkpoint(tmp_path / "whole"))
    with serving(Hub(files)) as hub:
        monkeypatch.setenv("MODELSCOPE_DOMAIN", hub.address)
        pull(list_repository("modelscope", REPOSITORY, None), tmp_path / "chat")
    assert (tmp_path / "chat" / "cogdoc.json").exists()
