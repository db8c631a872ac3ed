"""Reads a folder of broken files with one command, and checks its output against the files."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.endings import COGDOC, Ending, faults
from cogdoc.errors import ExitCode

from .commands import COMMANDS, READ, Account, FuzzedCommand
from .guarded_runs import run_guarded

PAGE_SECONDS = 20
FILE_SECONDS = 40
"""Seconds a file, after which a batch counts as hung."""
MAX_PAGES = 50


@dataclass(frozen=True, slots=True)
class Batch:
    """A folder of broken files: how the command that read it ended, and the rules that it broke."""

    number: int
    command: str
    ending: Ending
    results: Counter[str]
    """Files by the kind of their error, or READ."""
    faults: tuple[str, ...]


def read_folder(folder: Path, number: int) -> Batch:
    """Read all files of a folder with one command, and check that its output accounts for each of them."""
    command = COMMANDS[number % len(COMMANDS)]
    names = {path.name for path in folder.iterdir()}
    with TemporaryDirectory(prefix="cogdoc-fuzz-output-") as name:
        output = Path(name)
        run = run_guarded(_arguments(command, folder, output), folder, kill_after=len(names) * FILE_SECONDS)
        account = command.account(run.ending.output, output)
    found = [*faults(run.ending), *run.faults, *account.faults, *_faults_of_messages(run.ending, names, account)]
    if command.names_all and (missing := names - account.results.keys()):
        found.append(f"no record of {len(missing)} files: {min(missing)}")
    if command.to_folder:
        # A file that fails has a message and no output.
        silent = {name for name in names - account.results.keys() if not _mentions(run.ending, name)}
        found += [f"neither output nor message for {len(silent)} files: {min(silent)}"] if silent else []
    results = Counter(account.results.get(name, "not named") for name in names)
    return Batch(number, command.name, run.ending, results, tuple(dict.fromkeys(found)))


def _arguments(command: FuzzedCommand, folder: Path, output: Path) -> list[str]:
    first, *options = command.arguments
    to = ["--to", f"{output}/"] if command.to_folder else []
    limits = ["--timeout", str(PAGE_SECONDS), "--max-pages", str(MAX_PAGES), "--jobs", "2", "--engine", "builtin"]
    return [COGDOC, first, str(folder), *options, *to, *limits]


def _faults_of_messages(ending: Ending, names: set[str], account: Account) -> Iterator[str]:
    failed = {name for name, result in account.results.items() if result != READ}
    silent = {name for name in failed if not _mentions(ending, name)}
    if silent:
        yield f"no message about {len(silent)} failures: {min(silent)}"
    messages = [line for line in ending.error_lines if line.startswith("cogdoc: ")]
    repeated = [line for line, count in Counter(messages).items() if count > 1 and any(name in line for name in names)]
    if repeated:
        yield f"repeats a message: {repeated[0][:120]}"
    if any(re.search(r"\ba bug\b|Please report", line) for line in messages):
        yield "calls a file a bug"
    if ending.code == ExitCode.OK and failed:
        yield f"exit code 0, although {min(failed)} failed"


def _mentions(ending: Ending, name: str) -> bool:
    return any(name in line for line in ending.error_lines)
