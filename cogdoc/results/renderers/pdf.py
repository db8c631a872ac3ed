"""Searchable PDF: the document with invisible text, which is made where the document is read."""

from __future__ import annotations

import shutil
from typing import IO

from cogdoc.results.failures import ErrorInfo
from cogdoc.results.records import AnyRecord, SourceInfo
from cogdoc.results.renderers.renderer import RenderContext


class PdfRenderer:
    """Implements `DocumentRenderer` by copying the file."""

    def __init__(self, stream: IO[bytes], context: RenderContext) -> None:  # noqa: ARG002 - as all renderers are made
        self._stream = stream

    def begin(self, task: str, source: SourceInfo) -> None:
        pass

    def write(self, record: AnyRecord) -> None:
        pass

    def write_document(self, file: IO[bytes]) -> None:
        shutil.copyfileobj(file, self._stream, 1 << 20)

    def end(self, error: ErrorInfo | None) -> None:
        pass

    def close(self) -> None:
        self._stream.flush()
