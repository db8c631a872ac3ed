"""Documents that the page keeps between requests, under random ids, until they are deleted or nobody uses them."""

from __future__ import annotations

import asyncio
import secrets
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from cogdoc.documents.document import Document
from cogdoc.documents.open_request import OpenRequest
from cogdoc.documents.sources import Source
from cogdoc.documents.workers import Workers
from cogdoc.serve.error_replies import RequestError
from cogdoc.serve.uploads import Upload

ID_BYTES = 24


@dataclass(frozen=True, slots=True)
class KeepingLimits:
    """What is kept, and for how long."""

    idle_seconds: float = 1800.0
    """Since the last request for a document."""
    documents: int = 64
    size: int = 2 << 30
    """Bytes of all documents."""
    pictures: int = 4
    """Pictures of pages that are drawn at a time."""


@dataclass(slots=True)
class KeptDocument:
    """An uploaded document and how it is opened."""

    id: str
    document: Document
    password: str | None
    upload: Upload
    size: int
    """In bytes."""
    users: int = 0
    """Requests that work on it."""
    dropped: bool = False
    last_used: float = field(default_factory=time.monotonic)


class KeptDocuments:
    """The documents of all people who use the page. Thread-safe."""

    def __init__(self, limits: KeepingLimits | None = None) -> None:
        self.limits = limits or KeepingLimits()
        self.drawing = asyncio.Semaphore(self.limits.pictures)
        self._lock = Lock()
        self._documents: dict[str, KeptDocument] = {}
        self._timer: asyncio.TimerHandle | None = None

    def add(self, upload: Upload, password: str | None, max_megapixels: float, workers: Workers) -> KeptDocument:
        """Open an upload and keep it; it is closed if that fails. The documents that waited longest make room.

        Raises:
            CogdocError: it cannot be opened.
        """
        with ExitStack() as stack:
            stack.callback(upload.close)
            request = OpenRequest(upload.path, password, max_megapixels)
            document = Document(Source(upload.path, upload.name, Path(upload.name)), request, workers)
            size = upload.path.stat().st_size
            kept = KeptDocument(secrets.token_urlsafe(ID_BYTES), document, password, upload, size)
            stack.pop_all()
        with self._lock:
            self._make_room(size)
            self._documents[kept.id] = kept
        return kept

    def get(self, document_id: str) -> KeptDocument:
        """
        Raises:
            RequestError: there is no such document any more.
        """
        with self._lock:
            kept = self._documents.get(document_id)
            if kept is None:
                raise RequestError("the document is not kept any more", "open it again", status=404, code="not-kept")
            kept.last_used = time.monotonic()
            return kept

    def lend(self, kept: KeptDocument) -> Upload:
        """The upload for one request. Closing it ends the use, and deletes the file if the document was dropped."""
        held = ExitStack()
        with self._lock:
            kept.users += 1
        held.callback(self._give_back, kept)
        return Upload(kept.upload.path, kept.upload.name, held)

    def drop(self, document_id: str) -> None:
        """Delete a document, if it is kept, as soon as no request uses it."""
        with self._lock:
            self._drop(document_id)

    def drop_idle(self) -> None:
        """Delete the documents that were not used for long."""
        before = time.monotonic() - self.limits.idle_seconds
        with self._lock:
            for kept in list(self._documents.values()):
                if not kept.users and kept.last_used <= before:
                    self._drop(kept.id)

    def watch(self) -> None:
        """Drop idle documents from now on until none is kept; of the event loop."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self.limits.idle_seconds / 10, self._check)

    def close(self) -> None:
        """Delete all documents."""
        with self._lock:
            for document_id in list(self._documents):
                self._drop(document_id)

    def _check(self) -> None:
        self._timer = None
        self.drop_idle()
        if self._documents:
            self.watch()

    def _give_back(self, kept: KeptDocument) -> None:
        with self._lock:
            kept.users -= 1
            kept.last_used = time.monotonic()
            if kept.dropped and not kept.users:
                kept.upload.close()

    def _drop(self, document_id: str) -> None:
        kept = self._documents.pop(document_id, None)
        if kept is not None:
            kept.dropped = True
            if not kept.users:
                kept.upload.close()

    def _make_room(self, size: int) -> None:
        waiting = sorted((kept for kept in self._documents.values() if not kept.users), key=lambda kept: kept.last_used)
        for kept in waiting:
            total = sum(each.size for each in self._documents.values()) + size
            if len(self._documents) < self.limits.documents and total <= self.limits.size:
                return
            self._drop(kept.id)
