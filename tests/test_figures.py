"""The figures that the README and the documentation print are those that the benchmarks wrote."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
GROUPS = {
    "receipts": ("sroie", "receipts_german_softmatic", "mindee_samples"),
    "invoices and orders": ("zugferd_facturx", "brazil_fiscal", "vrdu_adbuy"),
    "forms": ("funsd", "forms_multilingual_synthetic"),
    "tables": ("tables_world_pdf", "wikitablequestions_rendered"),
    "charts": ("chartqa", "vega_lite_examples", "charts_multilingual_synthetic"),
    "Chinese pages and charts": ("zh_doc_qa",),
    "accident reports": ("ntsb_reports",),
    "running text in twelve languages": ("xquad_rendered",),
    "long documents (MMLongBench-Doc)": ("mmlongbench_doc",),
    "all, with others and the samples": ("**all**",),
}
"""By row of the README: the data sets of the benchmarks' table."""


def rows(path: str) -> list[list[str]]:
    text = (ROOT / path).read_text(encoding="utf-8")
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]


MEASURED = {row[0]: row for row in rows("benchmarks/RESULTS.md") if len(row) == 9}


def shown(score: str) -> str:
    return score.removeprefix("0") if score != "1.00" else score


@pytest.mark.parametrize("name", GROUPS)
def test_a_row_of_the_readme_is_measured(name: str) -> None:
    (row,) = (row for row in rows("README.md") if row[0] == name)
    measured = [MEASURED[data_set] for data_set in GROUPS[name]]
    questions = sum(int(each[1]) for each in measured)
    scores = sorted(shown(each[2]) for each in measured)
    score = scores[0] if len(scores) == 1 else f"{scores[0]} to {scores[-1]}"
    assert row[2:] == [str(questions), score]


def test_rates_in_the_text_are_measured() -> None:
    readme = re.sub(r"\s+", " ", (ROOT / "README.md").read_text(encoding="utf-8"))
    row = MEASURED["**all**"]
    assert f"{float(row[6]):.0%} are refused; of those with one, {float(row[4]):.0%}" in readme


def test_the_table_of_all_data_sets_is_measured() -> None:
    printed = {tuple(row[1:]) for row in rows("docs/measuring.md") if len(row) == 4 and row[1].isdigit()}
    measured = {(row[1], shown(row[2]), shown(row[4])) for row in MEASURED.values()}
    assert len(printed) > 15
    assert printed <= measured
