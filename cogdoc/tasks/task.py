"""The protocol of tasks: what a command does with a document, item by item."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from cogdoc.documents.document import Document
from cogdoc.documents.page_selection import PageSelection
from cogdoc.engines.protocol import Engine
from cogdoc.results.records import AnyRecord

Item = int | str
"""A unit of work that is stored and resumed on its own: a page number or a question."""


class Task(Protocol):
    """What to do with each document. Implemented by `OcrTask`, `AskTask`, `ChartTask` and `TablesTask`."""

    @property
    def name(self) -> str:
        """As on the command line and in the JSON output."""
        ...

    @property
    def selection(self) -> PageSelection:
        """The pages to read."""
        ...

    @property
    def questions(self) -> tuple[str, ...]:
        """The questions to answer; empty if there are none."""
        ...

    @property
    def settings(self) -> Mapping[str, Any]:
        """What the results depend on besides the document and the engine, as JSON values."""
        ...

    def items(self, document: Document) -> Sequence[Item]:
        """The document's items in the order of the results.

        Raises:
            UsageError: the user asks for a page that does not exist.
        """
        ...

    def run(self, document: Document, engine: Engine, items: Sequence[Item]) -> Iterator[tuple[AnyRecord, ...]]:
        """Process some of the document's items; yields one tuple with all records of each item, in order."""
        ...
