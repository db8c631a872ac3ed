"""The record of a run: a file of JSON Lines with the outcome of every file and the reason of every failure."""

from __future__ import annotations

import io
import json
import os
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from cogdoc.batch.accounting import FileCounts, RunCounts
from cogdoc.errors import CogdocError
from cogdoc.results.destination import write_error
from cogdoc.results.records import AnswerRecord, AnyRecord, EngineInfo, SourceInfo
from cogdoc.tasks.describe import describe_error
from cogdoc.tasks.task import Item

RECORD_VERSION = "cogdoc-run/1"
LONGEST_LINE = 1 << 20


class RunRecord:
    """Appends to a file and flushes every line; writes nothing if the path is None."""

    def __init__(self, path: Path | None, task: str, engine: EngineInfo, shard: str) -> None:
        """
        Raises:
            OutputError: the file cannot be written.
        """
        self._started = time.monotonic()
        self._path = path
        self._stream = _open_for_appending(path) if path else None
        self._write(
            "run",
            schema=RECORD_VERSION,
            version=version("cogdoc"),
            started=datetime.now(UTC).isoformat(timespec="seconds"),
            task=task,
            engine=engine.model_dump(mode="json"),
            shard=shard,
        )

    @property
    def wall_seconds(self) -> float:
        return time.monotonic() - self._started

    def add_failed_item(self, item: Item, record: AnyRecord) -> None:
        assert record.error is not None
        self._write("item", path=record.source.path, item=item, error=record.error.model_dump(mode="json"))

    def add_unread_pages(self, record: AnswerRecord) -> None:
        for unread in record.unread_pages:
            self._write("page", path=record.source.path, page=unread.page, message=unread.message)

    def add_file(self, source: SourceInfo, counts: FileCounts, output: Path | None, error: CogdocError | None) -> None:
        self._write(
            "file",
            path=source.path,
            sha256=source.sha256,
            pages=source.page_count,
            fate=counts.outcome(error),
            output=str(output).encode("utf-8", "replace").decode() if output else None,
            items=counts.items,
            failed=counts.failed,
            kept=counts.stored,
            seconds=round(counts.seconds, 3),
            flags=dict(counts.flags),
            error=describe_error(error).model_dump(mode="json") if error else None,
        )

    def end(self, counts: RunCounts) -> None:
        self._write(
            "end",
            wall_seconds=round(self.wall_seconds, 3),
            files=counts.files,
            items=counts.items,
            done=counts.done,
            partial=counts.partial,
            failed=counts.failed,
            earlier=counts.done_earlier,
        )

    def __enter__(self) -> RunRecord:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _: TracebackType | None
    ) -> None:
        if self._stream:
            self._stream.close()

    def _write(self, event: str, **values: Any) -> None:
        if self._stream and self._path:
            try:
                self._stream.write(json.dumps({"event": event, **values}, ensure_ascii=False) + "\n")
                self._stream.flush()
            except OSError as error:
                raise write_error(self._path, error) from None


def _open_for_appending(path: Path) -> TextIO:
    """Open the record, and cut off the incomplete last line of a run that was killed."""
    try:
        stream = path.open("a+b")
        end = stream.seek(0, os.SEEK_END)
        stream.seek(max(0, end - LONGEST_LINE))
        tail = stream.read()
        stream.truncate(end - len(tail) + tail.rfind(b"\n") + 1 if tail else 0)
        return io.TextIOWrapper(stream, encoding="utf-8")
    except OSError as error:
        raise write_error(path, error) from None
