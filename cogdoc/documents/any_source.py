"""Opens what Python callers have: paths, addresses, bytes, open files, and pictures in memory."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeAlias

from cogdoc.documents.remote import MAX_FETCHED
from cogdoc.documents.sources import Source, UnresolvedSource, expand_sources, local_copy, nameless_file
from cogdoc.errors import InputError, TooLargeError, UsageError
from cogdoc.results.printable import well_formed
from cogdoc.storage import is_address

if TYPE_CHECKING:
    from PIL.Image import Image

DocumentSource: TypeAlias = "str | os.PathLike[str] | bytes | bytearray | memoryview | IO[bytes] | Image"

_CHUNK = 1 << 20

_PNG_MODES = ("1", "L", "LA", "P", "RGB", "RGBA", "I", "I;16")
"""The modes of pictures that PNG stores as they are."""


@contextmanager
def local_file(source: DocumentSource) -> Iterator[tuple[Source, Path]]:
    """The source, and its file; what is in memory or behind an address is copied to one, which is removed at the end.

    Raises:
        UsageError: an address names several files, or `source` is nothing that can be read.
        InputError: there is nothing, or it cannot be read.
        TooLargeError: it has more bytes than are read from addresses and standard input.
    """
    if isinstance(source, str) and is_address(source):
        named = _only(source)
        with local_copy(named) as path:
            yield named, path
    elif isinstance(source, str | os.PathLike):
        path = Path(source)
        yield Source(path, well_formed(os.fspath(source)), Path(path.name)), path.absolute()
    else:
        name = _name(source)
        with nameless_file() as (file, path):
            _copy(source, file)
            file.flush()
            yield Source(path, name, Path("document")), path


def _only(address: str) -> Source:
    """The file at an address, found as the command line finds it."""
    found = [entry for entry, _ in zip(expand_sources([address]), range(2), strict=False)]
    if len(found) != 1:
        raise UsageError(
            "this address names several files, not one" if found else "there is no document at this address"
        )
    if isinstance(found[0], UnresolvedSource):
        raise found[0].error
    return found[0]


def name_of(source: DocumentSource) -> str:
    """What messages and results call a source on this machine or in memory."""
    return well_formed(os.fspath(source)) if isinstance(source, str | os.PathLike) else _name(source)


def _name(source: Any) -> str:
    """What messages and results call a source in memory."""
    name = getattr(source, "filename", None) if _is_picture(source) else getattr(source, "name", None)
    if isinstance(name, str) and name:
        return well_formed(name)
    return "<image>" if _is_picture(source) else "<bytes>"


def _copy(source: Any, file: IO[bytes]) -> None:
    if _is_picture(source):
        _save_picture(source, file)
    elif isinstance(source, bytes | bytearray | memoryview):
        _write(file, source, 0)
    elif hasattr(source, "read"):
        size = 0
        while chunk := source.read(_CHUNK):
            if not isinstance(chunk, bytes):
                raise UsageError("a document is read from a file that is open in binary mode")
            size = _write(file, chunk, size)
    else:
        raise UsageError(
            f"{type(source).__name__} is nothing that can be read",
            "give a path, an address, bytes, a file that is open in binary mode, or a PIL image",
        )
    if not file.tell():
        raise InputError("it is empty")


def _write(file: IO[bytes], data: bytes | bytearray | memoryview, size: int) -> int:
    size += len(data)
    if size > MAX_FETCHED:
        raise TooLargeError(f"it has more than {MAX_FETCHED >> 20} MB", "save it, and name the file instead")
    file.write(data)
    return size


def _is_picture(source: Any) -> bool:
    # Who has a picture has imported Pillow; others need not wait for it.
    pillow = sys.modules.get("PIL.Image")
    return pillow is not None and isinstance(source, pillow.Image)


def _save_picture(picture: Image, file: IO[bytes]) -> None:
    """Save a picture as its viewers show it, with its resolution."""
    from PIL import ImageOps

    upright = ImageOps.exif_transpose(picture)
    upright = upright if upright.mode in _PNG_MODES else upright.convert("RGB")
    dpi = picture.info.get("dpi")
    options = {"dpi": tuple(map(float, dpi))} if isinstance(dpi, tuple) and len(dpi) == 2 else {}
    upright.save(file, "PNG", compress_level=1, **options)
