"""Measures the overhead of a cluster: the same folders in the local sandbox, and on a Ray cluster on this machine.

Both have the same number of workers, so that the ratio is the cost of going through Ray; a real cluster has more.

python -m benchmarks.cluster --pages 500 --scans 10
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.report import markdown_table
from cogdoc.batch.cluster.connection import connect
from cogdoc.batch.document_threads import OpenOptions, run_sources
from cogdoc.documents.document import Document
from cogdoc.documents.page_selection import PageSelection
from cogdoc.documents.sandbox import Sandbox
from cogdoc.documents.sources import expand_sources
from cogdoc.documents.workers import Workers
from cogdoc.engines.builtin.engine import BuiltinEngine
from cogdoc.engines.selection import EngineRequest
from cogdoc.measuring.generated_documents import write_scan_pdf, write_text_pdf
from cogdoc.parsing.page import Page
from cogdoc.tasks.lookahead import look_ahead
from cogdoc.tasks.ocr import transcribe

MACHINES = 2
FILES = 4
OBJECT_STORE = 200_000_000
"""Bytes of shared memory of each machine."""


@dataclass(frozen=True, slots=True)
class Load:
    """A folder, and the work on its documents, which gives the same line for each page every time."""

    name: str
    folder: Path
    work: Callable[[Document], Iterator[str]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a table; 1 if the results differ."""
    options = _parse(arguments)
    rows = []
    same = True
    with (
        TemporaryDirectory(prefix="cogdoc-cluster-") as folder,
        local_cluster(options.jobs) as address,
        connect(address, lambda line: print(line, file=sys.stderr)) as cluster,
        Sandbox(options.jobs) as local_sandbox,
    ):
        started = time.perf_counter()
        cluster_sandbox = cluster.sandbox(cluster.select_engine(EngineRequest("builtin")), options.jobs)
        start_seconds = time.perf_counter() - started
        for load in write_loads(Path(folder), options):
            seconds: list[tuple[float, float]] = []
            for _ in range(options.runs):
                local, local_seconds = _run(load, local_sandbox)
                remote, remote_seconds = _run(load, cluster_sandbox)
                seconds.append((local_seconds, remote_seconds))
                same = same and local == remote
            median_seconds = [median(column) for column in zip(*seconds, strict=True)]
            ratio = median(remote_seconds / local_seconds for local_seconds, remote_seconds in seconds)
            rates = [f"{len(local) / total_seconds:.1f}" for total_seconds in median_seconds]
            rows.append([load.name, str(len(local)), *rates, f"{ratio:.2f}"])
        cluster_sandbox.close()
    print(markdown_table(["pages", "n", "pages/s here", "pages/s on the cluster", "cluster / here, seconds"], rows))
    print(f"\n{options.jobs} workers each, those of the cluster started in {start_seconds:.1f} s; same results: {same}")
    return 0 if same else 1


def write_loads(folder: Path, options: argparse.Namespace) -> Iterator[Load]:
    """Write files with a text layer, which take a hundredth of a second a page, and scans, which take seconds."""
    text, scans = folder / "text", folder / "scans"
    for subfolder in (text, scans):
        subfolder.mkdir()
    for number in range(FILES):
        write_text_pdf(text / f"{number}.pdf", options.pages // FILES)
    write_scan_pdf(scans / "scan.pdf", text / "0.pdf", options.scans)
    yield Load("text layer, words only", text, _words)
    yield Load("text layer, laid out", text, _transcription)
    yield Load("scans, laid out", scans, _transcription)


@contextmanager
def local_cluster(jobs: int) -> Iterator[str]:
    """Start a cluster whose machines are all this one, with `jobs` processors in total, and yield its address."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ["RAY_worker_niceness"] = "0"  # noqa: SIM112  by default Ray gives its workers low priority
    from ray.cluster_utils import Cluster

    shares = [jobs // MACHINES + (number < jobs % MACHINES) for number in range(MACHINES)]
    cluster = Cluster(
        initialize_head=True,
        head_node_args={"num_cpus": shares[0], "object_store_memory": OBJECT_STORE, "include_dashboard": False},
    )
    try:
        for share in shares[1:]:
            cluster.add_node(num_cpus=share, object_store_memory=OBJECT_STORE)
        yield str(cluster.address)
    finally:
        cluster.shutdown()


def _run(load: Load, workers: Workers) -> tuple[list[str], float]:
    started = time.perf_counter()
    lines: list[str] = []
    for source in run_sources(expand_sources([str(load.folder)]), OpenOptions(), load.work, workers):
        source.wait_until_open()
        lines += source.results()
        if source.error is not None:
            raise source.error
    return lines, time.perf_counter() - started


def _words(document: Document) -> Iterator[str]:
    pages = (Page(document, number) for number in document.page_numbers(PageSelection()))
    for page in look_ahead(pages, 2 * document.sandbox.jobs, Page.request_text):
        yield page.text().text


def _transcription(document: Document) -> Iterator[str]:
    for record in transcribe(document, BuiltinEngine(), PageSelection()):
        yield record.model_copy(update={"timings": {}}).model_dump_json()


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cluster", description=__doc__)
    parser.add_argument("--pages", type=int, default=500, help="pages with a text layer")
    parser.add_argument("--scans", type=int, default=10, help="scanned pages")
    parser.add_argument("--jobs", type=int, default=2, help="workers, here and on the cluster")
    parser.add_argument("--runs", type=int, default=3, help="how often each folder is read both ways")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
