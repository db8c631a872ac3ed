"""Finds the servers of this user that run on this machine, and removes what killed ones have left."""

from __future__ import annotations

import socket
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from cogdoc.engines.warm.channel import Channel, ChannelClosedError, peer_process
from cogdoc.engines.warm.description import DESCRIPTION, ServerDescription
from cogdoc.engines.warm.private_folder import PrivateFolder, existing_folders, is_supported, open_folder

REPLY_SECONDS = 3.0
"""How long a server may take to describe itself."""


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A server that listens, whether it answers or not."""

    folder: Path
    socket: str
    """The name of its socket in the folder."""
    pid: int
    description: ServerDescription | None
    problem: str = ""
    """Why there is no description."""


@dataclass(frozen=True, slots=True)
class FoundServers:
    """All servers, and what stood in the way of finding more."""

    servers: tuple[RunningServer, ...] = ()
    problems: tuple[str, ...] = ()


def find_servers() -> FoundServers:
    """Ask all servers of this user what they are."""
    if not is_supported():
        return FoundServers()
    servers: list[RunningServer] = []
    with existing_folders() as (folders, problems):
        for folder in folders:
            try:
                names = folder.sockets()
            except OSError as error:
                problems.append(f"{folder.path}: {error.strerror}")
                continue
            for name in names:
                try:
                    server = _ask(folder, name)
                except OSError as error:
                    problems.append(f"{folder.path / name}: {error.strerror or error}")
                    continue
                if server is not None:
                    servers.append(server)
        return FoundServers(tuple(servers), tuple(problems))


def connect(folder: Path, name: str) -> Channel:
    """Connect to a server.

    Raises:
        OSError: it is gone, or is not this user's.
    """
    with open_folder(folder) as opened:
        return Channel(_connected(opened, name)[0])


def _connected(folder: PrivateFolder, name: str) -> tuple[socket.socket, int]:
    """A connection, and the server's process."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(REPLY_SECONDS)
        connection.connect(folder.address(name))
        pid = peer_process(connection)
        if pid is None:
            raise PermissionError(0, "another user listens there")
    except BaseException:
        connection.close()
        raise
    return connection, pid


def _ask(folder: PrivateFolder, name: str) -> RunningServer | None:
    """The server behind a socket; None if there is none any more, and then the socket is removed."""
    try:
        connection, pid = _connected(folder, name)
    except FileNotFoundError:
        return None
    except ConnectionRefusedError:
        folder.remove(name)
        return None
    with closing(Channel(connection)) as channel:
        try:
            channel.send({"type": "describe"})
            if not channel.wait(REPLY_SECONDS):
                return RunningServer(folder.path, name, pid, None, f"does not answer within {REPLY_SECONDS:g} s")
            message, _ = channel.receive()
            description = DESCRIPTION.validate_python(message.get("description"))
        except ChannelClosedError:
            if not Path(f"/proc/{pid}").exists():
                return None
            return RunningServer(folder.path, name, pid, None, "ends")
        except ValidationError:
            return RunningServer(folder.path, name, pid, None, "is of another version of cogdoc")
    # In a container, the process may have another number outside of it: the one that the system gives is valid here.
    return RunningServer(folder.path, name, pid, description)
