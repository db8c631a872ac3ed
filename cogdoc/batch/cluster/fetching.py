"""Local copies of remote files on a machine of the cluster: each actor fetches the files that it reads."""

from __future__ import annotations

import os
import sys
from collections import OrderedDict
from dataclasses import replace
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryFile
from typing import IO, Any

from cogdoc.documents.open_request import OpenRequest
from cogdoc.documents.remote import RemoteFile, fetch

KEPT_FILES = 32
"""How many files an actor keeps, because the next calls are often about the same files; it reads fewer at a time."""


class FetchedFiles:
    """The files that an actor fetched most recently."""

    def __init__(self) -> None:
        self._files: OrderedDict[RemoteFile, IO[bytes]] = OrderedDict()

    def local_copy(self, argument: Any) -> Any:
        """Replace a request to open a remote file by one to open a local copy; return anything else unchanged.

        Raises:
            CogdocError: the file cannot be fetched.
        """
        if not isinstance(argument, OpenRequest) or argument.remote is None:
            return argument
        return replace(argument, path=self._path(argument.remote), remote=None)

    def _path(self, remote: RemoteFile) -> Path:
        file = self._files.pop(remote, None)
        if file is None:
            # On Linux the file has no name, so that an actor that is killed leaves nothing behind.
            file = TemporaryFile() if sys.platform == "linux" else NamedTemporaryFile()  # noqa: SIM115
            fetch(remote, _path_of(file))
        self._files[remote] = file
        if len(self._files) > KEPT_FILES:
            _, oldest = self._files.popitem(last=False)
            oldest.close()
        return _path_of(file)


def _path_of(file: IO[bytes]) -> Path:
    """A path under which other processes can open the file."""
    return Path(f"/proc/{os.getpid()}/fd/{file.fileno()}") if sys.platform == "linux" else Path(file.name)
