"""Scores the reply to a case by its metric: answers, texts of pages, tables, charts, tests of Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cogdoc.evaluation.answer_scoring import score_answer
from cogdoc.evaluation.cases import Case, Task
from cogdoc.evaluation.metrics import adjacency_f1, character_error_rate, passes, teds, word_recall
from cogdoc.evaluation.metrics.chart_values import chart_values, matched_values, true_values
from cogdoc.evaluation.metrics.recognized_text import comparable, without_latex, without_markdown
from cogdoc.evaluation.outcomes import Reply, Scored
from cogdoc.results.records import Chart, PageRecord, TableResult
from cogdoc.results.tables.html import table_html

GRADED_ELSEWHERE = "graded-elsewhere"
"""The metric of answers that a language model or a person grades."""

COUNTED_APART = frozenset({"formula-test"})
"""Metrics that are stricter than those that a benchmark itself uses, so that the mean of all cases leaves them out."""

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
    "formula-test": "formula found as text",
}
"""The metrics of cases, and how summary and report call their scores."""


def score(case: Case, reply: Reply) -> Scored:
    """Score `reply` by the task and metric of `case`."""
    if case.task is Task.ASK:
        assert reply.answer is not None
        return score_answer(case, reply.answer)
    if case.task is Task.CHARTS:
        return score_charts(case, reply.charts)
    if case.task is Task.TABLES:
        return score_tables(case, reply.pages)
    if case.metric in ("page-test", "formula-test"):
        return score_page_test(case, reply.pages)
    return score_text(case, "\n".join(page.text for page in reply.pages))


def score_text(case: Case, text: str) -> Scored:
    """Word recall as the score and CER as a secondary one, both on normalized texts.

    Case is ignored if the truth is in capitals whatever the page shows, the markup of Markdown and LaTeX if the truth
    has some, and spaces in Chinese.
    """
    prediction, reference = _normalized(case, text), _normalized(case, case.truth["text"])
    return Scored(
        word_recall(prediction, reference),
        {"CER": character_error_rate(prediction, reference)},
        prediction=prediction,
        expected=reference,
    )


def _normalized(case: Case, text: str) -> str:
    if case.truth.get("latex"):
        text = without_latex(text)
    if case.truth.get("markdown"):
        text = without_markdown(text)
    return comparable(text, fold_case=case.truth.get("capitals", False), drop_spaces=case.language == "zh")


def score_page_test(case: Case, pages: Sequence[PageRecord]) -> Scored:
    """1 if the page passes, else 0."""
    markdown = next((page.markdown for page in pages if page.page and page.page.number == case.truth["page"]), "")
    expected = {
        name: value for name, value in case.truth.items() if name in ("text", "before", "after", "cell", "math")
    }
    return Scored(float(passes(case.truth, markdown)), {}, prediction=markdown, expected=expected)


INLINE_TAGS = frozenset({"b", "i", "sup", "sub"})
"""Markup inside cells, which cogdoc does not produce and TEDS ignores."""


def score_tables(case: Case, pages: Sequence[PageRecord]) -> Scored:
    """Compare each true table with the best table found on its page.

    With the metric "teds" the score is TEDS, with its structure-only variant and adjacency F1 as secondary scores; with
    "adjacency" it is the mean of adjacency F1 over the true tables.
    """
    tables_by_page = {page.page.number: _tables(page) for page in pages if page.page is not None}
    if case.metric == "teds":
        return _score_html(case, tables_by_page.get(case.truth.get("page", 1), []))
    truths: Sequence[Mapping[str, list[list[str]]]] = case.truth["tables"]
    best = [_best_adjacency(tables_by_page.get(int(table["page"]), []), table["grid"]) for table in truths]  # type: ignore[call-overload]
    return Scored(sum(best) / len(best), {}, best, [table["grid"] for table in truths])


def score_charts(case: Case, charts: Sequence[Chart]) -> Scored:
    """Recall of the true values as the score, and their precision as `values right`."""
    truth = true_values(case.truth["table"])
    predicted = [value for chart in charts for value in chart_values(chart)]
    matched = matched_values(predicted, truth)
    right = matched / len(predicted) if predicted else 0.0
    return Scored(matched / max(1, len(truth)), {"values right": right}, predicted, truth)


def _score_html(case: Case, tables: Sequence[TableResult]) -> Scored:
    truth = case.truth["html"]
    predicted = [table_html(table) for table in tables]
    full, structure = (
        max((teds(html, truth, structure_only=only, ignored_tags=INLINE_TAGS) for html in predicted), default=0.0)
        for only in (False, True)
    )
    measures = {"TEDS structure": structure}
    if "table" in case.truth:
        measures["adjacency F1"] = _best_adjacency(tables, case.truth["table"])
    return Scored(full, measures, predicted, truth)


def _tables(page: PageRecord) -> list[TableResult]:
    return [block.table for block in page.blocks if block.table is not None]


def _best_adjacency(tables: Sequence[TableResult], truth: Sequence[Sequence[str]]) -> float:
    grids = ([[cell.text for cell in row] for row in table.rows] for table in tables)
    return max((adjacency_f1(grid, truth) for grid in grids), default=0.0)
