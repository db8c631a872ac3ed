"""The worth of tables, on pages and out of charts.

A true table is compared with the best of the tables found on its page: by the adjacency of cells, and where
the truth is HTML by tree edit distance as well. Of a chart the values are compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cogdoc.evaluation.cases import Case
from cogdoc.evaluation.metrics import adjacency_f1, teds
from cogdoc.evaluation.outcomes import Scored
from cogdoc.evaluation.scoring.chart_values import chart_values, matched_values, true_values
from cogdoc.evaluation.scoring.table_html import table_html
from cogdoc.results.records import Chart, PageRecord, TableResult

INLINE_TAGS = frozenset({"b", "i", "sup", "sub"})
"""Marks inside of cells, which cogdoc does not give; they are taken out of the truth too."""


def score_tables(case: Case, pages: Sequence[PageRecord]) -> Scored:
    """By metric: TEDS with its structure-only variant and adjacency beside it, or adjacency as the mean over tables."""
    found = {page.page.number: _tables(page) for page in pages if page.page is not None}
    if case.metric == "teds":
        return _score_html(case, found.get(case.truth.get("page", 1), []))
    truths: Sequence[Mapping[str, list[list[str]]]] = case.truth["tables"]
    best = [_best_adjacency(found.get(int(table["page"]), []), table["grid"]) for table in truths]  # type: ignore[call-overload]
    return Scored(sum(best) / len(best), {}, best, [table["grid"] for table in truths])


def score_charts(case: Case, charts: Sequence[Chart]) -> Scored:
    """The share of true values that were found, and of found values that are true."""
    truth = true_values(case.truth["table"])
    found = [value for chart in charts for value in chart_values(chart)]
    matched = matched_values(found, truth)
    right = matched / len(found) if found else 0.0
    return Scored(matched / max(1, len(truth)), {"values right": right}, found, truth)


def _score_html(case: Case, tables: Sequence[TableResult]) -> Scored:
    truth = case.truth["html"]
    found = [table_html(table) for table in tables]
    whole, structure = (
        max((teds(html, truth, structure_only=only, ignored_tags=INLINE_TAGS) for html in found), default=0.0)
        for only in (False, True)
    )
    measures = {"TEDS structure": structure}
    if "table" in case.truth:
        measures["adjacency F1"] = _best_adjacency(tables, case.truth["table"])
    return Scored(whole, measures, found, truth)


def _tables(page: PageRecord) -> list[TableResult]:
    return [block.table for block in page.blocks if block.table is not None]


def _best_adjacency(tables: Sequence[TableResult], truth: Sequence[Sequence[str]]) -> float:
    grids = ([[cell.text for cell in row] for row in table.rows] for table in tables)
    return max((adjacency_f1(grid, truth) for grid in grids), default=0.0)
