"""A command's run over its sources: results to their places, a journal to go on from, a record, and one exit code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol, TextIO

from cogdoc.batch.journal import FileStatus, Journal, State, Version
from cogdoc.batch.plan import Plan, Shard
from cogdoc.batch.run import Opening, RunningSource, Tally, run_sources
from cogdoc.batch.run_record import FileTally, RunRecord
from cogdoc.batch.stopping import StoppedRun, StopRequest, stop_on_signals
from cogdoc.batch.work import ItemResult, Work, results_of
from cogdoc.documents.document import Document
from cogdoc.documents.page_selection import PageSelection
from cogdoc.documents.sources import Source, UnresolvedSource
from cogdoc.documents.workers import Workers
from cogdoc.errors import CogdocError, ExitCode, OutputError, PlaceLostError
from cogdoc.results.destination import Destination, DiscardOutput, open_output, remove_parts
from cogdoc.results.output_formats import OutputFormat, make_renderer
from cogdoc.results.records import AnswerRecord, AnyRecord, ChartRecord
from cogdoc.results.renderers.renderer import Renderer
from cogdoc.tasks.describe import describe_error

JOURNAL = ".cogdoc"
"""The folder beside the results that the journal and the record are kept in."""

_NO_VERSION = Version(0, 0)
"""Of the many sources that a single file is made from."""


class Listener(Protocol):
    """Who is told how a run goes."""

    def advanced(self, path: str) -> None:
        """One more page or answer is done."""

    def failed(self, error: CogdocError, place: str) -> None:
        """A file or the place of its result failed."""

    def warned(self, line: str) -> None:
        """A page or a question failed."""

    def noted(self, line: str) -> None:
        """Something that is good to know."""


@dataclass(frozen=True, slots=True)
class Job:
    """All there is to a run besides its sources."""

    work: Work
    opening: Opening
    output: OutputFormat
    destination: Destination
    questions: tuple[str, ...] = ()
    strict: bool = False
    """Whether an answer that is not found is a failure."""
    fail_fast: bool = False
    retry_failed: bool = False
    shard: Shard = field(default_factory=Shard)
    record: Path | None = None
    """Where the record goes, if not beside the results."""


def run_job(
    job: Job, sources: Iterable[Source | UnresolvedSource], sandbox: Workers, listener: Listener, *, several: bool
) -> ExitCode:
    """Do the work; a failing page or file is told, recorded and counted, and stops no other.

    Args:
        several: whether results of more than one source go to the same place.

    Raises:
        StoppedRun: a signal asked for it.
        OutputExistsError: the result's place is taken, or two files would be written to one place.
        OutputError: the place of the results cannot be written, or is gone.
    """
    with ExitStack() as stack:
        journal = _open_journal(job)
        if journal:
            stack.callback(journal.close)
        request = stack.enter_context(
            stop_on_signals(lambda: listener.noted("finishing the page in hand; once more stops at once"))
        )
        record = stack.enter_context(RunRecord(_record_path(job), job.work, shard=str(job.shard)))
        run = _Run(job, journal, record, sandbox, listener, request)
        if job.destination.folder:
            run.to_folder(sources)
        else:
            run.to_one_place(sources, several=several)
        return run.end()


def journal_folder(destination: Destination) -> Path | None:
    """Where the journal of runs to this place is; None for standard output, which nothing can go on from."""
    if destination.path is None:
        return None
    if destination.folder:
        return destination.path / JOURNAL
    return journal_beside(destination.path)


def journal_beside(path: Path) -> Path:
    """Where the journal of runs into a single file is."""
    return path.with_name(f".{path.name}{JOURNAL}")


def _open_journal(job: Job) -> Journal | None:
    folder = journal_folder(job.destination)
    if folder is None:
        return None
    restart = job.destination.overwrite and not job.retry_failed
    return Journal(folder, _name("journal", job.shard), job.work.key, restart=restart, retry_failed=job.retry_failed)


def _record_path(job: Job) -> Path | None:
    folder = journal_folder(job.destination)
    if job.record is not None or folder is None:
        return job.record
    return folder / f"{_name('record', job.shard)}.jsonl"


def _name(kind: str, shard: Shard) -> str:
    return kind if shard.count == 1 else f"{kind}-{shard.index}-of-{shard.count}"


@dataclass(slots=True)
class _FileCounts:
    """How the files of a run ended."""

    done: int = 0
    partial: int = 0
    failed: int = 0
    earlier: int = 0
    """Done by an earlier run, and left as they are."""
    items: int = 0

    @property
    def all(self) -> int:
        return self.done + self.partial + self.failed + self.earlier


class _Run:
    """Writes what the sources give, and keeps count."""

    def __init__(
        self,
        job: Job,
        journal: Journal | None,
        record: RunRecord,
        sandbox: Workers,
        listener: Listener,
        request: StopRequest,
    ) -> None:
        self._job = job
        self._journal = journal
        self._record = record
        self._sandbox = sandbox
        self._listener = listener
        self._request = request
        self._tally = Tally()
        self._counts = _FileCounts()
        self._not_found = 0
        self._incomplete = ""
        """The last source whose unread pages were told."""
        self._cut_short = False
        """Whether --fail-fast ended the source in hand before its end."""
        self._versions: dict[Path, Version] = {}
        """By target, of the files in hand: what they were before they were opened, since they may change meanwhile."""

    def to_one_place(self, sources: Iterable[Source | UnresolvedSource], *, several: bool) -> None:
        path = self._job.destination.path
        if path:
            remove_parts(path)
        with self._open(path) as stream:
            if path and self._journal:
                self._journal.begin_file(path, _NO_VERSION)
            writer = self._writer(stream, several=several)
            for running in self._running(sources):
                _spare(running.source, path)
                running.wait_until_open()
                tally = self._write(running, writer)
                self._end_file(running, tally, path)
            writer.close()
            if path is not None and (self._cut_short or not self._tally.succeeded):
                raise DiscardOutput
        if path and self._journal and not self._cut_short:
            failed = len(self._tally.failures)
            self._journal.end_file(path, _NO_VERSION, FileStatus(State.DONE, self._counts.items, failed))

    def to_folder(self, sources: Iterable[Source | UnresolvedSource]) -> None:
        plan = Plan(self._until_asked_to_stop(sources), self._job.destination, self._job.output, self._job.shard)
        try:
            for running in self._running(self._still_to_do(plan)):
                running.wait_until_open()
                self._write_file(running)
        finally:
            plan.close()

    def end(self) -> ExitCode:
        """The exit code, after the last lines of the record and a summary."""
        counts = self._counts
        totals = {"done": counts.done, "partial": counts.partial, "failed": counts.failed, "earlier": counts.earlier}
        self._record.end(files=counts.all, items=counts.items, **totals)
        if self._job.destination.path is not None and counts.all > 1:
            words = {"done": "done", "partial": "in part", "failed": "failed", "earlier": "done by an earlier run"}
            parts = ", ".join(f"{count} {words[what]}" for what, count in totals.items() if count)
            self._listener.noted(f"{counts.all} files in {self._record.wall_seconds:.1f} s: {parts}")
        if self._journal and not (self._job.fail_fast and self._tally.failures):
            self._journal.finish(keep=self._job.destination.folder or self._tally.exit_code is ExitCode.PARTIAL)
        if not self._tally.failures and self._not_found and self._job.strict:
            return ExitCode.NOT_FOUND
        return self._tally.exit_code

    def _running(self, sources: Iterable[Source | UnresolvedSource]) -> Iterator[RunningSource[ItemResult]]:
        def task(document: Document, _: PageSelection) -> Iterator[ItemResult]:
            return results_of(document, self._job.work, self._journal)

        for running in run_sources(sources, self._job.opening, task, self._sandbox):
            self._stop_if_asked()
            before = len(self._tally.failures)
            yield running
            if self._job.fail_fast and len(self._tally.failures) > before:
                return

    def _until_asked_to_stop(self, sources: Iterable[Source | UnresolvedSource]) -> Iterator[Source | UnresolvedSource]:
        """Looking for 100,000 files, and passing over those that are done, takes long enough to be stopped in."""
        for source in sources:
            self._stop_if_asked()
            yield source

    def _still_to_do(self, plan: Plan) -> Iterator[Source | UnresolvedSource]:
        """The files of the plan but those of which an earlier run has made an end."""
        assert self._journal is not None
        for source in self._until_asked_to_stop(plan):
            if isinstance(source, Source):
                target = self._job.destination.file_for(source.relative, self._job.output)
                version = Version.of_source(source)
                fate = self._journal.fate(target, version)
                if fate is not None:
                    self._count_earlier(source, fate)
                    if self._job.fail_fast and fate.message:
                        return
                    continue
                remove_parts(target)
                self._versions[target] = version
            yield source

    def _count_earlier(self, source: Source, fate: FileStatus) -> None:
        self._tally.succeeded += fate.items - fate.failed
        self._not_found += fate.not_found
        if not fate.message:
            self._counts.earlier += 1
        else:
            self._counts.failed += fate.state is State.FAILED
            self._counts.partial += fate.state is State.DONE
            self._listener.warned(f"{source.name}: {fate.message} (in an earlier run; --retry-failed tries again)")
            self._tally.failures.append(ExitCode(fate.exit_code))

    def _write_file(self, running: RunningSource[ItemResult]) -> None:
        destination = self._job.destination
        assert destination.path is not None
        assert self._journal is not None
        if running.source is None:
            self._end_file(running, FileTally(), None)
            return
        target = destination.file_for(running.source.relative, self._job.output)
        version = self._versions.pop(target)
        tally = FileTally()
        try:
            if running.error is None:
                if not destination.path.is_dir():
                    raise PlaceLostError(f"{destination.path}: this folder is gone")
                with self._open(target, version.origin) as stream:
                    self._journal.begin_file(target, version)
                    writer = self._writer(stream, several=False)
                    tally = self._write(running, writer)
                    writer.close()
                    if running.error is not None or self._cut_short:
                        raise DiscardOutput
        except PlaceLostError:
            raise
        except OutputError as error:
            running.abandon()
            self._end_file(running, tally, None, error)
            return
        if self._cut_short:  # what is done of it is in the journal
            self._end_file(running, tally, None)
            return
        self._journal.end_file(target, version, self._fate(running, tally))
        if running.error is None and not tally.failed:
            self._journal.let_go(running.info)
        self._end_file(running, tally, target if running.error is None else None)

    def _open(self, path: Path | None, origin: bytes = b"") -> AbstractContextManager[TextIO]:
        address = self._job.destination.address_for(path) if path else None
        return open_output(path, overwrite=self._may_replace(path, origin), address=address)

    def _may_replace(self, path: Path | None, origin: bytes) -> bool:
        """Whether what stands there may be replaced: the user said so, or it is this very work's own."""
        return self._job.destination.overwrite or bool(path and self._journal and self._journal.owns(path, origin))

    def _write(self, running: RunningSource[ItemResult], writer: Renderer) -> FileTally:
        tally = FileTally()
        before = len(self._tally.failures)
        writer.begin(self._job.work.task, running.info)
        for result in running.records():
            tally.add(result)
            reproducible = self._reproducible(result)
            if self._journal and not result.kept:
                self._journal.keep(running.info, reproducible)
            for record in reproducible.records:
                writer.write(record)
                self._count(record)
            self._record.failed_item(result)
            self._listener.advanced(running.info.path)
            if self._job.fail_fast and len(self._tally.failures) > before:
                self._cut_short = True
                running.abandon()
                break
            self._stop_if_asked()
        writer.end(describe_error(running.error) if running.error else None)
        return tally

    def _reproducible(self, result: ItemResult) -> ItemResult:
        """Without what differs from run to run, where results are kept: the record has the seconds."""
        if self._job.destination.path is None:
            return result
        return replace(result, records=tuple(record.model_copy(update={"timings": {}}) for record in result.records))

    def _end_file(
        self,
        running: RunningSource[ItemResult],
        tally: FileTally,
        output: Path | None,
        error: CogdocError | None = None,
    ) -> None:
        """Count, tell and record how a file ended."""
        error = error or running.error
        self._counts.items += tally.items
        if error is not None:
            fate = "failed"
            self._counts.failed += 1
            self._tally.failures.append(error.exit_code)
            self._listener.failed(error, "" if isinstance(error, OutputError) else running.info.path)
        elif tally.failed:
            fate = "partial"
            self._counts.partial += 1
        else:
            fate = "done"
            self._counts.done += 1
        self._record.file(running.info, fate, tally, output, error)

    def _fate(self, running: RunningSource[ItemResult], tally: FileTally) -> FileStatus:
        if running.error is not None:
            return FileStatus(State.FAILED, exit_code=running.error.exit_code, message=running.error.message)
        if tally.failed:
            message = f"{tally.failed} of {tally.items} failed, or in part"
            return FileStatus(State.DONE, tally.items, tally.failed, tally.not_found, ExitCode.PARTIAL, message)
        return FileStatus(State.DONE, tally.items, not_found=tally.not_found)

    def _writer(self, stream: TextIO, *, several: bool) -> Renderer:
        several_questions = len(self._job.questions) > 1
        return make_renderer(self._job.output, stream, several_sources=several, several_questions=several_questions)

    def _stop_if_asked(self) -> None:
        if self._request.signal is not None:
            raise StoppedRun(self._request.signal, goes_on=self._journal is not None)

    def _count(self, record: AnyRecord) -> None:
        path = record.source.path
        if record.error is not None:
            page = None if isinstance(record, AnswerRecord) else record.page
            place = f"{path}: page {page.number}" if page else path
            self._listener.warned(f"{place}: {record.error.message}")
            self._tally.failures.append(ExitCode(record.error.exit_code))
            return
        self._tally.succeeded += 1
        if isinstance(record, AnswerRecord) and record.unread_pages:
            self._tally.failures.append(ExitCode.PARTIAL)
            self._record.unread_pages(record)
            if path != self._incomplete:
                self._incomplete = path
                for unread in record.unread_pages:
                    self._listener.warned(f"{path}: page {unread.page}: {unread.message}")
        if isinstance(record, ChartRecord) and record.chart is None and record.page:
            self._listener.noted(f"{path}: page {record.page.number}: no chart on this page")
        if isinstance(record, AnswerRecord) and record.answer is not None and not record.answer.found:
            self._not_found += 1
            self._listener.noted(f"{path}: not found: {record.answer.question}")


def _spare(source: Source | None, destination: Path | None) -> None:
    """Never replace a document by its own text."""
    if source is None or source.remote or destination is None or not destination.is_file() or not source.path.exists():
        return
    if source.path.samefile(destination):
        raise OutputError(f"{destination}: is what is being read", "write to another place with --to")
