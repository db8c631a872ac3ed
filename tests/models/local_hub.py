"""A model hub on this machine: an HTTP server with the parts of two hubs' protocols that a download needs."""

from __future__ import annotations

import hashlib
import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

COMMIT = "c0ffee" + 34 * "0"
TOKEN = "hf_letmein"


@dataclass
class Hub:
    """What the server serves, and how it fails. Tests change it between requests."""

    files: dict[str, bytes]
    repository: str = "THUDM/cogvlm2-llama3-chat-19B"
    promised: dict[str, bytes] = field(default_factory=dict)
    """Other contents, whose size and hash are listed instead of those of the served file."""
    breaks: dict[str, list[int]] = field(default_factory=dict)
    """For each request of a file in turn, the bytes after which the connection breaks."""
    statuses: dict[str, int] = field(default_factory=dict)
    """HTTP statuses to respond with instead, by file name or `list`."""
    private: bool = False
    ignores_ranges: bool = False
    served: Counter[str] = field(default_factory=Counter)
    """Bytes sent of each file."""
    requests: list[str] = field(default_factory=list)
    tokens: set[str | None] = field(default_factory=set)
    stalled: threading.Event = field(default_factory=threading.Event)
    """Set when a connection stalls; see `STALLS`."""
    release: threading.Event = field(default_factory=threading.Event)
    address: str = ""

    def listed(self, name: str) -> bytes:
        return self.promised.get(name, self.files[name])

    @property
    def size(self) -> int:
        return sum(map(len, self.files.values()))


STALLS = -1
"""A value for `Hub.breaks`: send half of the file, then keep the connection open until `release` is set."""


@contextmanager
def serving(hub: Hub) -> Iterator[Hub]:
    """Serve the hub on its own port inside the context."""

    class Handler(_Handler):
        pass

    Handler.hub = hub
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    hub.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield hub
    finally:
        hub.release.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self, *, with_body: bool) -> None:
        url = urlsplit(self.path)
        path, query = unquote(url.path), parse_qs(url.query)
        hub, repository = self.hub, self.hub.repository
        hub.requests.append(path)
        token = self.headers.get("Authorization")
        hub.tokens.add(token)
        if hub.private and token != f"Bearer {TOKEN}":
            return self._fail(401)
        if path == f"/api/models/{repository}/revision/main" or path == f"/api/models/{repository}/revision/{COMMIT}":
            return self._list(self._huggingface())
        if path.startswith(f"/api/models/{repository}/revision/"):
            return self._fail(404, "RevisionNotFound")
        if path == f"/api/v1/models/{repository}/repo/files" and query["Revision"] == ["master"]:
            return self._list(self._modelscope())
        if path == f"/api/v1/models/{repository}/repo":
            return self._file(query["FilePath"][0], with_body=with_body)
        prefix = f"/{repository}/resolve/{COMMIT}/"
        if path.startswith(prefix):
            return self._file(path.removeprefix(prefix), with_body=with_body)
        return self._fail(404, "RepoNotFound")

    def _huggingface(self) -> object:
        siblings = []
        for name in self.hub.files:
            content = self.hub.listed(name)
            blob = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
            entry = {"rfilename": name, "size": len(content), "blobId": blob}
            if name.endswith(".safetensors"):
                entry["blobId"] = 40 * "0"  # the hash of the LFS pointer
                entry["lfs"] = {"size": len(content), "sha256": _sha256(content), "pointerSize": 134}
            siblings.append(entry)
        return {"id": self.hub.repository, "modelId": self.hub.repository, "sha": COMMIT, "siblings": siblings}

    def _modelscope(self) -> object:
        files = [
            {
                "Name": name.rpartition("/")[2],
                "Path": name,
                "Type": "blob",
                "Size": len(self.hub.listed(name)),
                "Sha256": _sha256(self.hub.listed(name)),
                "Revision": COMMIT,
            }
            for name in self.hub.files
        ]
        folder = {"Name": "assets", "Path": "assets", "Type": "tree", "Size": 0, "Sha256": ""}
        return {"Code": 200, "Data": {"Files": [folder, *files]}, "Success": True}

    def _list(self, content: object) -> None:
        if "list" in self.hub.statuses:
            return self._fail(self.hub.statuses["list"])
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        return None

    def _file(self, name: str, *, with_body: bool) -> None:
        hub = self.hub
        if name in hub.statuses:
            return self._fail(hub.statuses[name])
        if name not in hub.files:
            return self._fail(404, "EntryNotFound")
        content = hub.files[name]
        requested = self.headers.get("Range")
        start = int(requested.removeprefix("bytes=").rstrip("-")) if requested and not hub.ignores_ranges else 0
        body = content[start:]
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("ETag", f'"{_sha256(content)}"')
        self.send_header("X-Linked-Size", str(len(content)))
        self.send_header("X-Linked-ETag", f'"{_sha256(content)}"')
        self.send_header("Accept-Ranges", "bytes")
        self.end_headers()
        if with_body:
            self._send(name, body)
        return None

    def _send(self, name: str, body: bytes) -> None:
        breaks = self.hub.breaks.get(name)
        after = breaks.pop(0) if breaks else None
        part = body if after is None else body[: len(body) // 2 if after == STALLS else after]
        self.hub.served[name] += len(part)
        self.wfile.write(part)
        self.wfile.flush()
        if after is not None:
            if after == STALLS:
                self.hub.stalled.set()
                self.hub.release.wait(60)
            self.close_connection = True

    def _fail(self, status: int, code: str | None = None) -> None:
        self.send_response(status)
        if code:
            self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", "0")
        self.end_headers()


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
