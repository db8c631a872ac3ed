"""The accuracy benchmark: its parts run through the evaluation, and other systems read the same pages."""

from __future__ import annotations

import json
from pathlib import Path

import pymupdf
import pytest

from benchmarks.accuracy import main, read_with
from benchmarks.report import by_system
from cogdoc.evaluation.cases import Case, Task
from cogdoc.evaluation.outcomes import Outcome


def outcome(case: str, score: float) -> Outcome:
    return Outcome(case, "forms", "en", "text", case, "", score=score, measures={})


def test_systems_are_columns_and_differences_are_paired() -> None:
    table = by_system(
        {"cogdoc": [outcome("1", 0.1), outcome("2", 0.9)], "other": [outcome("2", 1.0), outcome("1", 0.2)]}
    )
    lines = table.splitlines()
    assert lines[0] == "| score | cases | cogdoc | other |"
    assert "| all en | 2 | 0.500 (0.100 to 0.900) | 0.600 (0.200 to 1.000) |" in lines
    assert lines[-1] == "| all en: cogdoc ahead by |  |  | -0.100 (-0.100 to -0.100) |"


@pytest.mark.slow
def test_a_page_that_another_system_cannot_read_scores_zero(tmp_path: Path) -> None:
    case = Case("x", "own", tmp_path / "none.png", Task.OCR, "text", truth={"text": "a"})
    (read,) = read_with("rapidocr", [case], 1)
    assert (read.score, read.measures) == (0.0, {"CER": 1.0})
    assert read.error


def test_missing_data_is_reported_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--data", str(tmp_path / "absent")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.slow
def test_a_page_is_read_and_scored_from_end_to_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "core").mkdir()
    with pymupdf.open() as pdf:
        pdf.new_page().insert_text((72, 72), "The harbour office opens at nine.", fontsize=14)
        pdf.save(tmp_path / "core" / "office.pdf")
    row = {"file": "office.pdf", "dataset": "own", "page": 1, "type": "present"}
    tests = [{**row, "id": "a", "text": "opens at nine"}, {**row, "id": "b", "text": "opens at ten"}]
    (tmp_path / "core" / "unit_tests.jsonl").write_text("\n".join(map(json.dumps, tests)), encoding="utf-8")
    assert main(["--data", str(tmp_path), "--only", "tests", "--jobs", "1", "--to", str(tmp_path / "kept")]) == 0
    lines = (tmp_path / "kept" / "tests" / "outcomes.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["score"] for line in lines] == [1.0, 0.0]
    assert "| all | passed | 2 | 0 | 0.500" in capsys.readouterr().out
