"""Records to text, one writer a format; each writes as soon as it can and keeps no more than one record."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Protocol, TextIO

from cogdoc.results.markdown import blocks_to_markdown, chart_to_markdown, chart_to_rows, escape, markdown_comment
from cogdoc.results.printable import printable, printable_json
from cogdoc.results.records import SCHEMA_VERSION, AnswerRecord, ChartRecord, ErrorInfo, PageRecord, SourceInfo

AnyRecord = AnswerRecord | PageRecord | ChartRecord


class Format(StrEnum):
    """What `--out` names."""

    TEXT = "text"
    MD = "md"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"


class Writer(Protocol):
    """Told of every source in turn: `begin`, its records, `end`; `close` after the last."""

    def begin(self, task: str, source: SourceInfo) -> None: ...

    def write(self, record: AnyRecord) -> None: ...

    def end(self, error: ErrorInfo | None) -> None: ...

    def close(self) -> None: ...


class JsonWriter:
    """One JSON text: an object for one source, an array for several."""

    def __init__(self, stream: TextIO, *, several: bool) -> None:
        self._stream = stream
        self._several = several
        self._sources = 0
        self._records = 0
        if several:
            stream.write("[")

    def begin(self, task: str, source: SourceInfo) -> None:
        if self._sources:
            self._stream.write(",")
        if self._several:
            self._stream.write("\n")
        self._sources += 1
        self._records = 0
        head = json.dumps(_head(task, source), ensure_ascii=False)
        self._stream.write(printable_json(head[:-1]) + ', "records": [')

    def write(self, record: AnyRecord) -> None:
        self._stream.write(",\n" if self._records else "\n")
        self._stream.write(printable_json(record.model_dump_json()))
        self._records += 1

    def end(self, error: ErrorInfo | None) -> None:
        described = printable_json(error.model_dump_json()) if error else "null"
        self._stream.write(f'{chr(10) if self._records else ""}], "error": {described}}}')

    def close(self) -> None:
        self._stream.write("\n]\n" if self._several else "\n")
        self._stream.flush()


class JsonLinesWriter:
    """One line a page or an answer, flushed as it is produced; one more for a source that cannot be read to its end."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._head: dict[str, object] = {}

    def begin(self, task: str, source: SourceInfo) -> None:
        self._head = _head(task, source)

    def write(self, record: AnyRecord) -> None:
        self._line(record.model_dump_json())

    def end(self, error: ErrorInfo | None) -> None:
        if error is not None:
            result = {**self._head, "records": [], "error": error.model_dump(mode="json")}
            self._line(json.dumps(result, ensure_ascii=False))

    def _line(self, text: str) -> None:
        self._stream.write(printable_json(text) + "\n")
        self._stream.flush()

    def close(self) -> None:
        self._stream.flush()


class CsvWriter:
    """Answers a row each; charts a block of rows each. RFC 4180."""

    def __init__(self, stream: TextIO, *, several: bool) -> None:
        self._stream = stream
        self._csv = csv.writer(stream)
        self._several = several
        self._started = False

    def begin(self, task: str, source: SourceInfo) -> None:  # noqa: ARG002 - the protocol's
        if task == "ask" and not self._started:
            self._csv.writerow(["source", "question", "answer", "page", "confidence"])
            self._started = True

    def write(self, record: AnyRecord) -> None:
        if isinstance(record, AnswerRecord) and record.answer is not None:
            answer = record.answer
            page = str(answer.evidence[0].page) if answer.evidence else ""
            self._row([record.source.path, answer.question, answer.text or "", page, f"{answer.confidence:.3f}"])
        elif isinstance(record, ChartRecord) and record.chart is not None:
            if self._started:
                self._csv.writerow([])
            self._started = True
            where = [record.source.path] if self._several else []
            for row in chart_to_rows(record.chart):
                self._row([*where, *row])
        self._stream.flush()

    def end(self, error: ErrorInfo | None) -> None:
        pass

    def close(self) -> None:
        self._stream.flush()

    def _row(self, fields: Sequence[str]) -> None:
        self._csv.writerow([printable(field, keep_newlines=True) for field in fields])


class ProseWriter:
    """Text and Markdown: for people, and for `x=$(cogdoc ask ...)`."""

    def __init__(self, stream: TextIO, *, several: bool, markdown: bool, many_questions: bool) -> None:
        self._stream = stream
        self._several = several
        self._many_questions = many_questions
        self._markdown = markdown
        self._parts = 0
        self._heading: str | None = None
        """The source's name, until something of it is written."""
        self._show: Callable[[AnyRecord], str | None] = self._markdown_of if markdown else self._text_of

    def begin(self, task: str, source: SourceInfo) -> None:
        if self._several and task != "ask":
            name = printable(source.path)
            self._heading = markdown_comment(name) if self._markdown else f"==> {name} <=="

    def write(self, record: AnyRecord) -> None:
        shown = self._show(record)
        if shown is None:
            return
        spaced = self._markdown or not isinstance(record, AnswerRecord)
        if self._heading is not None:
            self._part(self._heading, spaced=spaced)
            self._heading = None
        self._part(shown, spaced=spaced)

    def end(self, error: ErrorInfo | None) -> None:
        pass

    def close(self) -> None:
        self._stream.flush()

    def _part(self, text: str, *, spaced: bool) -> None:
        separator = "\n" if spaced and self._parts else ""
        self._stream.write(separator + printable(text, keep_newlines=True) + "\n")
        self._stream.flush()
        self._parts += 1

    def _text_of(self, record: AnyRecord) -> str | None:
        if isinstance(record, AnswerRecord):
            return self._answer_line(record)
        if isinstance(record, PageRecord):
            return record.text or None
        lines = [f"{answer.question}\t{answer.text or ''}" for answer in record.answers]
        if record.chart is None:
            return "\n".join(lines) or None
        return "\n".join([*("\t".join(row) for row in chart_to_rows(record.chart)), *lines])

    def _answer_line(self, record: AnswerRecord) -> str | None:
        answer = record.answer
        if answer is None or (answer.text is None and not self._many_questions):
            return None
        line = answer.text or ""
        if self._many_questions:
            line = f"{answer.question}\t{line}"
        if self._several:
            page = answer.evidence[0].page if answer.evidence else ""
            line = f"{printable(record.source.path)}:{page}:{line}"
        return line

    def _markdown_of(self, record: AnyRecord) -> str | None:
        if isinstance(record, AnswerRecord):
            return _answer_to_markdown(record) if record.answer else None
        if isinstance(record, PageRecord):
            if record.page is None:
                return None
            marker = _page_marker(record) if (record.source.page_count or 1) > 1 else ""
            body = blocks_to_markdown(record.blocks)
            return "\n\n".join(part for part in (marker, body) if part) or None
        parts = [chart_to_markdown(record.chart)] if record.chart else []
        parts += [f"**{escape(answer.question)}** {escape(answer.text or 'not found')}" for answer in record.answers]
        return "\n\n".join(parts) or None


def make_writer(output: Format, stream: TextIO, *, several: bool = False, many_questions: bool = False) -> Writer:
    """The writer of a format; `several` where results of more than one source go to the same place."""
    match output:
        case Format.JSON:
            return JsonWriter(stream, several=several)
        case Format.JSONL:
            return JsonLinesWriter(stream)
        case Format.CSV:
            return CsvWriter(stream, several=several)
        case _:
            return ProseWriter(stream, several=several, markdown=output is Format.MD, many_questions=many_questions)


def _head(task: str, source: SourceInfo) -> dict[str, object]:
    return {"schema": SCHEMA_VERSION, "task": task, "source": source.model_dump(mode="json")}


def _page_marker(record: PageRecord) -> str:
    assert record.page is not None
    label = f" ({record.page.label})" if record.page.label != str(record.page.number) else ""
    return markdown_comment(f"page {record.page.number}{label}")


def _answer_to_markdown(record: AnswerRecord) -> str:
    assert record.answer is not None
    answer = record.answer
    if answer.text is None:
        return f"**{escape(answer.question)}** not found"
    where = f" ({record.source.path}, page {answer.evidence[0].label})" if answer.evidence else ""
    return f"**{escape(answer.question)}** {escape(answer.text + where)}"
