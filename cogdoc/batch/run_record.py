"""The record of a run: a file of JSON Lines with the outcome of every file and the reason of every failure.

It is only ever appended to a new file, or to one whose first line says that it is such a record.
"""

from __future__ import annotations

import io
import json
import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, TextIO

from cogdoc.batch.accounting import FileCounts, RunCounts
from cogdoc.engines.peak_memory import process_peak
from cogdoc.errors import CogdocError, OutputError
from cogdoc.results.output.destination import write_error
from cogdoc.results.output.folders import is_unused, make_private, open_folder, open_regular_file
from cogdoc.results.printable import printable_json
from cogdoc.results.records import AnswerRecord, AnyRecord, EngineInfo, ExtractRecord, SearchRecord, SourceInfo
from cogdoc.results.usage import PROCESS
from cogdoc.results.usage_counts import Usage
from cogdoc.storage import without_secrets
from cogdoc.tasks.describe import describe_error
from cogdoc.tasks.task import Item

RECORD_VERSION = "cogdoc-run/1"
_BEGINNING = f'{{"event": "run", "schema": "{RECORD_VERSION}"'.encode()
BLOCK = 1 << 16
MAX_LINE = 16 << 20
"""Bytes of the longest line; messages and paths are shorter."""

_EVENT = b'{"event": "'


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

    def add_unread_pages(self, record: AnswerRecord | ExtractRecord | SearchRecord) -> None:
        for unread in record.unread_pages:
            self._write("page", path=record.source.path, page=unread.page, message=unread.message)

    def add_file(
        self, source: SourceInfo, counts: FileCounts, outputs: Sequence[Path], error: CogdocError | None
    ) -> None:
        self._write(
            "file",
            path=source.path,
            sha256=source.sha256,
            pages=source.page_count,
            fate=counts.outcome(error),
            output=str(outputs[0]) if outputs else None,
            outputs=list(map(str, outputs)),
            items=counts.items,
            failed=counts.failed,
            kept=counts.stored,
            seconds=round(counts.seconds, 3),
            usage=_described(counts.usage),
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
            peak_memory=peaks_of(counts),
            usage=_described(counts.usage),
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
                line = json.dumps({"event": event, **_clean(values)}, ensure_ascii=False)
                self._stream.write(printable_json(line) + "\n")
                self._stream.flush()
            except OSError as error:
                raise write_error(self._path, error) from None


def peaks_of(counts: RunCounts) -> dict[str, int]:
    """The most bytes at a time, of this process and of the cards that its model is on."""
    return {PROCESS: process_peak()} | (counts.usage.peak_memory if counts.usage is not None else {})


def _described(usage: Usage | None) -> dict[str, Any] | None:
    return usage.model_dump(mode="json") if usage is not None else None


def _clean(value: Any) -> Any:
    """The value with the addresses in its messages as they may be stored."""
    if isinstance(value, dict):
        return {name: _clean(part) for name, part in value.items()}
    return without_secrets(value) if isinstance(value, str) else value


def _open_for_appending(path: Path) -> TextIO:
    """Open the record, and cut off the incomplete last line of a run that was killed."""
    try:
        with open_folder(path.parent) as folder:
            stream = os.fdopen(open_regular_file(folder, path.name), "a+b")
        try:
            stream.seek(0)
            beginning = stream.read(len(_BEGINNING))
            # A disk that was full may have taken only a part of the first line.
            is_record = len(beginning) >= 40 and _BEGINNING.startswith(beginning)
            if not is_record and not is_unused(stream.fileno()):
                raise OutputError(f"{path}: is not a record of cogdoc", "name a new file with --log-json")
            make_private(stream.fileno())
            if not _complete_last_line(stream):
                raise OutputError(f"{path}: its last line is not cogdoc's", "name a new file with --log-json")
            return io.TextIOWrapper(stream, encoding="utf-8", errors="replace")
        except BaseException:
            stream.close()
            raise
    except OSError as error:
        raise write_error(path, error) from None


def _complete_last_line(stream: BinaryIO) -> bool:
    """End a last line without a line feed, or remove it if it is not complete. False if cogdoc did not write it."""
    start = end = stream.seek(0, os.SEEK_END)
    line = b""
    while start and b"\n" not in line:
        if len(line) > MAX_LINE:
            return False
        size = min(start, BLOCK)
        start = stream.seek(start - size)
        line = stream.read(size) + line
    line = line[line.rfind(b"\n") + 1 :]
    if not line:
        return True
    # A loss of power may leave NUL bytes in place of what was written.
    begun = line.rstrip(b"\0")[: len(_EVENT)]
    if not _EVENT.startswith(begun):
        return False
    try:
        json.loads(line)
    except ValueError:
        stream.truncate(end - len(line))
    else:
        stream.write(b"\n")
    return True
