"""Runs of an evaluation: resuming, scores and pictures, and memory."""

from __future__ import annotations

import json
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pymupdf
import pytest
from dataset_files import png, stored, write_json, write_lines, write_parquet
from PIL import Image

from cogdoc.documents.sandbox import Sandbox
from cogdoc.engines.protocol import Engine
from cogdoc.engines.registry import load_engine, select_engine
from cogdoc.engines.selection import EngineRequest
from cogdoc.errors import InputError
from cogdoc.evaluation.answer_scoring import prediction_score
from cogdoc.evaluation.cases import Case, Task
from cogdoc.evaluation.datasets import find_dataset
from cogdoc.evaluation.evaluate import evaluate
from cogdoc.evaluation.outcomes import Outcome
from cogdoc.evaluation.reliability import bootstrap_mean
from cogdoc.evaluation.run_folder import OutcomeFile
from cogdoc.evaluation.summary import RunFacts, Summary, summarize
from cogdoc.results.records import EngineInfo

QUESTION = {"file": "bill.pdf", "question": "What is the total?", "answers": ["$98.76"]}


def test_half_a_surrogate_pair_in_a_dataset_is_replaced_and_whole_ones_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_text('{"file": "a.pdf", "question": "\\ud83d\\ude00 or \\ud800?", "answers": ["\\udfff"]}\n')
    (case,) = find_dataset("qa").reads(path)
    assert (case.question, case.truth["answers"]) == ("😀 or ??", ["?"])


@pytest.mark.parametrize("dataset", ["multipage", "mmlongbench"])
def test_an_unknown_type_of_answer_is_an_error_of_its_row(dataset: str, tmp_path: Path) -> None:
    row = QUESTION | {"doc_id": "bill.pdf", "answer": "1", "answer_format": "Date", "evidence_pages": "[]"}
    path = tmp_path / "samples.json"
    if dataset == "multipage":
        write_lines(path, [row | {"evidence_pages": []}])
    else:
        write_json(path, [row])
    with pytest.raises(InputError, match=r"samples\.json: (line|row) 1: unknown answer_format 'Date'"):
        list(find_dataset(dataset).reads(path))


class Run:
    """An evaluation of questions about small documents in a folder, which can be run repeatedly."""

    def __init__(self, folder: Path, engine: Engine, sandbox: Sandbox) -> None:
        self.folder = folder
        self.path = folder / "questions.jsonl"
        self.to = folder / "run"
        self.engine = engine
        self.sandbox = sandbox
        self.asked: list[str] = []

    def __call__(
        self, rows: Sequence[dict[str, Any]] | None, *, dataset: str = "multipage", overwrite: bool = False
    ) -> Summary:
        """Run the evaluation; `asked` then lists the cases that were put to the engine."""
        if rows is not None:
            write_lines(self.path, rows)
        facts = RunFacts(dataset, dataset, str(self.path), self.engine.info, {})
        self.asked = []
        summary, _ = evaluate(
            find_dataset(dataset).reads(self.path),
            facts,
            self.engine,
            self.sandbox,
            to=self.to,
            overwrite=overwrite,
            done=lambda one: self.asked.append(one.case),
        )
        return summary

    def outcomes(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.to / "outcomes.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def engine() -> Engine:
    return load_engine(select_engine(EngineRequest("builtin")))


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(2) as sandbox:
        yield sandbox


@pytest.fixture
def run(tmp_path: Path, engine: Engine, sandbox: Sandbox) -> Run:
    bill(tmp_path / "bill.pdf")
    bill(tmp_path / "other.pdf")
    return Run(tmp_path, engine, sandbox)


def bill(path: Path, total: str = "$98.76", pages_before: int = 0) -> None:
    with pymupdf.open() as document:
        for _ in range(pages_before):
            document.new_page(width=200, height=400)
        page = document.new_page(width=400, height=200)
        page.insert_text((40, 40), f"Harbour Chandlery\nInvoice number: A-1047\nTotal due: {total}")
        document.save(path)


def questions(*ids: str, **values: Any) -> list[dict[str, Any]]:
    return [QUESTION | {"id": name, "question": f"What is the total due in case {name}?"} | values for name in ids]


@pytest.mark.slow
def test_a_resumed_run_equals_an_uninterrupted_one(run: Run) -> None:
    rows = [*questions("a", "b", "c", answers=["no"]), *questions("d", "e")]
    whole, outcomes = run(rows), run.outcomes()
    assert run.asked == ["a", "b", "c", "d", "e"]
    lines = (run.to / "outcomes.jsonl").read_text().splitlines(keepends=True)
    (run.to / "outcomes.jsonl").write_text(lines[3] + lines[1] + lines[4][:50])
    assert run(rows) == whole
    assert run.asked == ["a", "c", "e"]
    timeless = [[one | {"seconds": 0} for one in run_outcomes] for run_outcomes in (run.outcomes(), outcomes)]
    assert timeless[0] == timeless[1]


def test_a_smaller_run_keeps_the_outcomes_of_a_larger_one(run: Run) -> None:
    rows = questions("a", "b", "c")
    run(rows)
    assert run(rows[1:2]).groups[-1].cases == 1
    assert [one["case"] for one in run.outcomes()] == ["b", "a", "c"]
    run(rows)
    assert run.asked == []


@pytest.mark.slow
def test_an_edited_case_is_run_again(run: Run) -> None:
    run(questions("a", "b", "c"))
    assert run([*questions("a"), *questions("b", answers=["other"]), *questions("c", question="What?")]).groups
    assert run.asked == ["b", "c"]
    assert [(one["case"], one["expected"]) for one in run.outcomes()][:2] == [("a", ["$98.76"]), ("b", ["other"])]
    assert len(run.outcomes()) == 3
    bill(run.folder / "bill.pdf", total="$1,111.11")
    run(questions("a", "b", "c"))
    assert run.asked == ["a", "b", "c"]
    assert run.outcomes()[0]["prediction"] == "$1,111.11"


def test_a_failed_case_that_is_graded_elsewhere_has_no_score_and_is_in_the_answers_file(run: Run) -> None:
    about = {"question": "What is the total?", "answer": "$98.76", "capability": ["ocr"]}
    run.path = write_json(
        run.folder / "mm-vet.json", {name: about | {"imagename": f"{name}.pdf"} for name in ("bill", "gone")}
    )
    (run.folder / "images").mkdir()
    bill(run.folder / "images" / "bill.pdf")
    (everything,) = run(None, dataset="mmvet").groups
    assert (everything.cases, everything.failed, everything.score) == (2, 1, None)
    assert json.loads((run.to / "answers.json").read_text()) == {"bill": "$98.76", "gone": ""}
    assert "no such file" in (run.to / "report.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_picture_of_a_failed_page_test_shows_its_page(run: Run) -> None:
    bill(run.folder / "bill.pdf", pages_before=2)
    run([{"file": "bill.pdf", "page": 3, "id": "x", "type": "absent", "text": "Harbour Chandlery"}], dataset="tests")
    (outcome,) = run.outcomes()
    with Image.open(run.to / outcome["picture"]) as picture:
        assert picture.width > picture.height


def test_the_picture_of_a_refusal_shows_the_evidence_page(run: Run) -> None:
    bill(run.folder / "bill.pdf", pages_before=1)
    run(questions("a", question="Who is the captain of the ship?", evidence_pages=[2]))
    (outcome,) = run.outcomes()
    assert outcome["prediction"] is None
    with Image.open(run.to / outcome["picture"]) as picture:
        assert picture.width > picture.height


@pytest.mark.slow
def test_a_replaced_run_leaves_nothing_behind(run: Run) -> None:
    run(questions("a", answers=["no"]))
    (run.to / "answers.json").write_text("{}")
    known = json.loads((run.to / "run.json").read_text())
    (run.to / "run.json").write_text(json.dumps(known | {"dataset": "mmvet"}))
    with pytest.raises(InputError, match="contains no case"):
        run([], overwrite=True)
    assert sorted(file.name for file in run.to.iterdir()) == ["outcomes.jsonl", "run.json"]


@pytest.mark.slow
def test_a_wrong_path_is_an_error_before_anything_is_created(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "cogdoc", "eval", "qa", "nowhere.jsonl", "--to", "run"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (4, "cogdoc: nowhere.jsonl: no such file\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "published"),
    [
        ("VCR-wiki-en-hard-test-100", {"CogVLM2 chat, en hard": 0.380, "CogVLM2 chinese, en hard": 0.251}),
        ("VCR-wiki-zh-hard-test-100", {}),
    ],
)
def test_scores_published_for_a_group_are_shown_only_for_that_group(
    name: str, published: dict[str, float], tmp_path: Path
) -> None:
    pytest.importorskip("pyarrow")
    write_parquet(
        tmp_path / name / "test-00000-of-00001.parquet",
        [{"question_id": 1, "stacked_image": stored(png()), "crossed_text": ["some words"]}],
    )
    vcr = find_dataset("vcr")
    (case,) = vcr.reads(tmp_path)
    outcome = Outcome(case.id, case.group, case.language, case.metric, case.id, case.question, 1.0, {})
    engine = EngineInfo(name="builtin", version="1")
    facts = RunFacts("vcr", "VCR-Wiki", name, engine, vcr.published, vcr.published_by_group)
    assert summarize(facts, [outcome]).published == published


@pytest.mark.slow
def test_texts_of_pages_are_whole_in_the_file_and_cut_in_memory(run: Run) -> None:
    text = "Harbour Chandlery " * 200
    row = {"file": "bill.pdf", "id": "a", "text": text}
    run([row], dataset="ocr")
    assert [one["expected"] for one in run.outcomes()] == [text.strip()]
    run([row, row | {"id": "b"}], dataset="ocr")
    assert [one["expected"] for one in run.outcomes()] == [text.strip()] * 2
    with OutcomeFile(run.to / "outcomes.jsonl") as file:
        assert max(len(one.expected) for one in file.known.values()) <= 1000


def test_a_rotated_question_counts_once_by_its_lowest_score() -> None:
    answers = [("1", 1.0), ("2", 1.0), ("1", 1.0), ("2", 0.0), ("3", 0.0), ("2", 1.0)]
    outcomes = [
        Outcome(f"{index}", "mmbench", "en", "inferred-choice", question, "", score=score, measures={})
        for index, (question, score) in enumerate(answers)
    ]
    facts = RunFacts("mmbench", "MMBench", "", EngineInfo(name="builtin", version="1"), {})
    (everything,) = summarize(facts, outcomes).groups
    assert everything.score is not None
    assert (everything.score.mean, everything.score.units, everything.cases) == (pytest.approx(1 / 3), 3, 6)


def test_intervals_over_many_cases_take_little_memory() -> None:
    tracemalloc.start()
    try:
        bootstrap_mean([0.0, 1.0] * 10_000, resamples=500)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20 * 2**20


@pytest.mark.slow
def test_separate_cases_of_one_document_are_each_answered(run: Run, engine: Engine, sandbox: Sandbox) -> None:
    write_lines(
        run.path, [*questions("a"), *questions("b", file="other.pdf"), *questions("c", question="Invoice number?")]
    )
    first, last, between = find_dataset("multipage").reads(run.path)
    facts = RunFacts("multipage", "questions", str(run.path), engine.info, {})
    _, outcomes = evaluate([first, between, last], facts, engine, sandbox)
    assert [(one.case, one.prediction) for one in outcomes] == [("a", "$98.76"), ("b", "$98.76"), ("c", "A-1047")]


@pytest.mark.parametrize("metric", ["choice", "inferred-choice"])
def test_the_text_of_an_option_chooses_it_although_it_contains_another_option(metric: str) -> None:
    truth = {"answer": "B", "options": {"A": "5", "B": "15", "C": "none of these"}}
    case = Case("a", "g", Path("x.png"), Task.ASK, metric, "How many?", truth)
    replies = ("15", "15.", "B", "5", "115", None)
    assert [prediction_score(case, reply) for reply in replies] == [1.0, 1.0, 1.0, 0.0, 0.0, 0.0]
