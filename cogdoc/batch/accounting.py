"""Counts what a run does with its files and items, and derives the exit code."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

from cogdoc.batch.items import ItemResult
from cogdoc.batch.journal import FileState, FileStatus
from cogdoc.errors import CogdocError, ExitCode
from cogdoc.results.records import AnswerRecord, AnyRecord, ExtractRecord, SearchRecord
from cogdoc.results.usage import total_usage
from cogdoc.results.usage_counts import Usage


class FileOutcome(StrEnum):
    """How the work on a file ended."""

    DONE = "done"
    PARTIAL = "partial"
    """Some of its items failed."""
    FAILED = "failed"


@dataclass(slots=True)
class FileCounts:
    """The counts of one file."""

    items: int = 0
    failed: int = 0
    not_found: int = 0
    stored: int = 0
    """Items that an earlier run processed."""
    seconds: float = 0.0
    """Time that the engine and the worker processes took, added up; wall time is shorter if they run in parallel."""
    usage: Usage | None = None
    """Of this run: without items that an earlier run processed."""
    flags: Counter[str] = field(default_factory=Counter)

    def add(self, result: ItemResult) -> None:
        self.items += 1
        self.failed += result.failed
        self.stored += result.stored
        self.seconds += sum(sum(record.timings.values()) for record in result.records)
        if not result.stored:
            self.usage = total_usage((self.usage, *(record.usage for record in result.records)))
        for record in result.records:
            self.flags.update(record.flags)
            if isinstance(record, AnswerRecord) and record.answer is not None:
                self.not_found += not record.answer.found
            elif isinstance(record, ExtractRecord):
                self.not_found += any(not one.found for one in record.fields)

    def outcome(self, error: CogdocError | None) -> FileOutcome:
        """How the work on the file ended, given the error that ended it, if any."""
        if error is not None:
            return FileOutcome.FAILED
        return FileOutcome.PARTIAL if self.failed else FileOutcome.DONE

    def status(self, error: CogdocError | None) -> FileStatus:
        """What the journal stores about the file."""
        if error is not None:
            return FileStatus(FileState.FAILED, exit_code=error.exit_code, message=error.message)
        if self.failed:
            message = f"{self.failed} of {self.items} failed or are incomplete"
            return FileStatus(FileState.DONE, self.items, self.failed, self.not_found, ExitCode.PARTIAL, message)
        return FileStatus(FileState.DONE, self.items, not_found=self.not_found)


@dataclass(slots=True)
class RunCounts:
    """The counts of a whole run."""

    done: int = 0
    """Files, as are the next three."""
    partial: int = 0
    failed: int = 0
    done_earlier: int = 0
    """Completed by an earlier run and left unchanged."""
    items: int = 0
    succeeded: int = 0
    """Records without an error."""
    not_found: int = 0
    """Answers that the documents do not contain."""
    usage: Usage | None = None
    failures: list[ExitCode] = field(default_factory=list)
    """The exit code of each file or record that failed."""

    @property
    def files(self) -> int:
        return self.done + self.partial + self.failed + self.done_earlier

    def add_record(self, record: AnyRecord) -> None:
        if record.error is not None:
            self.failures.append(ExitCode(record.error.exit_code))
            return
        self.succeeded += 1
        if isinstance(record, AnswerRecord | ExtractRecord | SearchRecord) and record.unread_pages:
            self.failures.append(ExitCode.PARTIAL)
        if isinstance(record, AnswerRecord) and record.answer is not None and not record.answer.found:
            self.not_found += 1
        if isinstance(record, ExtractRecord) and any(not one.found for one in record.fields):
            self.not_found += 1

    def add_file(self, counts: FileCounts, error: CogdocError | None) -> None:
        """Add a file whose records are added already."""
        self.items += counts.items
        self.usage = total_usage((self.usage, counts.usage))
        outcome = counts.outcome(error)
        self.done += outcome is FileOutcome.DONE
        self.partial += outcome is FileOutcome.PARTIAL
        self.failed += outcome is FileOutcome.FAILED
        if error is not None:
            self.failures.append(error.exit_code)

    def add_earlier_file(self, status: FileStatus) -> None:
        """Add a file that an earlier run completed or failed to read."""
        self.succeeded += status.items - status.failed
        self.not_found += status.not_found
        if not status.message:
            self.done_earlier += 1
            return
        self.failed += status.state is FileState.FAILED
        self.partial += status.state is FileState.DONE
        self.failures.append(ExitCode(status.exit_code))

    def exit_code(self, *, strict: bool = False) -> ExitCode:
        """0 if nothing failed; 1 if some results came out; else the failures' common exit code, or 4.

        Args:
            strict: whether an answer that is not found counts, with exit code 10, if nothing else failed.
        """
        if not self.failures:
            if self.not_found and strict:
                return ExitCode.NOT_FOUND
            return ExitCode.OK if self.succeeded else ExitCode.NO_INPUT
        if self.succeeded:
            return ExitCode.PARTIAL
        codes = set(self.failures)
        return codes.pop() if len(codes) == 1 else ExitCode.NO_INPUT
