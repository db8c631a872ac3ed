"""The request to open a file, which is sent to a worker process.

A worker process cannot open files of the user. Its parent opens them, and sends a descriptor with the request.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

from cogdoc.documents.remote import RemoteFile
from cogdoc.documents.rendering import MAX_MEGAPIXELS
from cogdoc.documents.tesseract import Tesseract
from cogdoc.errors import InputError


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """A file and how to open it. Equal requests return the same open document while the file does not change."""

    path: Path
    password: str | None = None
    max_megapixels: float = MAX_MEGAPIXELS
    tesseract: Tesseract | None = None
    """Run OCR by Tesseract instead of RapidOCR."""
    remote: RemoteFile | None = None
    """Where the file comes from, if `path` is a copy that only this machine has."""
    hidden: bool = False
    """Whether to read text too that the pages do not show."""
    descriptor: int | None = field(default=None, compare=False)
    """The open file, in a worker process; its index among the files that are sent, on the way there."""

    def open(self) -> BinaryIO:
        """The file, at its beginning.

        Raises:
            InputError: it is missing, not a regular file, or may not be read.
        """
        descriptor = open_regular_file(self.path) if self.descriptor is None else os.dup(self.descriptor)
        os.lseek(descriptor, 0, os.SEEK_SET)
        return os.fdopen(descriptor, "rb")

    def with_descriptor(self, descriptor: int) -> OpenRequest:
        """This request as a worker process needs it: without the file's path and address, which may hold secrets."""
        return replace(self, path=Path(), remote=None, descriptor=descriptor)


def open_regular_file(path: Path) -> int:
    """A descriptor for reading a file. A pipe or device is refused without waiting for it.

    Raises:
        InputError: it is missing, not a regular file, or may not be read.
    """
    flags = os.O_RDONLY
    for name in ("O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC", "O_BINARY"):  # the last on Windows only, the others elsewhere
        flags |= getattr(os, name, 0)
    try:
        descriptor = os.open(path, flags)
    except FileNotFoundError:
        raise InputError("no such file") from None
    except OSError as error:
        if path.is_dir():  # Windows cannot open folders
            raise InputError("is a folder") from None
        raise InputError(f"cannot be read: {error.strerror or error}") from None
    except ValueError:
        raise InputError("no such file") from None  # its name contains NUL
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        raise InputError("is a folder" if stat.S_ISDIR(mode) else "not a regular file")
    return descriptor
