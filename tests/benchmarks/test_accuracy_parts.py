"""What the parts of the accuracy benchmark make of results, on results of the project's own."""

from __future__ import annotations

import json
from pathlib import Path

import pymupdf
import pytest

from benchmarks.accuracy import main, score_job
from benchmarks.cases import Job, Outcome, jobs_of, read_rows
from benchmarks.parts.chart_values import ChartNumber, chart_values, matched_values, true_values
from benchmarks.parts.table_html import table_html
from benchmarks.report import against_first, by_measure, by_system
from cogdoc.results.types import (
    Chart,
    ChartKind,
    ChartSeries,
    ChartValue,
    TableCell,
    TableResult,
)

BOX = (0.0, 0.0, 1.0, 1.0)


def table(*rows: list[str | None]) -> TableResult:
    """A table of texts, None being a slot that a neighbour covers."""
    return TableResult(
        rows=tuple(tuple(TableCell(text=text or "", box=None if text is None else BOX) for text in row) for row in rows)
    )


def outcome(system: str, case: str, dataset: str, language: str, **scores: float) -> Outcome:
    return Outcome("ocr", system, dataset, language, case, scores)


def test_covered_cells_become_spans() -> None:
    html = table_html(table(["Region", "2023", None], [None, "H1", "H2"], ["A & B", "1", "2"]))
    assert html == (
        '<table><thead><tr><td rowspan="2">Region</td><td colspan="2">2023</td></tr></thead>'
        "<tbody><tr><td>H1</td><td>H2</td></tr><tr><td>A &amp; B</td><td>1</td><td>2</td></tr></tbody></table>"
    )


def test_a_cell_may_span_rows_and_columns_at_once() -> None:
    html = table_html(table(["a", None, "b"], [None, None, "c"]))
    assert '<td colspan="2" rowspan="2">a</td>' in html
    assert html.count("<td") == 3


def test_chart_values_need_the_right_name_and_nearly_the_right_value() -> None:
    truth = true_values([["Year", "Sales"], ["2021", "100"], ["2022", "1,200"], ["2023", "n/a"]])
    assert truth == [ChartNumber("", "2021", 100), ChartNumber("", "2022", 1200)]
    found = [ChartNumber("", "2022", 1250), ChartNumber("", "2021", 106), ChartNumber("", "Other", 100)]
    assert matched_values(found, truth) == 1


def test_series_count_only_where_there_are_several() -> None:
    def chart(*names: str) -> Chart:
        series = tuple(
            ChartSeries(name=name, values=(ChartValue(value=1, confidence=1), ChartValue(value=None, confidence=0)))
            for name in names
        )
        return Chart(kind=ChartKind.BAR, categories=("a", "b"), series=series, measured=False, confidence=1)

    assert chart_values(chart("North")) == [ChartNumber("", "a", 1)]
    assert chart_values(chart("North", "South")) == [ChartNumber("North", "a", 1), ChartNumber("South", "a", 1)]


def test_tables_of_results_group_by_dataset_and_leave_missing_measures_open() -> None:
    outcomes = [outcome("cogdoc", "1", "forms", "en", CER=0.5), outcome("cogdoc", "2", "slides", "zh", other=1)]
    lines = by_measure(outcomes, ["CER"]).splitlines()
    assert lines[2:] == [
        "| forms (en) | 1 | 0 | 0.500 [0.500, 0.500] |",
        "| slides (zh) | 1 | 0 | – |",
        "| all en | 1 | 0 | 0.500 [0.500, 0.500] |",
        "| all zh | 1 | 0 | – |",
        "| all | 2 | 0 | 0.500 [0.500, 0.500] |",
    ]


def test_systems_stand_side_by_side_and_differences_are_paired() -> None:
    outcomes = [
        outcome("cogdoc", "1", "forms", "en", CER=0.1),
        outcome("cogdoc", "2", "forms", "en", CER=0.9),
        outcome("other", "1", "forms", "en", CER=0.3),
        outcome("other", "2", "forms", "en", CER=1.1),
    ]
    assert "| all en | 2 | 0.500" in by_system(outcomes, "CER", ["cogdoc", "other"])
    assert "| all en | -0.200 [-0.200, -0.200] |" in against_first(outcomes, "CER", ["cogdoc", "other"])


def test_rows_are_limited_by_dataset_and_grouped_by_document(tmp_path: Path) -> None:
    rows = [{"id": str(n), "file": f"{n % 2}.pdf", "dataset": "ab"[n % 2]} for n in range(6)]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    read = read_rows(tmp_path / "rows.jsonl", None, 2)
    assert [row["id"] for row in read] == ["0", "1", "2", "3"]
    assert [row["id"] for row in read_rows(tmp_path / "rows.jsonl", "b", None)] == ["1", "3", "5"]
    jobs = list(jobs_of("qa", read, tmp_path, ["cogdoc"]))
    assert [(job.document.name, [row["id"] for row in job.rows]) for job in jobs] == [
        ("0.pdf", ["0", "2"]),
        ("1.pdf", ["1", "3"]),
    ]


def test_a_document_that_cannot_be_read_costs_its_rows_the_worst_score(tmp_path: Path) -> None:
    row = {"id": "x", "file": "none.pdf", "dataset": "d", "lang": "en", "metric": "CER", "text": "a"}
    (scored,) = score_job(Job("ocr", "cogdoc", tmp_path / "none.pdf", (row,)))
    assert scored.scores == {"word recall": 0.0, "CER": 1.0}
    assert scored.error


def test_missing_data_is_said_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--data", str(tmp_path / "absent")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_page_is_read_and_scored_from_end_to_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pymupdf.open() as pdf:
        pdf.new_page().insert_text((72, 72), "The harbour office opens at nine.", fontsize=14)
        pdf.save(tmp_path / "office.pdf")
    row = {"file": "office.pdf", "dataset": "own", "page": 1, "type": "present"}
    tests = [{**row, "id": "a", "text": "opens at nine"}, {**row, "id": "b", "text": "opens at ten"}]
    (tmp_path / "unit_tests.jsonl").write_text("\n".join(map(json.dumps, tests)), encoding="utf-8")
    details = tmp_path / "details.jsonl"
    assert main(["--data", str(tmp_path), "--only", "unit", "--jobs", "1", "--details", str(details)]) == 0
    scored = [json.loads(line) for line in details.read_text(encoding="utf-8").splitlines()]
    assert [(one["case"], one["scores"]["passed"], one["error"]) for one in scored] == [
        ("a", 1.0, None),
        ("b", 0.0, None),
    ]
    assert "| own (en) | 2 | 0 | 0.500" in capsys.readouterr().out
