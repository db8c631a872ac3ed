"""Keep the text of a whole document on disk, so that memory use does not grow with the number of pages."""

from __future__ import annotations

import pickle
import tempfile
import threading
import zlib
from collections.abc import Iterator

from cogdoc.parsing.page_text import PageText


class PageTextStore:
    """Page texts by page number, in the order in which they were added; closing the store deletes its file.

    Threads may read from it at the same time."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="cogdoc-words-")  # noqa: SIM115 - lives as long as the store
        self._extents: dict[int, tuple[int, int]] = {}
        """Start and length in the file by page number."""
        self._lock = threading.Lock()

    def add(self, page_text: PageText) -> None:
        packed = zlib.compress(pickle.dumps(page_text, pickle.HIGHEST_PROTOCOL), 1)
        with self._lock:
            start = self._file.seek(0, 2)
            self._file.write(packed)
        self._extents[page_text.number] = (start, len(packed))

    def get(self, number: int) -> PageText:
        """
        Raises:
            KeyError: the text of this page was not added.
        """
        start, length = self._extents[number]
        with self._lock:  # for the file's position
            self._file.seek(start)
            packed = self._file.read(length)
        page_text = pickle.loads(zlib.decompress(packed))
        assert isinstance(page_text, PageText)
        return page_text

    def __iter__(self) -> Iterator[PageText]:
        return (self.get(number) for number in self._extents)

    def __contains__(self, number: int) -> bool:
        return number in self._extents

    def __len__(self) -> int:
        return len(self._extents)

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> PageTextStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
