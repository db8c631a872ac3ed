"""The child's side of the sandbox: read a call, make it, send back what it gave, until the parent is gone."""

from __future__ import annotations

import contextlib
import os

from cogdoc.documents.sandbox_limits import Limits, allow_processor_time, confine, is_out_of_memory
from cogdoc.documents.wire import encode_answer, encode_error, receive_request, send_answer
from cogdoc.errors import CogdocError, DamagedError, MissingError, ResourceError


def main() -> None:
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    # What native code prints must reach neither the channel nor the user's standard output.
    silence = os.open(os.devnull, os.O_RDWR)
    os.dup2(silence, 0)
    os.dup2(silence, 1)
    with contextlib.suppress(EOFError, OSError):
        limits: Limits = receive_request(requests)
        confine(limits)
        _load_libraries()
        while True:
            function, args, kwargs = receive_request(requests)
            allow_processor_time(limits)
            try:
                answer = encode_answer(function, function(*args, **kwargs))
            except Exception as error:
                answer = encode_error(_explain(error, limits))
            send_answer(answers, answer)


def _load_libraries() -> None:
    """What the first call will need, while the parent is still busy; a part that is missing is that call's error."""
    with contextlib.suppress(ImportError):
        import cogdoc.documents.opening  # noqa: F401


def _explain(error: Exception, limits: Limits) -> CogdocError:
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
