"""The child's side of the sandbox: read a call, make it, send back what it gave, until the parent is gone."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

from cogdoc.documents.sandbox import receive, send
from cogdoc.errors import CogdocError, DamagedError, MissingError, ResourceError

PR_SET_PDEATHSIG = 1
"""From <sys/prctl.h>."""


def main() -> None:
    # Ctrl-C reaches the whole process group; the parent decides what becomes of the children.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _end_with_parent()
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    # What native code prints must reach neither the channel nor the user's standard output.
    silence = os.open(os.devnull, os.O_RDWR)
    os.dup2(silence, 0)
    os.dup2(silence, 1)
    while True:
        try:
            function, args, kwargs = receive(requests)
        except EOFError:
            return
        try:
            answer = ("returned", function(*args, **kwargs))
        except CogdocError as error:
            answer = ("raised", error)
        except ImportError as error:
            answer = ("raised", MissingError(f"a part of cogdoc is not installed: {error}", "see: cogdoc doctor"))
        except MemoryError:
            answer = ("raised", ResourceError("not enough memory"))
        except Exception as error:
            summary = " ".join(str(error).split())[:200]
            answer = ("raised", DamagedError(f"cannot be read: {type(error).__name__}: {summary}"))
        try:
            send(answers, answer)
        except OSError:
            return


def _end_with_parent() -> None:
    """On Linux, have the kernel end this process when its parent is killed, even in the middle of native code."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    main()
