"""The requests that the parent sends to its worker processes: first the limits, then calls with their open files.

This module imports the standard library only, since a worker process receives the limits before it may import others.
"""

from __future__ import annotations

import os
import pickle
import secrets
import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, Any

CALL_ID_BYTES = 16

MAX_DESCRIPTORS = 4
"""Files that a request can pass along."""

CHUNK = 1 << 20

Channel = socket.socket | IO[bytes]
"""A Unix socket; an unbuffered pipe on systems that cannot send descriptors."""

_HEADER = struct.Struct(f"<{CALL_ID_BYTES}sQ")


@dataclass(frozen=True, slots=True)
class Request:
    """What a worker process receives."""

    call_id: bytes
    content: Any
    descriptors: tuple[int, ...]
    """Files that the parent opened, in the order in which it sent them."""


def send_request(channel: Channel, content: object, descriptors: Sequence[int] = ()) -> bytes:
    """Send the limits or a call to a worker process: an id, the length, then a pickle. Returns the id of the call.

    Args:
        channel: a Unix socket; a pipe on systems that cannot send descriptors.
        descriptors: open files that the worker process receives.
    """
    body = pickle.dumps(content, pickle.HIGHEST_PROTOCOL)
    call_id = secrets.token_bytes(CALL_ID_BYTES)
    header = _HEADER.pack(call_id, len(body))
    if isinstance(channel, socket.socket):
        sent = socket.send_fds(channel, [header], descriptors)
        channel.sendall(header[sent:] + body)
    else:
        channel.write(header + body)
        channel.flush()
    return call_id


def receive_request(channel: Channel) -> Request:
    """Receive the limits or a call.

    Raises:
        EOFError: the parent is gone.
    """
    header, descriptors = b"", list[int]()
    if isinstance(channel, socket.socket):
        # Not with the body: the kernel hands descriptors over together with the bytes that they were sent with.
        header, descriptors, _, _ = socket.recv_fds(channel, _HEADER.size, MAX_DESCRIPTORS)
    call_id, length = _HEADER.unpack(header + _receive(channel, _HEADER.size - len(header)))
    return Request(call_id, pickle.loads(_receive(channel, length)), tuple(descriptors))


def _receive(channel: Channel, length: int) -> bytes:
    chunks = []
    while length:
        # os.read, since a confined process can receive messages, but cannot call recv.
        chunk = os.read(channel.fileno(), min(length, CHUNK))
        if not chunk:
            raise EOFError
        chunks.append(chunk)
        length -= len(chunk)
    return b"".join(chunks)
