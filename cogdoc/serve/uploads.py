"""Uploaded documents: copies in a private temporary folder, under no name of the client, deleted after the request."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO

from cogdoc.errors import InputError, PlaceLostError
from cogdoc.results.printable import printable

UNNAMED = "upload"
LONGEST_NAME = 200
"""Characters."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A document that a client sent. Close it when nobody reads it any more."""

    path: Path
    name: str
    """What messages and results call it."""
    _held: ExitStack = field(default_factory=ExitStack, repr=False)

    def close(self) -> None:
        """Delete the copy."""
        self._held.close()


class UploadFolder:
    """A folder that only this user may read."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="cogdoc-serve-"))

    def keep(self, file: IO[bytes], name: str | None) -> Upload:
        """Copy an upload from its beginning.

        Raises:
            InputError: it is empty.
            PlaceLostError: the folder cannot take it.
        """
        with ExitStack() as stack:
            try:
                copy, path = self._new_file(stack)
                file.seek(0)
                shutil.copyfileobj(file, copy)
                copy.flush()
                size = copy.tell()
            except OSError as error:
                raise PlaceLostError(f"the upload cannot be stored: {error.strerror}") from None
            if not size:
                raise InputError("the uploaded file is empty")
            return Upload(path, shown_name(name), stack.pop_all())
        raise AssertionError("not reached")

    def close(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)

    def _new_file(self, stack: ExitStack) -> tuple[IO[bytes], Path]:
        """A new file, and a path under which this process can open it."""
        if sys.platform == "linux":  # without a name, so that nothing remains if the process is killed
            file = stack.enter_context(tempfile.TemporaryFile(dir=self.path))  # noqa: SIM115
            path = Path(f"/proc/{os.getpid()}/fd/{file.fileno()}")
        else:
            folder = stack.enter_context(tempfile.TemporaryDirectory(dir=self.path))
            path = Path(folder) / UNNAMED
            file = stack.enter_context(path.open("w+b"))
        return file, path


def shown_name(name: str | None) -> str:
    """The last part of a client's file name, for messages and results; it names no file here."""
    last = PureWindowsPath(PurePosixPath(name or "").name).name
    shown = printable(last.encode("utf-8", "replace").decode())[:LONGEST_NAME]
    return shown if shown.strip(". ") else UNNAMED
