"""The protocol of output formats: a `Renderer` writes records to a stream as they are produced."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import IO, Protocol, TextIO, runtime_checkable

from cogdoc.results.failures import ErrorInfo
from cogdoc.results.page_picture import PagePicture
from cogdoc.results.records import AnyRecord, SourceInfo


class OpenPart(Protocol):
    def __call__(self, name: str) -> AbstractContextManager[tuple[str, TextIO]]:
        """Open a further file of a source, whose name has `name` in it: yields the file's name, and its stream."""


@dataclass(frozen=True, slots=True)
class RenderContext:
    """What a renderer needs to know about the run."""

    several_sources: bool = False
    """Whether results of more than one source go to the stream."""
    several_questions: bool = False
    """Whether more than one question was asked of each source."""
    open_part: OpenPart | None = None
    """For formats with a file for each table, where every source has its own files."""
    images: str = ""
    """The folder of the files of pictures, as a path from the place of the output."""


class Renderer(Protocol):
    """Called for each source in turn: `begin`, `write` for each of its records, `end`; and `close` at the very end.

    A renderer writes as soon as it can, and keeps at most one record.
    """

    def begin(self, task: str, source: SourceInfo) -> None: ...

    def write(self, record: AnyRecord) -> None: ...

    def end(self, error: ErrorInfo | None) -> None:
        """The source is finished; `error` is why it could not be read completely."""

    def close(self) -> None: ...


@runtime_checkable
class DocumentRenderer(Renderer, Protocol):
    """A renderer of the document itself, which is called with it after the last of its records."""

    def write_document(self, file: IO[bytes]) -> None: ...


@runtime_checkable
class ShowsPictures(Protocol):
    """A renderer that takes pictures of pages."""

    def add_pictures(self, pictures: Iterable[PagePicture]) -> None:
        """Take the pictures of the records that are written next. Pages that could not be drawn are missing."""
