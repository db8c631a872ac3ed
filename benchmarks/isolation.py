"""Measures the overhead of reading in a child process: python -m benchmarks.isolation

The same functions are called in this process and through the sandbox, page by page, so that the difference is waiting
for the child, transfer and validation. The fastest call of each page counts, since other processes may run.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.report import markdown_table
from cogdoc.documents.document import draw_page, read_page_size
from cogdoc.documents.open_request import OpenRequest
from cogdoc.documents.rendering import LONG_SIDE, PixelSize
from cogdoc.documents.sandbox import Sandbox
from cogdoc.measuring.generated_documents import write_text_pdf
from cogdoc.parsing.page import text_of

Call = tuple[Callable[..., Any], tuple[Any, ...]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print milliseconds a page in this process and in the sandbox."""
    options = _parse(arguments)
    with TemporaryDirectory(prefix="cogdoc-isolation-") as folder, Sandbox() as sandbox:
        path = Path(folder) / "text.pdf"
        write_text_pdf(path, options.pages)
        request = OpenRequest(path)
        pages = range(1, options.pages + 1)
        works: dict[str, list[Call]] = {
            "nothing but a page's size": [(read_page_size, (request, number)) for number in pages],
            "words": [(text_of, (request, number)) for number in pages],
            "picture of 1344 x 1344": [
                (draw_page, (request, number, PixelSize(LONG_SIDE, LONG_SIDE))) for number in pages
            ],
        }
        rows = []
        for name, calls in works.items():
            in_process, sandboxed = _fastest(calls, sandbox, options.rounds)
            rows.append(
                [
                    name,
                    f"{in_process:.2f}",
                    f"{sandboxed:.2f}",
                    f"{sandboxed - in_process:+.2f}",
                    f"{sandboxed / in_process - 1:+.0%}",
                ]
            )
    print(markdown_table(["ms a page", "in process", "sandbox", "more", "share"], rows))
    return 0


def _fastest(calls: Sequence[Call], sandbox: Sandbox, rounds: int) -> tuple[float, float]:
    """Mean milliseconds of a call in this process and in the sandbox."""
    in_process = sandboxed = 0.0
    for function, args in calls:
        function(*args)
        in_process += min(_milliseconds(function, *args) for _ in range(rounds)) / len(calls)
        sandboxed += min(_milliseconds(sandbox.run, function, *args) for _ in range(rounds)) / len(calls)
    return in_process, sandboxed


def _milliseconds(function: Callable[..., Any], *args: Any) -> float:
    started = time.perf_counter()
    function(*args)
    return 1000 * (time.perf_counter() - started)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.isolation", description=__doc__)
    parser.add_argument("--pages", type=int, default=50, help="pages of the born-digital document")
    parser.add_argument("--rounds", type=int, default=10, help="how often each page is timed")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
