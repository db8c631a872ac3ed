"""Questions to long documents: is the page found, the answer right, the unanswerable question refused?"""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.cases import Job, Part, Row, Scored
from benchmarks.engine import answer_all
from benchmarks.parts.qa import row_score
from cogdoc.results.types import Answer


def score(job: Job) -> Sequence[Scored]:
    answers = answer_all(job.document, [row["question"] for row in job.rows])
    return [_scored(answer, row) for answer, row in zip(answers, job.rows, strict=True)]


def _scored(answer: Answer, row: Row) -> Scored:
    points = row_score(row, answer.text)
    refused = float(answer.text is None)
    pages = _pages_by_rank(answer)
    truth = set(row.get("evidence_pages") or row.get("pages_containing_answer_string") or ())
    if row.get("unanswerable", False):
        scores = {"score": points, "refused rightly": refused}
    else:
        first = answer.evidence[0].page if answer.evidence else None
        scores = {
            "score": points,
            "answer right": points,
            "refused wrongly": refused,
            "page first": float(first in truth),
            "page in three": float(not truth.isdisjoint(pages[:3])),
        }
    prediction = {"answer": answer.text, "confidence": answer.confidence, "pages": pages}
    return Scored(scores, prediction, {"answers": row["answers"], "pages": sorted(truth)})


def _pages_by_rank(answer: Answer) -> list[int]:
    """The pages of the answer and of its alternatives, best first, each once."""
    alternatives = (one.evidence for one in answer.alternatives)
    ranked = [*answer.evidence[:1], *(evidence for evidence in alternatives if evidence is not None)]
    return list(dict.fromkeys(evidence.page for evidence in ranked))


PART = Part(
    file="qa_multipage.jsonl",
    measures=("score", "answer right", "refused wrongly", "page first", "page in three", "refused rightly"),
    failed={"score": 0.0},
    score=score,
)
