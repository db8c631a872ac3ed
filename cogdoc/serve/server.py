"""Runs the application with uvicorn until a signal ends it."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

import uvicorn

from cogdoc.serve.application import create_application
from cogdoc.serve.connections import TimedProtocol
from cogdoc.serve.jobs.store import JobStore
from cogdoc.serve.service import Service

KEEP_ALIVE_SECONDS = 30
MAX_CONNECTIONS = 2000


class _Server(uvicorn.Server):
    """Ends by SIGTERM, SIGINT or SIGHUP, as a success, once all requests are finished; at once by a second signal."""

    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self._service = service

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        numbers = [number for name in ("SIGTERM", "SIGINT", "SIGHUP") if (number := getattr(signal, name, None))]
        before = {number: signal.signal(number, self.handle_exit) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002  of uvicorn
        self._service.draining = True
        self.force_exit = self.should_exit
        self.should_exit = True


def serve(service: Service, store: JobStore, sockets: Sequence[socket.socket]) -> None:
    """Answer requests until a signal comes, then finish those that run. Closes all three."""
    config = uvicorn.Config(
        create_application(service, store),
        http=TimedProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        limit_concurrency=MAX_CONNECTIONS,
    )
    _Server(config, service).run(sockets=list(sockets))
