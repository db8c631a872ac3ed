"""How well tables come out cell by cell, on pages and out of charts.

A true table is compared with the best of the tables found on its page: by the adjacency of cells, and where
the truth is HTML by tree edit distance as well. Of a chart the values are compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benchmarks.cases import Job, Part, Row, Scored
from benchmarks.engine import read_charts, read_pages
from benchmarks.parts.chart_values import chart_values, matched_values, true_values
from benchmarks.parts.table_html import table_html
from cogdoc.evaluation.metrics import adjacency_f1, teds
from cogdoc.results.types import TableResult

INLINE_TAGS = frozenset({"b", "i", "sup", "sub"})
"""Marks inside of cells, which cogdoc does not give; they are taken out of the truth too."""


def score(job: Job) -> Sequence[Scored]:
    charts = [row for row in job.rows if row.get("kind") == "chart to table"]
    pages = _tables_by_page(job) if len(charts) < len(job.rows) else {}
    return [_chart_scored(job, row) if row in charts else _page_scored(pages, row) for row in job.rows]


def _tables_by_page(job: Job) -> dict[int, list[TableResult]]:
    return {
        record.page.number: [block.table for block in record.blocks if block.table is not None]
        for record in read_pages(job.document)
        if record.page is not None
    }


def _page_scored(pages: Mapping[int, Sequence[TableResult]], row: Row) -> Scored:
    if "html" not in row:
        truths = [table["grid"] for table in row["tables"]]
        best = [_best_adjacency(pages.get(table["page"], ()), table["grid"]) for table in row["tables"]]
        return Scored({"adjacency": sum(best) / len(best)}, best, truths)
    found = [table_html(table) for table in pages[1]]
    scores = {"adjacency": _best_adjacency(pages[1], row["table"])}
    for name, structure_only in (("TEDS", False), ("TEDS structure", True)):
        similarities = (
            teds(html, row["html"], structure_only=structure_only, ignored_tags=INLINE_TAGS) for html in found
        )
        scores[name] = max(similarities, default=0.0)
    return Scored(scores, found, row["html"])


def _best_adjacency(tables: Sequence[TableResult], truth: Sequence[Sequence[str]]) -> float:
    grids = ([[cell.text for cell in row] for row in table.rows] for table in tables)
    return max((adjacency_f1(grid, truth) for grid in grids), default=0.0)


def _chart_scored(job: Job, row: Row) -> Scored:
    truth = true_values(row["table"])
    found = [value for chart in read_charts(job.document) for value in chart_values(chart)]
    matched = matched_values(found, truth)
    scores = {
        "chart values found": matched / len(truth),
        "chart values right": matched / len(found) if found else 0.0,
    }
    return Scored(scores, found, truth)


PART = Part(
    file="tables.jsonl",
    measures=("adjacency", "TEDS", "TEDS structure", "chart values found", "chart values right"),
    failed={},
    score=score,
)
