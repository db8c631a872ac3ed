"""Starts a server in the background for `--keep-alive`, and waits until it has loaded the model."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from cogdoc.cli.durations import in_words
from cogdoc.cli.messages import warn
from cogdoc.cli.progress import loading_line
from cogdoc.engines.registry import DEFAULT_SECONDS
from cogdoc.engines.warm.borrowing import find_warm_engine
from cogdoc.engines.warm.generation_messages import failure_from
from cogdoc.engines.warm.private_folder import PrivateFolder, created_folder
from cogdoc.errors import ResourceError

if TYPE_CHECKING:
    from cogdoc.engines.selection import EngineRequest, EngineSelection, Progress

LOG = "background.log"
LOCK = "starting.lock"
MAX_LOG = 1 << 20
"""Bytes from which the log of background servers begins anew."""


def start_background_server(
    request: EngineRequest, keep_alive: float, *, verbose: bool, quiet: bool
) -> EngineSelection | None:
    """Start a server for the requested model; the engine that uses it, or None if the engine has no model to keep.

    Raises:
        CogdocError: it cannot load the model, as this process could not either, or there is no place for its socket.
    """
    with created_folder() as folder, _one_at_a_time(folder):
        # Another command may have started one in the meantime.
        search = find_warm_engine(request, warn, keep_alive)
        if search.selection is not None:
            return search.selection
        with loading_line(quiet=quiet) as loaded:
            started = _start(folder, request, keep_alive, loaded)
    if not started["lends"]:
        if not quiet:
            warn(f"--keep-alive: the engine {started['engine']} has no model to keep loaded")
        return None
    search = find_warm_engine(request, warn, keep_alive)
    if verbose:
        for note in search.notes:
            warn(note)
    if search.selection is not None and not quiet:
        warn(
            f"the model stays loaded in process {started['pid']} until it was not used for {in_words(keep_alive)}; "
            "cogdoc serve --stop ends it"
        )
    return search.selection


def _start(folder: PrivateFolder, request: EngineRequest, keep_alive: float, progress: Progress) -> dict[str, Any]:
    """Start the process, and follow how it loads the model; what it says when it is ready.

    Raises:
        CogdocError: it cannot load it.
    """
    order = {"request": asdict(request), "seconds": DEFAULT_SECONDS, "keep_alive": keep_alive}
    with _log(folder) as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "cogdoc.cli.background_server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )
    # The process itself goes on as a child of its own, which holds the other end of the pipe until it is ready.
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(order).encode())
            process.stdin.close()
        except BrokenPipeError:
            pass
        for line in process.stdout:
            try:
                said = json.loads(line)
            except ValueError:  # a library's message
                continue
            match said.get("type") if isinstance(said, dict) else None:
                case "loaded":
                    progress(said["done"], said["total"])
                case "failed":
                    raise failure_from(said)
                case "ready":
                    return dict(said)
    raise ResourceError(
        "the background process that loads the model was killed", f"its messages are in {folder.path / LOG}"
    )


@contextmanager
def _one_at_a_time(folder: PrivateFolder) -> Iterator[None]:
    """Wait while another command starts a server: two of the same model would need the memory twice."""
    descriptor = os.open(LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=folder.descriptor)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _log(folder: PrivateFolder) -> Iterator[int]:
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(LOG, flags, 0o600, dir_fd=folder.descriptor)
    try:
        if os.fstat(descriptor).st_size > MAX_LOG:
            os.truncate(descriptor, 0)
        yield descriptor
    finally:
        os.close(descriptor)
