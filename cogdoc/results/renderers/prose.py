"""The base class of the plain text and Markdown renderers, whose output is for people and for shell scripts."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TextIO

from cogdoc.results.failures import ErrorInfo
from cogdoc.results.printable import printable
from cogdoc.results.records import AnswerRecord, AnyRecord, SourceInfo
from cogdoc.results.renderers.renderer import RenderContext

_YELLOW = "\x1b[33m{}\x1b[0m"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of an answer, or any text."""

    text: str
    remark: str = ""
    """What cogdoc says about it behind it, in colour if the terminal has any."""


def line_writer(stream: TextIO) -> Callable[[Line], None]:
    """A function that writes lines to a stream; nothing in their text can control a terminal."""
    in_color = stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    form = f" {_YELLOW}" if in_color else " {}"

    def write(line: Line) -> None:
        remark = form.format(line.remark) if line.remark else ""
        stream.write(f"{printable(line.text, keep_newlines=True)}{remark}\n")

    return write


class ProseRenderer(ABC):
    """Writes parts of text, a heading before the first part of a source, and blank lines between parts."""

    spaced_answers = False
    """Whether a blank line separates answers, as it separates pages and charts."""

    headed_tasks: tuple[str, ...] = ("ocr", "chart", "extract", "tables")
    """The tasks whose results have a heading for each source, if there are several."""

    def __init__(self, stream: TextIO, context: RenderContext) -> None:
        self._stream = stream
        self._context = context
        self._parts = 0
        self._heading: str | None = None
        """The heading of the source, until its first part is written."""
        self.on_terminal = stream.isatty()
        self._write_line = line_writer(stream)

    @abstractmethod
    def heading(self, name: str) -> str:
        """The heading of a source, if results of several sources go to one stream."""

    @abstractmethod
    def render(self, record: AnyRecord) -> Sequence[Line]:
        """The record as text; empty if there is nothing to write."""

    def begin(self, task: str, source: SourceInfo) -> None:
        if self._context.several_sources and task in self.headed_tasks:
            self._heading = self.heading(printable(source.path))

    def write(self, record: AnyRecord) -> None:
        lines = self.render(record)
        if not lines:
            return
        spaced = self.spaced_answers or not isinstance(record, AnswerRecord)
        if self._heading is not None:
            self._write_part([Line(self._heading)], spaced=spaced)
            self._heading = None
        self._write_part(lines, spaced=spaced)

    def end(self, error: ErrorInfo | None) -> None:  # noqa: B027 - not abstract
        pass  # Standard error says what failed.

    def close(self) -> None:
        self._stream.flush()

    def _write_part(self, lines: Sequence[Line], *, spaced: bool) -> None:
        if spaced and self._parts:
            self._stream.write("\n")
        for line in lines:
            self._write_line(line)
        self._stream.flush()
        self._parts += 1
