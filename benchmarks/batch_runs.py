"""Measures batch runs through the command line on generated documents.

python -m benchmarks.batch_runs --only kills

- kills: a run over a folder is killed with its children (SIGKILL) at random moments, again and again, and restarted
  each time. Its results must equal those of an undisturbed run byte for byte, and no finished file may be processed
  again; otherwise the exit code is 1.
- memory: peak anonymous memory over few files, many files, few pages and many pages.
- throughput: the same folder with one and two jobs.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.process import run
from benchmarks.report import markdown_table
from cogdoc.measuring.generated_documents import write_text_pdf

COGDOC = str(Path(sys.executable).with_name("cogdoc"))
MEGABYTE = 1024**2
JOURNAL = ".cogdoc"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a table for each requested measurement; 1 if the results after kills are wrong."""
    options = _parse(arguments)
    all_hold = True
    with TemporaryDirectory(prefix="cogdoc-batch-") as folder:
        for name in [options.only] if options.only else list(MEASUREMENTS):
            subfolder = Path(folder) / name
            subfolder.mkdir()
            table, holds = MEASUREMENTS[name](subfolder, options)
            all_hold = all_hold and holds
            print(f"\n## {name}\n\n{table}", flush=True)
    return 0 if all_hold else 1


def measure_kills(folder: Path, options: argparse.Namespace) -> tuple[str, bool]:
    """Kill the run as often as requested, then let it finish."""
    _write_folder(folder / "in", options.files, pages=3)
    command = [COGDOC, "ocr", str(folder / "in"), "--out", "jsonl", "--jobs", "2", "--quiet", "--to"]
    undisturbed = run([*command, str(folder / "undisturbed")])
    moments = random.Random(options.seed)
    kills = 0
    while kills < options.kills:
        # A short wait, so that every kill hits unfinished work.
        started = subprocess.Popen([*command, str(folder / "out")], stderr=subprocess.DEVNULL, start_new_session=True)
        try:
            started.wait(timeout=0.3 + moments.random() * undisturbed.seconds / options.kills)
        except subprocess.TimeoutExpired:
            os.killpg(started.pid, signal.SIGKILL)
            started.wait()
            kills += 1
        else:
            break
    run([*command, str(folder / "out")])
    equal = _results(folder / "out") == _results(folder / "undisturbed")
    events = [json.loads(line) for line in (folder / "out" / JOURNAL / "record.jsonl").read_text().splitlines()]
    files = [event for event in events if event["event"] == "file"]
    repeated = len(files) - len({event["path"] for event in files})
    from_journal = sum(event["kept"] for event in files)
    rows = [[str(options.files), str(kills), str(from_journal), str(repeated), "equal" if equal else "DIFFERENT"]]
    header = ["files of 3 pages", "kills", "pages taken from the journal", "files finished twice", "bytes"]
    return markdown_table(header, rows), equal and not repeated


def measure_memory(folder: Path, options: argparse.Namespace) -> tuple[str, bool]:
    """Peak memory over few and many files, and over few and many pages."""
    few_files, many_files = folder / "few", folder / "many"
    _write_folder(few_files, 20, pages=1)
    _write_folder(many_files, options.files, pages=1)
    few_pages, many_pages = folder / "few.pdf", folder / "many.pdf"
    write_text_pdf(few_pages, 50)
    write_text_pdf(many_pages, options.pages)
    rows = []
    peaks = []
    for name, source in (
        ("20 files", few_files),
        (f"{options.files} files", many_files),
        ("50 pages", few_pages),
        (f"{options.pages} pages", many_pages),
    ):
        finished = run([COGDOC, "ocr", str(source), "--jobs", "1", "--quiet", "--to", str(folder / f"to {name}/")])
        peaks.append(finished.peak_memory)
        rows.append([name, f"{finished.seconds:.1f}", f"{finished.peak_memory / MEGABYTE:.0f}"])
    rows.append(["largest over smallest", "", f"{max(peaks) / min(peaks):.2f}"])
    return markdown_table(["read", "s", "peak MB"], rows), True


def measure_throughput(folder: Path, options: argparse.Namespace) -> tuple[str, bool]:
    """Time one and two jobs alternately, so that other load on the machine affects both."""
    _write_folder(folder / "in", options.files, pages=2)
    seconds: dict[str, list[float]] = {"1": [], "2": []}
    for turn in range(options.runs):
        for jobs, times in seconds.items():
            to = str(folder / f"out-{jobs}-{turn}/")
            command = [COGDOC, "ocr", str(folder / "in"), "--jobs", jobs, "--quiet", "--to", to]
            times.append(run(command).seconds)
    pages = 2 * options.files
    rows = [
        [jobs, f"{median(times):.1f}", f"{pages / median(times):.1f}", f"{median(seconds['1']) / median(times):.2f}"]
        for jobs, times in seconds.items()
    ]
    return markdown_table(["jobs", "median s", "pages/s", "times one job"], rows), True


MEASUREMENTS: dict[str, Callable[[Path, argparse.Namespace], tuple[str, bool]]] = {
    "kills": measure_kills,
    "memory": measure_memory,
    "throughput": measure_throughput,
}


def _write_folder(folder: Path, files: int, pages: int) -> None:
    folder.mkdir()
    for number in range(files):
        write_text_pdf(folder / f"{number:04}.pdf", pages, seed=number)


def _results(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.batch_runs",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", choices=list(MEASUREMENTS), help="one measurement instead of all")
    parser.add_argument("--files", type=int, default=200, help="documents in a folder")
    parser.add_argument("--pages", type=int, default=2000, help="pages of the long document")
    parser.add_argument("--kills", type=int, default=50, help="how often the run is killed")
    parser.add_argument("--runs", type=int, default=3, help="how often throughput is timed")
    parser.add_argument("--seed", type=int, default=0, help="seed of the random moments at which it is killed")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
