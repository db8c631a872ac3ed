"""The main program of a worker process: confines itself, then runs the calls that the parent sends.

It runs as a script, and imports from no folder but those that the parent names. It ends when the parent closes the
channel.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cogdoc.documents.confinement.limits import Limits
    from cogdoc.documents.worker_requests import Channel, Request
    from cogdoc.errors import CogdocError


def main() -> None:
    _make_importable("cogdoc", Path(__file__).resolve().parents[1])
    from cogdoc.documents.confinement.confine import confine
    from cogdoc.documents.confinement.limits import allow_processor_time
    from cogdoc.documents.worker_requests import receive_request

    channel: Channel = os.fdopen(os.dup(0), "rb", 0) if sys.platform == "win32" else socket.socket(fileno=os.dup(0))
    replies = os.fdopen(os.dup(1), "wb")
    # What native code prints must reach neither the parent's channel nor the user's standard output.
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    with contextlib.suppress(EOFError, OSError):
        limits, files = receive_request(channel).content
        confine(limits, files)
        sys.path.extend(files.import_path)
        _load_libraries()
        from cogdoc.documents.worker_replies import encode_error, encode_result, send_reply

        while True:
            request = receive_request(channel)
            function, args, kwargs = _with_files(request)
            allow_processor_time(limits)
            try:
                reply = encode_result(function, function(*args, **kwargs))
            except Exception as error:
                reply = encode_error(_as_cogdoc_error(error, limits))
            send_reply(replies, request.call_id, reply)
            for descriptor in request.descriptors:
                os.close(descriptor)


def _make_importable(name: str, folder: Path) -> None:
    """Import a package by its folder, so that the folder around it, which may hold anything, is not searched."""
    spec = importlib.util.spec_from_file_location(
        name, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec is not None
    assert spec.loader is not None
    package = importlib.util.module_from_spec(spec)
    sys.modules[name] = package
    spec.loader.exec_module(package)


def _load_libraries() -> None:
    """Import what the first call needs while the parent is still busy; that call reports a missing library."""
    with contextlib.suppress(ImportError):
        import cogdoc.documents.opening  # noqa: F401


def _with_files(request: Request) -> tuple[Any, tuple[Any, ...], dict[str, Any]]:
    """The function and the arguments of a call, with the descriptors that arrived with it."""
    from cogdoc.documents.open_request import OpenRequest

    def received(argument: object) -> object:
        if not isinstance(argument, OpenRequest) or argument.descriptor is None:
            return argument
        return argument.with_descriptor(request.descriptors[argument.descriptor])

    function, args, kwargs = request.content
    return function, tuple(map(received, args)), {name: received(value) for name, value in kwargs.items()}


def _as_cogdoc_error(error: Exception, limits: Limits) -> CogdocError:
    from cogdoc.documents.confinement.limits import is_out_of_memory
    from cogdoc.errors import CogdocError, DamagedError, MissingError, ResourceError

    if is_out_of_memory(error):
        return ResourceError(limits.memory_message)
    if isinstance(error, CogdocError):
        return error
    if isinstance(error, ImportError):
        return MissingError(f"a part of cogdoc is not installed: {error}", "see: cogdoc doctor")
    summary = " ".join(str(error).split())[:200]
    return DamagedError(f"cannot be read: {type(error).__name__}: {summary}")


if __name__ == "__main__":
    main()
