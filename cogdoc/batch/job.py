"""Runs a command's task over its sources: writes the results, keeps the journal, and returns the exit code."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TextIO

from cogdoc.batch.accounting import FileCounts, RunCounts
from cogdoc.batch.document_threads import OpenOptions, RunningSource, run_sources
from cogdoc.batch.items import DocumentResult, FinishedDocument, ItemResult, run_items, run_items_and_finish
from cogdoc.batch.journal import JOURNAL_SUFFIX, FileState, FileStatus, FileVersion, Journal, journal_folder
from cogdoc.batch.plan import Plan, Shard, identity_of_address, identity_of_path, identity_of_source
from cogdoc.batch.progress import RunProgress
from cogdoc.batch.reporting import Listener, Reporter
from cogdoc.batch.run_files import open_journal, record_path_of, shard_name
from cogdoc.batch.run_record import RunRecord
from cogdoc.batch.source_outputs import SourceOutputs
from cogdoc.batch.stopping import StoppedRun, StopRequest, stop_on_signals
from cogdoc.documents.document import Document
from cogdoc.documents.sources import Source, UnresolvedSource
from cogdoc.documents.workers import Workers
from cogdoc.engines.protocol import Engine
from cogdoc.errors import CogdocError, ExitCode, OutputError, PlaceLostError
from cogdoc.results.markdown.pictures import path_between
from cogdoc.results.output.destination import Destination, DiscardOutput, open_output, remove_parts
from cogdoc.results.output.folders import open_private_folder
from cogdoc.results.output_formats import OutputFormat, areas_shown_in, make_renderer
from cogdoc.results.renderers.renderer import Renderer, ShowsPictures
from cogdoc.results.usage import reproducible
from cogdoc.storage import printable_address
from cogdoc.tasks.describe import describe_error
from cogdoc.tasks.task import Task
from cogdoc.transfers import interrupted_by

_NO_VERSION = FileVersion("")
"""Stands for the version of a source when many sources share one output file."""


@dataclass(frozen=True, slots=True)
class Job:
    """Everything that a run needs besides its sources."""

    task: Task
    engine: Engine
    options: OpenOptions
    formats: tuple[OutputFormat, ...]
    """What to write; several only to a folder."""
    destination: Destination
    strict: bool = False
    """Whether an answer that is not found is a failure."""
    fail_fast: bool = False
    retry_failed: bool = False
    shard: Shard = field(default_factory=Shard)
    combine: Callable[[TextIO, OutputFormat], Renderer] | None = None
    """Makes what writes one result of all sources, instead of the format's renderer."""
    progress: RunProgress = field(default_factory=RunProgress)
    record_path: Path | None = None
    """Where to write the run's record; by default into the journal's folder."""
    images: Path | None = None
    """The folder in which the task writes pictures, if it does."""


def run_job(
    job: Job, sources: Iterable[Source | UnresolvedSource], sandbox: Workers, listener: Listener, *, several: bool
) -> ExitCode:
    """Run the task on every source; a page or file that fails is reported and counted, and stops no other.

    Args:
        several: whether results of more than one source go to the same file or to standard output.

    Raises:
        StoppedRun: a signal arrived.
        OutputExistsError: the output exists, or two files would be written to the same path.
        OutputError: the output cannot be written, or its folder is gone.
    """
    with ExitStack() as stack:
        folder_path = journal_folder(job.destination)
        folder = stack.enter_context(open_private_folder(folder_path)) if folder_path else None
        journal = open_journal(job, folder)
        if journal:
            stack.callback(journal.close)
        request = stack.enter_context(
            stop_on_signals(lambda: listener.noted("finishing the current page; another signal stops at once"))
        )
        record_path = record_path_of(job, folder)
        record = RunRecord(record_path, job.task.name, job.engine.info, str(job.shard))
        reporter = Reporter(listener, stack.enter_context(record))
        run = _Run(job, journal, reporter, sandbox, request, identity_of_path(record_path) if record_path else None)
        stack.enter_context(interrupted_by(run.stop_if_requested))
        if job.destination.folder:
            run.to_folder(sources)
        else:
            run.to_one_file(sources, several=several)
        exit_code = run.end()
        if folder and folder_path and run.journal_removed:
            with suppress(OSError):  # fails if something else is in the folder
                if job.record_path is None:
                    folder.remove(f"{shard_name('record', job.shard)}.jsonl")
                folder_path.rmdir()
        return exit_code


class _Run:
    """The loop over the sources and their results."""

    def __init__(
        self,
        job: Job,
        journal: Journal | None,
        reporter: Reporter,
        sandbox: Workers,
        request: StopRequest,
        record: str | None,
    ) -> None:
        self._job = job
        self._journal = journal
        self._reporter = reporter
        self._sandbox = sandbox
        self._request = request
        self._record = record
        self.journal_removed = False
        self._counts = RunCounts()
        self._cut_short = False
        """Whether --fail-fast ended the current source early."""
        self._versions: dict[Path, FileVersion] = {}
        """The versions that the sources in progress had before they were opened, by the first of their output paths."""

    def to_one_file(self, sources: Iterable[Source | UnresolvedSource], *, several: bool) -> None:
        """Write all results to one file, or to standard output."""
        path = self._job.destination.path
        if path:
            remove_parts(path)
            self._check_not_record(path)
        with suppress(DiscardOutput), self._open(path, _NO_VERSION) as stream:
            renderer = self._renderer(self._job.formats[0], stream, path, several=several)
            for running in self._run_sources(self._counted(sources)):
                self._check_not_overwritten(running.source)
                running.wait_until_open()
                counts = self._write(running, [renderer])
                self._end_file(running, counts, (path,) if path else ())
            self._reporter.writing()
            renderer.close()
            if path is not None and (self._cut_short or not self._counts.succeeded):
                raise DiscardOutput
        if path and self._journal and not self._cut_short:
            failed = len(self._counts.failures)
            self._journal.end_file(path, _NO_VERSION, FileStatus(FileState.DONE, self._counts.items, failed))

    def to_folder(self, sources: Iterable[Source | UnresolvedSource]) -> None:
        """Write the results of each source to files of its own, one for each format."""
        # Outputs of one format differ in names exactly where those of another do, so the plan needs only one format.
        assert self._journal is not None
        sources = self._journal.without_outputs(self._counted(sources))
        plan = Plan(sources, self._job.destination, self._job.formats[0], self._job.shard)
        self._job.progress.files_listed(plan.count)
        try:
            for running in self._run_sources(self._not_completed(plan)):
                running.wait_until_open()
                self._write_file(running, plan)
        finally:
            plan.close()

    def end(self) -> ExitCode:
        """Report the totals and close the journal."""
        destination, counts = self._job.destination, self._counts
        empty_share = self._job.shard.count > 1 and not counts.files
        exit_code = ExitCode.OK if empty_share else counts.exit_code(strict=self._job.strict)
        if empty_share:
            self._reporter.empty_share(str(self._job.shard))
        self._reporter.end(counts, summary=destination.path is not None)
        if self._journal and not (self._job.fail_fast and counts.failures):
            keep = destination.folder or exit_code is ExitCode.PARTIAL
            self._journal.finish(keep=keep)
            self.journal_removed = not keep
        return exit_code

    def _run_sources(self, sources: Iterable[Source | UnresolvedSource]) -> Iterator[RunningSource[DocumentResult]]:
        job, areas_of = self._job, areas_shown_in(self._job.formats)
        run: Callable[..., Iterator[DocumentResult]]
        run = run_items_and_finish if any(output.searchable for output in job.formats) else run_items

        def work(document: Document) -> Iterator[DocumentResult]:
            with job.progress.document(document.source.name, document.count_pages(job.task.selection)):
                yield from run(document, task=job.task, engine=job.engine, stored=self._journal, areas_of=areas_of)

        for running in run_sources(sources, self._job.options, work, self._sandbox, self._job.engine.at_a_time):
            self.stop_if_requested()
            failures = len(self._counts.failures)
            yield running
            if self._job.fail_fast and len(self._counts.failures) > failures:
                return

    def _counted(self, sources: Iterable[Source | UnresolvedSource]) -> Iterator[Source | UnresolvedSource]:
        for source in self._until_stopped(sources):
            self._job.progress.file_found()
            yield source
        self._job.progress.files_listed()

    def _until_stopped(self, sources: Iterable[Source | UnresolvedSource]) -> Iterator[Source | UnresolvedSource]:
        """Yield the sources, checking for signals: searching a folder of 100,000 files takes time."""
        iterator = iter(sources)
        while True:
            with self._request.immediate(self.stop_if_requested):
                source = next(iterator, None)
            if source is None:
                return
            yield source

    def _not_completed(self, plan: Plan) -> Iterator[Source | UnresolvedSource]:
        """Yield the files of the plan that no earlier run has completed."""
        assert self._journal is not None
        for source in self._until_stopped(plan):
            if isinstance(source, Source):
                outputs = self._outputs_of(source)
                version = FileVersion.of_source(source)
                status = self._earlier_status(outputs, version)
                if status is not None:
                    self._counts.add_earlier_file(status)
                    self._job.progress.file_done(failed=status.state is FileState.FAILED, earlier=True)
                    self._reporter.add_earlier_file(source, status)
                    if self._job.fail_fast and status.message:
                        return
                    continue
                for output in outputs:
                    remove_parts(output, self._job.destination.path)
                self._versions[outputs[0]] = version
            yield source

    def _outputs_of(self, source: Source) -> tuple[Path, ...]:
        return tuple(self._job.destination.file_for(source.relative, output) for output in self._job.formats)

    def _earlier_status(self, outputs: Sequence[Path], version: FileVersion) -> FileStatus | None:
        """How the work on a file ended in an earlier run; None unless it wrote every output, or failed for each."""
        assert self._journal is not None
        worst: FileStatus | None = None
        for output in outputs:
            status = self._journal.status(output, version)
            if status is None:
                return None
            if worst is None or status.exit_code:
                worst = status
        return worst

    def _write_file(self, running: RunningSource[DocumentResult], plan: Plan) -> None:
        destination = self._job.destination
        assert destination.path is not None
        assert self._journal is not None
        counts = FileCounts()
        if running.source is None:
            self._end_file(running, counts)
            return
        outputs = self._outputs_of(running.source)
        version = self._versions.pop(outputs[0])
        formats = dict(zip(outputs, self._job.formats, strict=True))
        files = SourceOutputs(formats, partial(self._open_of_source, version=version, plan=plan), self._job.images)
        try:
            if running.error is None:
                if not destination.path.is_dir():
                    raise PlaceLostError(f"{destination.path}: this folder does not exist anymore")
                with files.open(several_questions=len(self._job.task.questions) > 1) as renderers:
                    counts = self._write(running, renderers)
                    if running.error is not None or self._cut_short:
                        raise DiscardOutput
                    for renderer in renderers:
                        renderer.close()
        except PlaceLostError:
            raise
        except OutputError as error:
            running.abandon()
            self._end_file(running, counts, output_error=error)
            return
        if self._cut_short:  # the journal has the items that are done
            self._end_file(running, counts)
            return
        for output in outputs:
            self._journal.end_file(output, version, counts.status(running.error))
            if running.error is None:
                plan.keep(self._identity_of_output(output))
        if running.error is None:
            files.remove_earlier_parts(self._journal, version.origin)
        if running.error is None and not counts.failed:
            self._journal.remove_results(running.info)
        self._end_file(running, counts, files.written if running.error is None else ())

    def _open_of_source(self, path: Path, version: FileVersion, plan: Plan) -> AbstractContextManager[TextIO]:
        self._check_replaceable(path, plan)
        return self._open(path, version)

    def _open(self, path: Path | None, version: FileVersion) -> AbstractContextManager[TextIO]:
        destination, journal = self._job.destination, self._journal
        if path is None or journal is None:
            return open_output(None)
        return open_output(
            path,
            root=destination.path if destination.folder else None,
            overwrite=destination.overwrite or journal.owns(path, version.origin),
            address=destination.address_for(path),
            before_rename=lambda content: journal.begin_file(path, version, content),
        )

    def _check_replaceable(self, output: Path, plan: Plan) -> None:
        """Refuse to replace a file that this run reads, or has written for something else."""
        assert self._job.destination.path is not None
        if output.relative_to(self._job.destination.path).parts[0].casefold() == JOURNAL_SUFFIX:
            raise OutputError(f"{output}: is in the folder of the journal", "write to another place with --to")
        if plan.keeps(self._identity_of_output(output)):
            raise OutputError(f"{output}: this run reads or wrote this file", "write to another place with --to")
        self._check_not_record(output)

    def _check_not_record(self, output: Path) -> None:
        if self._record is not None and identity_of_path(output) == self._record:
            raise OutputError(f"{output}: is the record of this run", "write to another place with --to")

    def _check_not_overwritten(self, source: Source | None) -> None:
        """Refuse to replace a document by its own text."""
        path = self._job.destination.path
        if source is None or path is None:
            return
        identity = identity_of_source(source)
        if identity is not None and identity in (self._identity_of_output(path), self._record):
            name = printable_address(self._job.destination.address_for(path) or str(path))
            raise OutputError(f"{name}: is the document that is being read", "write to another place with --to")

    def _identity_of_output(self, path: Path) -> str | None:
        address = self._job.destination.address_for(path)
        return identity_of_path(path) if address is None else identity_of_address(address)

    def _write(self, running: RunningSource[DocumentResult], renderers: Sequence[Renderer]) -> FileCounts:
        counts = FileCounts()
        failures = len(self._counts.failures)
        for renderer in renderers:
            renderer.begin(self._job.task.name, running.info)
        for result in running.results():
            if isinstance(result, FinishedDocument):
                result.write_to(renderers)
                continue
            counts.add(result)
            written = self._reproducible(result)
            if self._journal and not result.stored:
                self._journal.store(running.info, written)
            for renderer in renderers:
                if isinstance(renderer, ShowsPictures):
                    renderer.add_pictures(result.pictures)
            self._reporter.writing()
            for record in written.records:
                for renderer in renderers:
                    renderer.write(record)
                self._counts.add_record(record)
                self._reporter.add_record(record)
            self._reporter.add_item(result, running.info.path)
            if self._job.fail_fast and len(self._counts.failures) > failures:
                self._cut_short = True
                running.abandon()
                break
            self.stop_if_requested()
        for renderer in renderers:
            renderer.end(describe_error(running.error) if running.error else None)
        return counts

    def _reproducible(self, result: ItemResult) -> ItemResult:
        """Remove timings and the like, which differ from run to run, from results that go to a file."""
        if self._job.destination.path is None:
            return result
        return replace(result, records=tuple(map(reproducible, result.records)))

    def _end_file(
        self,
        running: RunningSource[DocumentResult],
        counts: FileCounts,
        outputs: Sequence[Path] = (),
        output_error: CogdocError | None = None,
    ) -> None:
        error = output_error or running.error
        self._counts.add_file(counts, error)
        self._job.progress.file_done(failed=error is not None)
        self._reporter.add_file(running.info, counts, outputs, error)

    def _renderer(self, output_format: OutputFormat, stream: TextIO, path: Path | None, *, several: bool) -> Renderer:
        if self._job.combine is not None:
            return self._job.combine(stream, output_format)
        several_questions = len(self._job.task.questions) > 1
        images = path_between(path, self._job.images)
        return make_renderer(
            output_format, stream, several_sources=several, several_questions=several_questions, images=images
        )

    def stop_if_requested(self) -> None:
        if self._request.signal is not None:
            raise StoppedRun(self._request.signal, resumable=self._journal is not None)
