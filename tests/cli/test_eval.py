"""`cogdoc eval`: scores on standard output, and a folder with the outcomes from which a run resumes."""

from __future__ import annotations

import json
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from running import Cogdoc

pytestmark = pytest.mark.slow

QUESTIONS = [
    {"id": "number", "question": "What is the invoice number?", "answers": ["A-1047"]},
    {"id": "total", "question": "What is the total due?", "answers": ["$12.34"]},
    {"id": "ship", "question": "What is the name of the ship's captain?", "answers": [], "unanswerable": True},
]


def write_lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def cogdoc(cogdoc: Cogdoc) -> Cogdoc:
    """Reports say how much came from a reading cache."""
    return partial(cogdoc, COGDOC_CACHE="off")


@pytest.fixture
def questions(bill: Path) -> Path:
    """Three questions about a bill; the expected answer of one is not on the bill."""
    return write_lines(bill.with_name("questions.jsonl"), [{"file": bill.name, **row} for row in QUESTIONS])


def outcomes_of(folder: Path) -> dict[str, dict[str, Any]]:
    lines = (folder / "outcomes.jsonl").read_text(encoding="utf-8").splitlines()
    return {row["case"]: row for row in map(json.loads, lines)}


def test_scores_are_printed_and_every_outcome_is_stored(cogdoc: Any, questions: Path, tmp_path: Path) -> None:
    ended = cogdoc("eval", "multipage", questions, "--to", "run", "--out", "json")
    assert (ended.code, ended.err) == (0, "")
    summary = json.loads(ended.out)
    (everything,) = (group for group in summary["groups"] if group["name"] == "all")
    assert everything["cases"] == 3
    assert everything["score"]["mean"] == pytest.approx(2 / 3)
    assert everything["measures"]["refused rightly"]["mean"] == 1.0
    outcomes = outcomes_of(tmp_path / "run")
    assert {case: one["score"] for case, one in outcomes.items()} == {"number": 1.0, "total": 0.0, "ship": 1.0}
    assert outcomes["number"]["prediction"] == "A-1047"
    assert json.loads((tmp_path / "run" / "summary.json").read_text()) == summary


def test_the_report_shows_the_failure_with_its_page(cogdoc: Any, questions: Path, tmp_path: Path) -> None:
    cogdoc("eval", "multipage", questions, "--to", "run")
    pictures: list[str] = []

    class Pictures(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            if tag == "img":
                pictures.append(dict(attrs)["src"] or "")

    report = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    Pictures().feed(report)
    assert "98.76" in report
    (picture,) = pictures
    assert (tmp_path / "run" / picture).read_bytes().startswith(b"\xff\xd8")
    assert outcomes_of(tmp_path / "run")["total"]["picture"] == picture


def test_scripts_in_a_dataset_are_shown_and_never_run(cogdoc: Any, bill: Path, tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>"
    path = write_lines(
        tmp_path / "evil.jsonl", [{"file": bill.name, "id": evil, "question": f"total due? {evil}", "answers": [evil]}]
    )
    cogdoc("eval", "qa", path, "--to", "run")
    report = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert evil not in report
    assert "&lt;script&gt;" in report


def test_the_same_command_continues_where_it_stopped(cogdoc: Any, questions: Path, tmp_path: Path) -> None:
    whole = cogdoc("eval", "multipage", questions, "--to", "run")
    kept = (tmp_path / "run" / "outcomes.jsonl").read_bytes().splitlines(keepends=True)
    # As if it was killed while it wrote the second line.
    (tmp_path / "run" / "outcomes.jsonl").write_bytes(kept[0].replace(b"A-1047", b"KEPT-1") + kept[1][:40])
    again = cogdoc("eval", "multipage", questions, "--to", "run")
    assert (again.code, again.out) == (0, whole.out)
    outcomes = outcomes_of(tmp_path / "run")
    assert outcomes["number"]["prediction"] == "KEPT-1"
    assert outcomes["total"]["prediction"] == "$98.76"
    assert set(outcomes) == {"number", "total", "ship"}


def test_a_folder_of_another_run_is_replaced_only_with_overwrite(cogdoc: Any, questions: Path, tmp_path: Path) -> None:
    cogdoc("eval", "multipage", questions, "--to", "run")
    before = (tmp_path / "run" / "outcomes.jsonl").read_bytes()
    other = cogdoc("eval", "multipage", questions.rename(tmp_path / "others.jsonl"), "--to", "run", "--limit", "1")
    assert other.code == 6
    assert (tmp_path / "run" / "outcomes.jsonl").read_bytes() == before
    replaced = cogdoc("eval", "multipage", "others.jsonl", "--to", "run", "--limit", "1", "--overwrite")
    assert replaced.code == 0
    assert set(outcomes_of(tmp_path / "run")) == {"number"}
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    assert cogdoc("eval", "multipage", "others.jsonl", "--to", "mine", "--overwrite").code == 6


def test_a_missing_document_fails_only_its_own_cases(cogdoc: Any, questions: Path) -> None:
    rows = [json.loads(line) for line in questions.read_text().splitlines()]
    write_lines(questions, [*rows, {"file": "gone.pdf", "id": "gone", "question": "total?", "answers": ["1"]}])
    ended = cogdoc("eval", "multipage", questions, "--out", "json")
    assert ended.code == 1
    assert ended.err == "cogdoc: gone: no such file\n"
    assert json.loads(ended.out)["groups"][-1]["failed"] == 1


def test_text_and_page_tests_are_scored(cogdoc: Any, bill: Path, tmp_path: Path) -> None:
    pages = write_lines(
        tmp_path / "pages.jsonl", [{"file": bill.name, "id": "a", "text": "Harbour Chandlery Invoice number Zebra"}]
    )
    figures = json.loads(cogdoc("eval", "ocr", pages, "--out", "json").out)["groups"][-1]
    assert figures["score"]["mean"] == pytest.approx(4 / 5)
    tests = write_lines(
        tmp_path / "tests.jsonl",
        [
            {"file": bill.name, "page": 1, "id": "there", "type": "present", "text": "Harbour Chandlery"},
            {"file": bill.name, "page": 1, "id": "not", "type": "absent", "text": "Harbour Chandlery"},
        ],
    )
    figures = json.loads(cogdoc("eval", "tests", tests, "--out", "json").out)["groups"][-1]
    assert figures["score"]["mean"] == 0.5


def test_answers_for_an_external_grader_are_written(cogdoc: Any, samples: Path, tmp_path: Path) -> None:
    (tmp_path / "mm-vet" / "images").mkdir(parents=True)
    (tmp_path / "mm-vet" / "images" / "v1_0.jpg").write_bytes((samples / "pocket" / "form-1.png").read_bytes())
    asked = {"imagename": "v1_0.jpg", "question": "What is the total?", "answer": "84.04", "capability": ["ocr"]}
    (tmp_path / "mm-vet" / "mm-vet.json").write_text(json.dumps({"v1_0": asked}))
    ended = cogdoc("eval", "MMVet", tmp_path / "mm-vet" / "mm-vet.json", "--to", "run")
    assert ended.code == 0
    assert json.loads((tmp_path / "run" / "answers.json").read_text()) == {"v1_0": "84.04"}
    assert "0.604" in ended.out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["nonsense", "x.jsonl"], 2, "unknown dataset 'nonsense'"),
        (["qa", "absent.jsonl"], 4, "absent.jsonl"),
        (["qa", "empty.jsonl"], 4, "contains no case"),
        (["qa", "torn.jsonl"], 4, "torn.jsonl: line 1"),
        (["qa", "empty.jsonl", "--out", "csv"], 2, "--out"),
    ],
)
def test_bad_input_is_one_line_with_its_exit_code(
    cogdoc: Any, tmp_path: Path, arguments: list[str], code: int, said: str
) -> None:
    (tmp_path / "empty.jsonl").touch()
    (tmp_path / "torn.jsonl").write_text('{"file": "a.pdf", ')
    ended = cogdoc("eval", *arguments)
    assert ended.code == code
    first, *hints = ended.err.splitlines()
    assert said in first
    assert all(hint.startswith("        ") for hint in hints)
    assert ended.out == ""


def test_help_lists_every_dataset(cogdoc: Any) -> None:
    from cogdoc.evaluation.datasets import DATASETS

    shown = cogdoc("eval", "--help").out
    assert [dataset.name for dataset in DATASETS if f" {dataset.name} " not in shown] == []
