"""What the reading commands share: sources in, records to their place, one exit code out."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import TextIO

from cogdoc.batch.run import Opening, RunningSource, Tally, Task, run_sources
from cogdoc.cli.messages import report, warn
from cogdoc.cli.options import RunOptions
from cogdoc.cli.progress import ProgressLine, loading_line, progress_line
from cogdoc.documents.page_selection import PageSelection, parse_page_selection
from cogdoc.documents.sandbox import Sandbox
from cogdoc.documents.sources import STDIN, Source, expand_sources, keep_stdin, read_file_list
from cogdoc.engines.choice import Wish, choose_engine, load_engine
from cogdoc.engines.protocol import Engine
from cogdoc.errors import CogdocError, ExitCode, InputError, OutputError, OutputExistsError, UsageError
from cogdoc.results.destination import Destination, DiscardOutput, choose_destination, open_output
from cogdoc.results.types import AnswerRecord, ChartRecord
from cogdoc.results.writers import AnyRecord, Format, Writer, make_writer
from cogdoc.tasks.records import describe_error

MAX_DEFAULT_JOBS = 8


@dataclass(frozen=True, slots=True)
class Job:
    """A command's own part of a run."""

    task: str
    formats: tuple[Format, ...]
    """What `--out` may name; the first is the default."""
    make_task: Callable[[Engine], Task]
    questions: tuple[str, ...] = ()
    strict: bool = False
    """Whether an answer that is not found is a failure."""


def run_job(job: Job, sources: Sequence[str], options: RunOptions) -> ExitCode:
    """Run a command over its sources.

    Raises:
        CogdocError: the run as a whole is impossible; a failing source or page is only reported.
    """
    output = _format(options.out, job)
    if job.task == "chart" and job.questions and output is Format.CSV:
        raise UsageError("--out csv holds the chart's table, not answers", "take md, text or json with -q")
    choice = choose_engine(Wish(options.engine, options.model, options.quantization))
    if options.verbose or (choice.chosen_for_the_user and not options.quiet):
        warn(f"engine {choice.name}: {choice.reason}")
    opening = Opening(
        password=_password(options.password_file),
        max_megapixels=options.max_megapixels,
        max_pages=options.max_pages,
        selection=parse_page_selection(options.pages) if options.pages else PageSelection(),
    )
    with ExitStack() as stack:
        arguments = _arguments(sources, options, stack)
        named_several = len(sources) > 1 or options.files_from is not None
        found = expand_sources(arguments, _stdin(sources, stack), several=named_several)
        first_two = list(islice(found, 2))
        if not first_two:
            raise InputError("nothing to read: the list of files is empty")
        several = len(first_two) > 1
        destination = choose_destination(options.to, several=several, overwrite=options.overwrite)
        sandbox = stack.enter_context(Sandbox(jobs_of(options.jobs), options.timeout))
        results_on_screen = destination.path is None and sys.stdout.isatty()
        with loading_line(quiet=options.quiet) as loaded:
            engine = load_engine(choice, options.timeout, loaded)
        stack.callback(engine.close)
        progress = stack.enter_context(progress_line(quiet=options.quiet or results_on_screen))
        task = job.make_task(engine)
        running = run_sources(chain(first_two, found), opening, task, sandbox)
        run = _Run(job, output, several, destination, options, progress)
        return run.consume(running)


class _Run:
    """Writes what the sources give, and keeps count."""

    def __init__(
        self,
        job: Job,
        output: Format,
        several: bool,
        destination: Destination,
        options: RunOptions,
        progress: ProgressLine,
    ) -> None:
        self._job = job
        self._output = output
        self._several = several
        self._destination = destination
        self._options = options
        self._progress = progress
        self._tally = Tally()
        self._written: set[Path] = set()
        self._incomplete: set[str] = set()
        self._not_found = 0

    def consume(self, sources: Iterable[RunningSource]) -> ExitCode:
        if self._destination.folder:
            for source in self._until_failure(sources):
                self._write_to_folder(source)
        else:
            with open_output(self._destination.path, overwrite=self._destination.overwrite) as stream:
                writer = self._writer(stream, several=self._several)
                for source in self._until_failure(sources):
                    _spare(source.source, self._destination.path)
                    source.wait_until_open()
                    self._write(source, writer)
                writer.close()
                if self._destination.path is not None and not self._tally.succeeded:
                    raise DiscardOutput
        if not self._tally.failures and self._not_found and self._job.strict:
            return ExitCode.NOT_FOUND
        return self._tally.exit_code

    def _until_failure(self, sources: Iterable[RunningSource]) -> Iterator[RunningSource]:
        for source in sources:
            yield source
            if self._options.fail_fast and self._tally.failures:
                return

    def _write_to_folder(self, running: RunningSource) -> None:
        running.wait_until_open()
        if running.error is not None or running.source is None:
            self._fail(running.error or InputError("cannot be opened"), running.info.path)
            return
        path = self._destination.file_for(running.source.relative, self._output)
        try:
            if path in self._written:
                raise OutputExistsError(f"{running.info.path}: {path} holds another source's result already")
            self._written.add(path)
            with open_output(path, overwrite=self._destination.overwrite) as stream:
                writer = self._writer(stream, several=False)
                self._write(running, writer)
                writer.close()
                if running.error is not None:
                    raise DiscardOutput
        except OutputError as error:
            running.abandon()
            self._fail(error)

    def _writer(self, stream: TextIO, *, several: bool) -> Writer:
        return make_writer(self._output, stream, several=several, many_questions=len(self._job.questions) > 1)

    def _write(self, running: RunningSource, writer: Writer) -> None:
        writer.begin(self._job.task, running.info)
        for record in running.records():
            writer.write(record)
            self._count(record)
            self._progress.advance(running.info.path)
            if self._options.fail_fast and self._tally.failures:
                running.abandon()
                break
        if running.error is not None:
            self._fail(running.error, running.info.path)
        writer.end(describe_error(running.error) if running.error else None)

    def _count(self, record: AnyRecord) -> None:
        path = record.source.path
        if record.error is not None:
            page = None if isinstance(record, AnswerRecord) else record.page
            place = f"{path}: page {page.number}" if page else path
            warn(f"{place}: {record.error.message}")
            self._tally.failures.append(ExitCode(record.error.exit_code))
            return
        self._tally.succeeded += 1
        if isinstance(record, AnswerRecord) and record.unread_pages:
            self._tally.failures.append(ExitCode.PARTIAL)
            if path not in self._incomplete:
                self._incomplete.add(path)
                for unread in record.unread_pages:
                    warn(f"{path}: page {unread.page}: {unread.message}")
        if isinstance(record, ChartRecord) and record.chart is None and record.page and not self._options.quiet:
            warn(f"{path}: page {record.page.number}: no chart on this page")
        if isinstance(record, AnswerRecord) and record.answer is not None and not record.answer.found:
            self._not_found += 1
            if not self._options.quiet:
                warn(f"{path}: not found: {record.answer.question}")

    def _fail(self, error: CogdocError, place: str = "") -> None:
        report(error, place)
        if self._options.verbose and error.__cause__ is not None:
            traceback.print_exception(error.__cause__)
        self._tally.failures.append(error.exit_code)


def _format(wanted: str | None, job: Job) -> Format:
    if wanted is None:
        return job.formats[0]
    if wanted not in job.formats:
        raise UsageError(f"--out: {job.task} cannot be written as {wanted!r}", f"formats: {', '.join(job.formats)}")
    return Format(wanted)


def _spare(source: Source | None, destination: Path | None) -> None:
    """Never replace a document by its own text."""
    if source is None or destination is None or not destination.is_file() or not source.path.exists():
        return
    if source.path.samefile(destination):
        raise OutputError(f"{destination}: is what is being read", "write to another place with --to")


def _stdin(sources: Sequence[str], stack: ExitStack) -> Path | InputError | None:
    if STDIN not in sources:
        return None
    try:
        return stack.enter_context(keep_stdin())
    except InputError as error:
        return error


def _password(file: Path | None) -> str | None:
    if file is None:
        return None
    try:
        return file.read_text(encoding="utf-8").splitlines()[0]
    except IndexError:
        raise UsageError(f"--password-file: {file} is empty") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"--password-file: {file} cannot be read: {error}") from None


def jobs_of(wanted: int | None) -> int:
    return wanted or min(MAX_DEFAULT_JOBS, os.cpu_count() or 1)


def _arguments(sources: Sequence[str], options: RunOptions, stack: ExitStack) -> Iterable[str]:
    if options.files_from is None:
        if not sources:
            raise UsageError("nothing to read", "name a file, a folder, a pattern, or - for standard input")
        return sources
    if options.files_from == STDIN:
        if STDIN in sources:
            raise UsageError("standard input cannot be both a document and a list of files")
        return chain(sources, read_file_list(sys.stdin.buffer, nul_separated=options.nul_separated))
    try:
        file = stack.enter_context(open(options.files_from, "rb"))  # noqa: PTH123, SIM115
    except OSError as error:
        raise InputError(f"--files-from: {options.files_from}: {error.strerror}") from None
    return chain(sources, read_file_list(file, nul_separated=options.nul_separated))
