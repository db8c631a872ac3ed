"""Servers that stall, lie or never stop: each transfer ends within its limits, and signals end the run."""

from __future__ import annotations

import gzip
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from cogdoc.documents.remote import RemoteFile, fetch
from cogdoc.documents.sources import Source, UnresolvedSource, expand_sources, local_copy
from cogdoc.documents.web_index import web_links
from cogdoc.errors import CogdocError, InputError, TimeLimitError
from cogdoc.transfers import TransferLimits, run_call

pytest.importorskip("aiohttp")

QUICK = TransferLimits(1.0)
OK = b"HTTP/1.1 200 OK\r\n"
Behaviour = Callable[[socket.socket, str], None]


@contextmanager
def serving(behave: Behaviour) -> Iterator[str]:
    """A server on this machine that calls `behave` with each connection and the path of its request."""
    listener = socket.create_server(("127.0.0.1", 0))
    ended = threading.Event()

    def handle(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.settimeout(30)
            request = connection.recv(1 << 16).decode("latin-1")
            behave(connection, request.split(" ")[1] if " " in request else "")

    def accept() -> None:
        while not ended.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=handle, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=accept)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        ended.set()
        with suppress(OSError):
            socket.create_connection(listener.getsockname()).close()
        listener.close()
        thread.join()


def drip(head: bytes, seconds: float = 0.1, count: int = 10_000) -> Behaviour:
    """Send `head`, then a byte now and then."""

    def behave(connection: socket.socket, _path: str) -> None:
        connection.sendall(head)
        for _ in range(count):
            connection.sendall(b"x")
            time.sleep(seconds)

    return behave


def silent(connection: socket.socket, _path: str) -> None:
    connection.recv(1)


def answer(head: bytes, body: bytes = b"") -> Behaviour:
    return lambda connection, _path: connection.sendall(head + body)


@pytest.mark.parametrize(
    ("behave", "message"),
    [
        (silent, "does not answer within 1 s"),
        (drip(OK + b"Content-Length: 2147483648\r\n\r\n"), "sends only"),
        (drip(OK + b"\r\n"), "sends only"),
        (drip(OK + b"X-Endless: "), "does not answer"),
        (drip(b"HTTP/1.1 200 "), "does not answer"),
        (drip(OK + b"Transfer-Encoding: chunked\r\n\r\n1;"), "does not answer"),
    ],
)
def test_stalled_transfer_ends_at_its_limit(tmp_path: Path, behave: Behaviour, message: str) -> None:
    started = time.monotonic()
    with serving(behave) as address, pytest.raises(TimeLimitError, match=message):
        fetch(RemoteFile(f"{address}/a.pdf", Path("a.pdf")), tmp_path / "a.pdf", limits=QUICK)
    assert time.monotonic() - started < 60


def test_handshake_that_hangs_ends_at_its_limit(tmp_path: Path) -> None:
    with serving(silent) as address, pytest.raises(TimeLimitError):
        fetch(RemoteFile(address.replace("http", "https") + "/a.pdf", Path("a.pdf")), tmp_path / "a", limits=QUICK)


@pytest.mark.parametrize(
    ("head", "body", "message"),
    [
        (OK + b"Content-Length: 1000\r\n\r\n", b"short", "the connection ends before the file is complete"),
        (OK + b"Content-Length: 999999999999999\r\n\r\n", b"", "more than the 1 MB"),
        (OK + b"Content-Length: -5\r\n\r\n", b"", ""),
        (OK + b"Content-Length: lots\r\n\r\n", b"", ""),
        (OK + b"\r\n", bytes(3 << 20), "more than the 1 MB"),
        (OK + b"Content-Encoding: gzip\r\n\r\n", gzip.compress(bytes(300 << 20)), "more than the 1 MB"),
        (OK + b"Content-Encoding: gzip\r\n\r\n", b"no gzip", ""),
        (OK + b"X: y\r\n" * 5000 + b"\r\n", b"", ""),
        (OK + b"X: " + b"y" * (1 << 20) + b"\r\n\r\n", b"", ""),
        (b"HTTP/1.1 500 Oh\r\nContent-Length: 2\r\n\r\n", b"no", "the server answers with status 500"),
        (b"HTTP/1.1 302 Go\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n", b"", "not the web"),
        (b"HTTP/1.1 302 Go\r\nLocation: ftp://127.0.0.1/a\r\nContent-Length: 0\r\n\r\n", b"", "not the web"),
        (b"HTTP/1.1 302 Go\r\nLocation: /again.pdf\r\nConnection: close\r\n\r\n", b"", "redirects without end"),
        (b"HTTP/1.1 302 Go\r\nLocation: http://[::bad\r\nContent-Length: 0\r\n\r\n", b"", "redirects"),
        (b"no HTTP at all\r\n\r\n", b"", ""),
    ],
)
def test_answer_that_lies_is_a_one_line_error(tmp_path: Path, head: bytes, body: bytes, message: str) -> None:
    path = tmp_path / "a.pdf"
    with serving(answer(head, body)) as address, pytest.raises(InputError) as caught:
        fetch(RemoteFile(f"{address}/a.pdf", Path("a.pdf")), path, limit=1 << 20, limits=TransferLimits(5))
    assert message in caught.value.message
    assert "\n" not in caught.value.message
    assert len(caught.value.message) < 400
    assert not path.exists() or path.stat().st_size <= 40 << 20


def test_redirects_from_public_servers_into_private_networks_are_refused() -> None:
    import asyncio

    import yarl

    from cogdoc import web_client

    class Redirect:
        class response:  # noqa: N801
            url = yarl.URL("https://93.184.216.34/a")
            headers: dict[str, str] = {}  # noqa: RUF012

    def follow(location: str) -> None:
        Redirect.response.headers = {"Location": location}
        asyncio.run(web_client.CheckedRedirects()._check(None, None, Redirect))  # type: ignore[arg-type]

    follow("https://93.184.216.35/b")
    for private in ("https://127.0.0.1/", "https://[::1]:80/", "https://10.0.0.1/", "https://169.254.169.254/latest"):
        with pytest.raises(InputError, match="private network"):
            follow(private)
    with pytest.raises(InputError, match="from https to http"):
        follow("http://93.184.216.34/a")


def unresolved(address: str, limits: TransferLimits = QUICK) -> list[str]:
    return [
        source.error.message for source in expand_sources([address], limits=limits) if not isinstance(source, Source)
    ]


@pytest.mark.parametrize("behave", [silent, drip(OK + b"Content-Type: text/html\r\n\r\n"), drip(OK + b"X: ")])
def test_stalled_listing_ends_at_its_limit(behave: Behaviour) -> None:
    started = time.monotonic()
    with serving(behave) as address:
        (message,) = unresolved(f"{address}/in/")
    assert "within 1 s" in message
    assert time.monotonic() - started < 60


def test_index_without_end_is_refused() -> None:
    def behave(connection: socket.socket, _path: str) -> None:
        connection.sendall(OK + b"Content-Type: text/html\r\n\r\n")
        while True:
            connection.sendall(b'<a href="x.pdf">x</a>' * 10_000)

    with serving(behave) as address:
        assert unresolved(f"{address}/in/", TransferLimits(30))[0].startswith("more than the 16 MB")


def test_folders_without_end_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cogdoc.documents.remote.MAX_FOLDERS", 20)

    def behave(connection: socket.socket, _path: str) -> None:
        page = b'<a href="a/">a</a><a href="b/">b</a><a href="1.pdf">1</a>'
        connection.sendall(OK + b"Content-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(page) + page)

    with serving(behave) as address:
        found = list(expand_sources([f"{address}/in/"]))
    assert sum(isinstance(source, Source) for source in found) == 20
    (end,) = (source for source in found if isinstance(source, UnresolvedSource))
    assert "the search ends here, after 20 folders" in end.error.message


def test_hostile_index_takes_time_in_proportion_to_its_length() -> None:
    started = time.monotonic()
    for page in (b"<a " * 500_000, b"href=" * 300_000, b'href="' + b"x" * 1_000_000, b"<!--" * 400_000):
        assert web_links(page, "http://host/in/") == []
    assert time.monotonic() - started < 60


def test_many_slow_files_do_not_stop_the_good_one() -> None:
    slow = drip(OK + b"\r\n")

    def behave(connection: socket.socket, path: str) -> None:
        if path == "/good.pdf":
            connection.sendall(OK + b"Content-Length: 4\r\n\r\ngood")
        else:
            slow(connection, path)

    def read(name: str) -> bytes | CogdocError:
        source = Source(Path(name), name, Path(name), RemoteFile(f"{address}/{name}", Path(name)))
        try:
            with local_copy(source, QUICK) as path:
                return path.read_bytes()
        except CogdocError as error:
            return error

    results: dict[str, bytes | CogdocError] = {}
    with serving(behave) as address:
        names = [*(f"{number}.pdf" for number in range(12)), "good.pdf"]
        threads = [threading.Thread(target=lambda name=name: results.update({name: read(name)})) for name in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert results.pop("good.pdf") == b"good"
    assert all(isinstance(error, TimeLimitError) for error in results.values())


def test_call_that_never_returns_is_given_up() -> None:
    with pytest.raises(TimeLimitError):
        run_call(threading.Event().wait, TransferLimits(0.2))


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("path", ["a.pdf", "in/"])
@pytest.mark.parametrize("to", [[], ["--to", "out/"]])
@pytest.mark.parametrize("local_first", [False, True])
def test_signal_ends_the_run_while_a_transfer_hangs(
    start_cogdoc: Any, blank: Path, number: signal.Signals, path: str, to: list[str], local_first: bool
) -> None:
    asked = threading.Event()
    slow = drip(OK + b"Content-Type: text/html\r\n\r\n", seconds=0.5)

    def behave(connection: socket.socket, path: str) -> None:
        asked.set()
        slow(connection, path)

    with serving(behave) as address:
        sources = [str(blank)] * 3 * local_first + [f"{address}/{path}"]
        with start_cogdoc("ocr", *sources[-2:], *to, "--engine", "builtin") as running:
            assert asked.wait(60)
            time.sleep(0.5)
            running.send_signal(number)
            started = time.monotonic()
            _, errors = running.communicate(timeout=120)
    assert time.monotonic() - started < 60
    assert running.returncode == 128 + number
    assert b"Traceback" not in errors


@pytest.mark.slow
def test_page_limit_also_ends_a_stalled_transfer(cogdoc: Any, blank: Path) -> None:
    with serving(drip(OK + b"\r\n", seconds=0.5)) as address:
        ended = cogdoc("ocr", f"{address}/a.pdf", blank, "--timeout", "6", "--out", "jsonl")
    assert ended.code == 1
    assert f"{address}/a.pdf: the server sends only" in ended.err
    assert f'"path":"{blank}"' in ended.out
