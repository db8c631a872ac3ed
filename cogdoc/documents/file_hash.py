"""The SHA-256 of files, computed once for each state that a file is in."""

from __future__ import annotations

import hashlib
import os
import threading
from collections import OrderedDict
from pathlib import Path

from cogdoc.documents.open_request import open_regular_file
from cogdoc.errors import InputError

KEPT_HASHES = 64
"""Files that are open at the same time, with some to spare."""

_State = tuple[int, ...]
_hashes: OrderedDict[_State, bytes] = OrderedDict()
_lock = threading.Lock()


def file_hash(path: Path) -> bytes:
    """The hash of the bytes that a regular file has now.

    Raises:
        InputError: it cannot be read.
    """
    with os.fdopen(open_regular_file(path), "rb") as file:
        status = os.fstat(file.fileno())
        state = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        with _lock:
            if (known := _hashes.get(state)) is not None:
                return known
        try:
            digest = hashlib.file_digest(file, "sha256").digest()
        except OSError as error:
            raise InputError(f"can no longer be read: {error.strerror}") from None
    with _lock:
        _hashes[state] = digest
        if len(_hashes) > KEPT_HASHES:
            _hashes.popitem(last=False)
    return digest
