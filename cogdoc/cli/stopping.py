"""Stops the servers of this user, for `cogdoc serve --stop`."""

from __future__ import annotations

import os
import select
import signal
import sys

from cogdoc.cli.messages import warn
from cogdoc.engines.warm.servers import RunningServer, find_servers
from cogdoc.errors import OutputError

DEAD_SECONDS = 10.0
"""How long to wait for a server that does not even say what it is."""


def stop_servers(*, quiet: bool) -> None:
    """Ask all servers to end, and wait until they have: those that answer finish their requests first.

    Raises:
        OutputError: one of them does not end.
    """
    found = find_servers()
    for problem in found.problems:
        warn(problem)
    if not found.servers and not quiet:
        warn("no server of yours is running")
    pending = [(server, handle) for server in found.servers if (handle := _ask_to_end(server)) is not None]
    remaining = []
    for server, handle in pending:
        try:
            if _wait(handle, None if server.description is not None else DEAD_SECONDS):
                if not quiet:
                    warn(f"the server {server.pid} has ended")
            else:
                remaining.append(str(server.pid))
        finally:
            os.close(handle)
    if remaining:
        raise OutputError(f"the server {', '.join(remaining)} does not end", f"kill -9 {' '.join(remaining)}")


def _ask_to_end(server: RunningServer) -> int | None:
    """Send SIGTERM; a descriptor of the process, or None if it has ended."""
    if sys.platform != "linux":
        return None
    try:
        handle = os.pidfd_open(server.pid)
    except ProcessLookupError:
        return None
    try:
        signal.pidfd_send_signal(handle, signal.SIGTERM)
    except ProcessLookupError:
        os.close(handle)
        return None
    return handle


def _wait(handle: int, seconds: float | None) -> bool:
    """Whether a process ends within so many seconds."""
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    return bool(poll.poll(None if seconds is None else seconds * 1000))
