"""Measures how many pages a minute the built-in engine reads: text layers, layouts, scans."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from cogdoc.documents.document import Document, open_path
from cogdoc.documents.workers import Workers
from cogdoc.measuring.generated_documents import SCAN_DPI, write_scan_pdf, write_text_pdf
from cogdoc.measuring.report import Figure
from cogdoc.parsing.page import Page

TEXT_PAGES, LAYOUT_PAGES, SCANNED_PAGES = 40, 4, 1
"""Pages of a round, for each worker process."""

MOST_ROUNDS = 5
SHARES = {"text layer": 0.1, "layout": 0.4, "OCR": 0.5}
"""Of the time: after that share of it, no round begins. The first counts only if it is the only one."""


@dataclass(frozen=True, slots=True)
class _Kind:
    name: str
    document: Document
    pages: int
    """Of a round."""
    request: Callable[[Page], None]
    read: Callable[[Page], object]
    what: str


def measure_pages(workers: Workers, seconds: float) -> Iterator[Figure]:
    """Yield a figure for each kind of reading, as soon as it is measured.

    Args:
        workers: without the reading cache, which would know the pages.
        seconds: about how long all may take.
    """
    with TemporaryDirectory(prefix="cogdoc-bench-") as folder:
        text, scan = Path(folder) / "text.pdf", Path(folder) / "scan.pdf"
        write_text_pdf(text, TEXT_PAGES * workers.jobs)
        write_scan_pdf(scan, text, SCANNED_PAGES * workers.jobs)
        born_digital, scanned = open_path(text, workers), open_path(scan, workers)
        for kind in (
            _Kind("text layer", born_digital, TEXT_PAGES, Page.request_text, Page.text, "born-digital A4 pages"),
            _Kind("layout", born_digital, LAYOUT_PAGES, Page.request_layout, Page.layout, "born-digital A4 pages"),
            _Kind("OCR", scanned, SCANNED_PAGES, Page.request_text, Page.text, f"A4 scans at {SCAN_DPI} dpi"),
        ):
            yield _measure(kind, workers.jobs, SHARES[kind.name] * seconds)


def _measure(kind: _Kind, jobs: int, seconds: float) -> Figure:
    """The median over rounds; each reads all pages of a round, as many at a time as there are worker processes."""
    started = time.perf_counter()
    rounds: list[float] = []
    while len(rounds) <= MOST_ROUNDS and (not rounds or time.perf_counter() - started < seconds):
        begun = time.perf_counter()
        _read(kind, kind.pages * jobs)
        rounds.append(60 * kind.pages * jobs / (time.perf_counter() - begun))
    if len(rounds) > 1:
        rounds.pop(0)  # it loaded the models in each worker process
    processes = "1 worker process" if jobs == 1 else f"{jobs} worker processes"
    how = f"{runs(len(rounds))} over {kind.pages * jobs} generated {kind.what}, {processes}"
    return Figure(part="built-in engine", name=kind.name, value=median(rounds), unit="pages a minute", how=how)


def _read(kind: _Kind, count: int) -> None:
    pages = [Page(kind.document, number) for number in range(1, count + 1)]
    for page in pages:
        kind.request(page)
    for page in pages:
        kind.read(page)


def runs(count: int) -> str:
    """In words: "median of 3 runs"."""
    return "one run" if count == 1 else f"median of {count} runs"
