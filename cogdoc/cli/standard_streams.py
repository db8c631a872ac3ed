"""Standard input, output and error as the command needs them, whatever state the caller left them in."""

from __future__ import annotations

import errno
import io
import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Literal

from cogdoc.errors import PlaceLostError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class _WaitingFile(io.FileIO):
    """Waits where a file in non-blocking mode takes nothing more, as it would in the usual mode."""

    def write(self, data: ReadableBuffer, /) -> int:
        while True:
            written: int | None = super().write(data)
            if written is not None:
                return written
            select.select([], [self], [])


class _ResultStream(io.TextIOWrapper):
    """Standard output; its errors name it. A reader that has closed the pipe is no error."""

    def write(self, text: str, /) -> int:
        with _naming_errors():
            return super().write(text)

    def flush(self) -> None:
        with _naming_errors():
            super().flush()


class _MessageStream(io.TextIOWrapper):
    """Standard error. A message that cannot be written is lost: there is no other place to tell it."""

    def write(self, text: str, /) -> int:
        with suppress(OSError):
            return super().write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            super().flush()


@contextmanager
def _naming_errors() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        reason = "it is closed" if error.errno == errno.EBADF else error.strerror
        raise PlaceLostError(f"standard output: cannot be written: {reason}") from None


def prepare_streams() -> None:
    """Replace the streams that Python opened; a stream that the caller closed fails when it is used, and not before.

    Without this, the next file that is opened would take the number of a closed stream, and get what is printed.
    Results are always UTF-8, like output files and as JSON requires; the locale does not matter.
    """
    # Writing to a file that is open for reading fails like writing to a closed one.
    for number, flags in enumerate((os.O_RDONLY, os.O_RDONLY, os.O_WRONLY)):
        _open_if_closed(number, flags)
    if sys.stdin is None:
        sys.stdin = open(0, closefd=False)  # noqa: SIM115
    if sys.platform == "win32":  # consoles have their own way to write
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
        return
    results = _buffered(1)
    sys.stdout = _ResultStream(results, encoding="utf-8", errors="backslashreplace", line_buffering=os.isatty(1))
    encoding = sys.stderr.encoding if sys.stderr else "utf-8"
    sys.stderr = _MessageStream(_buffered(2), encoding=encoding, errors="backslashreplace", line_buffering=True)


def _buffered(number: int) -> io.BufferedWriter:
    # Only where it is needed: a signal that arrives in a `write` written in Python, after the bytes were written, would
    # have them written again.
    file = io.FileIO if os.get_blocking(number) else _WaitingFile
    return io.BufferedWriter(file(number, "w", closefd=False))


def drop_unwritten_results() -> None:
    """Drop what standard output did not take, so that Python does not report it again at the end."""
    try:
        sys.stdout.flush()
    except (OSError, PlaceLostError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _open_if_closed(number: int, flags: int) -> None:
    try:
        os.fstat(number)
    except OSError:
        opened = os.open(os.devnull, flags)
        if opened != number:
            os.dup2(opened, number)
            os.close(opened)
        else:
            os.set_inheritable(number, True)


def help_markup() -> Literal["rich"] | None:
    """How typer formats help: by rich on a terminal, else as plain text, without the time that rich takes to load."""
    return "rich" if sys.stdout is not None and not sys.stdout.closed and sys.stdout.isatty() else None
