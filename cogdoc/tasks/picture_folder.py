"""Writes the pictures of pages as files for `--images`: `FOLDER/report.pdf/page-3-picture-1.png`."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from cogdoc.documents.document import Document
from cogdoc.documents.geometry import Box
from cogdoc.documents.sources import Source, UnresolvedSource
from cogdoc.errors import InputError, OutputExistsError, TimeLimitError
from cogdoc.parsing.page_pictures import PicturePlace, read_picture
from cogdoc.parsing.page_text import PageText
from cogdoc.results.output.destination import open_output, write_error
from cogdoc.results.printable import well_formed
from cogdoc.results.records import TextBlock

PICTURES = ("picture", "text-picture")
"""The kinds of the blocks that are written."""


class PictureFolder:
    """The folder that `--images` names. Each source has a folder of its own in it, named as its result would be."""

    def __init__(self, path: Path, *, overwrite: bool = False) -> None:
        self.path = path
        self._overwrite = overwrite
        self._folders: dict[str, str] = {}
        """By the name of the source."""
        self._taken: dict[str, int] = {}

    def named(self, sources: Iterable[Source | UnresolvedSource]) -> Iterator[Source | UnresolvedSource]:
        """The sources, in the order in which their folders are named: a second "report.pdf" gets "report.pdf-2"."""
        for source in sources:
            if isinstance(source, Source) and source.name not in self._folders:
                self._folders[source.name] = self._free_name(source)
            yield source

    def _free_name(self, source: Source) -> str:
        name = well_formed(source.relative.as_posix())
        folded = name.casefold()
        count = self._taken[folded] = self._taken.get(folded, 0) + 1
        return name if count == 1 else f"{name}-{count}"

    def folder_of(self, source: Source) -> str:
        """The folder of a source's pictures, below this one."""
        return self._folders.get(source.name) or well_formed(source.relative.as_posix())

    def with_images(self, document: Document, blocks: Sequence[TextBlock], page: PageText) -> tuple[TextBlock, ...]:
        """`blocks` whose pictures name their files, which are written.

        Raises:
            OutputError: a file cannot be written, or is there already with another content.
        """
        count = 0
        described: list[TextBlock] = []
        for block in blocks:
            if block.kind not in PICTURES:
                described.append(block)
                continue
            count += 1
            image = self._write(document, block, page, count)
            described.append(block.model_copy(update={"image": image}) if image else block)
        return tuple(described)

    def _write(self, document: Document, block: TextBlock, page: PageText, count: int) -> str | None:
        """The path of a picture's file below the folder; None if the page cannot be drawn."""
        # Lines of the text layer, not those that OCR read in the picture.
        place = PicturePlace(Box(*block.box), has_text=any(line.confidence == 1 for line in block.lines))
        try:
            picture = document.sandbox.run(read_picture, document.request, page.number, place, page.turned)
        except (InputError, TimeLimitError):  # the text stands without it
            return None
        name = f"{self.folder_of(document.source)}/page-{page.number}-picture-{count}.{picture.ending}"
        self._write_file(self.path / name, base64.b64decode(picture.content))
        return name

    def _write_file(self, path: Path, content: bytes) -> None:
        """Write a file, unless it is there already as this or an earlier run wrote it."""
        try:
            if path.is_file() and not path.is_symlink() and path.read_bytes() == content:
                return
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise write_error(path, error) from None
        try:
            with open_output(path, root=self.path, overwrite=self._overwrite) as stream:
                stream.buffer.write(content)
        except OutputExistsError as error:
            raise OutputExistsError(f"--images: {error.message}", error.hint) from None
