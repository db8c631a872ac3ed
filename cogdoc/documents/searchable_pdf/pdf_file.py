"""Writes a document as a searchable PDF file, piece by piece. Its parts come from worker processes.

Neither the document nor the result is in memory as a whole, and this process parses neither.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryFile
from typing import IO

from cogdoc.documents.document import Document
from cogdoc.documents.formats import DocumentFormat
from cogdoc.documents.open_request import OpenRequest, open_regular_file
from cogdoc.documents.page_selection import MAX_PAGES
from cogdoc.documents.searchable_pdf.pdf_objects import (
    CATALOG,
    FIRST_OF_PAGES,
    HEADER,
    file_beginning,
    file_end,
)
from cogdoc.documents.searchable_pdf.pieces import SharedObjects
from cogdoc.documents.searchable_pdf.worker_calls import (
    MAX_PIECE,
    read_format,
    read_picture_page,
    rewrite_pdf,
    update_pdf,
)
from cogdoc.documents.workers import Workers
from cogdoc.errors import DamagedError, TooLargeError, UnsupportedError
from cogdoc.results.text_layer import TextLayer

LAYERS_AT_A_TIME = 100
"""Pages that one update adds text to."""

MAX_PAGE = 1 << 30
"""Bytes of a page made of a picture: several times the largest picture's pixels."""

MAX_GROWTH = 8
"""How many times its size a damaged file may have when it is written anew."""


class TextLayers(Mapping[int, TextLayer]):
    """The text layers of a document by page numbers, compressed: a document may have thousands."""

    def __init__(self) -> None:
        self._packed: dict[int, bytes] = {}

    def add(self, layer: TextLayer) -> None:
        self._packed[layer.number] = zlib.compress(layer.model_dump_json().encode(), 1)

    def __getitem__(self, number: int) -> TextLayer:
        return TextLayer.model_validate_json(zlib.decompress(self._packed[number]))

    def __iter__(self) -> Iterator[int]:
        return iter(self._packed)

    def __len__(self) -> int:
        return len(self._packed)


def check_format(document: Document) -> DocumentFormat:
    """The document's format.

    Raises:
        UnsupportedError: a document of this format cannot be written as a searchable PDF file.
        TooLargeError: it is a file with very many pictures.
    """
    file_format = document.sandbox.run(read_format, document.request)
    if file_format is not DocumentFormat.PDF and not file_format.is_picture:
        raise UnsupportedError(
            f"an {file_format.name} file, which cannot become a searchable PDF file",
            "--out pdf is for PDF files and pictures; --out md and --out text have the text of all documents",
        )
    if file_format.is_picture and document.page_count > MAX_PAGES:
        raise TooLargeError(f"{document.page_count} pictures are too many for a PDF file", f"{MAX_PAGES} are allowed")
    return file_format


def searchable_pdf(document: Document, layers: Mapping[int, TextLayer]) -> IO[bytes]:
    """A document with text layers as a temporary PDF file, at its beginning; it is gone once it is closed.

    Args:
        layers: the text of pages, by their numbers; the other pages stay as they are.

    Raises:
        UnsupportedError: a document of this format cannot be written as a PDF file.
        DamagedError: it is damaged beyond repair.
    """
    file_format = check_format(document)
    workers = document.sandbox.local
    # On Linux the file has no name, so that a process that is killed leaves nothing behind.
    file: IO[bytes] = TemporaryFile() if sys.platform == "linux" else NamedTemporaryFile()  # noqa: SIM115
    try:
        if file_format is DocumentFormat.PDF:
            _write_pdf(workers, document.request, layers, file)
        else:
            _write_pictures(workers, document, layers, file)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file


def _write_pdf(workers: Workers, request: OpenRequest, layers: Mapping[int, TextLayer], file: IO[bytes]) -> None:
    _copy(request, file)
    copy = replace(request, path=_path_of(file), remote=None)
    shared = SharedObjects()
    finished = repaired = False
    numbers = sorted(layers)
    while not finished:  # a damaged file is repaired even if it gets no text
        batch = [layers[number] for number in numbers[:LAYERS_AT_A_TIME]]
        update = workers.run(update_pdf, copy, batch, shared)
        if not update.damaged:
            file.write(update.data)
            shared = update.shared
            del numbers[:LAYERS_AT_A_TIME]
            finished = not numbers
        elif repaired:
            raise DamagedError("broken PDF file: it stays broken when it is written anew")
        else:
            file.truncate(0)
            file.seek(0)
            _rewrite(workers, request, file)
            repaired = True
        file.flush()


def _rewrite(workers: Workers, request: OpenRequest, file: IO[bytes]) -> None:
    limit = MAX_GROWTH * request.path.stat().st_size + MAX_PIECE
    while piece := workers.run(rewrite_pdf, request, file.tell()):
        file.write(piece)
        if file.tell() > limit:
            raise DamagedError("broken PDF file: it grows without end when it is repaired")


def _copy(request: OpenRequest, file: IO[bytes]) -> None:
    with os.fdopen(open_regular_file(request.path), "rb") as original:
        shutil.copyfileobj(original, file, 1 << 20)
    file.flush()


def _path_of(file: IO[bytes]) -> Path:
    """A path under which this process can open the file again."""
    return Path(f"/proc/self/fd/{file.fileno()}") if sys.platform == "linux" else Path(file.name)


def _write_pictures(workers: Workers, document: Document, layers: Mapping[int, TextLayer], file: IO[bytes]) -> None:
    file.write(HEADER)
    offsets: list[int] = []
    pages: list[int] = []
    for number in range(1, document.page_count + 1):
        start, first = file.tell(), FIRST_OF_PAGES + len(offsets)
        starts = _write_picture(workers, document.request, number, layers.get(number), first, file)
        offsets += [start + offset for offset in starts]
        pages.append(first + len(starts) - 1)
    shared = file_beginning(pages, has_overlays=any(layers[number].overlay for number in layers))
    start = file.tell()
    file.write(shared.data)
    offsets[:0] = [start + offset for offset in shared.starts]
    texts = hashlib.sha256("".join(f"{layers[number]}" for number in sorted(layers)).encode())
    identity = hashlib.sha256(bytes.fromhex(document.sha256) + texts.digest()).digest()[:16]
    file.write(file_end(offsets, file.tell(), CATALOG, identity))


def _write_picture(
    workers: Workers, request: OpenRequest, number: int, layer: TextLayer | None, first: int, file: IO[bytes]
) -> tuple[int, ...]:
    """Write the objects of a page; returns where each begins, from the first on."""
    written, piece = 0, None
    while piece is None or written < min(piece.size, MAX_PAGE):
        piece = workers.run(read_picture_page, request, number, layer, first, written)
        if not piece.data:
            break
        file.write(piece.data)
        written += len(piece.data)
    if written != piece.size:
        raise DamagedError("the worker process sent something other than the page")
    return piece.starts
