"""Lends a model: listens on a socket that only this user reaches, with a thread for each command that connects."""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from importlib.metadata import version

from cogdoc.engines.vision.vision_model import VisionModel
from cogdoc.engines.warm.channel import Channel, ChannelClosedError, Message, peer_process
from cogdoc.engines.warm.description import (
    DESCRIPTION,
    Activity,
    LentModel,
    ServerDescription,
    held_memory,
)
from cogdoc.engines.warm.lent_generation import LentGeneration
from cogdoc.engines.warm.private_folder import SOCKET_MODE, SUFFIX, PrivateFolder, created_folder, is_supported
from cogdoc.errors import OutputError

BACKLOG = 128
IDLE_SECONDS = 3600.0
OUT_OF_FILES_SECONDS = 0.1
SIGNAL_SECONDS = 1.0
"""How often a wait is interrupted: a signal that another thread got, as after a stop, wakes nobody by itself."""


class Lender:
    """A server that commands can find. Close it before its model."""

    def __init__(
        self,
        name: str,
        model: VisionModel | None,
        lent: LentModel | None,
        *,
        address: str | None = None,
        keep_alive: float | None = None,
    ) -> None:
        """
        Args:
            name: what results call the model.
            model: what is lent; None for an engine without a model, which `cogdoc ps` shows and nobody borrows.
            address: where it answers over HTTP, if it does.
            keep_alive: seconds without use after which its owner ends it.
        """
        self._stack = ExitStack()
        self._name = name
        self._model = model
        self._lent = lent
        self._address = address
        self._since = int(time.time())
        self._changed = threading.Condition()
        self._keep_alive = keep_alive
        self._commands = self._running = self._requests = 0
        self._used = time.monotonic()
        self._closing = False
        self._channels: set[Channel] = set()
        self._folder: PrivateFolder = self._stack.enter_context(created_folder())
        self._file = f"{os.getpid()}-{secrets.token_hex(4)}{SUFFIX}"
        try:
            self._listener = self._stack.enter_context(_listen(self._folder, self._file))
        except BaseException:
            self._stack.close()
            raise
        threading.Thread(target=self._accept, name="cogdoc-lender", daemon=True).start()

    def wait_until_unused(self) -> None:
        """Wait until nobody has used it for `keep_alive` seconds, which must not be None."""
        with self._changed:
            while True:
                assert self._keep_alive is not None
                in_use = self._commands or self._running
                left = self._keep_alive if in_use else self._used + self._keep_alive - time.monotonic()
                if left <= 0:
                    return
                self._changed.wait(min(left, SIGNAL_SECONDS))

    def close(self) -> None:
        """Let nobody else use it, and wait until the requests that run are finished."""
        with self._changed:
            if self._closing:
                return
            self._closing = True
        try:
            self._folder.remove(self._file)
            with suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
            with self._changed:
                self._changed.wait_for(lambda: not self._running)
        finally:
            with self._changed:
                channels = list(self._channels)
            for channel in channels:
                channel.shut_down()
            self._stack.close()

    def describe(self) -> ServerDescription:
        with self._changed:
            activity = Activity(self._commands, self._running, self._requests)
            keep_alive = self._keep_alive
        return ServerDescription(
            pid=os.getpid(),
            version=version("cogdoc"),
            model=self._name,
            since=self._since,
            address=self._address,
            keep_alive=keep_alive,
            activity=activity,
            memory=held_memory(),
            lent=self._lent,
        )

    def _accept(self) -> None:
        while not self._closing:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                if not self._closing:
                    time.sleep(OUT_OF_FILES_SECONDS)
                continue
            if peer_process(connection) is None:
                connection.close()
                continue
            try:
                threading.Thread(target=self._serve, args=(connection,), name="cogdoc-lent", daemon=True).start()
            except RuntimeError:  # the system starts no thread: the command goes on without the server
                connection.close()

    def _serve(self, connection: socket.socket) -> None:
        channel = Channel(connection)
        with self._changed:
            self._channels.add(channel)
        borrowed = False
        try:
            while True:
                while not channel.wait(IDLE_SECONDS):
                    pass
                message, payload = channel.receive()
                if message["type"] == "borrow" and not borrowed:
                    borrowed = True
                    self._count_command(1, message.get("keep_alive"))
                if message["type"] == "generate":
                    self._generate(channel, message, payload)
                    return
                channel.send(self._reply(message))
        except ChannelClosedError:
            pass
        finally:
            with self._changed:
                self._channels.discard(channel)
            if borrowed:
                self._count_command(-1, None)
            channel.close()

    def _reply(self, message: Message) -> Message:
        """
        Raises:
            ChannelClosedError: it is none of the messages that are known.
        """
        if message["type"] in ("describe", "borrow"):
            return {"type": "description", "description": DESCRIPTION.dump_python(self.describe(), mode="json")}
        if message["type"] == "count" and self._model is not None and isinstance(message.get("text"), str):
            return {"type": "counted", "count": self._model.count_tokens(message["text"])}
        raise ChannelClosedError("an unknown message")

    def _generate(self, channel: Channel, message: Message, payload: bytearray) -> None:
        model = self._model
        with self._changed:
            if model is None or self._closing:
                return
            self._running += 1
            self._requests += 1
        generation = LentGeneration(channel, model, message, payload, is_closing=lambda: self._closing)

        def work() -> None:
            try:
                generation.work()
            finally:
                with self._changed:
                    self._running -= 1
                    self._used = time.monotonic()
                    self._changed.notify_all()

        worker = threading.Thread(target=work, name="cogdoc-generation", daemon=True)
        worker.start()
        generation.attend()
        worker.join()

    def _count_command(self, change: int, keep_alive: object) -> None:
        with self._changed:
            self._commands += change
            self._used = time.monotonic()
            if self._keep_alive is not None and isinstance(keep_alive, (int, float)) and keep_alive > 0:
                self._keep_alive = float(keep_alive)
            self._changed.notify_all()


@contextmanager
def _listen(folder: PrivateFolder, name: str) -> Iterator[socket.socket]:
    """A listening socket in the folder, which is removed at the end.

    Raises:
        OutputError: it cannot be created.
    """
    if not is_supported():
        raise OutputError("models can be lent to other commands on Linux only")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    # Nobody finds it before it listens: it would be taken for that of a server that was killed.
    early = f".{name}.new"
    try:
        try:
            listener.bind(folder.address(early))
            os.chmod(folder.address(early), SOCKET_MODE)  # noqa: PTH101  relative to the descriptor
            listener.listen(BACKLOG)
            os.rename(early, name, src_dir_fd=folder.descriptor, dst_dir_fd=folder.descriptor)
        except OSError as error:
            with suppress(OSError):
                os.unlink(early, dir_fd=folder.descriptor)
            raise OutputError(f"{folder.path}: no socket can be created there: {error.strerror}") from None
        try:
            yield listener
        finally:
            with suppress(OSError):
                folder.remove(name)
    finally:
        listener.close()
