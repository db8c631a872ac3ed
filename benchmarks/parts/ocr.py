"""How much of a page's text is read: error rate in characters, and the share of words found."""

from __future__ import annotations

import time
from collections.abc import Sequence

from benchmarks.cases import Job, Part, Row, Scored
from benchmarks.readers import MARKDOWN_WRITERS, READERS
from cogdoc.evaluation.metrics import character_error_rate, word_recall
from cogdoc.evaluation.metrics.normalize import comparable, without_latex, without_markdown

WRITTEN_IN_CAPITALS = frozenset({"sroie"})
"""Datasets whose truth is in capitals whatever the page shows."""


def score(job: Job) -> Sequence[Scored]:
    started = time.perf_counter()
    text = READERS[job.system](job.document)
    seconds = time.perf_counter() - started
    if job.system in MARKDOWN_WRITERS:
        text = without_markdown(text)
    scored = []
    for row in job.rows:
        prediction, reference = _prepared(text, row), _prepared(row["text"], row)
        scores = {
            "word recall": word_recall(prediction, reference),
            "CER": character_error_rate(prediction, reference),
            "seconds": seconds,
        }
        scored.append(Scored(scores, prediction, reference))
    return scored


def _prepared(text: str, row: Row) -> str:
    chinese = row["lang"] == "zh"
    if chinese or "LaTeX" in row["metric"]:
        text = without_markdown(without_latex(text))
    return comparable(text, fold_case=row["dataset"] in WRITTEN_IN_CAPITALS, drop_spaces=chinese)


PART = Part(
    file="ocr.jsonl",
    measures=("word recall", "CER", "seconds"),
    failed={"word recall": 0.0, "CER": 1.0},
    score=score,
)
