"""Tells people, and the run's record, what happens to each page, question and file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from cogdoc.batch.accounting import FileCounts, RunCounts
from cogdoc.batch.items import ItemResult
from cogdoc.batch.journal import FileStatus
from cogdoc.batch.run_record import RunRecord, peaks_of
from cogdoc.documents.sources import Source
from cogdoc.errors import CogdocError, OutputError
from cogdoc.results.certainty import Certainty
from cogdoc.results.flags import Flag
from cogdoc.results.records import (
    Answer,
    AnswerRecord,
    AnyRecord,
    ChartRecord,
    ExtractRecord,
    PageRecord,
    SearchRecord,
    SourceInfo,
    TableRecord,
)
from cogdoc.results.usage import describe_memory, describe_usage

_TESSERACT = {
    "cyrillic": "rus",
    "greek": "ell",
    "arabic": "ara",
    "hebrew": "heb",
    "devanagari": "hin",
    "bengali": "ben",
    "tamil": "tam",
    "telugu": "tel",
    "thai": "tha",
    "hangul": "kor",
    "georgian": "kat",
    "armenian": "hye",
    "vietnamese": "vie",
}
"""A language of Tesseract for each script."""


class Listener(Protocol):
    """Shows messages to the user while a run goes on."""

    def writing(self) -> None:
        """Results are about to be written, perhaps to the terminal that shows messages."""

    def failed(self, error: CogdocError, path: str) -> None:
        """A file, or its output, failed; `path` is empty if the message names the file."""

    def warned(self, line: str) -> None:
        """A page or a question failed."""

    def noted(self, line: str) -> None:
        """Something that `--quiet` leaves out."""

    def doubted(self, line: str) -> None:
        """An answer is more likely wrong than right."""

    def detailed(self, line: str) -> None:
        """Something that only `--verbose` shows."""


class Reporter:
    """Passes the events of a run on to a listener and to the run's record."""

    def __init__(self, listener: Listener, record: RunRecord) -> None:
        self._listener = listener
        self._record = record
        self._incomplete_path = ""
        """The last file whose unread pages the listener knows of."""
        self._repaired_path = ""
        """The last file that the listener knows to be repaired."""
        self._unread_path = ""
        """The last file that the listener knows to be in a script that is not read."""
        self._last_warning = ""
        self._searched_path = ""
        """The file whose tables are collected."""
        self._has_table = False

    def writing(self) -> None:
        self._listener.writing()

    def add_record(self, record: AnyRecord) -> None:
        path = record.source.path
        page = None if isinstance(record, AnswerRecord | ExtractRecord | SearchRecord) else record.page
        if Flag.REPAIRED_FILE.value in record.flags and path != self._repaired_path:
            self._repaired_path = path
            self._listener.noted(f"{path}: broken file, repaired: parts of it may be missing")
        if Flag.UNSUPPORTED_SCRIPT.value in record.flags and path != self._unread_path:
            self._unread_path = path
            self._listener.noted(f"{path}: {_unread(record)}, which RapidOCR does not read; {_advice(record)}")
        if record.error is not None:
            prefix = f"{path}: page {page.number}" if page else path
            self._warn_once(f"{prefix}: {record.error.message}")
        elif isinstance(record, AnswerRecord):
            self._add_answer(record)
        elif isinstance(record, ExtractRecord):
            self._add_fields(record)
        elif isinstance(record, SearchRecord):
            self._add_unread_pages(record)
        elif isinstance(record, TableRecord):
            self._searched_path = path
            self._has_table |= record.table is not None
        elif isinstance(record, ChartRecord):
            if record.chart is None and page:
                self._listener.noted(f"{path}: page {page.number}: no chart on this page")
            for answer in record.answers:
                self._add_doubt(answer, path)

    def add_item(self, result: ItemResult, path: str) -> None:
        """Add an item whose records are added already."""
        for record in result.records:
            if record.error is not None:
                self._record.add_failed_item(result.item, record)
            if record.usage is not None and not result.stored:
                what = record.question if isinstance(record, AnswerRecord) else f"page {result.item}"
                self._listener.detailed(f"{path}: {what}: {describe_usage(record.usage)}")

    def add_file(
        self, info: SourceInfo, counts: FileCounts, outputs: Sequence[Path], error: CogdocError | None
    ) -> None:
        if error is not None:
            self._listener.failed(error, "" if isinstance(error, OutputError) else info.path)
        if info.path == self._searched_path:
            if not self._has_table and error is None:
                self._listener.noted(f"{info.path}: no tables")
            self._searched_path, self._has_table = "", False
        if info.attachments:
            self._listener.detailed(f"{info.path}: attached, not read: {', '.join(info.attachments)}")
        self._record.add_file(info, counts, outputs, error)

    def add_earlier_file(self, source: Source, status: FileStatus) -> None:
        if status.message:
            self._listener.warned(f"{source.name}: {status.message} (in an earlier run; --retry-failed tries again)")

    def empty_share(self, share: str) -> None:
        self._listener.noted(f"share {share} has no files")

    def end(self, counts: RunCounts, *, summary: bool) -> None:
        """End the record, and show how many files there were, if `summary` is set and there were several."""
        self._record.end(counts)
        if counts.usage is not None and counts.items > 1:
            self._listener.detailed(f"in all {self._record.wall_seconds:.1f} s: {describe_usage(counts.usage)}")
        self._listener.detailed(f"at most {describe_memory(peaks_of(counts))} at a time")
        if not summary or counts.files < 2:
            return
        parts = {
            "done": counts.done,
            "in part": counts.partial,
            "failed": counts.failed,
            "done by an earlier run": counts.done_earlier,
        }
        shown = ", ".join(f"{count} {outcome}" for outcome, count in parts.items() if count)
        self._listener.noted(f"{counts.files} files in {self._record.wall_seconds:.1f} s: {shown}")

    def _warn_once(self, message: str) -> None:
        """Pass on a warning; one failure may end several questions about the same file."""
        if message != self._last_warning:
            self._last_warning = message
            self._listener.warned(message)

    def _add_answer(self, record: AnswerRecord) -> None:
        self._add_unread_pages(record)
        if record.answer is not None and not record.answer.found:
            self._listener.noted(f"{record.source.path}: {_why_not(record.answer)}: {record.answer.question}")
        if record.answer is not None:
            self._add_doubt(record.answer, record.source.path)

    def _add_fields(self, record: ExtractRecord) -> None:
        self._add_unread_pages(record)
        missing = [f"{one.name} ({one.reason})" for one in record.fields if one.reason is not None]
        if missing:
            self._listener.noted(f"{record.source.path}: missing: {', '.join(missing)}")
        contradicted = [one.name for one in record.fields if Flag.SOURCES_DISAGREE.value in one.flags]
        if contradicted:
            self._listener.warned(f"{record.source.path}: sources disagree: {', '.join(contradicted)}")

    def _add_unread_pages(self, record: AnswerRecord | ExtractRecord | SearchRecord) -> None:
        path = record.source.path
        self._record.add_unread_pages(record)
        if record.unread_pages and path != self._incomplete_path:
            self._incomplete_path = path
            for page in record.unread_pages:
                self._listener.warned(f"{path}: page {page.page}: {page.message}")

    def _add_doubt(self, answer: Answer, path: str) -> None:
        if answer.certainty is Certainty.UNSURE:
            self._listener.doubted(f"{path}: unsure, {answer.confidence:.0%}: {answer.question}")


def _why_not(answer: Answer) -> str:
    if answer.withheld is None:
        return "not found"
    confidence = answer.withheld.confidence
    return "withheld, no confidence" if confidence is None else f"withheld, {confidence:.0%}"


def _unread(record: AnyRecord) -> str:
    if isinstance(record, PageRecord) and record.page and record.unread_scripts:
        return f"page {record.page.number} is in {' and '.join(map(str.capitalize, record.unread_scripts))} script"
    return "is in a script"


def _advice(record: AnyRecord) -> str:
    scripts = record.unread_scripts if isinstance(record, PageRecord) else ()
    return f"try --ocr tesseract --language {'+'.join(_TESSERACT[name] for name in scripts) or 'LANGUAGES'}"
