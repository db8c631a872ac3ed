"""cogdoc as the benchmarks use it: its public functions, with an error in any record raised."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cogdoc
from cogdoc.results.types import Answer, Chart, ErrorInfo, PageRecord


class NothingReadError(Exception):
    """cogdoc gave an error where a result was asked for."""

    def __init__(self, error: ErrorInfo | None) -> None:
        super().__init__(f"{error.kind}: {error.message}" if error else "neither a result nor an error")


def read_pages(document: Path) -> list[PageRecord]:
    """All pages of `document` in order."""
    records = cogdoc.ocr(document)
    for record in records:
        if record.error is not None or record.page is None:
            raise NothingReadError(record.error)
    return records


def answer_all(document: Path, questions: Sequence[str]) -> list[Answer]:
    """The answers to `questions`, in their order, from one reading of `document`."""
    answers = []
    for record in cogdoc.ask_all(document, list(questions)):
        if record.answer is None:
            raise NothingReadError(record.error)
        answers.append(record.answer)
    return answers


def read_charts(document: Path) -> list[Chart]:
    """The charts found in `document`; none where it holds none."""
    records = cogdoc.chart(document)
    for record in records:
        if record.error is not None:
            raise NothingReadError(record.error)
    return [record.chart for record in records if record.chart is not None]
