"""What a reply is worth: from what an engine gave and what is true to the numbers of a metric."""

from __future__ import annotations

from cogdoc.evaluation.cases import Case, Task
from cogdoc.evaluation.outcomes import Reply, Scored
from cogdoc.evaluation.scoring.answers import score_answer
from cogdoc.evaluation.scoring.page_tests import score_page_test
from cogdoc.evaluation.scoring.tables import score_charts, score_tables
from cogdoc.evaluation.scoring.text import score_text

GRADED_ELSEWHERE = "graded-elsewhere"
"""The metric of answers that a language model or a person grades."""
METRIC_NAMES = {
    "vqa": "VQA accuracy",
    "anls": "ANLS",
    "anls-or-number": "ANLS or number",
    "relaxed": "relaxed accuracy",
    "ocrbench": "contained",
    "ocrbench-formula": "contained",
    "mmlongbench": "typed score",
    "choice": "accuracy",
    "inferred-choice": "accuracy",
    "open": "accuracy",
    "vcr": "exact match",
    GRADED_ELSEWHERE: "",
    "text": "word recall",
    "adjacency": "adjacency F1",
    "teds": "TEDS",
    "chart-values": "values found",
    "page-test": "passed",
}
"""How the score of each metric is called in print."""


def score(case: Case, reply: Reply) -> Scored:
    """The worth of `reply`."""
    if case.task is Task.ASK:
        assert reply.answer is not None
        return score_answer(case, reply.answer)
    if case.task is Task.CHARTS:
        return score_charts(case, reply.charts)
    if case.task is Task.TABLES:
        return score_tables(case, reply.pages)
    if case.metric == "page-test":
        return score_page_test(case, reply.pages)
    return score_text(case, "\n".join(page.text for page in reply.pages))
