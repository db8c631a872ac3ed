"""A server of the OpenAI protocol for tests: over real sockets, with scripted replies or, as a program, with CogVLM2.

python tests/engines/chat_server.py FOLDER    prints its port, and serves the checkpoint in FOLDER until it is killed
"""

from __future__ import annotations

import base64
import io
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from PIL import Image


@dataclass
class Reply:
    """What the server answers to one request."""

    pieces: list[str] = field(default_factory=list)
    logprobs: list[float] | None = None
    finish_reason: str | None = "stop"
    status: int = 200
    message: str = ""
    """Of an error."""
    headers: dict[str, str] = field(default_factory=dict)
    breaks_off: bool = False
    """Whether the connection ends after the pieces, without the end of the answer."""
    raw: bytes | None = None
    """A body of another protocol."""
    streams: bool = True
    """Whether a stream is sent to those who ask for one."""
    pause: Callable[[], None] = lambda: None
    """Called before each piece."""


@dataclass
class Asked:
    """A request that arrived."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def text(self) -> str:
        return str(next(part["text"] for part in self.body["messages"][-1]["content"] if part["type"] == "text"))

    @property
    def picture(self) -> Image.Image:
        parts = self.body["messages"][-1]["content"]
        url = next(part["image_url"]["url"] for part in parts if part["type"] == "image_url")
        return Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2])))


Answer = Callable[[Asked], Reply]


class ChatServer:
    """Serves in threads of this process."""

    def __init__(self, answer: Answer, models: list[dict[str, Any]] | Reply, tls: ssl.SSLContext | None = None) -> None:
        self.answer = answer
        self.models = models
        self.asked: list[Asked] = []
        self.vanished = threading.Event()
        """Set when a client ended the connection before its answer was complete."""
        self.closed = False
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"chat": self}))
        self._http.daemon_threads = True
        self._scheme = "http" if tls is None else "https"
        if tls is not None:
            self._http.socket = tls.wrap_socket(self._http.socket, server_side=True)
        threading.Thread(target=self._http.serve_forever, daemon=True).start()

    @property
    def port(self) -> int:
        return self._http.server_address[1]

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self.port}/v1"

    @property
    def questions(self) -> list[Asked]:
        return [asked for asked in self.asked if asked.path.endswith("/chat/completions")]

    def close(self) -> None:
        self.closed = True
        self._http.shutdown()
        self._http.server_close()


@contextmanager
def chat_server(
    answer: Answer | Reply, models: list[dict[str, Any]] | Reply | None = None, *, tls: ssl.SSLContext | None = None
) -> Iterator[ChatServer]:
    """A server with one model named `seer`, unless `models` says otherwise."""
    fixed = answer if isinstance(answer, Reply) else None
    server = ChatServer(
        (lambda _asked: fixed) if fixed is not None else answer,  # type: ignore[arg-type,return-value]
        [{"id": "seer", "object": "model"}] if models is None else models,
        tls,
    )
    try:
        yield server
    finally:
        server.close()


class _Handler(BaseHTTPRequestHandler):
    chat: ChatServer
    """Set in a subclass for each server."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.chat.asked.append(Asked(self.path, dict(self.headers), {}))
        if isinstance(self.chat.models, Reply):
            self._fail(self.chat.models)
        else:
            self._send(200, {"object": "list", "data": self.chat.models})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        asked = Asked(self.path, dict(self.headers), body)
        if self.chat.closed:
            self.close_connection = True
            return
        self.chat.asked.append(asked)
        reply = self.chat.answer(asked)
        if reply.status != 200 or reply.raw is not None:
            self._fail(reply)
        elif body.get("stream") and reply.streams:
            try:
                self._stream(reply, body)
            except OSError:
                self.chat.vanished.set()
                self.close_connection = True
        else:
            message = {"role": "assistant", "content": "".join(reply.pieces)}
            choice = {"index": 0, "message": message, "finish_reason": reply.finish_reason}
            self._send(200, {"object": "chat.completion", "choices": [choice | _logprobs(reply, 0, None, body)]})

    def _stream(self, reply: Reply, body: dict[str, Any]) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for index, piece in enumerate(reply.pieces):
            reply.pause()
            choice = {"index": 0, "delta": {"content": piece}, "finish_reason": None}
            self._event({"choices": [choice | _logprobs(reply, index, index + 1, body)]})
        if reply.breaks_off:
            self.close_connection = True
            return
        self._event({"choices": [{"index": 0, "delta": {}, "finish_reason": reply.finish_reason}]})
        if "stream_options" in body:
            usage = {"prompt_tokens": 17, "completion_tokens": len(reply.pieces)}
            self._event({"choices": [], "usage": usage})
        self._chunk(b"data: [DONE]\n\n")
        self._chunk(b"")

    def _event(self, data: dict[str, Any]) -> None:
        self._chunk(f"data: {json.dumps({'object': 'chat.completion.chunk', **data})}\n\n".encode())

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def _fail(self, reply: Reply) -> None:
        body = reply.raw
        if body is None:
            body = json.dumps({"error": {"message": reply.message, "type": "error"}}).encode()
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _send(self, status: int, data: dict[str, Any]) -> None:
        body = json.dumps(data).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


def _logprobs(reply: Reply, start: int, end: int | None, body: dict[str, Any]) -> dict[str, Any]:
    if reply.logprobs is None or not body.get("logprobs"):
        return {}
    pairs = zip(reply.pieces[start:end], reply.logprobs[start:end], strict=True)
    content = [{"token": piece, "logprob": value, "bytes": list(piece.encode())} for piece, value in pairs]
    return {"logprobs": {"content": content}}
