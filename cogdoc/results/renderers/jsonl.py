"""`--out jsonl`: one line for each page, answer or chart, and one more for a source that fails."""

from __future__ import annotations

import json
from typing import TextIO

from cogdoc.results.failures import ErrorInfo
from cogdoc.results.printable import printable_json
from cogdoc.results.records import AnyRecord, SourceInfo, result_head
from cogdoc.results.renderers.renderer import RenderContext


class JsonLinesRenderer:
    """Flushes every line, so that a consumer in a pipe sees it at once."""

    def __init__(self, stream: TextIO, _context: RenderContext) -> None:
        self._stream = stream
        self._head: dict[str, object] = {}

    def begin(self, task: str, source: SourceInfo) -> None:
        self._head = result_head(task, source)

    def write(self, record: AnyRecord) -> None:
        self._write_line(record.model_dump_json())

    def end(self, error: ErrorInfo | None) -> None:
        if error is not None:
            result = {**self._head, "records": [], "error": error.model_dump(mode="json")}
            self._write_line(json.dumps(result, ensure_ascii=False))

    def close(self) -> None:
        self._stream.flush()

    def _write_line(self, text: str) -> None:
        self._stream.write(printable_json(text) + "\n")
        self._stream.flush()
