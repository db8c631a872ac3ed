"""The main program of a worker process: runs the calls that the parent sends until the parent closes the pipe."""

from __future__ import annotations

import contextlib
import os

from cogdoc.documents.sandbox_limits import Limits, allow_processor_time, confine, is_out_of_memory
from cogdoc.documents.wire import encode_error, encode_result, receive_request, send_reply
from cogdoc.errors import CogdocError, DamagedError, MissingError, ResourceError


def main() -> None:
    requests = os.fdopen(os.dup(0), "rb")
    replies = os.fdopen(os.dup(1), "wb")
    # What native code prints must reach neither the parent's channel nor the user's standard output.
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    with contextlib.suppress(EOFError, OSError):
        limits: Limits = receive_request(requests)
        confine(limits)
        _load_libraries()
        while True:
            function, args, kwargs = receive_request(requests)
            allow_processor_time(limits)
            try:
                reply = encode_result(function, function(*args, **kwargs))
            except Exception as error:
                reply = encode_error(_as_cogdoc_error(error, limits))
            send_reply(replies, reply)


def _load_libraries() -> None:
    """Import what the first call needs while the parent is still busy; that call reports a missing library."""
    with contextlib.suppress(ImportError):
        import cogdoc.documents.opening  # noqa: F401


def _as_cogdoc_error(error: Exception, limits: Limits) -> CogdocError:
    if is_out_of_memory(error):
        return ResourceError(f"needs more than {limits.memory >> 20} MB of memory")
    if isinstance(error, CogdocError):
        return error
    if isinstance(error, ImportError):
        return MissingError(f"a part of cogdoc is not installed: {error}", "see: cogdoc doctor")
    summary = " ".join(str(error).split())[:200]
    return DamagedError(f"cannot be read: {type(error).__name__}: {summary}")


if __name__ == "__main__":
    main()
