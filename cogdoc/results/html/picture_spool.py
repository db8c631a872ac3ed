"""Keeps pictures on disk until the place in the page where they are written comes."""

from __future__ import annotations

import tempfile
import weakref
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from cogdoc.results.page_picture import PagePicture

PIECE = 3 * 2**14
"""Bytes that are read at a time; a multiple of three, so that base64 of the pieces is that of the whole."""


@dataclass(frozen=True, slots=True)
class _Kept:
    picture: PagePicture
    """Without its content."""
    start: int
    length: int


class PictureSpool:
    """One picture of each page. The file has no name, and is gone once it is closed."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the object
        self._close = weakref.finalize(self, self._file.close)
        self._kept: dict[int, _Kept] = {}

    @property
    def pages(self) -> Collection[int]:
        return self._kept.keys()

    def add(self, picture: PagePicture) -> None:
        start = self._file.seek(0, 2)
        self._file.write(picture.content)
        self._kept[picture.area.page] = _Kept(replace(picture, content=b""), start, len(picture.content))

    def pictures(self) -> Iterator[tuple[PagePicture, Iterator[bytes]]]:
        """The pictures in the order in which they came, each with its content in pieces."""
        for kept in self._kept.values():
            yield kept.picture, self._pieces(kept)

    def close(self) -> None:
        self._close()

    def _pieces(self, kept: _Kept) -> Iterator[bytes]:
        for offset in range(0, kept.length, PIECE):
            self._file.seek(kept.start + offset)
            yield self._file.read(min(PIECE, kept.length - offset))
