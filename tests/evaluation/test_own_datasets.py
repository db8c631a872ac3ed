"""The user's own JSON Lines become cases, with defaults for missing fields and errors for malformed ones."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from dataset_files import write_lines

from cogdoc.errors import InputError
from cogdoc.evaluation.cases import NOT_ANSWERABLE, Case, Task
from cogdoc.evaluation.datasets.own_datasets import (
    read_multipage,
    read_pages,
    read_questions,
    read_tables,
)
from cogdoc.evaluation.datasets.page_tests import read_page_tests

DATA = Path(__file__).parents[3] / "shared" / "data"


def test_a_question_names_its_file_relative_to_the_list_and_keeps_its_answers(tmp_path: Path) -> None:
    row = {"id": "a", "file": "img/1.png", "question": "Total?", "answers": ["5", "5.00"], "dataset": "bills"}
    (case,) = read_questions(write_lines(tmp_path / "qa.jsonl", [row]))
    assert case == Case(
        id="a",
        group="bills",
        document=tmp_path / "img" / "1.png",
        task=Task.ASK,
        metric="anls",
        question="Total?",
        truth={"answers": ["5", "5.00"]},
        language="en",
    )


def test_missing_fields_default_to_folder_line_and_detected_language(tmp_path: Path) -> None:
    rows = [{"file": "1.png", "question": "图中的总额是多少？", "answers": 12}]
    (case,) = read_questions(write_lines(tmp_path / "receipts" / "a.jsonl", rows))
    assert (case.id, case.group, case.language, case.truth) == ("line 1", "receipts", "zh", {"answers": ["12"]})


def test_charts_are_scored_with_tolerance_unless_the_row_names_a_metric(tmp_path: Path) -> None:
    row = {"file": "1.png", "question": "?", "answers": ["1"]}
    path = write_lines(tmp_path / "my_charts" / "a.jsonl", [row, row | {"metric": "anls"}, row | {"metric": "vqa"}])
    assert [case.metric for case in read_questions(path)] == ["relaxed", "anls", "vqa"]


def test_cases_of_one_document_are_consecutive(tmp_path: Path) -> None:
    rows = [{"id": name, "file": f"{name[0]}.png", "question": "?", "answers": ["1"]} for name in ("a1", "b1", "a2")]
    cases = read_questions(write_lines(tmp_path / "qa.jsonl", rows))
    assert [case.id for case in cases] == ["a1", "a2", "b1"]


def test_questions_about_long_documents_have_evidence_pages_or_are_unanswerable(tmp_path: Path) -> None:
    rows = [
        {"id": "a", "file": "a.pdf", "question": "?", "answers": ["x"], "evidence_pages": [3]},
        {"id": "b", "file": "a.pdf", "question": "?", "answers": ["x"], "pages_containing_answer_string": [8, 9]},
        {"id": "c", "file": "a.pdf", "question": "?", "answers": [], "unanswerable": True},
        {"id": "d", "file": "a.pdf", "question": "?", "answers": ["7"], "raw_answer": "7", "answer_format": "Int"},
    ]
    a, b, c, d = read_multipage(write_lines(tmp_path / "qa.jsonl", rows))
    assert (a.metric, a.truth) == ("anls-or-number", {"answers": ["x"], "evidence_pages": [3], "unanswerable": False})
    assert b.truth["evidence_pages"] == [8, 9]
    assert c.truth == {"answers": [NOT_ANSWERABLE], "evidence_pages": [], "unanswerable": True}
    assert (d.metric, d.truth["answer"], d.truth["answer_type"]) == ("mmlongbench", "7", "Int")


def test_the_row_decides_how_its_text_is_normalized(tmp_path: Path) -> None:
    rows = [
        {"id": "receipt", "file": "1.png", "text": "TOTAL", "dataset": "sroie"},
        {"id": "paper", "file": "2.png", "text": "$x^2$", "metric": "CER after stripping markdown/LaTeX"},
        {"id": "chinese", "file": "3.png", "text": "年度报告"},
    ]
    receipt, paper, chinese = read_pages(write_lines(tmp_path / "ocr.jsonl", rows))
    assert receipt.truth == {"text": "TOTAL", "capitals": True, "markdown": False, "latex": False}
    assert paper.truth == {"text": "$x^2$", "capitals": False, "markdown": True, "latex": True}
    assert (chinese.language, chinese.truth["latex"], chinese.task, chinese.metric) == ("zh", True, Task.OCR, "text")


def test_the_truth_of_a_table_decides_its_metric(tmp_path: Path) -> None:
    grid = [["", "2024"], ["Sales", "5"]]
    rows = [
        {"id": "html", "file": "1.png", "html": "<table></table>", "table": grid},
        {"id": "pages", "file": "2.pdf", "tables": [{"page": 2, "grid": grid}]},
        {"id": "chart", "file": "3.png", "table": grid, "dataset": "chartqa"},
        {"id": "page", "file": "4.png", "table": grid, "page": 3},
    ]
    cases = list(read_tables(write_lines(tmp_path / "tables.jsonl", rows)))
    assert [(case.task, case.metric) for case in cases] == [
        (Task.TABLES, "teds"),
        (Task.TABLES, "adjacency"),
        (Task.CHARTS, "chart-values"),
        (Task.TABLES, "adjacency"),
    ]
    *others, page = cases
    assert [case.truth for case in others] == rows[:3]
    assert page.truth["tables"] == [{"page": 3, "grid": grid}]


def test_page_tests_keep_their_fields_and_find_their_pdf_in_the_benchmarks_layout(tmp_path: Path) -> None:
    rows = [
        {"id": "1", "file": "pdf/a.pdf", "page": 1, "type": "present", "text": "Hello"},
        {"id": "2", "pdf": "old/b.pdf", "page": 2, "type": "order", "before": "a", "after": "b", "max_diffs": 2},
    ]
    present, order = read_page_tests(write_lines(tmp_path / "tests.jsonl", rows))
    assert (present.document, present.group, present.truth) == (tmp_path / "pdf" / "a.pdf", "present", rows[0])
    assert (order.document, order.metric, order.truth) == (tmp_path / "pdfs" / "old" / "b.pdf", "page-test", rows[1])


def test_a_folder_as_olmocr_bench_is_distributed_has_its_files_as_groups_and_a_baseline_for_each_pdf(
    tmp_path: Path,
) -> None:
    write_lines(
        tmp_path / "arxiv_math.jsonl",
        [
            {"id": "1", "pdf": "arxiv/a.pdf", "page": 1, "type": "math", "math": "x^2", "checked": "verified"},
            {"id": "2", "pdf": "arxiv/b.pdf", "page": 1, "type": "baseline", "max_repeats": 30},
        ],
    )
    write_lines(tmp_path / "old_scans.jsonl", [{"id": "1", "pdf": "c.pdf", "page": 1, "type": "present", "text": "a"}])
    cases = list(read_page_tests(tmp_path))
    assert [(case.id, case.group, case.metric) for case in cases] == [
        ("1", "arxiv_math", "formula-test"),
        ("arxiv/a.pdf_baseline", "baseline", "page-test"),
        ("2", "arxiv_math", "page-test"),
        ("1", "old_scans", "page-test"),
        ("c.pdf_baseline", "baseline", "page-test"),
    ]


GOOD = {"id": "1", "file": "1.png", "question": "?", "answers": ["x"]}


@pytest.mark.parametrize(
    ("read", "row", "message"),
    [
        (read_questions, GOOD | {"question": None}, "question is missing"),
        (read_questions, GOOD | {"answers": []}, "answers or answer is not a list"),
        (read_questions, GOOD | {"answers": [["x"]]}, "answers or answer is not a list of texts"),
        (read_questions, GOOD | {"metric": "bleu"}, "unknown metric 'bleu'"),
        (read_questions, GOOD | {"id": "0"}, "the id '0' is used a second time"),
        (read_multipage, GOOD | {"evidence_pages": ["iv"]}, "evidence_pages is not a list of numbers"),
        (read_multipage, GOOD | {"metric": "mmlongbench"}, "answer_format is missing"),
        (read_pages, {"id": "1", "file": "1.png"}, "text is missing"),
        (read_tables, {"id": "1", "file": "1.png"}, "html or tables or table is missing"),
        (read_tables, {"id": "1", "file": "1.png", "tables": [{"page": 1}]}, "tables is not a list of objects"),
        (
            read_tables,
            {"id": "1", "file": "1.png", "table": [["a"], ["b", "c"]]},
            "table is not a list of rows of one length",
        ),
        (read_tables, {"id": "1", "file": "1.png", "table": [["a"]], "page": "iv"}, "page is not a number"),
        (read_page_tests, {"id": "1", "file": "1.pdf", "page": 1, "type": "smell"}, "unknown type of test 'smell'"),
        (read_page_tests, {"id": "1", "file": "1.pdf", "page": 1, "type": "math"}, "math is missing"),
        (read_page_tests, {"id": "1", "file": "1.pdf", "page": 1, "type": "order"}, "before is missing"),
    ],
)
def test_an_error_names_the_line_of_a_malformed_row(
    read: Callable[[Path], Iterator[Case]], row: dict[str, object], message: str, tmp_path: Path
) -> None:
    first = {"id": "0", "file": "0.png", "question": "?", "answers": ["x"], "text": "x", "html": "x"}
    first |= {"page": 1, "type": "present"}
    path = write_lines(tmp_path / "rows.jsonl", [first, row])
    with pytest.raises(InputError, match=re.escape(f"{path}: line 2: {message}")):
        list(read(path))


def test_an_error_names_a_line_that_is_not_a_json_object(tmp_path: Path) -> None:
    path = tmp_path / "qa.jsonl"
    path.write_text('\n{"file": \n', encoding="utf-8")
    with pytest.raises(InputError, match="line 2: not JSON"):
        list(read_questions(path))
    path.write_text("[1]\n", encoding="utf-8")
    with pytest.raises(InputError, match="line 1: not an object"):
        list(read_questions(path))
    path.write_bytes(b"\xff\xfe{")
    with pytest.raises(InputError, match="not UTF-8"):
        list(read_questions(path))
    with pytest.raises(InputError, match="no such file"):
        list(read_questions(tmp_path / "none.jsonl"))


READERS = {
    "qa": read_questions,
    "annotations": read_questions,
    "ocrbench_questions": read_questions,
    "qa_multipage": read_multipage,
    "ocr": read_pages,
    "tables": read_tables,
    "unit_tests": read_page_tests,
}


@pytest.mark.skipif(not DATA.is_dir(), reason="the evaluation data is not on this machine")
@pytest.mark.parametrize("folder", ["core", "more"])
def test_the_evaluation_data_is_read_completely(folder: str) -> None:
    files = [file for file in sorted((DATA / folder).rglob("*.jsonl")) if file.stem != "hostile"]
    assert files
    for file in files:
        cases = list(READERS[file.stem](file))
        assert len(cases) == len(file.read_text(encoding="utf-8").splitlines())
        assert all(isinstance(case.document, Path) and case.document.is_file() for case in cases)
