"""The output files of one source: one for each format, and for some formats one more for each table."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TextIO

from cogdoc.batch.journal import Journal
from cogdoc.results.markdown.pictures import path_between
from cogdoc.results.output.destination import DiscardOutput, part_of
from cogdoc.results.output_formats import OutputFormat, make_renderer
from cogdoc.results.renderers.renderer import Renderer

_PART = re.compile(r"page-\d+-table-\d+")

OpenFile = Callable[[Path], AbstractContextManager[TextIO]]
"""Checks whether a file may be written, and opens it; it appears when the context ends well."""


class SourceOutputs:
    """Opens the files of one source, and removes those that should not stay."""

    def __init__(self, formats: Mapping[Path, OutputFormat], open_file: OpenFile, images: Path | None) -> None:
        """
        Args:
            formats: the format of each output file.
            images: the folder of the files of pictures, if there are some.
        """
        self._images = images
        self._formats = formats
        self._open_file = open_file
        self._earlier = {
            part for path, output in formats.items() if output.file_per_table for part in _listed_parts(path)
        }
        self._parts: list[Path] = []

    @property
    def written(self) -> list[Path]:
        """All files, once they are complete."""
        return [*self._formats, *self._parts]

    @contextmanager
    def open(self, *, several_questions: bool) -> Iterator[list[Renderer]]:
        """Yield a renderer for each format; the files appear at the end, unless `DiscardOutput` is raised.

        Raises:
            OutputExistsError, OutputError: one of the files cannot be written.
        """
        try:
            with ExitStack() as stack:
                streams = [(path, stack.enter_context(self._open_file(path))) for path in self._formats]
                yield [self._renderer(path, stream, several_questions=several_questions) for path, stream in streams]
        except BaseException as error:
            for part in self._parts:
                with suppress(OSError):
                    part.unlink()
            self._parts.clear()
            if not isinstance(error, DiscardOutput):
                raise

    def remove_earlier_parts(self, journal: Journal, origin: bytes) -> None:
        """Remove the files of tables that an earlier run found in the source at `origin`, and this one does not."""
        for path in self._earlier - set(self._parts):
            if journal.owns(path, origin):
                with suppress(OSError):
                    path.unlink()

    def _renderer(self, path: Path, stream: TextIO, *, several_questions: bool) -> Renderer:
        output = self._formats[path]

        @contextmanager
        def open_part(name: str) -> Iterator[tuple[str, TextIO]]:
            part = part_of(path, name)
            with self._open_file(part) as part_stream:
                yield part.name, part_stream
            self._parts.append(part)

        return make_renderer(
            output,
            stream,
            several_questions=several_questions,
            open_part=open_part if output.file_per_table else None,
            images=path_between(path, self._images),
        )


def _listed_parts(output: Path) -> Iterator[Path]:
    """The files of tables that an earlier list names."""
    try:
        with output.open(encoding="utf-8", newline="") as file:
            names = [row[0] for row in csv.reader(file) if row]
    except (OSError, ValueError, csv.Error):
        return
    for name in names:
        middle = name.removesuffix(output.suffix).rpartition(".")[2]
        if _PART.fullmatch(middle) and name == part_of(output, middle).name:
            yield output.with_name(name)
