"""The words of a whole document on disk: read once, used for every question, and memory stays flat."""

from __future__ import annotations

import pickle
import tempfile
import zlib
from collections.abc import Iterator

from cogdoc.parsing.page_text import PageText


class PageTextStore:
    """Words by page number, in the order in which they were added; the file is gone when the spool is."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="cogdoc-words-")  # noqa: SIM115 - lives as long as the spool
        self._places: dict[int, tuple[int, int]] = {}

    def add(self, words: PageText) -> None:
        packed = zlib.compress(pickle.dumps(words, pickle.HIGHEST_PROTOCOL), 1)
        start = self._file.seek(0, 2)
        self._file.write(packed)
        self._places[words.number] = (start, len(packed))

    def get(self, number: int) -> PageText:
        """
        Raises:
            KeyError: no words of this page were added.
        """
        start, length = self._places[number]
        self._file.seek(start)
        words = pickle.loads(zlib.decompress(self._file.read(length)))
        assert isinstance(words, PageText)
        return words

    def __iter__(self) -> Iterator[PageText]:
        return (self.get(number) for number in self._places)

    def __len__(self) -> int:
        return len(self._places)

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> PageTextStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
