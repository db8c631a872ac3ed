"""What the reading commands share: sources in, records to their place, one exit code out."""

from __future__ import annotations

import glob
import os
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from cogdoc.batch.job import Job, journal_beside, run_job
from cogdoc.batch.plan import Shard, parse_shard, slurm_shard
from cogdoc.batch.run import Opening
from cogdoc.batch.work import Work
from cogdoc.cli.messages import report, warn
from cogdoc.cli.options import RunOptions
from cogdoc.cli.progress import ProgressLine, loading_line, progress_line
from cogdoc.documents.page_selection import PageSelection, parse_page_selection
from cogdoc.documents.sandbox import Sandbox
from cogdoc.documents.sandbox_limits import memory_for
from cogdoc.documents.sources import STDIN, expand_sources, keep_stdin, read_file_list
from cogdoc.documents.workers import Workers
from cogdoc.engines.protocol import Engine
from cogdoc.engines.registry import load_engine, select_engine
from cogdoc.errors import CogdocError, ExitCode, InputError, UsageError
from cogdoc.results.destination import Destination, choose_destination, local_place
from cogdoc.results.output_formats import OutputFormat, formats_of
from cogdoc.storage import is_address

if TYPE_CHECKING:
    from io import BufferedIOBase

    from cogdoc.batch.cluster.connection import Cluster

MAX_DEFAULT_JOBS = 8


@dataclass(frozen=True, slots=True)
class Command:
    """A command's own part of a run."""

    name: str
    make_work: Callable[[Engine, PageSelection, Mapping[str, Any]], Work]
    questions: tuple[str, ...] = ()
    strict: bool = False
    """Whether an answer that is not found is a failure."""


def run_command(command: Command, sources: Sequence[str], options: RunOptions) -> ExitCode:
    """Run a command over its sources.

    Raises:
        CogdocError: the run as a whole is impossible; a failing source or page is only reported.
    """
    output = _format(options.out, command)
    opening = Opening(
        password=_password(options.password_file),
        max_megapixels=options.max_megapixels,
        max_pages=options.max_pages,
        selection=parse_page_selection(options.pages) if options.pages else PageSelection(),
    )
    with ExitStack() as stack:
        cluster = stack.enter_context(_connect(options.cluster)) if options.cluster else None
        select = cluster.select_engine if cluster else select_engine
        selection = select(options.engine_request)
        if options.verbose or (selection.announce and not options.quiet):
            warn(f"engine {selection.name}: {selection.reason}")
        arguments = _arguments(sources, options, stack)
        named_several = len(sources) > 1 or options.files_from is not None
        found = expand_sources(arguments, _stdin(sources, stack), several=named_several)
        first_two = list(islice(found, 2))
        if not first_two:
            raise InputError("nothing to read: the list of files is empty")
        several = len(first_two) > 1
        # What a folder holds today does not decide whether its results go to a file or to a folder.
        destination = _destination(options, several=several or named_several or any(map(_holds_others, sources)))
        shard = _shard(options, destination)
        sandbox: Workers
        if cluster:
            engine = cluster.load_engine(selection, options.timeout)
            stack.callback(engine.close)
            sandbox = cluster.sandbox(selection, options.jobs, options.timeout)
        else:
            with loading_line(quiet=options.quiet) as loaded:
                engine = load_engine(selection, options.timeout, loaded)
            stack.callback(engine.close)
            sandbox = Sandbox(jobs_of(options.jobs), options.timeout, memory=memory_for(options.max_megapixels))
        stack.callback(sandbox.close)
        results_on_screen = destination.path is None and sys.stdout.isatty()
        progress = stack.enter_context(progress_line(quiet=options.quiet or results_on_screen))
        job = Job(
            command.make_work(engine, opening.selection, {"max_megapixels": options.max_megapixels}),
            opening,
            output,
            destination,
            questions=command.questions,
            strict=command.strict,
            fail_fast=options.fail_fast,
            retry_failed=options.retry_failed,
            shard=shard,
            record=options.log_json,
        )
        return run_job(job, chain(first_two, found), sandbox, _Messages(progress, options), several=several)


class _Messages:
    """Tells people how a run goes, on standard error."""

    def __init__(self, progress: ProgressLine, options: RunOptions) -> None:
        self._progress = progress
        self._quiet = options.quiet
        self._verbose = options.verbose

    def advanced(self, path: str) -> None:
        self._progress.advance(path)

    def failed(self, error: CogdocError, place: str) -> None:
        report(error, place)
        if self._verbose and error.__cause__ is not None:
            traceback.print_exception(error.__cause__)

    def warned(self, line: str) -> None:
        warn(line)

    def noted(self, line: str) -> None:
        if not self._quiet:
            warn(line)


def _format(name: str | None, command: Command) -> OutputFormat:
    formats = formats_of(command.name)
    if name is None:
        return formats[0]
    output = next((output for output in formats if output.name == name), None)
    if output is None:
        names = ", ".join(output.name for output in formats)
        raise UsageError(f"--out: {command.name} cannot be written as {name!r}", f"formats: {names}")
    if command.name == "chart" and command.questions and not output.answers_about_charts:
        names = ", ".join(output.name for output in formats if output.answers_about_charts)
        raise UsageError(f"--out {name} holds the chart's table, not answers", f"with -q use one of {names}")
    return output


def _connect(address: str) -> AbstractContextManager[Cluster]:
    from cogdoc.batch.cluster.connection import connect

    return connect(address, warn)


def _destination(options: RunOptions, *, several: bool) -> Destination:
    if options.retry_failed and options.to is None:
        raise UsageError("--retry-failed goes on with an earlier run", "say with --to where its results are")
    unfinished = options.to is not None and journal_beside(local_place(options.to)).is_dir()
    return choose_destination(options.to, several=several, overwrite=options.overwrite, unfinished=unfinished)


def _holds_others(argument: str) -> bool:
    if is_address(argument):
        return argument.endswith("/")
    return Path(argument).is_dir() or (glob.has_magic(argument) and not os.path.lexists(argument))


def _shard(options: RunOptions, destination: Destination) -> Shard:
    """The share of the files that was asked for, or that SLURM gave this task."""
    if options.shard is not None:
        shard = parse_shard(options.shard)
        if not destination.folder:
            raise UsageError("--shard: every share writes files of its own", "name a folder, such as --to text/")
        return shard
    given = slurm_shard(os.environ)
    if given is None or not destination.folder:
        return Shard()
    if not options.quiet:
        warn(f"share {given} of the files, by SLURM's variables; --shard 1/1 reads all of them")
    return given


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
        return chain(
            sources, read_file_list(cast("BufferedIOBase", sys.stdin.buffer), nul_separated=options.nul_separated)
        )
    try:
        file = stack.enter_context(open(options.files_from, "rb"))  # noqa: PTH123, SIM115
    except OSError as error:
        raise InputError(f"--files-from: {options.files_from}: {error.strerror}") from None
    return chain(sources, read_file_list(file, nul_separated=options.nul_separated))
