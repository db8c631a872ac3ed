"""The base class of the plain text and Markdown renderers, whose output is for people and for shell scripts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TextIO

from cogdoc.results.printable import printable
from cogdoc.results.records import AnswerRecord, AnyRecord, ErrorInfo, SourceInfo
from cogdoc.results.renderers.renderer import RenderContext


class ProseRenderer(ABC):
    """Writes parts of text, a heading before the first part of a source, and blank lines between parts."""

    spaced_answers = False
    """Whether a blank line separates answers, as it separates pages and charts."""

    def __init__(self, stream: TextIO, context: RenderContext) -> None:
        self._stream = stream
        self._context = context
        self._parts = 0
        self._heading: str | None = None
        """The heading of the source, until its first part is written."""

    @abstractmethod
    def heading(self, name: str) -> str:
        """The heading of a source, if results of several sources go to one stream."""

    @abstractmethod
    def render(self, record: AnyRecord) -> str | None:
        """The record as text; None if there is nothing to write."""

    def begin(self, task: str, source: SourceInfo) -> None:
        if self._context.several_sources and task != "ask":
            self._heading = self.heading(printable(source.path))

    def write(self, record: AnyRecord) -> None:
        text = self.render(record)
        if text is None:
            return
        spaced = self.spaced_answers or not isinstance(record, AnswerRecord)
        if self._heading is not None:
            self._write_part(self._heading, spaced=spaced)
            self._heading = None
        self._write_part(text, spaced=spaced)

    def end(self, error: ErrorInfo | None) -> None:  # noqa: B027 - not abstract
        pass  # Standard error says what failed.

    def close(self) -> None:
        self._stream.flush()

    def _write_part(self, text: str, *, spaced: bool) -> None:
        separator = "\n" if spaced and self._parts else ""
        self._stream.write(separator + printable(text, keep_newlines=True) + "\n")
        self._stream.flush()
        self._parts += 1
