"""Files of object stores and of the web on a machine of the cluster: each worker fetches what it reads itself."""

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

KEPT_FILES = 8
"""How many files a worker keeps: those whose pages come next, and all of an engine's pages."""


class FetchedFiles:
    """The files that a worker has fetched last."""

    def __init__(self) -> None:
        self._files: OrderedDict[RemoteFile, IO[bytes]] = OrderedDict()

    def local_copy(self, argument: Any) -> Any:
        """A request to open a remote file, as one to open it where it has been fetched to; anything else as it is.

        Raises:
            CogdocError: it cannot be fetched.
        """
        if not isinstance(argument, OpenRequest) or argument.remote is None:
            return argument
        return replace(argument, path=self._path(argument.remote), remote=None)

    def _path(self, remote: RemoteFile) -> Path:
        file = self._files.pop(remote, None)
        if file is None:
            # Without a name where the system can, so that no worker that is killed leaves it behind.
            file = TemporaryFile() if sys.platform == "linux" else NamedTemporaryFile()  # noqa: SIM115
            fetch(remote, _path_of(file))
        self._files[remote] = file
        if len(self._files) > KEPT_FILES:
            _, oldest = self._files.popitem(last=False)
            oldest.close()
        return _path_of(file)


def _path_of(file: IO[bytes]) -> Path:
    """A path by which other processes can open it, too."""
    return Path(f"/proc/{os.getpid()}/fd/{file.fileno()}") if sys.platform == "linux" else Path(file.name)
