"""Requests that mean harm: malformed, oversized, bombs by upload, and addresses that only the server reaches."""

from __future__ import annotations

import io
import socket
import threading
import zipfile
import zlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx2
import pytest
from PIL import Image
from serving import RunningServer, running_server

PICTURE = Path(__file__).parents[2] / "samples" / "pocket" / "form-1.png"
HEAD = b"POST /v1/ocr HTTP/1.1\r\nHost: localhost\r\n"


@pytest.fixture(scope="module")
def small() -> Iterator[RunningServer]:
    """A server that takes requests of a megabyte."""
    options = ("--engine", "builtin", "--jobs", "1", "--max-upload", "1", "--max-megapixels", "20")
    with running_server(*options) as server:
        yield server


def send(server: RunningServer, data: bytes) -> bytes:
    """Send bytes as they are; return the first part of the reply."""
    host, _, port = server.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        try:
            connection.sendall(data)
            return connection.recv(4096)
        except ConnectionResetError:
            return b""


def lives(server: RunningServer) -> bool:
    with server.client() as client:
        return client.get("/healthz").status_code == 200 and server.process.poll() is None


@pytest.mark.parametrize(
    "data",
    [
        b"\x00\x01\x02 nonsense\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X-Long: " + b"a" * 100_000 + b"\r\n\r\n",
        HEAD + b"Content-Length: -1\r\n\r\n",
        HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcde",
        HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        HEAD + b"Content-Type: multipart/form-data\r\nContent-Length: 3\r\n\r\nabc",
        HEAD + b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 10\r\n\r\n--x\r\n\r\nabc",
        HEAD + b"Content-Type: application/json\r\nContent-Length: 1\r\n\r\n{",
    ],
)
def test_malformed_requests_are_refused(small: RunningServer, data: bytes) -> None:
    reply = send(small, data)
    assert reply == b"" or reply.split()[1].startswith(b"4"), reply
    assert lives(small)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b"{" * 5000, b"[" * 100_000, b'{"model": 1e999}', b'"\\ud800"', bytes(100), b"\xff"]
)
def test_malformed_json_is_refused(small: RunningServer, body: bytes) -> None:
    with small.client(headers={"Content-Type": "application/json"}) as client:
        reply = client.post("/v1/chat/completions", content=body)
    assert reply.status_code == 400
    assert "Traceback" not in reply.text + small.err


def test_oversized_requests_are_refused_however_they_come(small: RunningServer) -> None:
    def parts() -> Iterator[bytes]:
        for _ in range(200):
            yield bytes(100_000)

    with small.client() as client:
        stated = client.post("/v1/ocr", files={"file": bytes(2 << 20)})
        assert (stated.status_code, stated.json()["error"]["code"]) == (413, "too_large")
    chunk = b"186a0\r\n" + bytes(100_000) + b"\r\n"
    head = HEAD + b"Content-Type: multipart/form-data; boundary=x\r\nTransfer-Encoding: chunked\r\n\r\n"
    begin = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    reply = send(small, head + b"%x\r\n" % len(begin) + begin + b"\r\n" + 12 * chunk)
    assert reply == b"" or b" 413 " in reply
    assert lives(small)


def test_forms_with_very_many_fields_are_refused(small: RunningServer, bill: Path) -> None:
    with small.client() as client:
        many = client.post("/v1/ask", files={"file": bill.read_bytes()}, data={"question": ["What?"] * 5000})
        assert many.status_code == 400
        long = client.post("/v1/ask", files={"file": bill.read_bytes()}, data={"question": "a " * 400_000})
        assert (long.status_code, long.json()["error"]["param"]) == (400, "question")
    assert lives(small)


def bombs() -> dict[str, bytes]:
    picture = io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(picture, "PNG")
    stream = zlib.compress(bytes(50 << 20), 9)
    pdf = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    pdf += b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R>>endobj\n4 0 obj<</Filter/FlateDecode"
    pdf += b"/Length %d>>stream\n" % len(stream) + stream + b"\nendstream endobj\ntrailer<</Root 1 0 R>>"
    epub = io.BytesIO()
    with zipfile.ZipFile(epub, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/epub+zip")
        archive.writestr("META-INF/container.xml", bytes(50 << 20))
    return {"picture": picture.getvalue(), "pdf": pdf, "epub": epub.getvalue()}


def test_bombs_by_upload_cost_no_more_than_a_worker_may_have(small: RunningServer) -> None:
    def memory() -> float:
        with small.client() as client:
            lines = client.get("/metrics").text.splitlines()
        (value,) = (line.split()[1] for line in lines if line.startswith("process_resident_memory_bytes "))
        return float(value)

    before = memory()
    for name, content in bombs().items():
        assert len(content) < 1 << 20, name
        with small.client() as client:
            reply = client.post("/v1/ocr", files={"file": (name, content)})
        assert reply.status_code in (200, 413, 415, 422, 503, 504), (name, reply.text[:300])
    assert memory() - before < 100 << 20
    assert lives(small)


class _Web(BaseHTTPRequestHandler):
    """Serves a picture, a redirect, and a picture without end."""

    def do_GET(self) -> None:
        assert isinstance(self.server, _WebServer)
        self.server.asked.append(self.path)
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/form.png")
            self.end_headers()
            return
        self.send_response(200)
        self.end_headers()
        if self.path == "/form.png":
            self.wfile.write(PICTURE.read_bytes())
            return
        try:
            while True:
                self.wfile.write(bytes(1 << 16))
        except OSError:
            pass

    def log_message(self, *_: object) -> None:
        pass


class _WebServer(HTTPServer):
    asked: list[str]


@pytest.fixture
def web() -> Iterator[_WebServer]:
    with _WebServer(("127.0.0.1", 0), _Web) as server:
        server.asked = []
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def ask_about(server: RunningServer, url: str) -> httpx2.Response:
    parts: list[dict[str, Any]] = [
        {"type": "text", "text": "What is the total?"},
        {"type": "image_url", "image_url": {"url": url}},
    ]
    with server.client() as client:
        messages = [{"role": "user", "content": parts}]
        return client.post("/v1/chat/completions", json={"model": "builtin", "messages": messages})


def test_pictures_are_fetched_only_from_hosts_that_are_named(web: _WebServer) -> None:
    address = f"http://127.0.0.1:{web.server_port}"
    options = ("--engine", "builtin", "--jobs", "1", "--max-upload", "1")
    with running_server(*options, "--picture-host", "127.0.0.1") as server:
        found = ask_about(server, f"{address}/form.png")
        assert (found.status_code, found.json()["choices"][0]["message"]["content"]) == (200, "84.04")
        assert ask_about(server, f"{address}/moved").status_code == 422, "redirects are not followed"
        assert ask_about(server, f"{address}/endless").status_code == 413
        assert ask_about(server, f"http://localhost:{web.server_port}/form.png").status_code == 400
    assert web.asked == ["/form.png", "/moved", "/endless"]


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",
        "2130706433",
        "0x7f.1",
        "127.1",
        "169.254.169.254",
        "10.0.0.1",
        "192.168.0.1",
        "[fd00::1]",
        "[64:ff9b::7f00:1]",
        "user@127.0.0.1",
    ],
)
def test_addresses_of_the_servers_own_network_are_never_asked(
    open_server: RunningServer, web: _WebServer, host: str
) -> None:
    reply = ask_about(open_server, f"http://{host}:{web.server_port}/form.png")
    assert reply.status_code in (400, 422), reply.text
    assert web.asked == []


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://127.0.0.1/a", "gopher://127.0.0.1/", "http://", "//x", ""]
)
def test_other_schemes_are_refused(open_server: RunningServer, url: str) -> None:
    assert ask_about(open_server, url).status_code == 400


@pytest.fixture(scope="module")
def open_server() -> Iterator[RunningServer]:
    """A server that fetches pictures from every public host."""
    with running_server("--engine", "builtin", "--jobs", "1", "--picture-host", "*") as server:
        yield server


def test_file_names_and_paths_lead_nowhere(small: RunningServer) -> None:
    for path in ("/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/v1/jobs/..%2f..%2fjobs.sqlite", "/v1/jobs/%00"):
        assert b" 404 " in send(small, f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    for name in ("../../evil", "/etc/passwd", "a\x00b", "a" * 5000, "\u202egnp.exe"):
        with small.client() as client:
            shown = client.post("/v1/ocr", files={"file": (name, PICTURE.read_bytes())}).json()
        if "source" in shown:
            assert not {"/", "\\", "\x00", "\u202e"} & set(
                shown["source"]["path"].replace("\\x00", "").replace("\\u", "")
            )
