"""Tests of the Markdown of single pages: text that is or is not there, its order, cells of its tables."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.cases import Job, Part, Row, Scored
from benchmarks.engine import read_pages
from cogdoc.evaluation.metrics import passes


def score(job: Job) -> Sequence[Scored]:
    pages = {record.page.number: record.markdown for record in read_pages(job.document) if record.page}
    return [_scored(pages[row["page"]], row) for row in job.rows]


def _scored(markdown: str, row: Row) -> Scored:
    passed = float(passes(row, markdown))
    wanted = {name: row[name] for name in ("type", "text", "before", "after", "cell") if name in row}
    return Scored({"passed": passed, row["type"]: passed}, markdown, wanted)


PART = Part(
    file="unit_tests.jsonl",
    measures=("passed", "present", "absent", "order", "table"),
    failed={"passed": 0.0},
    score=score,
)
