"""The process that `--keep-alive` leaves behind: it loads a model, lends it to commands, and ends when nobody uses it.

It belongs to no terminal, holds none of the command's files, and says on its first standard output, in lines of JSON,
how loading goes.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from types import FrameType
from typing import Any

from cogdoc.cli.messages import report_traceback, warn
from cogdoc.errors import as_cogdoc_error


class _Ended(BaseException):
    """SIGTERM or SIGINT arrived."""


def main() -> int:
    order = json.load(sys.stdin)
    _leave()  # before anything is imported that starts threads
    try:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _end)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        _serve(order["request"], order["seconds"], order["keep_alive"])
    except _Ended:
        pass
    except BrokenPipeError:
        warn("the command that started this process has ended while the model was loading")
        return 1
    except BaseException as error:  # panics of Rust libraries are no `Exception`
        from cogdoc.engines.warm.generation_messages import failure_message

        described = as_cogdoc_error(error)
        warn(described.message)
        if described.__cause__ is not None:
            report_traceback(error)
        _say(failure_message(described))
        return int(described.exit_code)
    _note("ends")
    return 0


def _serve(requested: dict[str, Any], seconds: float, keep_alive: float) -> None:
    from cogdoc.engines.generation import GenerationRequest
    from cogdoc.engines.registry import load_engine, select_engine
    from cogdoc.engines.selection import EngineRequest
    from cogdoc.engines.warm.offering import EngineOffer

    request = EngineRequest(**{**requested, "generation": GenerationRequest(**requested["generation"])})
    selection = select_engine(request)
    offer = EngineOffer.of(selection, request)
    if offer.identity is None:
        _say({"type": "ready", "lends": False, "engine": selection.name})
        return
    engine = load_engine(selection, seconds, lambda done, total: _say({"type": "loaded", "done": done, "total": total}))
    try:
        lender = offer.lend(engine, keep_alive=keep_alive)
        try:
            _note(f"lends {engine.info.checkpoint}")
            os.chdir("/")
            _say({"type": "ready", "lends": True, "engine": selection.name, "pid": os.getpid()})
            _close_output()
            lender.wait_until_unused()
        finally:
            lender.close()
    finally:
        engine.close()


def _leave() -> None:
    """Go on in a child process, so that the command has no child that outlives it."""
    if os.fork():
        os._exit(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)


def _close_output() -> None:
    """Let the pipe of the command go."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.close(nothing)


def _say(message: dict[str, Any]) -> None:
    os.write(1, f"{json.dumps(message)}\n".encode())


def _note(line: str) -> None:
    """Write to the log."""
    warn(f"{time.strftime('%Y-%m-%dT%H:%M:%S%z')} process {os.getpid()} {line}")


def _end(_signal: int, _frame: FrameType | None) -> None:
    raise _Ended


if __name__ == "__main__":
    sys.exit(main())
