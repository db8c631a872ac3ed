"""Messages over a Unix socket: a JSON object each, with bytes behind it where there are pictures."""

from __future__ import annotations

import json
import os
import select
import socket
import struct
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

MAX_MESSAGE = 64 << 20
MAX_PAYLOAD = 1 << 30
"""Bytes."""

STALLED_SECONDS = 60.0
"""How long one message may take to be sent or received once it has begun."""

_HEADER = struct.Struct(">II")
_CREDENTIALS = struct.Struct("3i")

Message = dict[str, Any]


class ChannelClosedError(Exception):
    """The other end is gone, or sends what is no message."""


class Channel:
    """A connected socket. Any thread may send; one at a time may receive."""

    def __init__(self, connection: socket.socket) -> None:
        connection.settimeout(STALLED_SECONDS)
        self._socket = connection
        self._sending = threading.Lock()

    def send(self, message: Mapping[str, Any], payload: Sequence[bytes | memoryview] = ()) -> None:
        """
        Raises:
            ChannelClosedError: nobody receives it.
        """
        text = json.dumps(message).encode()
        try:
            with self._sending:
                self._socket.sendall(_HEADER.pack(len(text), sum(len(part) for part in payload)) + text)
                for part in payload:
                    self._socket.sendall(part)
        except OSError as error:
            raise ChannelClosedError(str(error)) from error

    def wait(self, seconds: float) -> bool:
        """Whether there is something to receive, which may be the end, within so many seconds."""
        try:
            poll = select.poll()
            poll.register(self._socket, select.POLLIN)
            return bool(poll.poll(seconds * 1000))
        except (OSError, ValueError):  # it is closed
            return True

    def receive(self) -> tuple[Message, bytearray]:
        """The next message, and the bytes behind it.

        Raises:
            ChannelClosedError: none comes, or no valid one.
        """
        text_size, payload_size = _HEADER.unpack(self._receive_exactly(_HEADER.size))
        if text_size > MAX_MESSAGE or payload_size > MAX_PAYLOAD:
            raise ChannelClosedError("a message is too long")
        try:
            message = json.loads(bytes(self._receive_exactly(text_size)))
        except ValueError as error:
            raise ChannelClosedError("a message is not in JSON") from error
        if not isinstance(message, dict) or not isinstance(message.get("type"), str):
            raise ChannelClosedError("a message has no type")
        return message, self._receive_exactly(payload_size)

    def shut_down(self) -> None:
        """End the connection, also for a thread that waits for a message."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._socket.close()

    def _receive_exactly(self, size: int) -> bytearray:
        received = bytearray(size)
        view = memoryview(received)
        while view:
            try:
                count = self._socket.recv_into(view)
            except OSError as error:
                raise ChannelClosedError(str(error)) from error
            if not count:
                raise ChannelClosedError("the other end is closed")
            view = view[count:]
        return received


def peer_process(connection: socket.socket) -> int | None:
    """The process at the other end of a socket, or None if it is another user's."""
    number = getattr(socket, "SO_PEERCRED", None)
    if number is None:
        return None
    pid, uid, _ = _CREDENTIALS.unpack(connection.getsockopt(socket.SOL_SOCKET, number, _CREDENTIALS.size))
    return int(pid) if uid == os.geteuid() else None
