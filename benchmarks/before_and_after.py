"""Compares the speed of two checkouts of cogdoc: python -m benchmarks.before_and_after --before PATH --after PATH

The runs of the two alternate, and the order within a pair does as well, so that other load on the machine affects both;
rely on the ratios. Each run is a whole command, so that the start of the program and of its worker processes counts.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.process import as_users_run
from benchmarks.report import markdown_table
from cogdoc.measuring.generated_documents import write_scan_pdf, write_text_pdf
from samples.pocket import MODEL
from samples.pocket.forms import draw, random_form, random_style

SAMPLES = Path(__file__).parents[1] / "samples"


@dataclass(frozen=True, slots=True)
class Work:
    """A command, and the number of pages that it reads."""

    name: str
    arguments: tuple[str, ...]
    pages: int


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run of a command takes."""

    seconds: float
    processor_seconds: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Print medians of both checkouts and the median of the ratios of each pair of runs; 1 if the results differ."""
    options = _parse(arguments)
    checkouts = {"before": options.before.absolute(), "after": options.after.absolute()}
    rows, differing = [], []
    with TemporaryDirectory(prefix="cogdoc-compared-") as folder:
        for work in (*_works(Path(folder), options.files), *_deep_works(Path(folder), options.forms)):
            pairs: list[dict[str, Cost]] = []
            outputs: dict[str, bytes] = {}
            for turn in range(-1, options.runs):
                costs = {}
                for name in checkouts if turn % 2 else reversed(checkouts):
                    costs[name], outputs[name] = _run(work, checkouts[name])
                if turn >= 0:  # the first pair only fills caches
                    pairs.append(costs)
            if outputs["before"] != outputs["after"]:
                differing.append(work.name)
            rows.append(_row(work, pairs))
            print(" ".join(rows[-1]), file=sys.stderr, flush=True)
    header = ["command", "s before", "after", "ratio", "CPU s before", "after", "ratio", "pages/s before", "after"]
    print(markdown_table(header, rows))
    print(f"\nresults differ: {', '.join(differing)}" if differing else "\nequal results")
    return 1 if differing else 0


def _works(folder: Path, files: int) -> list[Work]:
    """Starts, and folders of native and scanned documents of two pages; nothing without files."""
    if not files:
        return []
    native, scanned = folder / "native", folder / "scanned"
    native.mkdir()
    scanned.mkdir()
    for number in range(files):
        write_text_pdf(native / f"{number:03}.pdf", 2, seed=number)
    for number in range(max(1, files // 5)):
        write_scan_pdf(scanned / f"{number:03}.pdf", native / f"{number:03}.pdf", 2)
    question = "What is the reference number on page 2?"
    return [
        Work("--help", ("--help",), 0),
        Work("ocr samples/receipt.jpg", ("ocr", str(SAMPLES / "receipt.jpg")), 1),
        Work("ask samples/report.pdf", ("ask", str(SAMPLES / "report.pdf"), "total revenue?"), 0),
        Work("ocr, native pages", ("ocr", str(native), "--jobs", "2"), 2 * files),
        Work("ask, native pages", ("ask", str(native), question, "--jobs", "2"), 2 * files),
        Work("ocr, scanned pages", ("ocr", str(scanned), "--jobs", "2"), 2 * max(1, files // 5)),
    ]


def _deep_works(folder: Path, forms: int) -> list[Work]:
    """Forms for the pocket checkpoint, one a file; nothing without forms."""
    if not forms:
        return []
    pictures, drawn = folder / "forms", Random(0)
    pictures.mkdir()
    for number in range(forms):
        draw(random_form(drawn, rows=5), random_style(drawn)).save(pictures / f"{number:03}.png")
    model = ("--engine", "cogvlm2", "--model", str(MODEL), "--quantization", "none", "--jobs", "2")
    asked = ("-q", "What is the total?", "-q", "What is the tip?", "-q", "What is the date?")
    return [
        Work("ocr, forms by CogVLM2", ("ocr", str(pictures), *model), forms),
        Work("ask, three questions a form", ("ask", str(pictures), *asked, *model), forms),
    ]


def _run(work: Work, checkout: Path) -> tuple[Cost, bytes]:
    environment = as_users_run() | {"PYTHONPATH": str(checkout), "COGDOC_ENGINE": "builtin", "COGDOC_QUIET": "1"}
    before, started = os.times(), time.perf_counter()
    command = [sys.executable, "-m", "cogdoc", *work.arguments]
    # In the checkout, whose modules -m prefers to any other.
    ended = subprocess.run(command, stdout=subprocess.PIPE, env=environment, cwd=checkout, check=True)
    seconds, after = time.perf_counter() - started, os.times()
    return Cost(seconds, sum(after[2:4]) - sum(before[2:4])), ended.stdout


def _row(work: Work, pairs: Sequence[dict[str, Cost]]) -> list[str]:
    before, after = ([costs[name] for costs in pairs] for name in ("before", "after"))
    seconds = [median(cost.seconds for cost in costs) for costs in (before, after)]
    processor = [median(cost.processor_seconds for cost in costs) for costs in (before, after)]
    ratio = median(new.seconds / old.seconds for old, new in zip(before, after, strict=True))
    processor_ratio = median(
        new.processor_seconds / max(old.processor_seconds, 0.01) for old, new in zip(before, after, strict=True)
    )
    return [
        work.name,
        *(f"{value:.2f}" for value in (*seconds, ratio, *processor, processor_ratio)),
        *(f"{work.pages / value:.1f}" if work.pages > 1 else "" for value in seconds),
    ]


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.before_and_after", description=__doc__)
    parser.add_argument("--before", type=Path, required=True, help="a checkout")
    parser.add_argument("--after", type=Path, required=True, help="another checkout")
    parser.add_argument("--runs", type=int, default=7, help="pairs of runs of each command")
    parser.add_argument("--files", type=int, default=20, help="native documents of two pages; a fifth as many scans")
    parser.add_argument("--forms", type=int, default=0, help="one-page forms for CogVLM2's pocket checkpoint")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
