"""`--out json`: one JSON text, an object for one source and an array for several."""

from __future__ import annotations

import json
from typing import TextIO

from cogdoc.results.failures import ErrorInfo
from cogdoc.results.printable import printable_json
from cogdoc.results.records import AnyRecord, SourceInfo, result_head
from cogdoc.results.renderers.renderer import RenderContext


class JsonRenderer:
    def __init__(self, stream: TextIO, context: RenderContext) -> None:
        self._stream = stream
        self._as_array = context.several_sources
        self._sources = 0
        self._records = 0
        if self._as_array:
            stream.write("[")

    def begin(self, task: str, source: SourceInfo) -> None:
        if self._sources:
            self._stream.write(",")
        if self._as_array:
            self._stream.write("\n")
        self._sources += 1
        self._records = 0
        head = json.dumps(result_head(task, source), ensure_ascii=False)
        self._stream.write(printable_json(head[:-1]) + ', "records": [')

    def write(self, record: AnyRecord) -> None:
        self._stream.write(",\n" if self._records else "\n")
        self._stream.write(printable_json(record.model_dump_json()))
        self._records += 1

    def end(self, error: ErrorInfo | None) -> None:
        error_json = printable_json(error.model_dump_json()) if error else "null"
        newline = "\n" if self._records else ""
        self._stream.write(f'{newline}], "error": {error_json}}}')

    def close(self) -> None:
        self._stream.write("\n]\n" if self._as_array else "\n")
        self._stream.flush()
