"""Reads broken PDFs and pictures through the command line, a folder at a time.

    python -m tests.fuzz --count 1000 --seed 0

The files are mutations of the samples; the same seed makes the same files. Whatever a file holds, the command must end,
with a documented exit code, valid JSON Lines, a record or an error for every file, and well-formed lines on standard
error. Exits with 1 if a batch breaks one of these rules, and keeps its files.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.report import markdown_table

from .batches import READ, Batch, read_folder
from .mutations import mutate, pdf_originals, picture_originals

BATCH_SIZE = 50


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a table of the batches; 1 if any of them failed."""
    options = _parse(arguments)
    originals = [*pdf_originals(), *picture_originals()]
    batches: list[Batch] = []
    for start in range(0, options.count, BATCH_SIZE):
        end = min(start + BATCH_SIZE, options.count)
        with TemporaryDirectory(prefix="cogdoc-fuzz-") as name:
            folder = Path(name)
            for number in range(start, end):
                file = mutate(random.Random(f"{options.seed} {number}"), originals, number)
                (folder / file.name).write_bytes(file.content)
            batch = read_folder(folder, len(batches))
            batches.append(batch)
            if batch.faults:
                kept = shutil.copytree(folder, options.keep / f"batch-{batch.number}", dirs_exist_ok=True)
                print(f"batch {batch.number}: {'; '.join(batch.faults)}: kept as {kept}", file=sys.stderr)
        print(f"{end} of {options.count} files", file=sys.stderr, flush=True)
    print(markdown_table(["batch", "exit", "s", "MB", "read", "errors", "verdict"], [_cells(one) for one in batches]))
    results = sum((batch.results for batch in batches), Counter[str]())
    failed = sum(bool(batch.faults) for batch in batches)
    print(f"\n{options.count} files, {failed} of {len(batches)} batches failed")
    print(", ".join(f"{result} {count}" for result, count in results.most_common()))
    return 1 if failed else 0


def _cells(batch: Batch) -> list[str]:
    ending = batch.ending
    read = batch.results[READ]
    return [
        str(batch.number),
        str(ending.code),
        f"{ending.seconds:.0f}",
        f"{ending.memory / 1e6:.0f}",
        str(read),
        str(batch.results.total() - read),
        "; ".join(batch.faults) or "ok",
    ]


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=1000, help="number of files")
    parser.add_argument("--seed", type=int, default=0, help="another seed makes other files")
    parser.add_argument("--keep", type=Path, default=Path("fuzz-failures"), help="folder for files of failed batches")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
