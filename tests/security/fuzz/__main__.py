"""Reads broken documents and pictures through the command line, a folder at a time.

    python -m tests.security.fuzz --count 1000 --seed 0

The files are mutations of small intact ones; the same seed makes the same files. The folders are read by ocr, ask and
chart in turn, in every output format. Whatever a file holds, the command must end in time, with a documented exit code,
valid output, a record or an error for every file, well-formed lines on standard error and bounded memory. It must leave
its inputs as they are, no process, and no file but its output. Exits with 1 if a folder breaks one of these rules, and
keeps its files. `--again FOLDER` reads the files of a kept folder one by one.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.report import markdown_table

from .batches import Batch, read_folder
from .commands import COMMANDS, READ
from .mutations import mutate
from .originals import all_originals

BATCH_SIZE = 50


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a table of the batches; 1 if any of them failed."""
    options = _parse(arguments)
    batches: list[Batch] = []
    for batch, progress in _read_again(options) if options.again else _read_new(options):
        batches.append(batch)
        verdict = f": {'; '.join(batch.faults)}" if batch.faults else ""
        print(f"{progress}, {batch.command}, {batch.ending.seconds:.0f} s{verdict}", file=sys.stderr, flush=True)
    header = ["batch", "command", "exit", "s", "of CPU", "MB", "read", "errors", "verdict"]
    print(markdown_table(header, [_cells(one) for one in batches]))
    results = sum((batch.results for batch in batches), Counter[str]())
    failed = sum(bool(batch.faults) for batch in batches)
    print(f"\n{results.total()} files, {failed} of {len(batches)} batches failed")
    print(", ".join(f"{result} {count}" for result, count in results.most_common()))
    return 1 if failed else 0


def _read_new(options: argparse.Namespace) -> Iterator[tuple[Batch, str]]:
    originals = all_originals()
    for start in range(0, options.count, BATCH_SIZE):
        end = min(start + BATCH_SIZE, options.count)
        with TemporaryDirectory(prefix="cogdoc-fuzz-") as name:
            folder = Path(name)
            for number in range(start, end):
                file = mutate(random.Random(f"{options.seed} {number}"), originals, number)
                (folder / file.name).write_bytes(file.content)
            batch = read_folder(folder, start // BATCH_SIZE)
            if batch.faults:
                shutil.copytree(folder, options.keep / f"batch-{batch.number}", dirs_exist_ok=True)
            yield batch, f"{end} of {options.count} files"


def _read_again(options: argparse.Namespace) -> Iterator[tuple[Batch, str]]:
    """Each file of a kept folder by the command that read the folder."""
    number = int(options.again.name.rpartition("-")[2]) % len(COMMANDS)
    for path in sorted(options.again.iterdir()):
        with TemporaryDirectory(prefix="cogdoc-fuzz-") as name:
            shutil.copy(path, name)
            yield read_folder(Path(name), number), path.name


def _cells(batch: Batch) -> list[str]:
    ending = batch.ending
    read = batch.results[READ]
    return [
        str(batch.number),
        batch.command,
        str(ending.code),
        f"{ending.seconds:.0f}",
        f"{ending.processor_seconds:.0f}",
        f"{ending.memory / 1e6:.0f}",
        str(read),
        str(batch.results.total() - read),
        "; ".join(batch.faults) or "ok",
    ]


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.security.fuzz", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=1000, help="number of files")
    parser.add_argument("--seed", type=int, default=0, help="another seed makes other files")
    parser.add_argument("--keep", type=Path, default=Path("fuzz-failures"), help="folder for files of failed batches")
    parser.add_argument("--again", type=Path, metavar="FOLDER", help="read the files of a kept folder one by one")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
