"""The record of a run: JSON Lines with the fate of every file and the reason of every failure, as they happen."""

from __future__ import annotations

import io
import json
import os
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from cogdoc.batch.work import ItemResult, Work
from cogdoc.errors import CogdocError
from cogdoc.results.destination import write_error
from cogdoc.results.records import AnswerRecord, AnyRecord, SourceInfo
from cogdoc.tasks.describe import describe_error

RECORD_VERSION = "cogdoc-run/1"
LONGEST_LINE = 1 << 20


@dataclass(slots=True)
class FileTally:
    """What happened to one file, in counts."""

    items: int = 0
    failed: int = 0
    not_found: int = 0
    kept: int = 0
    """Items that an earlier run had done."""
    seconds: float = 0.0
    """Spent on it by the readers and the engine; less passes by where several work."""
    flags: Counter[str] = field(default_factory=Counter)

    def add(self, result: ItemResult) -> None:
        self.items += 1
        self.failed += result.failed
        self.kept += result.kept
        self.seconds += sum(sum(record.timings.values()) for record in result.records)
        for record in result.records:
            self.flags.update(record.flags)
            if isinstance(record, AnswerRecord) and record.answer is not None:
                self.not_found += not record.answer.found


class RunRecord:
    """Appends to a file, or to nothing; every line is flushed."""

    def __init__(self, path: Path | None, work: Work, **about: Any) -> None:
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
            task=work.task,
            engine=work.engine.info.model_dump(mode="json"),
            **about,
        )

    def failed_item(self, result: ItemResult) -> None:
        for record in result.records:
            if record.error is not None:
                self._write(
                    "item", path=record.source.path, item=result.item, error=record.error.model_dump(mode="json")
                )

    def unread_pages(self, record: AnyRecord) -> None:
        if isinstance(record, AnswerRecord):
            for unread in record.unread_pages:
                self._write("page", path=record.source.path, page=unread.page, message=unread.message)

    def file(
        self, source: SourceInfo, fate: str, tally: FileTally, output: Path | None, error: CogdocError | None
    ) -> None:
        self._write(
            "file",
            path=source.path,
            sha256=source.sha256,
            pages=source.page_count,
            fate=fate,
            output=str(output).encode("utf-8", "replace").decode() if output else None,
            items=tally.items,
            failed=tally.failed,
            kept=tally.kept,
            seconds=round(tally.seconds, 3),
            flags=dict(tally.flags),
            error=describe_error(error).model_dump(mode="json") if error else None,
        )

    def end(self, **totals: Any) -> None:
        self._write("end", wall_seconds=round(time.monotonic() - self._started, 3), **totals)

    @property
    def wall_seconds(self) -> float:
        return time.monotonic() - self._started

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
    """The record, without the torn line of a run that was killed in the middle of it."""
    try:
        stream = path.open("a+b")
        end = stream.seek(0, os.SEEK_END)
        stream.seek(max(0, end - LONGEST_LINE))
        tail = stream.read()
        stream.truncate(end - len(tail) + tail.rfind(b"\n") + 1 if tail else 0)
        return io.TextIOWrapper(stream, encoding="utf-8")
    except OSError as error:
        raise write_error(path, error) from None
