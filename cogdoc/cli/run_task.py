"""Runs the task of a command such as `ask`: finds the sources, loads the engine, opens the output, starts the job."""

from __future__ import annotations

import glob
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from itertools import chain, islice
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, TextIO, cast

from cogdoc.batch.document_threads import OpenOptions
from cogdoc.batch.job import Job, run_job
from cogdoc.batch.journal import journal_beside
from cogdoc.batch.plan import Shard, parse_shard, slurm_shard
from cogdoc.batch.progress import RunProgress
from cogdoc.cli.messages import announce, report, report_traceback, warn
from cogdoc.cli.options import RunOptions
from cogdoc.cli.output_choice import check_formats, check_place
from cogdoc.cli.passwords import read_password
from cogdoc.cli.progress import loading_line
from cogdoc.cli.run_progress import ProgressDisplay, shown_progress
from cogdoc.cli.warm import select_warm_engine
from cogdoc.cli.workers import start_workers
from cogdoc.documents.file_lists import read_file_list
from cogdoc.documents.folder_walk import is_folder
from cogdoc.documents.sources import STDIN, UnresolvedSource, expand_sources, keep_stdin
from cogdoc.documents.workers import Workers
from cogdoc.engines.registry import load_engine, select_engine
from cogdoc.errors import CogdocError, ExitCode, InputError, UsageError
from cogdoc.results.output.destination import Destination, choose_destination, local_path
from cogdoc.storage import is_address
from cogdoc.tasks.task import Task
from cogdoc.transfers import TransferLimits

if TYPE_CHECKING:
    from io import BufferedIOBase

    from cogdoc.batch.cluster.connection import Cluster
    from cogdoc.engines.selection import EngineSelection
    from cogdoc.results.output_formats import OutputFormat
    from cogdoc.results.renderers.renderer import Renderer
    from cogdoc.tasks.picture_folder import PictureFolder

MAX_DEFAULT_JOBS = 8
STRICT = "strict"
NO_FILES: Mapping[str, Path | None] = MappingProxyType({})


def run_task(
    task: Task,
    arguments: Sequence[str],
    options: RunOptions,
    *,
    strict: bool = False,
    input_files: Mapping[str, Path | None] = NO_FILES,
    combine: Callable[[TextIO, OutputFormat], Renderer] | None = None,
    images: PictureFolder | None = None,
) -> ExitCode:
    """Run a task on the sources that `arguments` and `options` name.

    Args:
        input_files: the files that the command's own options name, by option; no output may replace them.
        strict: whether an answer that is not found is a failure.
        combine: see `cogdoc.batch.job.Job`; the sources have one result then.
        images: where the task writes pictures, if it does.

    Raises:
        CogdocError: the run as a whole is impossible; the error of a single source or page is only reported.
    """
    formats = options.formats(task.name)
    check_formats(task.name, formats, has_questions=bool(task.questions))
    options.generation.check_for(task.name, has_questions=bool(task.questions))
    if options.cluster and options.sandbox == STRICT:
        raise UsageError("--sandbox strict cannot be had with --cluster: it checks this machine only")
    if options.keep_alive is not None and (options.cluster or not options.warm):
        other = "--cluster" if options.cluster else "--no-warm"
        raise UsageError(f"--keep-alive leaves a server on this machine behind, and {other} uses none")
    _check_outputs(options, input_files)
    open_options = OpenOptions(
        password=read_password(options.password_file, ask=options.ask_password),
        max_megapixels=options.max_megapixels,
        tesseract=options.tesseract,
        hidden=options.hidden,
        max_pages=options.max_pages,
        selection=task.selection,
        transfer_limits=TransferLimits.for_page_limit(options.timeout),
    )
    with ExitStack() as stack:
        cluster = stack.enter_context(_connect(options.cluster)) if options.cluster else None
        selection = _select_engine(options, cluster)
        announce(selection, verbose=options.verbose, quiet=options.quiet)
        named_several = len(arguments) > 1 or options.files_from is not None
        sources = expand_sources(
            _all_arguments(arguments, options, stack),
            _stdin(arguments, stack),
            several=named_several,
            limits=open_options.transfer_limits,
        )
        if images is not None:
            sources = images.named(sources)
        first_two = list(islice(sources, 2))
        if not first_two:
            raise InputError("nothing to read: the list of files is empty")
        several = len(first_two) > 1
        # Results of a folder always go to a folder, even if it has a single file today.
        several_sources = several or named_several or any(map(_may_hold_several, arguments))
        several_results = (several_sources or len(formats) > 1) and combine is None
        destination = _destination(options, several=several_results)
        if combine is not None and destination.folder:
            raise UsageError("there is one result for all documents", "name a file, such as --to result.json")
        shown = destination.path is None and sys.stdout.isatty()
        check_place(formats, options.to, folder=destination.folder, several=several_sources, terminal=shown)
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
            sandbox = start_workers(
                default_jobs(options.jobs),
                options.timeout,
                cache=options.cache,
                max_megapixels=options.max_megapixels,
                strict=options.sandbox == STRICT,
                quiet=options.quiet,
            )
        stack.callback(sandbox.close)
        progress = RunProgress()
        display = stack.enter_context(
            shown_progress(progress, options.progress, quiet=options.quiet, beside_results=shown)
        )
        job = Job(
            task,
            engine,
            open_options,
            formats,
            destination,
            strict=strict,
            fail_fast=options.fail_fast,
            retry_failed=options.retry_failed,
            shard=shard,
            combine=combine,
            progress=progress,
            record_path=options.log_json,
            images=images.path if images is not None else None,
        )
        bare = all(output.bare for output in formats) and not shown
        messages = _Messages(display, options, bare=bare)
        return run_job(job, chain(first_two, sources), sandbox, messages, several=several)


def _select_engine(options: RunOptions, cluster: Cluster | None) -> EngineSelection:
    request = options.engine_request
    if cluster is not None:
        return cluster.select_engine(request)
    if options.warm:
        selection = select_warm_engine(
            request, keep_alive=options.keep_alive, verbose=options.verbose, quiet=options.quiet
        )
        if selection is not None:
            return selection
    return select_engine(request)


class _Messages:
    """Shows how a run goes on standard error. Implements `cogdoc.batch.reporting.Listener`."""

    def __init__(self, display: ProgressDisplay, options: RunOptions, *, bare: bool) -> None:
        """
        Args:
            bare: whether the results themselves do not tell which answers are doubtful.
        """
        self._display = display
        self._bare = bare
        self._quiet = options.quiet
        self._verbose = options.verbose

    def writing(self) -> None:
        self._display.writing()

    def failed(self, error: CogdocError, path: str) -> None:
        report(error, path)
        if self._verbose and error.__cause__ is not None:
            report_traceback(error.__cause__)

    def warned(self, line: str) -> None:
        warn(line)

    def noted(self, line: str) -> None:
        if not self._quiet:
            warn(line)

    def doubted(self, line: str) -> None:
        if self._bare:
            self.noted(line)

    def detailed(self, line: str) -> None:
        if self._verbose:
            warn(line)


def default_jobs(jobs: int | None) -> int:
    """How many worker processes to start, if `--jobs` is not given."""
    return jobs or min(MAX_DEFAULT_JOBS, os.cpu_count() or 1)


def _connect(address: str) -> AbstractContextManager[Cluster]:
    from cogdoc.batch.cluster.connection import connect

    return connect(address, warn)


def _destination(options: RunOptions, *, several: bool) -> Destination:
    if options.retry_failed and options.to is None:
        raise UsageError("--retry-failed continues an earlier run", "name its output with --to")
    path = local_path(options.to) if options.to is not None else Path()
    unfinished = path.name != "" and journal_beside(path).is_dir()
    return choose_destination(options.to, several=several, overwrite=options.overwrite, unfinished=unfinished)


def _check_outputs(options: RunOptions, inputs: Mapping[str, Path | None]) -> None:
    """Check that no two options name the same file, unless both only read it.

    Raises:
        UsageError: --to or --log-json names the file of another option.
    """
    files_from = Path(options.files_from) if options.files_from not in (None, STDIN) else None
    others = {"--password-file": options.password_file, "--files-from": files_from, **inputs}
    to = local_path(options.to) if options.to is not None else None
    for name, path in (("--log-json", options.log_json), ("--to", to)):
        for other_name, other in others.items():
            if path is not None and other is not None and _same_file(path, other):
                raise UsageError(f"{name} and {other_name} name the same file: {path}", "name another file")
        others[name] = path


def _same_file(path: Path, other: Path) -> bool:
    try:
        return path.samefile(other)
    except OSError:  # one of them does not exist yet
        return os.path.realpath(path) == os.path.realpath(other)


def _may_hold_several(argument: str) -> bool:
    """Whether an argument is a folder or a pattern."""
    if is_address(argument):
        return argument.endswith("/")
    return is_folder(argument) or (glob.has_magic(argument) and not os.path.lexists(argument))


def _shard(options: RunOptions, destination: Destination) -> Shard:
    """The share of the files that `--shard` names, or that SLURM's variables give to this process."""
    if options.shard is not None:
        shard = parse_shard(options.shard)
        if not destination.folder:
            raise UsageError("--shard: each share writes its own files", "name a folder, such as --to text/")
        return shard
    slurm = slurm_shard(os.environ)
    if slurm is None or not destination.folder:
        return Shard()
    if not options.quiet:
        warn(f"share {slurm} of the files, set by SLURM's variables; --shard 1/1 reads all files")
    return slurm


def _stdin(arguments: Sequence[str], stack: ExitStack) -> Path | CogdocError | None:
    if STDIN not in arguments:
        return None
    try:
        return stack.enter_context(keep_stdin())
    except CogdocError as error:
        return error


def _all_arguments(arguments: Sequence[str], options: RunOptions, stack: ExitStack) -> Iterable[str | UnresolvedSource]:
    """The arguments, followed by the names that `--files-from` gives."""
    if options.files_from is None:
        if not arguments:
            raise UsageError("nothing to read", "name a file, a folder, a pattern, or - for standard input")
        return arguments
    file: BufferedIOBase
    if options.files_from == STDIN:
        if STDIN in arguments:
            raise UsageError("standard input cannot be both a document and a list of files")
        if sys.stdin is None:
            raise InputError("--files-from: nothing on standard input")
        file = cast("BufferedIOBase", sys.stdin.buffer)
    else:
        try:
            file = stack.enter_context(open(options.files_from, "rb"))  # noqa: PTH123, SIM115
        except OSError as error:
            raise InputError(f"--files-from: {options.files_from}: {error.strerror}") from None
    return chain(arguments, read_file_list(file, nul_separated=options.nul_separated))
