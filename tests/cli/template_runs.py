"""Runs the command in children of a process that has imported cogdoc already; see `command_template`."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import IO

from running import CommandResult, clean_environment, killed_at_end

PROGRAM = Path(__file__).parent / "command_template.py"

COMMAND_LINE = (
    "cogdoc.cli.app",
    "cogdoc.cli.run_task",
    "cogdoc.engines.builtin.answering",
    "cogdoc.engines.cogvlm2.settings",
    "cogdoc.query.page_ranking",
    "cogdoc.results.renderers.html",
    "cogdoc.tasks.ask",
    "cogdoc.tasks.chart",
    "cogdoc.tasks.ocr",
)
DEEP_READER = (*COMMAND_LINE, "cogdoc.engines.cogvlm2.cogvlm2_model", "cogdoc.cogvlm2.quantization")

READ_AT_RUN_TIME = ("COGDOC_", "SLURM_", "XDG_", "HF_", "HOME", "TMPDIR", "NO_PROXY")
"""Variables that cogdoc reads after its imports. Others also act on Python and libraries as they start."""


class Template:
    """A process that becomes the command, and what it has of the environment. One command runs at a time."""

    def __init__(self, *modules: str) -> None:
        self._closing = ExitStack()
        self._environment = clean_environment()
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._closing.enter_context(self._channel)
        with theirs:
            process = subprocess.Popen(
                [sys.executable, str(PROGRAM), *modules],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                env=self._environment,
            )
        self._closing.enter_context(killed_at_end(process))

    def close(self) -> None:
        self._closing.close()

    def can_run_in(self, environment: dict[str, str]) -> bool:
        """Whether Python and the libraries would start in `environment` as they have started here."""
        names = {name for name, _ in environment.items() ^ self._environment.items()}
        return all(name.startswith(READ_AT_RUN_TIME) for name in names)

    def run(
        self, arguments: list[str], folder: Path, environment: dict[str, str], stdin: bytes, seconds: float
    ) -> CommandResult:
        """Run the command, as `subprocess.run` does.

        Raises:
            TimeoutError: it takes longer than `seconds`; it is killed then.
        """
        request = {"arguments": arguments, "folder": str(folder), "environment": environment}
        with ExitStack() as streams:
            given, theirs = _pipe(streams, write=True)
            shown = [_pipe(streams, write=False) for _ in range(2)]
            others = [theirs, *(other for _, other in shown)]
            socket.send_fds(self._channel, [json.dumps(request).encode()], [other.fileno() for other in others])
            for other in others:
                other.close()
            child = int(self._channel.recv(64))
            results: list[bytes] = [b"", b""]
            threads = [threading.Thread(target=_give, args=(given, stdin))]
            for index, (stream, _) in enumerate(shown):
                threads.append(threading.Thread(target=_read, args=(stream, results, index)))
            for thread in threads:
                thread.start()
            self._channel.settimeout(seconds)
            try:
                code = int(self._channel.recv(64))
            except TimeoutError:
                os.kill(child, signal.SIGKILL)
                self._channel.settimeout(None)
                self._channel.recv(64)
                raise
            finally:
                for thread in threads:
                    thread.join()
            return CommandResult(code, results[0].decode(), results[1].decode())


def _pipe(streams: ExitStack, *, write: bool) -> tuple[IO[bytes], IO[bytes]]:
    """Our end, and the command's."""
    reading, writing = os.pipe()
    ours, theirs = (writing, reading) if write else (reading, writing)
    return (
        streams.enter_context(open(ours, "wb" if write else "rb", buffering=0)),  # noqa: PTH123
        streams.enter_context(open(theirs, "rb" if write else "wb", buffering=0)),  # noqa: PTH123
    )


def _give(stream: IO[bytes], content: bytes) -> None:
    try:
        while content:
            content = content[stream.write(content) :]
    except BrokenPipeError:
        pass  # the command does not read it
    finally:
        stream.close()


def _read(stream: IO[bytes], results: list[bytes], index: int) -> None:
    results[index] = stream.read()
