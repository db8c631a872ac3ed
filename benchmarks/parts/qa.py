"""How many questions to single pages and short documents are answered right, by the metric each row names."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.cases import Job, Part, Row, Scored
from benchmarks.engine import answer_all
from cogdoc.evaluation.metrics import (
    NOT_ANSWERABLE,
    anls,
    anls_or_number,
    mmlongbench_score,
    ocrbench_contains,
    relaxed_accuracy,
)
from cogdoc.results.types import Answer


def score(job: Job) -> Sequence[Scored]:
    answers = answer_all(job.document, [row["question"] for row in job.rows])
    return [_scored(answer, row) for answer, row in zip(answers, job.rows, strict=True)]


def _scored(answer: Answer, row: Row) -> Scored:
    candidates = [answer.text, *(alternative.text for alternative in answer.alternatives)]
    scores = {
        "score": row_score(row, answer.text),
        "best candidate": max(row_score(row, text) for text in candidates),
        "refused": float(answer.text is None),
    }
    prediction = {"answer": answer.text, "confidence": answer.confidence, "alternatives": candidates[1:]}
    return Scored(scores, prediction, row["answers"])


def row_score(row: Row, prediction: str | None) -> float:
    """The score of one prediction by the row's own metric; None is a refusal."""
    if row["metric"] == "mmlongbench_doc typed":
        said = NOT_ANSWERABLE if prediction is None else prediction
        return mmlongbench_score(said, row["raw_answer"], row["answer_format"])
    if prediction is None:
        return 0.0
    match row["metric"]:
        case "anls":
            return anls(prediction, row["answers"])
        case "relaxed_accuracy":
            return relaxed_accuracy(prediction, row["answers"])
        case "ocrbench_contains":
            return ocrbench_contains(prediction, row["answers"])
        case "anls or numeric match":
            return anls_or_number(prediction, row["answers"])
        case metric:
            raise ValueError(f"unknown metric {metric!r}")


PART = Part(
    file="qa.jsonl",
    measures=("score", "best candidate", "refused"),
    failed={"score": 0.0, "best candidate": 0.0, "refused": 0.0},
    score=score,
)
