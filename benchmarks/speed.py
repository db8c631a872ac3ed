"""Measures the speed and memory of cogdoc's command line on generated documents.

python -m benchmarks.speed --only start
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.process import CommandFailedError, Run, run
from benchmarks.report import markdown_table
from cogdoc.measuring.generated_documents import write_scan_pdf, write_text_pdf
from samples.pocket.forms import random_form
from samples.pocket.make_pictures import write_pdf

COGDOC = str(Path(sys.executable).with_name("cogdoc"))
SAMPLE = Path(__file__).parents[1] / "samples" / "report.pdf"
POCKET = Path(__file__).parents[1] / "samples" / "pocket" / "model"
MEMORY_POINTS = 5
ENGINE_PAGES, ENGINE_SCANS = 50, 2
MEGABYTE = 1024**2


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a table for each requested measurement; 1 if a measured command fails."""
    options = _parse(arguments)
    with TemporaryDirectory(prefix="cogdoc-speed-") as folder:
        for name in [options.only] if options.only else list(MEASUREMENTS):
            try:
                table = MEASUREMENTS[name](Path(folder), options)
            except CommandFailedError as failure:
                print(failure, file=sys.stderr)
                return 1
            print(f"\n## {name}\n\n{table}", flush=True)
    return 0


def measure_start(_folder: Path, options: argparse.Namespace) -> str:
    """Time whole processes from start to exit, beside a Python interpreter that does nothing."""
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "import cogdoc": [sys.executable, "-c", "import cogdoc"],
        "cogdoc --help": [COGDOC, "--help"],
        "cogdoc ask samples/report.pdf": [COGDOC, "ask", str(SAMPLE), "total revenue?"],
    }
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(options.runs):
        for name, command in commands.items():
            seconds[name].append(run(command).seconds)
    base = median(seconds["python -c pass"])
    rows = [
        [
            name,
            f"{median(times):.2f}",
            f"{min(times):.2f}",
            f"{max(times):.2f}",
            f"{median(times) / base:.1f}",
        ]
        for name, times in seconds.items()
    ]
    return markdown_table(["command", "median s", "min", "max", "times bare python"], rows)


def measure_engine(folder: Path, options: argparse.Namespace) -> str:
    """Take the processor time of the built-in engine's work, without the reading cache: medians of whole commands."""
    text, scan = folder / "engine.pdf", folder / "engine-scanned.pdf"
    write_text_pdf(text, ENGINE_PAGES)
    write_scan_pdf(scan, text, ENGINE_SCANS)
    commands = {
        "--help": ["--help"],
        "ask, 8 pages": ["ask", str(SAMPLE), "total revenue?"],
        f"ocr --out text, {ENGINE_PAGES} pages": ["ocr", str(text), "--out", "text"],
        f"ocr --out md, {ENGINE_PAGES} pages": ["ocr", str(text), "--out", "md"],
        f"ocr --out text, {ENGINE_SCANS} scans": ["ocr", str(scan), "--out", "text"],
    }
    rows = []
    for name, arguments in commands.items():
        finished = [
            run([sys.executable, "-m", "cogdoc", *arguments], COGDOC_CACHE="off") for _ in range(options.engine_runs)
        ]
        times = [one.processor_seconds for one in finished]
        peak = max(one.peak_memory for one in finished) / MEGABYTE
        rows.append([name, f"{median(times):.2f}", f"{min(times):.2f}", f"{max(times):.2f}", f"{peak:.0f}"])
    return markdown_table(["command", "median s of processor time", "min", "max", "peak MB"], rows)


def measure_text(folder: Path, options: argparse.Namespace) -> str:
    """Time pages with a text layer, to an answer and to Markdown with their layout.

    An answer needs the text of every page and the layout of a few; its record has the time of the text alone.
    """
    document = folder / "text.pdf"
    write_text_pdf(document, options.pages)
    question = f"What is the reference number on page {options.pages // 2}?"
    rows = []
    for jobs in ("1", "2"):
        asked = run([COGDOC, "ask", str(document), question, "--out", "jsonl", "--jobs", jobs])
        words_seconds = json.loads(asked.output)["timings"]["read"]
        transcribed = run([COGDOC, "ocr", str(document), "--out", "jsonl", "--jobs", jobs])
        for name, seconds, memory in (
            ("ask: words of all pages", words_seconds, ["–"] * (MEMORY_POINTS + 1)),
            ("ask: whole command", asked.seconds, _memory_cells(asked)),
            ("ocr: whole command", transcribed.seconds, _memory_cells(transcribed)),
        ):
            rows.append([name, jobs, f"{seconds:.1f}", f"{options.pages / seconds:.1f}", *memory])
    points = [f"{100 * point // MEMORY_POINTS}%" for point in range(1, MEMORY_POINTS + 1)]
    header = [f"{options.pages} pages", "jobs", "s", "pages/s", "peak MB", *(f"to {point}" for point in points)]
    return markdown_table(header, rows)


def measure_again(folder: Path, options: argparse.Namespace) -> str:
    """Time two questions about the same document in two processes: the second finds the pages in the reading cache."""
    text, scan = folder / "again.pdf", folder / "again-scanned.pdf"
    write_text_pdf(text, options.pages)
    write_scan_pdf(scan, text, options.scans)
    rows = []
    for document, pages in ((text, options.pages), (scan, options.scans)):
        first, second = (
            run([COGDOC, "ask", str(document), question], COGDOC_CACHE=str(folder / "cache")).seconds
            for question in ("What is the reference number on page 3?", "What is the reference number on page 2?")
        )
        rows.append([document.stem, str(pages), f"{first:.1f}", f"{second:.1f}"])
    return markdown_table(["document", "pages", "first question, s", "second, s"], rows)


def measure_scan(folder: Path, options: argparse.Namespace) -> str:
    """Time OCR of scanned pages on two jobs, including the start of the engine."""
    source, document = folder / "source.pdf", folder / "scan.pdf"
    write_text_pdf(source, options.scans)
    write_scan_pdf(document, source, options.scans)
    finished = run([COGDOC, "ocr", str(document), "--out", "jsonl", "--jobs", "2"])
    per_minute = 60 * options.scans / finished.seconds
    row = [
        str(options.scans),
        f"{finished.seconds:.1f}",
        f"{per_minute:.1f}",
        f"{finished.peak_memory / MEGABYTE:.0f}",
    ]
    return markdown_table(["scanned pages", "s", "pages/minute", "peak MB"], [row])


def measure_deep(folder: Path, options: argparse.Namespace) -> str:
    """Measure CogVLM2 over many pages with the pocket checkpoint, to show that memory does not grow with the pages.

    Its speed says nothing about the published checkpoint's.
    """
    document = folder / "forms.pdf"
    pages = tuple(random_form(random.Random(f"speed {number}"), rows=3) for number in range(options.forms))
    write_pdf(pages, document)
    finished = run([COGDOC, "ocr", str(document), "--model", str(POCKET), "--out", "jsonl"])
    row = [f"{options.forms}", f"{finished.seconds:.1f}", f"{options.forms / finished.seconds:.1f}"]
    points = [f"to {100 * point // MEMORY_POINTS}%" for point in range(1, MEMORY_POINTS + 1)]
    header = ["pages by the pocket checkpoint", "s", "pages/s", "peak MB", *points]
    return markdown_table(header, [[*row, *_memory_cells(finished)]])


MEASUREMENTS: dict[str, Callable[[Path, argparse.Namespace], str]] = {
    "start": measure_start,
    "engine": measure_engine,
    "text": measure_text,
    "scan": measure_scan,
    "again": measure_again,
    "deep": measure_deep,
}


def _memory_cells(finished: Run) -> list[str]:
    """The peak of the whole run and of equal parts of it, which shows whether memory grows with the pages."""
    part = finished.seconds / MEMORY_POINTS
    sizes = [finished.peak_memory_between(part * point, part * (point + 1)) for point in range(MEMORY_POINTS)]
    return [f"{size / MEGABYTE:.0f}" for size in (finished.peak_memory, *sizes)]


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=__doc__)
    parser.add_argument("--only", choices=list(MEASUREMENTS), help="one measurement instead of all")
    parser.add_argument("--pages", type=int, default=500, help="pages of the born-digital document")
    parser.add_argument("--scans", type=int, default=10, help="scanned pages")
    parser.add_argument("--forms", type=int, default=200, help="pages read by CogVLM2's pocket checkpoint")
    parser.add_argument("--runs", type=int, default=5, help="how often each start is timed")
    parser.add_argument("--engine-runs", type=int, default=3, help="how often each command of the engine is timed")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
